"""The wizard is killed between steps, or while a transaction waits: nothing is done twice."""

from __future__ import annotations

import pytest

from core.journal.events import Event, TransactionIncluded
from core.journal.file import Journal, Record
from core.journal.next_action import Action
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


@pytest.mark.parametrize(
    ("purpose", "lost", "following"),
    [("mint", "minted", Action.WRITE_DID), ("did", "did", Action.FINISH)],
)
async def test_what_an_included_transaction_has_brought_is_recorded_without_a_signature(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, purpose: str, lost: str, following: Action
) -> None:
    """Cut between "it is in a block" and "this is what it brought": the next start looks."""
    await machine.drive(until=Action.MINT if purpose == "mint" else Action.WRITE_DID)
    append = Journal.append

    def deadly(journal: Journal, event: Event) -> Record:
        record = append(journal, event)
        if armed and isinstance(event, TransactionIncluded):
            raise Killed
        return record

    armed = True
    monkeypatch.setattr(Journal, "append", deadly)
    with pytest.raises(Killed):
        await machine.step()
    armed = False
    await machine.close()
    wizard = machine.open()
    assert getattr(wizard.state, lost) is None
    sent = len(machine.network.sent_transactions())
    await wizard.reconcile()
    assert not wizard.unlocked
    assert getattr(wizard.state, lost) is not None
    assert wizard.action is following
    assert len(machine.network.sent_transactions()) == sent
    if purpose == "mint":
        assert wizard.state.minted
        assert wizard.state.minted.way == "sent"
        await wizard.unlock(PASSPHRASE)
    await machine.drive()
    check_once(machine)
