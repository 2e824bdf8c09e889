"""The wizard is killed between steps, or while a transaction waits: nothing is done twice."""

from __future__ import annotations

import pytest

from core.events import Event
from core.journal import Journal, Record
from core.state import Action
from tests.support.machine import PASSPHRASE, Machine, check_once


class Killed(BaseException):
    """As SIGKILL: nothing of ours may catch it."""


class Executioner:
    """Ends the process right after one record is on disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, at: int) -> None:
        append = Journal.append

        def deadly(journal: Journal, event: Event) -> Record:
            record = append(journal, event)
            if self.armed and record.number == at:
                raise Killed
            return record

        self.armed = True
        monkeypatch.setattr(Journal, "append", deadly)


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
    executioner = Executioner(monkeypatch, at=signed)
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
