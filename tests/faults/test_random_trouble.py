"""Any mix of kills, lost answers, broken lines and refusals ends in the same machine, paid once."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.rehearsal.network import RehearsalNetwork
from core import journal as journal_module
from core.errors import OnboardingError
from core.events import Event
from core.http import Http
from core.journal import Journal, Record
from core.state import Action
from tests.support.clock import FakeClock
from tests.support.machine import Machine, check_once
from tests.support.transports import Tampering

FAULTS = (
    "invalid-code",
    "expired-code",
    "rate-limited",
    "locked",
    "2fa-not-configured",
    "duplicate-request",
    "transfer-failed",
    "lost-answer",
    "gas-station-down",
    "gas-station-html",
    "rpc-down",
    "rpc-html",
    "did-text-error",
    "mcr-down",
)
KILL = st.tuples(st.just("kill"), st.integers(min_value=0, max_value=12), st.booleans())
LOSE = st.tuples(st.just("lose"), st.integers(min_value=0, max_value=25))
ARM = st.tuples(st.just("fault"), st.sampled_from(FAULTS))
SCHEDULE = st.lists(st.one_of(KILL, LOSE, ARM), min_size=1, max_size=6)


class Killed(BaseException):
    pass


class Troublemaker:
    """Carries out one trouble of the schedule at a time, each at some moment of a run."""

    def __init__(self) -> None:
        self.kill_in: int | None = None
        self.after = False
        self.lose_in: int | None = None
        self._append = Journal.append

    def append(self, journal: Journal, event: Event) -> Record:
        due = self.kill_in == 0
        if self.kill_in is not None:
            self.kill_in = None if due else self.kill_in - 1
        if due and not self.after:
            raise Killed
        record = self._append(journal, event)
        if due:
            raise Killed
        return record

    def lose(self, request: httpx.Request, response: httpx.Response) -> None:
        due = self.lose_in == 0
        if self.lose_in is not None:
            self.lose_in = None if due else self.lose_in - 1
        if due:
            raise httpx.ReadError("the answer is lost, the work is done")


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(schedule=SCHEDULE)
def test_whatever_happens_on_the_way_it_is_paid_and_done_once(
    shared_network: RehearsalNetwork,
    shared_clock: FakeClock,
    quick_keystore: None,
    schedule: list[tuple],
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        asyncio.run(_live_through(shared_network, shared_clock, folder, schedule))
    finally:
        shutil.rmtree(folder)
        for name in FAULTS:
            shared_network.fault(name, 0)


async def _live_through(
    network: RehearsalNetwork, clock: FakeClock, folder: Path, schedule: list[tuple]
) -> None:
    trouble = Troublemaker()

    def connect(url: str) -> Http:
        return Tampering(after=trouble.lose).connect(url)

    def appended(journal: Journal, event: Event) -> Record:
        return trouble.append(journal, event)

    machine = Machine(network, clock, folder / "state", connect=connect)
    append = Journal.append
    journal_module.Journal.append = appended
    try:
        for kind, *how in schedule:
            match kind:
                case "kill":
                    trouble.kill_in, trouble.after = how
                case "lose":
                    (trouble.lose_in,) = how
                case "fault":
                    network.fault(how[0], 1)
            try:
                if machine.wizard is None:
                    await machine.restart()
                await machine.drive()
            except Killed:
                await machine.close()
            except OnboardingError as error:
                clock.advance(error.problem.remaining(clock.now()).total_seconds())
        trouble.kill_in = trouble.lose_in = None
        await _finish(machine)
        check_once(machine)
    finally:
        journal_module.Journal.append = append
        await machine.close()


async def _finish(machine: Machine) -> None:
    for _ in range(5):
        try:
            await machine.restart()
            break
        except OnboardingError:
            continue
    if machine.now_open.action is not Action.NOTHING:
        await machine.drive_stubbornly()
