"""`status`: where it stands, for people and for programs, without network and without a change."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.cli import main
from core.clock import SystemClock
from core.errors.catalogue import CATALOGUE
from core.errors.exit_codes import exit_code
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from tests.support.clock import FakeClock
from tests.support.machine import Machine
from tests.support.transports import Tampering
from tests.support.words import title

TOP = Path(__file__).resolve().parents[3]
KEYS = {
    "network",
    "chain_id",
    "address",
    "finished",
    "step",
    "steps",
    "waiting_until",
    "error",
    "machine_id",
    "token_id",
    "transactions",
    "state_dir",
}


@pytest.fixture
def clock() -> FakeClock:
    """The command reads the real clock, so the machine lives in the present here."""
    return FakeClock(SystemClock().now())


def told(capsys: pytest.CaptureFixture[str], folder: Path) -> tuple[int, dict[str, Any]]:
    place = ["--network", "rehearsal", "--state-dir", str(folder)]
    before = sorted(folder.iterdir()) if folder.exists() else None
    code = main(["status", "--json", *place])
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) >= KEYS
    assert main(["status", *place]) == code
    assert "Traceback" not in capsys.readouterr().err
    assert (sorted(folder.iterdir()) if folder.exists() else None) == before
    return code, answer


def people_read(capsys: pytest.CaptureFixture[str], folder: Path) -> str:
    main(["status", "--network", "rehearsal", "--state-dir", str(folder)])
    return capsys.readouterr().out


def test_before_anything_was_done(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, answer = told(capsys, tmp_path / "nothing")
    assert code == 1
    assert answer["network"] == "rehearsal"
    assert answer["finished"] is False
    assert answer["address"] is None
    assert answer["step"] == {"number": 1, "name": "environment"}
    assert [step["status"] for step in answer["steps"]] == ["current"] + ["todo"] * 6
    assert answer["transactions"] == []
    assert not (tmp_path / "nothing").exists(), "asking made a folder"
    assert "no key yet" in people_read(capsys, tmp_path / "nothing")


async def test_half_way(capsys: pytest.CaptureFixture[str], machine: Machine) -> None:
    await machine.drive(until=Action.MINT)
    code, answer = told(capsys, machine.folder)
    assert code == 1
    assert answer["address"] == machine.address
    assert answer["step"] == {"number": 7, "name": "machine-nft"}
    assert [step["number"] for step in answer["steps"]] == list(range(1, 8))
    assert [step["status"] for step in answer["steps"]] == ["done"] * 6 + ["current"]
    assert all(step["since"] for step in answer["steps"][:6])
    assert answer["machine_id"] == machine.network.registrations(machine.address)[0]
    assert answer["token_id"] is None
    (row,) = answer["transactions"]
    assert row["purpose"] == "register"
    assert row["nonce"] == 0
    assert row["status"] in ("included", "final")
    assert row["hash"].startswith("0x")
    assert isinstance(row["block"], int)
    assert answer["state_dir"] == str(machine.folder)


async def test_while_a_cooldown_counts(
    capsys: pytest.CaptureFixture[str], machine: Machine
) -> None:
    await machine.drive(until=Action.FUND)
    machine.network.fault("owner-cap", 1)
    machine.clock._wall = SystemClock().now()  # what drove here has moved the time
    code_now = machine.network.current_code(machine.address)
    assert code_now
    machine.clock.advance(30)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    until = refused.value.problem.until
    assert until is not None
    if until <= SystemClock().now() + timedelta(seconds=5):
        pytest.skip("within seconds of midnight UTC the daily cap is over")
    code, answer = told(capsys, machine.folder)
    assert code == 75
    stamp = datetime.fromisoformat(answer["waiting_until"].replace("Z", "+00:00"))
    assert abs(stamp - until) < timedelta(seconds=1)
    error = answer["error"]
    assert error.pop("at")
    assert "--fund" in error.pop("remedy")
    assert error == {
        "code": "CAP_EXCEEDED_OWNER",
        "title": CATALOGUE["CAP_EXCEEDED_OWNER"].title,
        "cause": CATALOGUE["CAP_EXCEEDED_OWNER"].cause,
    }
    assert answer["waiting_for"] == "cooldown"
    assert answer["steps"][4]["status"] == "waiting"
    said = people_read(capsys, machine.folder)
    assert "Owner daily funding cap exceeded (CAP_EXCEEDED_OWNER)" in said
    assert "Try again at" in said
    assert "required 1.1 PEAQ, balance 0 when last read" in said


async def test_after_a_failure_that_need_not_wait(
    capsys: pytest.CaptureFixture[str], machine: Machine
) -> None:
    await machine.drive(until=Action.FUND)
    machine.network.fault("transfer-failed", 1)
    with pytest.raises(OnboardingError):
        await machine.step()
    code, answer = told(capsys, machine.folder)
    assert code == 1
    assert answer["waiting_until"] is None
    assert answer["error"]["code"] == "TRANSFER_FAILED"
    assert answer["steps"][4]["status"] == "failed"


async def test_a_payment_that_has_arrived_and_was_too_small_is_not_on_its_way(
    capsys: pytest.CaptureFixture[str], machine: Machine
) -> None:
    await machine.drive(until=Action.FUND)
    machine.network.fault("underfunded", 1)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    for _ in range(2):
        code, answer = told(capsys, machine.folder)
        assert code == exit_code(refused.value.problem.kind) == 1
        assert answer["waiting_for"] is None
        assert answer["error"]["code"] == "FUNDING_TOO_SMALL"
        assert "0.55 PEAQ" in answer["error"]["remedy"]
        said = people_read(capsys, machine.folder)
        assert "on its way" not in said
        assert "required 1.1 PEAQ, balance 0.55 when last read" in said
        await machine.restart()  # it measures anew, and the payment stays arrived


async def test_an_amount_that_nobody_told_has_arrived_with_the_first_of_it(
    capsys: pytest.CaptureFixture[str], machine: Machine
) -> None:
    """The answer was lost, half of the need came, and the request is then called settled."""
    await machine.drive(until=Action.FUND)
    machine.network.fault("underfunded", 1)
    machine.network.fault("lost-answer", 1)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "GAS_STATION_NO_ANSWER"
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert machine.state.answered[-1].code == "REQUEST_ALREADY_PROCESSED"
    code, answer = told(capsys, machine.folder)
    assert code == exit_code(refused.value.problem.kind)
    assert answer["waiting_for"] is None


async def test_a_payment_that_was_promised_and_is_not_there_is_on_its_way(
    capsys: pytest.CaptureFixture[str], machine: Machine
) -> None:
    def pending_payment(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/faucet/fund"):
            return None
        data = {"txHash": "", "fundedAmount": str(10**18)}
        return httpx.Response(200, json={"status": "success", "code": "SUCCESS", "data": data})

    machine.connect = Tampering(before=pending_payment).connect
    await machine.drive(until=Action.FUND)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    code, answer = told(capsys, machine.folder)
    assert code == exit_code(refused.value.problem.kind) == 75
    assert answer["waiting_for"] in ("payment", "cooldown")


async def test_when_it_is_finished(capsys: pytest.CaptureFixture[str], machine: Machine) -> None:
    await machine.drive()
    code, answer = told(capsys, machine.folder)
    assert code == 0
    assert answer["finished"] is True
    assert answer["step"] is None
    assert answer["error"] is None
    assert {row["purpose"]: row["nonce"] for row in answer["transactions"]} == {
        "register": 0,
        "mint": 1,
        "did": 2,
    }
    assert answer["token_id"]
    text = json.dumps(answer)
    assert "correct horse" not in text
    assert f"Onboarded: machine {answer['machine_id']}" in people_read(capsys, machine.folder)


async def test_a_damaged_journal_is_named_with_its_line(
    capsys: pytest.CaptureFixture[str], machine: Machine
) -> None:
    await machine.drive(until=Action.ENROL)
    await machine.close()
    path = machine.folder / "journal.jsonl"
    lines = path.read_bytes().split(b"\n")
    lines[1] = lines[1].replace(b"Environment", b"environment")
    path.write_bytes(b"\n".join(lines))
    code = main(["status", "--network", "rehearsal", "--state-dir", str(machine.folder)])
    assert code == 3
    said = capsys.readouterr().err
    assert title("JOURNAL_DAMAGED") in said
    assert "line 2" in said


async def test_a_transaction_under_way_wants_a_start_of_the_wizard(
    capsys: pytest.CaptureFixture[str], machine: Machine
) -> None:
    """The terminal went away between the broadcast and the block."""
    await machine.drive(until=Action.REGISTER)
    await machine.step()
    await machine.close()
    path = machine.folder / "journal.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    sent = next(n for n, line in enumerate(lines) if '"TransactionBroadcast"' in line)
    path.write_text("".join(lines[: sent + 1]))
    code, answer = told(capsys, machine.folder)
    assert code == 1, "time alone does not bring it on"
    assert answer["waiting_for"] == "transaction"
    assert answer["waiting_until"] is None
    assert answer["transactions"][0]["status"] == "sent"
    assert "A transaction is pending" in people_read(capsys, machine.folder)


_WATCHED = """
import json, os, sys
seen = []
def watch(event, arguments):
    if event.startswith(("socket.", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod",
                         "os.truncate", "os.utime", "os.link", "os.symlink", "subprocess.")):
        seen.append(event)
    if event == "open" and isinstance(arguments[2], int):
        if arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            seen.append(f"open {arguments[0]} to write")
sys.addaudithook(watch)
from app.cli import main
code = main(sys.argv[1:])
heavy = {"web3", "httpx", "textual", "rich", "eth_account", "aiohttp"} & set(sys.modules)
print(json.dumps([code, seen, sorted(heavy)]), file=sys.stderr)
"""


@pytest.mark.parametrize("command", ["status", "status --json", "explain 5"])
async def test_asking_writes_nothing_asks_nobody_and_loads_little(
    machine: Machine, command: str
) -> None:
    """A monitoring job asks every minute, on a small board, also while the wizard works."""
    await machine.drive(until=Action.REGISTER)
    paths = [machine.folder, *machine.folder.iterdir()]
    before = [(path, path.stat().st_mtime_ns, path.stat().st_ctime_ns) for path in paths]
    done = await asyncio.to_thread(
        subprocess.run,
        [
            *(sys.executable, "-c", _WATCHED, *command.split()),
            *("--network", "rehearsal", "--state-dir", str(machine.folder)),
        ],
        cwd=TOP,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(TOP / "none")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    code, seen, heavy = json.loads(done.stderr)
    assert code in (0, 1)
    assert seen == []
    assert heavy == []
    assert [(path, path.stat().st_mtime_ns, path.stat().st_ctime_ns) for path in paths] == before
    assert sorted(machine.folder.iterdir()) == sorted(paths[1:])


async def test_the_links_are_those_of_the_network_that_the_journal_is_of(
    capsys: pytest.CaptureFixture[str], machine: Machine
) -> None:
    await machine.drive(until=Action.MINT)
    assert main(["status", "--json", "--network", "mainnet", "--state-dir", str(machine.folder)])
    answer = json.loads(capsys.readouterr().out)
    assert answer["network"] == "rehearsal"
    assert answer["transactions"][0]["link"] is None, "it would lead to somebody else's"
