"""status, explain, doctor, receipt and renew of an activated machine."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from core.clock import SystemClock
from core.errors.exit_codes import EXIT_CONFIGURATION, EXIT_DONE, EXIT_NETWORK, EXIT_STOPPED
from core.journal.activation_events import MachineRenewed
from core.journal.events import Event
from core.journal.file import Journal, Record
from core.journal.next_action import Action
from core.receipt.document import read_receipt
from tests.support.clock import FakeClock
from tests.support.machine import PASSPHRASE, Machine
from tests.support.schema import faults
from tests.support.words import title

TOP = Path(__file__).resolve().parents[3]
Run = Callable[..., int]
FUNDS = 5 * 10**18


@pytest.fixture
def clock() -> FakeClock:
    """The commands read the real clock, so the machine lives in the present here."""
    return FakeClock(SystemClock().now())


@pytest.fixture
def activated(machine: Machine) -> Machine:
    machine.protocol = "activation"
    return machine


@pytest.fixture
def run(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line on the machine's folder and network, with the passphrase in a file."""
    for name, value in machine.environ.items():
        monkeypatch.setenv(name, value)
    env_file = machine.folder.parent / "none.env"
    env_file.touch(0o600)
    words = machine.folder.parent / "words"
    words.touch(0o600)
    words.write_text(PASSPHRASE.reveal())

    def command(*arguments: str) -> int:
        place = ["--state-dir", str(machine.folder), "--env-file", str(env_file)]
        if arguments[0] == "renew":
            place += ["--passphrase-file", str(words)]
        return main([*arguments, *place])

    return command


async def finished(machine: Machine) -> str:
    """Onboard the machine, close its wizard, and return its address."""
    await machine.drive()
    address = machine.address
    await machine.close()
    return address


async def in_thread(run: Run, *arguments: str) -> int:
    """Commands have an event loop of their own."""
    return await asyncio.to_thread(run, *arguments)


def schema(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((TOP / "docs" / f"{name}.schema.json").read_text())
    return document


def renewals(machine: Machine) -> list[MachineRenewed]:
    return [r.event for r in machine.records if isinstance(r.event, MachineRenewed)]


async def test_status_names_the_renewal_date_and_keeps_every_digit_of_the_id(
    activated: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(activated)
    assert await in_thread(run, "status", "--json") == EXIT_DONE
    status = json.loads(capsys.readouterr().out)
    assert list(faults(status, schema("status"))) == []
    assert status["protocol"] == "activation"
    assert status["peaq_id"] == f"did:peaq:{status['machine_id']}"
    assert int(status["machine_id"]) > 2**64
    assert await in_thread(run, "status") == EXIT_DONE
    assert f"Renew before {status['renew_before'][:10]}" in capsys.readouterr().out


async def test_before_an_activation_status_promises_no_id(
    activated: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await activated.drive(until=Action.ACTIVATE)
    await activated.close()
    assert await in_thread(run, "status", "--json") == EXIT_STOPPED
    status = json.loads(capsys.readouterr().out)
    assert list(faults(status, schema("status"))) == []
    assert (status["peaq_id"], status["machine_id"], status["renew_before"]) == (None, None, None)


async def test_the_receipt_agrees_with_the_chain_and_with_its_schema(
    activated: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(activated)
    assert await in_thread(run, "receipt", "--verify", "--json") == EXIT_DONE
    receipt = json.loads(capsys.readouterr().out)
    assert list(faults(receipt, schema("receipt-activation"))) == []
    lines = receipt["verification"]["lines"]
    assert {line["result"] for line in lines} == {"same"}
    assert {"owner", "controller", "DID document", "tier", "transaction activate"} <= {
        line["name"] for line in lines
    }


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("machine_type", "robot-leg", "machine type"),
        ("controller", "0x" + "11" * 20, "controller"),
        ("tier", 2, "tier"),
        ("document_sha256", "00" * 32, "DID document"),
    ],
)
async def test_a_receipt_that_says_something_else_than_the_chain_is_named(
    activated: Machine, field: str, value: object, line: str
) -> None:
    from core.protocols.activation.verify import compare

    await activated.drive()
    receipt = read_receipt(activated.folder)
    assert receipt is not None
    receipt["activation"][field] = value
    engine = await activated.now_open.load()
    deployment = engine.context.settings.deployment
    assert deployment is not None
    rows = await compare(receipt, engine.context.chain, deployment)
    assert line in [row.what for row in rows if row.wrong]


async def test_doctor_checks_the_contracts_of_activation_and_the_paid_period(
    activated: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(activated)
    await in_thread(run, "doctor", "--json")
    document = json.loads(capsys.readouterr().out)
    assert list(faults(document, schema("doctor"))) == []
    checks = {check["key"]: check for check in document["checks"]}
    assert checks["contracts"]["light"] == checks["subscription"]["light"] == "green"
    assert "Pro" in checks["bond"]["text"], "the price of each tier"
    activated.network.fault("peer-unset")
    assert await in_thread(run, "doctor", "--json") == EXIT_NETWORK
    checks = {check["key"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["contracts"]["code"] == "PEER_UNSET"


async def test_doctor_reports_a_journal_of_the_other_protocol(
    activated: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(activated)
    assert await in_thread(run, "doctor", "--protocol", "guide") == EXIT_CONFIGURATION
    assert "protocol activation" in " ".join(capsys.readouterr().out.split())


async def test_explain_tells_what_step_six_does_in_this_flow(
    activated: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(activated)
    assert await in_thread(run, "explain", "6") == EXIT_DONE
    said = capsys.readouterr().out
    assert "activates it" in said
    assert "robot-arm" in said


# Renewal


async def test_a_renewal_is_paid_once_and_leaves_the_receipt_as_it_was(
    activated: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    address = await finished(activated)
    activated.network.send(address, FUNDS)
    before = activated.network.balance(address)
    receipt = (activated.folder / "receipt.json").read_bytes()
    assert await in_thread(run, "renew", "--yes") == EXIT_DONE
    (renewal,) = renewals(activated)
    spent = before - activated.network.balance(address)
    assert renewal.paid_wei <= spent < renewal.paid_wei + 10**17
    capsys.readouterr()
    assert await in_thread(run, "receipt", "--verify") == EXIT_DONE
    assert (activated.folder / "receipt.json").read_bytes() == receipt


async def test_without_questions_nothing_is_renewed_weeks_ahead(
    activated: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(activated)
    sent = len(activated.network.sent_transactions())
    assert await in_thread(run, "renew", "--no-input", "--accept-bond", "2") == EXIT_DONE
    assert "last 7 days" in capsys.readouterr().out
    assert len(activated.network.sent_transactions()) == sent


async def test_a_renewal_whose_end_was_not_seen_is_recorded_and_not_paid_again(
    activated: Machine,
    run: Run,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The command is killed once the renewal is signed and sent."""
    activated.network.send(await finished(activated), FUNDS)
    append = Journal.append

    class Killed(BaseException):
        pass

    def deadly(journal: Journal, event: Event) -> Record:
        if isinstance(event, MachineRenewed):
            raise Killed
        return append(journal, event)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", deadly)
        with pytest.raises(Killed):
            await in_thread(run, "renew", "--yes")
    assert renewals(activated) == []
    sent = len(activated.network.sent_transactions())
    capsys.readouterr()
    assert await in_thread(run, "renew", "--yes") == EXIT_DONE
    assert len(activated.network.sent_transactions()) == sent
    assert len(renewals(activated)) == 1
    assert "is renewed" in capsys.readouterr().out


async def test_a_wallet_that_cannot_pay_a_renewal_stays_onboarded(
    activated: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(activated)
    assert await in_thread(run, "renew", "--yes") == EXIT_DONE, (
        "the Gas Station paid enough for one"
    )
    capsys.readouterr()
    assert await in_thread(run, "renew", "--yes") == EXIT_STOPPED
    assert title("INSUFFICIENT_BALANCE") in capsys.readouterr().err
    assert await in_thread(run, "status") == EXIT_DONE


@pytest.mark.parametrize("protocol", ["guide", "activation"])
async def test_only_an_activated_machine_is_renewed(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str], protocol: str
) -> None:
    machine.protocol = protocol
    await machine.drive(until=Action.FUND)
    await machine.close()
    assert await in_thread(run, "renew", "--yes") == EXIT_CONFIGURATION
    assert title("MACHINE_NOT_ACTIVATED") in capsys.readouterr().err


async def test_a_renewal_is_refused_without_consent(
    activated: Machine,
    run: Run,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await finished(activated)
    sent = len(activated.network.sent_transactions())
    monkeypatch.setattr(sys, "stdin", io.StringIO("no\n"))
    assert await in_thread(run, "renew") == EXIT_STOPPED
    assert "nothing was paid" in capsys.readouterr().err
    assert len(activated.network.sent_transactions()) == sent
