"""Work that screens start: its result goes to the screen that asked, if that one is still up."""

from __future__ import annotations

import asyncio

import pytest

from app.tui.screen_order import screen_for
from core.errors.problem import fault
from core.journal.next_action import Action
from tests.screens.driver import Technician, at_step
from tests.support.machine import Machine


class Work:
    """Ends when told to, with a result or an error."""

    def __init__(self, error: Exception | None = None) -> None:
        self.release = asyncio.Event()
        self.error = error
        self.taken: list[str] = []

    async def __call__(self) -> str:
        await self.release.wait()
        if self.error:
            raise self.error
        return "result"


async def idle(technician: Technician) -> None:
    await technician.until(lambda: not technician.app.busy, "the work to end")


async def replace_screen(technician: Technician) -> None:
    """Put the screen of the wrong step in place of the one that asked."""
    technician.app.switch_screen(screen_for(Action.CHECK_ENVIRONMENT)(technician.app))
    await technician.until(lambda: technician.place == "EnvironmentScreen", "the other screen")
    await technician.until(lambda: technician.step_screen.is_mounted, "the other screen")


async def test_the_result_goes_to_the_screen_that_asked(machine: Machine) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        work = Work()
        technician.app.perform(work, work.taken.append)
        work.release.set()
        await technician.until(lambda: work.taken == ["result"], "the result")
        assert technician.place == "KeypairScreen"


async def test_work_whose_screen_was_replaced_leads_to_the_screen_of_the_state(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        work = Work()
        technician.app.perform(work, work.taken.append)
        await replace_screen(technician)
        work.release.set()
        await technician.on("KeypairScreen")
        assert work.taken == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (fault("PASSPHRASES_DIFFER"), "PASSPHRASES_DIFFER"),
        (RuntimeError("secret"), "UNEXPECTED"),
    ],
    ids=["known", "defect"],
)
async def test_the_error_of_work_whose_screen_was_replaced_is_shown_on_the_one_that_is_up(
    machine: Machine, error: Exception, code: str
) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        work = Work(error)
        technician.app.perform(work, work.taken.append)
        await replace_screen(technician)
        work.release.set()
        await technician.reads_problem(code)
        assert work.taken == []


async def test_work_is_ignored_while_other_work_is_running(machine: Machine) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        first, second = Work(), Work()
        technician.app.perform(first, first.taken.append)
        technician.app.perform(second, second.taken.append)
        second.release.set()
        first.release.set()
        await technician.until(lambda: first.taken == ["result"], "the first result")
        await idle(technician)
        assert second.taken == []
