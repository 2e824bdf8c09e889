"""The disk is full at any record: nothing is done without its record, and all is made good."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.errors.problem import OnboardingError
from core.journal import events as ev
from core.journal.file import Journal, Record
from tests.support.clock import FakeClock
from tests.support.machine import Machine, check_once


@pytest.fixture
async def machine(
    shared_network: RehearsalNetwork, shared_clock: FakeClock, tmp_path: Path, quick_keystore: None
) -> AsyncIterator[Machine]:
    machine = Machine(shared_network, shared_clock, tmp_path / "state")
    yield machine
    await machine.close()


async def test_a_disk_that_is_full_at_every_kind_of_record_costs_nothing_but_patience(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind of record fails once, with no restart in between."""
    append, sync = Journal.append, os.fsync
    failed: set[tuple[str, str]] = set()

    def full(handle: int) -> None:
        sync(handle)
        raise OSError(28, "No space left on device")

    def first_in_vain(journal: Journal, event: ev.Event) -> Record:
        kind = type(event).__name__, str(getattr(event, "purpose", ""))
        if kind in failed or isinstance(event, ev.StepFailed):
            return append(journal, event)
        failed.add(kind)
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            return append(journal, event)

    monkeypatch.setattr(Journal, "append", first_in_vain)
    told = 0
    for _ in range(80):
        try:
            await machine.drive()
            break
        except OnboardingError as error:
            if error.code != "DISK_FULL":
                raise
            told += 1
    assert told == len(failed) >= 18
    check_once(machine)


@pytest.mark.parametrize("purpose", ["register", "mint", "did"])
async def test_nothing_is_sent_that_could_not_be_recorded(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, purpose: str
) -> None:
    append = Journal.append

    def refuse(journal: Journal, event: ev.Event) -> Record:
        if isinstance(event, ev.TransactionSigned) and event.purpose == purpose:
            with monkeypatch.context() as patched:
                patched.setattr(os, "write", _full)
                return append(journal, event)
        return append(journal, event)

    monkeypatch.setattr(Journal, "append", refuse)
    with pytest.raises(OnboardingError) as refused:
        await machine.drive()
    assert refused.value.code == "DISK_FULL"
    before = ["register", "mint", "did"].index(purpose)
    sent = [
        tx
        for tx in machine.network.sent_transactions()
        if tx.sender.lower() == machine.address.lower()
    ]
    assert len(sent) == before
    monkeypatch.undo()
    await machine.restart()
    await machine.drive()
    check_once(machine)


async def test_no_payment_is_asked_for_that_could_not_be_recorded(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = Journal.append

    def refuse(journal: Journal, event: ev.Event) -> Record:
        if isinstance(event, ev.FundingRequested):
            with monkeypatch.context() as patched:
                patched.setattr(os, "write", _full)
                return append(journal, event)
        return append(journal, event)

    monkeypatch.setattr(Journal, "append", refuse)
    before = machine.network.requests["POST /gas-station/faucet/fund"]
    with pytest.raises(OnboardingError) as refused:
        await machine.drive()
    assert refused.value.code == "DISK_FULL"
    assert machine.network.requests["POST /gas-station/faucet/fund"] == before


def _full(*_: object) -> int:
    raise OSError(28, "No space left on device")
