"""What stands on the normal screen at the end: what was reached, and how to go on."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pexpect
import pytest

from app.arguments import build_parser
from app.goodbye import say_goodbye
from app.options import options_from
from app.rehearsal.network import RehearsalNetwork
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from tests.support.clock import FakeClock
from tests.support.machine import Machine, blocks_every

TOP = Path(__file__).resolve().parents[2]


def arguments(machine: Machine) -> list[str]:
    return ["--state-dir", str(machine.folder)]


async def test_after_success_it_sums_up_and_names_the_receipt_to_be_printed(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    await machine.drive()
    say_goodbye(machine.now_open, machine.folder, arguments(machine))
    said = capsys.readouterr().out
    assert said.startswith("The machine is onboarded.")
    for words in (
        "peaqID ",
        "Machine NFT",
        "Bond ",
        *(tx.hash for tx in machine.state.transactions),
    ):
        assert words in said
    assert f"To print: {machine.folder / 'receipt.txt'}\n" in said
    seen = said.splitlines()[-20:]
    assert any(line.startswith("peaqID ") for line in seen), "what matters has scrolled away"
    assert all(len(line) <= 80 for line in said.splitlines()[:-1])


@pytest.mark.usefixtures("quick_keystore")
async def test_with_a_transaction_under_way_leaving_is_said_not_to_stop_it(
    clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with RehearsalNetwork(now=clock.now, block_time=3600.0) as network:
        machine = Machine(network, clock, tmp_path / "state")
        blocks_every(machine, 6.0)
        await machine.drive(until=Action.REGISTER)
        say_goodbye(machine.now_open, machine.folder, arguments(machine))
        assert "pending" not in capsys.readouterr().out
        clock.while_asleep = None
        with pytest.raises(OnboardingError):
            await machine.step()
        say_goodbye(machine.now_open, machine.folder, arguments(machine))
        said = capsys.readouterr().out
        await machine.close()
    assert "A transaction is pending. Quitting does not cancel it." in said


@pytest.mark.parametrize("on_path", [True, False])
@pytest.mark.parametrize("called", ["peaq-onboard", "__main__.py"])
async def test_the_command_to_go_on_with_is_the_one_it_was_called_by(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    called: str,
    on_path: bool,
) -> None:
    program = machine.folder.parent / "bin" / "peaq-onboard"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent) if on_path else "/usr/bin:/bin")
    monkeypatch.setattr("sys.argv", [str(program.with_name(called))])
    say_goodbye(machine.open(), machine.folder, arguments(machine))
    shown = shlex.split(capsys.readouterr().out.splitlines()[-1])[0]
    by_itself = on_path or called != "peaq-onboard"
    assert shown == ("peaq-onboard" if by_itself else str(program))


@pytest.mark.terminal
def test_the_hint_after_ctrl_c_keeps_plain_mode_and_presets(tmp_path: Path) -> None:
    words = ["--rehearse", "--plain", "--documentation-url", "https://a.example", "--yes"]
    child = pexpect.spawn(
        sys.executable,
        ["-m", "app", *words, "--state-dir", "state", "--fault", "mcr-down"],
        cwd=str(tmp_path),
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(TOP)},
        encoding="utf-8",
        dimensions=(24, 300),
    )
    child.expect_exact("Data API: ", timeout=120)
    child.sendintr()
    child.expect(r"To resume:\r\n  (.*)\r\n", timeout=60)
    again = shlex.split(str(child.match[1]))[1:]
    child.expect(pexpect.EOF, timeout=60)
    child.wait()
    options = options_from(build_parser(again).parse_args(again))
    assert (options.rehearse, options.plain, options.faults) == (True, True, ())
    assert options.answers.documentation_url == "https://a.example"
    assert options.answers.yes
    assert options.state_dir == Path("state")
