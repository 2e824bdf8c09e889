"""The wizard that is asked to make room: the question, the yes, and what is under way first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Semaphore

import pytest

from app import hand_over
from app.console import Console
from app.notice import TakeoverNotice
from core.lock import holder
from core.state import Action
from core.takeover import FILE_NAME, Asker, Request, ask, asked
from screens import takeover
from screens.consent import UnlockScreen
from screens.help import HelpScreen
from screens.takeover import EndingScreen, TakeoverScreen
from tests.screens.driver import PATIENCE, Technician, at_step
from tests.support.clock import START
from tests.support.machine import Machine

SIZE = (80, 24)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks ten times a second, and takes the first Enter."""
    monkeypatch.setattr("app.tui.LOOK", 0.1)
    monkeypatch.setattr(takeover, "QUIET", 0.0)


@asynccontextmanager
async def asked_at(machine: Machine, action: Action) -> AsyncIterator[tuple[Technician, Request]]:
    """At the wizard, with the question from another terminal on the screen."""
    async with at_step(machine, action) as technician:
        request = ask(machine.folder, START)
        assert request is not None
        await technician.until(lambda: technician.place == "TakeoverScreen", "to be asked")
        try:
            yield technician, request
        finally:
            request.withdraw()


async def test_a_yes_ends_the_wizard_and_says_that_it_is_ending(machine: Machine) -> None:
    async with asked_at(machine, Action.CREATE_KEYPAIR) as (technician, request):
        await technician.sees("Another terminal asks to take over")
        await technician.press("enter")
        await technician.until(lambda: technician.app.return_value is not None, "to end")
        assert technician.app.return_value == 1
        assert request.agreed
        assert technician.app.hand_over.agreed


async def test_a_no_removes_the_question_and_changes_nothing(machine: Machine) -> None:
    async with asked_at(machine, Action.CREATE_KEYPAIR) as (technician, request):
        await technician.press("escape")
        await technician.on("KeypairScreen")
        assert not request.standing
        assert not (machine.folder / FILE_NAME).exists()
        assert "ending" not in holder(machine.folder)
        await technician.passphrase()
        await technician.on("BackupScreen")


async def test_a_question_that_is_taken_back_disappears(machine: Machine) -> None:
    async with asked_at(machine, Action.CREATE_KEYPAIR) as (technician, request):
        request.withdraw()
        await technician.on("KeypairScreen")


async def test_a_yes_to_somebody_who_has_gone_meanwhile_hands_nothing_over(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.tui.LOOK", 1000.0)
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        request = ask(machine.folder, START)
        assert request is not None
        technician.app.hand_over.look()
        await technician.until(lambda: technician.place == "TakeoverScreen", "to be asked")
        request.withdraw()
        await technician.press("enter")
        await technician.on("KeypairScreen")
        assert not technician.app.hand_over.agreed
        assert technician.app.return_value is None


async def test_what_has_left_is_answered_and_recorded_before_it_ends(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A code that is being confirmed: the answer gets to the disk, and then the folder is free."""
    answer = asyncio.Event()
    async with at_step(machine, Action.CONFIRM) as technician:
        context = await technician.app.engine.load()
        assert context.gas_station is not None
        confirm = context.gas_station.confirm

        async def slow(*arguments: object) -> None:
            await answer.wait()
            await confirm(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(context.gas_station, "confirm", slow)
        await technician.code()
        await technician.until(lambda: technician.app.engine.session.book.in_flight, "to be sent")
        request = ask(machine.folder, START)
        assert request is not None
        await technician.until(lambda: technician.place == "TakeoverScreen", "to be asked")
        await technician.press("enter")
        await technician.until(lambda: isinstance(technician.app.screen, EndingScreen), "a yes")
        assert technician.app.return_value is None, "it left with an answer under way"
        answer.set()
        await technician.until(lambda: technician.app.return_value is not None, "to end")
        request.withdraw()
    assert "EnrolmentConfirmed" in [type(record.event).__name__ for record in machine.records]


async def test_an_answer_that_never_comes_does_not_keep_the_folder(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_over, "PATIENCE", 0.3)
    async with at_step(machine, Action.CONFIRM) as technician:
        context = await technician.app.engine.load()

        async def never(*_: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(context.gas_station, "confirm", never)
        await technician.code()
        await technician.until(lambda: technician.app.engine.session.book.in_flight, "to be sent")
        request = ask(machine.folder, START)
        assert request is not None
        await technician.until(lambda: technician.place == "TakeoverScreen", "to be asked")
        await technician.press("enter")
        await technician.until(lambda: technician.app.return_value is not None, "to end")
        request.withdraw()


async def test_the_question_waits_while_the_key_is_being_opened(machine: Machine) -> None:
    """That screen takes itself away, and would take the question along."""
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        screen = UnlockScreen(technician.app)
        technician.app.push_screen(screen)
        await technician.until(lambda: screen.is_mounted, "the passphrase to be asked for")
        screen.query_one("#unlock-passphrase").disabled = True
        request = ask(machine.folder, START)
        assert request is not None
        technician.app.hand_over.look()
        assert technician.app.screen is screen
        screen.query_one("#unlock-passphrase").disabled = False
        await technician.until(lambda: technician.place == "TakeoverScreen", "to be asked")
        await technician.press("escape")
        await technician.until(lambda: technician.app.screen is screen, "to be back")
        request.withdraw()


async def test_a_step_that_is_done_meanwhile_asks_again_on_the_next_one(machine: Machine) -> None:
    async with asked_at(machine, Action.CREATE_KEYPAIR) as (technician, request):
        technician.app.push_screen(HelpScreen(technician.step_screen.step))
        await technician.pilot.pause()
        await machine.step()  # as if work of this screen had just ended
        technician.app.go_on()
        await technician.until(
            lambda: [type(s) for s in technician.app.screen_stack][-1] is TakeoverScreen,
            "to be asked again",
        )
        assert type(technician.step_screen).__name__ == "BackupScreen"
        await technician.press("escape")
        await technician.on("BackupScreen")
        assert not request.standing


async def test_enter_in_the_middle_of_typing_is_no_yes(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "QUIET", 1000.0)
    async with asked_at(machine, Action.CREATE_KEYPAIR) as (technician, request):
        await technician.press("enter")
        await technician.sees("Press Enter once more to hand over.")
        await technician.press("x", "enter")
        assert technician.app.return_value is None
        assert request.standing
        await technician.press("escape")


class Collecting(Console):
    """Keeps every line in a queue: the test reads while the notice's thread still speaks."""

    def __init__(self) -> None:
        super().__init__(no_input=True)
        self.lines: SimpleQueue[str] = SimpleQueue()

    def say(self, text: str = "") -> None:
        self.lines.put(text)


def test_without_a_screen_the_question_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.notice.LOOK", 0.02)
    looks = Semaphore(0)

    def look(folder: Path) -> Asker | None:
        looks.release()
        return asked(folder)

    monkeypatch.setattr("app.notice.asked", look)
    (tmp_path / "lock").touch()
    request = ask(tmp_path, START)
    assert request is not None
    console = Collecting()
    words: list[str] = []
    with TakeoverNotice(tmp_path, console) as notice:
        # The length of the asker's name decides where the lines break.
        while "ctrl+c makes room" not in " ".join(words):
            words += console.lines.get(timeout=PATIENCE).split()
        while looks.acquire(blocking=False):
            pass
        for _ in range(3):
            assert looks.acquire(timeout=PATIENCE), "the notice stopped looking"
    request.withdraw()
    notice._thread.join(timeout=10)
    while not console.lines.empty():
        words += console.lines.get().split()
    said = " ".join(words)
    assert said.count("Another terminal asks to take over") == 1
    assert json.dumps(str(request)) not in said
