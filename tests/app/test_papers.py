"""receipt, explain, verify-key: a colleague, a customer or a script must not be misled."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli import main
from core.errors import EXIT_DONE, EXIT_NETWORK, EXIT_STOPPED
from core.state import Action
from tests.support.machine import PASSPHRASE, Machine

Run = Callable[..., int]


@pytest.fixture
def run(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line on the machine's folder and network."""
    for name, value in machine.environ.items():
        monkeypatch.setenv(name, value)

    def command(*arguments: str) -> int:
        folder = str(machine.folder)
        return main([*arguments, "--state-dir", folder, "--env-file", f"{folder}/.env"])

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
    kept = (machine.folder / "receipt.json").read_text()
    (machine.folder / "receipt.txt").unlink()
    assert await in_thread(run, "receipt", "--verify") == EXIT_DONE
    shown = capsys.readouterr().out
    assert "BAD" not in shown
    assert shown.count("  ok ") == 14, "five facts, six attributes, three transactions"
    assert (machine.folder / "receipt.json").read_text() == kept
    (machine.folder / "receipt.json").unlink()
    assert await in_thread(run, "receipt", "--json") == EXIT_DONE
    again = json.loads(capsys.readouterr().out)
    assert again["machine_id"] == json.loads(kept)["machine_id"]
    assert (machine.folder / "receipt.json").exists()


async def test_a_receipt_that_the_chain_does_not_know_is_called_bad(
    machine: Machine, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody has changed the description since."""
    snapshot = machine.network.snapshot()
    await finished(machine)
    machine.network.revert(snapshot)
    assert await in_thread(run, "receipt", "--verify") == EXIT_NETWORK
    assert "BAD machine id" in capsys.readouterr().out


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
    assert "Faucet rate limit exceeded (RATE_LIMITED)" in capsys.readouterr().out
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
    assert await in_thread(run, "verify-key", "--passphrase-file", str(right)) == EXIT_DONE
    assert address in capsys.readouterr().out
    assert await in_thread(run, "verify-key", "--passphrase-file", str(wrong)) == EXIT_STOPPED
    assert "does not open" in capsys.readouterr().err
