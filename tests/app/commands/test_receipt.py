"""receipt, explain, verify-key: a colleague, a customer or a script must not be misled."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from core.amounts import exact_peaq
from core.errors.exit_codes import EXIT_CONFIGURATION, EXIT_DONE, EXIT_NETWORK, EXIT_STOPPED
from core.journal.events import OnboardingFinished
from core.journal.file import FILE_NAME, Record, encode, read_records
from core.journal.next_action import Action
from tests.support.machine import PASSPHRASE, Machine
from tests.support.schema import faults
from tests.support.words import title

TOP = Path(__file__).resolve().parents[3]

Run = Callable[..., int]


@pytest.fixture
def run(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line on the machine's folder and network."""
    for name, value in machine.environ.items():
        monkeypatch.setenv(name, value)

    env_file = machine.folder.parent / "none.env"
    env_file.touch(0o600)

    def command(*arguments: str) -> int:
        folder = str(machine.folder)
        return main([*arguments, "--state-dir", folder, "--env-file", str(env_file)])

    return command


async def finished(machine: Machine) -> None:
    await machine.drive()
    await machine.close()


async def in_thread(run: Run, *arguments: str) -> int:
    """Commands have an event loop of their own."""
    import asyncio

    return await asyncio.to_thread(run, *arguments)


async def test_the_receipt_comes_again_and_agrees_with_the_chain(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(machine)
    kept = {name: (machine.folder / name).read_bytes() for name in ("receipt.json", "receipt.txt")}
    (machine.folder / "receipt.txt").unlink()
    assert await in_thread(run, "receipt", "--verify") == EXIT_DONE
    shown = capsys.readouterr().out
    assert "BAD" not in shown
    assert "All 20 lines match." in shown
    page = kept["receipt.txt"].decode()
    assert shown.startswith(page), "what goes to a printer is the page itself"
    for name, content in kept.items():
        assert (machine.folder / name).read_bytes() == content
        assert (machine.folder / name).stat().st_mode & 0o777 == 0o600


async def test_a_lost_receipt_is_restored_byte_for_byte_from_the_journal(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(machine)
    kept = {name: (machine.folder / name).read_bytes() for name in ("receipt.json", "receipt.txt")}
    for name in kept:
        (machine.folder / name).unlink()
    assert await in_thread(run, "receipt", "--json") == EXIT_DONE
    assert json.loads(capsys.readouterr().out) == json.loads(kept["receipt.json"])
    assert {name: (machine.folder / name).read_bytes() for name in kept} == kept


def forget_the_facts_of_the_day(folder: Path) -> None:
    """Rewrite the journal's last record as versions before wrote it: with the rating only."""
    path = folder / FILE_NAME
    *others, last = read_records(path)
    assert isinstance(last.event, OnboardingFinished)
    older = Record(last.number, last.at, OnboardingFinished(last.event.mcr))
    text = encode(older).decode()
    body = json.loads(text)
    body["data"] = {"mcr": last.event.mcr}
    del body["sum"]
    summed = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
    body["sum"] = hashlib.sha256(summed).hexdigest()[:16]
    line = json.dumps(body, separators=(",", ":")).encode() + b"\n"
    path.write_bytes(b"".join(encode(record) for record in others) + line)


async def test_an_older_journal_keeps_the_receipt_of_its_day_and_can_restore_most_of_it(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(machine)
    forget_the_facts_of_the_day(machine.folder)
    path = machine.folder / "receipt.json"
    kept = path.read_bytes()
    assert await in_thread(run, "receipt", "--verify") == EXIT_DONE
    assert path.read_bytes() == kept
    path.unlink()
    capsys.readouterr()
    assert await in_thread(run, "receipt", "--json") == EXIT_DONE
    again, before = json.loads(capsys.readouterr().out), json.loads(kept)
    lost = {"endpoints", "host", "versions", "finished_at"}
    assert {k: v for k, v in again.items() if k not in lost} == {
        k: v for k, v in before.items() if k not in lost
    }
    assert again["finished_at"][:16] == before["finished_at"][:16]


@pytest.mark.parametrize(
    "content", ["rubbish", "[]", '{"peaq_id": 1}', '{"address": "0x", "endpoints": "\\u001b"}']
)
async def test_a_spoilt_receipt_is_made_good(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    await finished(machine)
    path = machine.folder / "receipt.json"
    machine_id = json.loads(path.read_text())["machine_id"]
    path.write_text(content)
    assert await in_thread(run, "receipt") == EXIT_DONE
    assert json.loads(path.read_text())["machine_id"] == machine_id


@pytest.mark.parametrize(
    "case",
    [
        ({"bond_wei": "1"}, EXIT_NETWORK, "BAD receipt.json matches the journal; found: differed "),
        ({"mcr": "Gold"}, EXIT_NETWORK, "found: differed in mcr; rewritten"),
        ({"funding": {"wei": "7"}}, EXIT_NETWORK, "differed in funding.wei; rewritten"),
        ({"address": "0x00"}, EXIT_NETWORK, "differed in address; rewritten"),
        ({"host": "another"}, EXIT_NETWORK, "differed in host; rewritten"),
        ("rubbish", EXIT_DONE, "-- receipt.json whole; found: was damaged; rewritten"),
        (None, EXIT_DONE, "-- receipt.json whole; found: was missing; rewritten"),
    ],
)
async def test_a_file_that_somebody_changed_is_told_of_and_mended(
    machine: Machine,
    run: Run,
    capsys: pytest.CaptureFixture[str],
    case: tuple[dict[str, object] | str | None, int, str],
) -> None:
    """The file is what goes to the customer."""
    changed, code, words = case
    await finished(machine)
    path = machine.folder / "receipt.json"
    right = json.loads(path.read_text())
    if changed is None:
        path.unlink()
    elif isinstance(changed, str):
        path.write_text(changed)
    else:
        if isinstance(changed.get("funding"), dict):
            changed = {"funding": right["funding"] | changed["funding"]}  # type: ignore[operator]
        path.write_text(json.dumps(right | changed))
    assert await in_thread(run, "receipt", "--verify") == code
    shown = " ".join(capsys.readouterr().out.split())
    assert words in shown
    again = json.loads(path.read_text())
    assert again["bond_wei"] == right["bond_wei"]
    assert again["mcr"] == right["mcr"]
    assert await in_thread(run, "receipt", "--verify") == EXIT_DONE


async def test_what_somebody_wrote_into_it_does_not_reach_the_terminal(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(machine)
    path = machine.folder / "receipt.json"
    receipt = json.loads(path.read_text())
    path.write_text(json.dumps(receipt | {"host": "\x1b[2Jgone", "machine_id": 7, "mcr": ["x"]}))
    assert await in_thread(run, "receipt") == EXIT_DONE
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert f"Machine       {receipt['machine_id']} " in shown


async def test_a_disk_that_takes_nothing_is_said_and_the_paper_comes_all_the_same(
    machine: Machine,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await finished(machine)
    for name in ("receipt.json", "receipt.txt"):
        (machine.folder / name).unlink()

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("core.receipt.document.replace_file", refuse)
    assert await in_thread(run, "receipt") == EXIT_DONE
    shown = capsys.readouterr()
    assert "did:peaq:0x" in shown.out
    assert "could not be written: Read-only file system" in shown.err
    assert not (machine.folder / "receipt.json").exists()


def lines_of(document: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The lines of the verification by name, which are as the schema says."""
    schema = json.loads((TOP / "docs" / "receipt.schema.json").read_text())
    assert list(faults(document, schema)) == []
    return {line["name"]: line for line in document["verification"]["lines"]}


async def test_the_verification_is_in_the_json_line_by_line(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(machine)
    machine.network.fault("mcr-down", None)
    assert await in_thread(run, "receipt", "--json", "--verify") == EXIT_DONE
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert shown.err == ""
    lines = lines_of(document)
    assert document["verification"]["holds"] is True
    assert lines["bond amount"] == {
        "name": "bond amount",
        "expected": "1 PEAQ",
        "found": "1 PEAQ",
        "result": "same",
    }
    rating = lines["MCR rating"]
    assert rating["result"] == "changed", "a rating that is not told is no fault"
    assert rating["found"].startswith("the MCR API")
    del document["verification"]
    assert document == json.loads((machine.folder / "receipt.json").read_text())


async def test_a_line_that_differs_is_named_in_the_json(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    snapshot = machine.network.snapshot()
    await finished(machine)
    machine.network.revert(snapshot)
    assert await in_thread(run, "receipt", "--verify", "--json") == EXIT_NETWORK
    document = json.loads(capsys.readouterr().out)
    line = lines_of(document)["machine id"]
    assert document["verification"]["holds"] is False
    assert (line["found"], line["result"]) == ("0", "differs")


async def test_a_verification_without_a_network_is_an_error_document(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(machine)
    machine.network.fault("rpc-html", None)
    assert await in_thread(run, "receipt", "--verify", "--json") == EXIT_NETWORK
    shown = capsys.readouterr()
    error = json.loads(shown.out)["error"]
    assert error["title"] == title("RPC_NOT_A_NODE")
    assert error["exit_code"] == EXIT_NETWORK
    assert title("RPC_NOT_A_NODE") in shown.err


async def test_verified_amounts_are_in_peaq(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(machine)
    receipt = json.loads((machine.folder / "receipt.json").read_text())
    assert await in_thread(run, "receipt", "--verify") == EXIT_DONE
    shown = capsys.readouterr().out.partition("Compared with the network:")[2]
    assert " wei" not in shown
    assert "bond amount            1 PEAQ\n" in shown
    for row in receipt["transactions"]:
        assert f"fee {exact_peaq(int(row['fee_wei']))} PEAQ\n" in shown


async def test_without_a_network_nothing_counts_as_verified(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await finished(machine)
    machine.network.fault("rpc-html", None)
    assert await in_thread(run, "receipt", "--verify") == EXIT_NETWORK
    shown = capsys.readouterr()
    assert "did:peaq:0x" in shown.out, "the paper itself needs no network"
    assert title("RPC_NOT_A_NODE") in shown.err


async def test_a_receipt_is_not_compared_with_another_network(
    machine: Machine,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await finished(machine)
    monkeypatch.setenv("PEAQOS_NETWORK", "agung")
    assert await in_thread(run, "receipt") == EXIT_DONE
    assert "rehearsal, chain" in capsys.readouterr().out
    assert await in_thread(run, "receipt", "--verify") == EXIT_CONFIGURATION
    assert "belongs to another onboarding" in capsys.readouterr().err


async def test_a_receipt_that_the_chain_does_not_know_is_called_bad(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """The chain behind the endpoint is not the one that it was."""
    snapshot = machine.network.snapshot()
    await finished(machine)
    machine.network.revert(snapshot)
    assert await in_thread(run, "receipt", "--verify") == EXIT_NETWORK
    shown = capsys.readouterr().out
    assert "BAD machine id" in shown
    assert "lines differ." in shown


async def test_before_the_end_there_is_no_receipt(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    await machine.drive(until=Action.REGISTER)
    await machine.close()
    assert await in_thread(run, "receipt") == EXIT_STOPPED
    assert "not finished" in capsys.readouterr().err


async def test_every_record_is_explained_at_some_step(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.network.fault("rate-limited", 1)
    await machine.drive_stubbornly()
    count = len(machine.records)
    await machine.close()
    lines = 0
    for step in range(1, 8):
        assert await in_thread(run, "explain", str(step)) == EXIT_DONE
        shown = capsys.readouterr().out
        lines += sum(" UTC  " in line for line in shown.splitlines())
    assert lines == count
    assert await in_thread(run, "explain", "funding") == EXIT_DONE
    shown = " ".join(capsys.readouterr().out.split())
    assert "Faucet rate limit exceeded (RATE_LIMITED). " in shown
    assert await in_thread(run, "explain", "eight") == EXIT_STOPPED


async def test_a_passphrase_can_be_tried_without_spending_anything(
    machine: Machine, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await machine.drive(until=Action.REGISTER)
    address = machine.address
    await machine.close()
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text(PASSPHRASE.reveal() + "\n")
    wrong.write_text("something else\n")
    for path in (right, wrong):
        path.chmod(0o600)
    assert await in_thread(run, "verify-key", "--passphrase-file", str(right)) == EXIT_DONE
    assert address in capsys.readouterr().out
    assert await in_thread(run, "verify-key", "--passphrase-file", str(wrong)) == EXIT_STOPPED
    said = capsys.readouterr().err
    assert "does not open" in said
    assert f"  {machine.folder / 'keystore.json'}\n  Attempt 1. " in said
    assert "--passphrase-file" in said
    assert "type the passphrase" not in said, "nobody types"
    none = str(tmp_path / "none")
    assert await in_thread(run, "verify-key", "--passphrase-file", none) == EXIT_STOPPED
    said = capsys.readouterr().err
    assert said == f"The passphrase cannot be read: {none}: No such file or directory.\n"


@pytest.mark.filterwarnings("error::getpass.GetPassWarning")
@pytest.mark.parametrize(
    "case",
    [(f"{PASSPHRASE.reveal()}\n", EXIT_DONE), ("wrong\n", EXIT_STOPPED), ("", EXIT_STOPPED)],
)
async def test_a_passphrase_can_come_through_a_pipe(
    machine: Machine,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    case: tuple[str, int],
) -> None:
    typed, code = case
    await machine.drive(until=Action.REGISTER)
    await machine.close()
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert await in_thread(run, "verify-key") == code
    said = capsys.readouterr().err
    assert typed or "the input ended" in said
