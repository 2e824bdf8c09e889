"""How a scene is reached: what a play is, and the usual ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.journal.next_action import Action
from tests.screens.driver import Technician
from tests.screens.stage import Stage

Play = Callable[[Technician], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """`arrange` comes before the machine is driven to `action`, `meanwhile` after that and before
    the screens open, `play` on the screen.
    """

    name: str
    action: Action
    play: Play
    arrange: Callable[[Stage], None] = lambda stage: None
    meanwhile: Callable[[Stage], None] = lambda stage: None
    pretend: bool = False
    """As a rehearsal shows it."""
    again: bool = False
    """After a new start of the program."""


def stage_of(technician: Technician) -> Stage:
    assert isinstance(technician.machine, Stage)
    return technician.machine


async def as_it_is(technician: Technician) -> None:
    """Nothing is done."""


def then(*keys: str, sees: str) -> Play:
    """Keys, and the words that they lead to."""

    async def play(technician: Technician) -> None:
        await technician.press(*keys)
        await technician.sees(sees)

    return play


def fault(name: str, do: Play, *, code: str) -> Play:
    """What is shown when a fault of the rehearsal meets what is done."""

    async def play(technician: Technician) -> None:
        technician.machine.network.fault(name)
        await do(technician)
        await technician.reads_problem(code)

    return play


def waiting(path: str, do: Play, *, sees: str, seconds: float = 4.0) -> Play:
    """What is shown while a service (by a piece of its path) keeps everybody waiting."""

    async def play(technician: Technician) -> None:
        stage_of(technician).held = path
        await do(technician)
        await technician.until(lambda: technician.app.wait, "a wait")
        technician.machine.clock.advance(seconds)
        await technician.sees(sees)

    return play
