"""`run`: the wizard line by line, with the lines that are typed."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from app.answers import Answers
from app.plain.console import Console
from app.plain.wizard import PlainWizard
from app.rehearsal.pretend import PretendPeople
from tests.support.machine import Machine
from tests.support.plain import AHEAD, Said


@pytest.fixture
def run(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., object]:
    """Runs the wizard with the lines that are typed; a line may be a function that makes it."""

    async def go(*lines: str | Callable[[], str], answers: Answers = AHEAD) -> Said:
        typed = iter(lines)

        class Keyboard(io.StringIO):
            def readline(self, *limits: int) -> str:  # type: ignore[override]
                line = next(typed, None)
                if line is None:
                    return ""
                text = (line() if callable(line) else line) + "\n"
                return text[: limits[0]] if limits else text

        monkeypatch.setattr(sys, "stdin", Keyboard())
        pretend = PretendPeople(machine.network)
        console = Console(no_input=answers.no_input)
        wizard = PlainWizard(machine.now_open, answers, console, pretend)
        code = await wizard.run()
        shown = capsys.readouterr()
        return Said(code, shown.out, shown.err)

    return go
