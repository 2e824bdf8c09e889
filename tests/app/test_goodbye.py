"""What stands on the normal screen at the end: what was reached, and how to go on."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import pytest

from app.run import say_goodbye
from core.errors import OnboardingError
from core.state import Action
from tests.support.machine import Machine


def options(machine: Machine) -> argparse.Namespace:
    return argparse.Namespace(
        rehearse=False, network=None, env_file=Path(".env"), state_dir=machine.folder
    )


async def test_after_success_it_sums_up_and_names_the_receipt_to_be_printed(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    await machine.drive()
    say_goodbye(options(machine), machine.now_open, machine.folder)
    said = capsys.readouterr().out
    assert said.startswith("The machine is onboarded.")
    for words in (
        "peaqID ",
        "Machine NFT",
        "Bond ",
        *(tx.hash for tx in machine.state.transactions),
    ):
        assert words in said
    assert f"The whole receipt, to be printed:\n  {machine.folder / 'receipt.txt'}\n" in said
    assert len(said.splitlines()) < 24, "its beginning has scrolled away"
    assert all(len(line) <= 80 for line in said.splitlines()[:-1])


async def test_with_a_transaction_under_way_leaving_is_said_not_to_stop_it(
    slow: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    await slow.drive(until=Action.REGISTER)
    say_goodbye(options(slow), slow.now_open, slow.folder)
    assert "under way" not in capsys.readouterr().out
    slow.clock.while_asleep = None
    with pytest.raises(OnboardingError):
        await slow.step()
    say_goodbye(options(slow), slow.now_open, slow.folder)
    assert "A transaction is under way: leaving does not stop it." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("called", "on_path", "word"),
    [
        ("opt/peaq-onboard", False, "opt/peaq-onboard"),
        ("opt/peaq-onboard", True, "peaq-onboard"),
        ("app/__main__.py", False, "peaq-onboard"),
    ],
)
async def test_the_command_to_go_on_with_is_the_one_it_was_called_by(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    called: str,
    on_path: bool,
    word: str,
) -> None:
    program = tmp_path / "opt/peaq-onboard"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent) if on_path else "/usr/bin:/bin")
    monkeypatch.setattr("sys.argv", [str(tmp_path / called)])
    machine.open()
    say_goodbye(options(machine), machine.now_open, machine.folder)
    last = capsys.readouterr().out.splitlines()[-1]
    shown = shlex.split(last)[0]
    assert shown == (word if word == "peaq-onboard" else str(tmp_path / word))
