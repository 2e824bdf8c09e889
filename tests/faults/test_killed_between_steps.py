"""The process dies at any record, before or after it is on disk: nothing is paid or done twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.events import Event
from core.journal import Journal, Record
from core.state import Action
from tests.support.clock import FakeClock
from tests.support.machine import PASSPHRASE, Machine, check_once

# A whole run with the Gas Station, from OnboardingStarted to OnboardingFinished.
RECORDS = 30


class Killed(BaseException):
    """As SIGKILL: nothing of ours may catch it."""


class Executioner:
    """Ends the process at one record: before it reaches the disk, or right after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, at: int, written: bool) -> None:
        append = Journal.append

        def deadly(journal: Journal, event: Event) -> Record:
            if self.armed and journal._count + 1 == at and not written:
                raise Killed
            record = append(journal, event)
            if self.armed and record.number == at:
                raise Killed
            return record

        self.armed = True
        monkeypatch.setattr(Journal, "append", deadly)


@pytest.fixture
async def shared_machine(
    shared_network: RehearsalNetwork, shared_clock: FakeClock, tmp_path: Path, quick_keystore: None
) -> AsyncIterator[Machine]:
    machine = Machine(shared_network, shared_clock, tmp_path / "state")
    yield machine
    await machine.close()


@pytest.mark.parametrize("written", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, RECORDS + 1))
async def test_a_killed_run_is_finished_by_the_next_one(
    shared_machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    written: bool,
) -> None:
    machine = shared_machine
    executioner = Executioner(monkeypatch, at=at, written=written)
    with pytest.raises(Killed):
        await machine.drive()
    before = machine.records
    assert len(before) == (at if written else at - 1)
    executioner.armed = False
    wizard = await machine.restart()
    assert tuple(machine.records[: len(before)]) == tuple(before), "what was recorded changed"
    if wizard.action is not Action.NOTHING:
        await machine.drive_stubbornly()
    check_once(machine)


async def test_the_run_has_as_many_records_as_are_killed_at(machine: Machine) -> None:
    await machine.drive()
    assert len(machine.records) == RECORDS


async def test_a_run_killed_after_every_single_step_still_finishes_once(machine: Machine) -> None:
    """A technician with a loose power cable."""
    for _ in range(20):
        wizard = await machine.restart()
        if wizard.action is Action.NOTHING:
            break
        await machine.step()
    check_once(machine)


async def test_a_run_killed_while_a_signed_transaction_waits_needs_no_passphrase_to_settle(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what was signed is sent again, so settling works before the key is unlocked."""
    await machine.drive(until=Action.REGISTER)
    signed = len(machine.records) + 1
    executioner = Executioner(monkeypatch, at=signed, written=True)
    with pytest.raises(Killed):
        await machine.drive()
    executioner.armed = False
    await machine.close()
    wizard = machine.open()
    assert [tx.purpose for tx in wizard.state.open_transactions] == ["register"]
    await wizard.reconcile()
    assert not wizard.unlocked
    assert machine.network.registrations(machine.address)
    assert not wizard.state.open_transactions
    await wizard.unlock(PASSPHRASE)
    await machine.drive()
    check_once(machine)
