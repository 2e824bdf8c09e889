"""An update in the middle of an onboarding: what a released version left is read and finished."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from app.version import installed_version
from core.journal.events import OnboardingStarted
from tests.support.chain_handle import ChainHandle
from tests.support.clock import FakeClock
from tests.support.judge import judge, read_state
from tests.support.machine import PASSPHRASE, Machine
from tests.upgrade.make_state import KEPT, POINTS, RELEASED

FOLDERS = sorted(path.parent for path in RELEASED.glob("*/*/journal.jsonl"))
DAYS = timedelta(days=30)
"""For how long the machine was switched off."""


def take_over(folder: Path, machine: Machine) -> bool:
    """The machine's state as the released version left it, with the network that belongs to it:
    funded as the journal says, and with the transactions that are in a block there. Returns whether
    it was funded.
    """
    machine.folder.mkdir(mode=0o700)
    for name in KEPT:
        (machine.folder / name).touch(0o600)
        shutil.copyfile(folder / name, machine.folder / name)
    state = read_state(machine.folder)
    assert state.address
    if state.funded is not None:
        machine.network.send(state.address, state.funded.held_wei)
    for tx in state.transactions:
        if tx.block is not None:
            ChainHandle(machine.network).include(tx.raw)
    return state.funded is not None


def test_the_version_at_hand_has_its_folders() -> None:
    """Before a release: python -m tests.upgrade.make_state."""
    for point in POINTS:
        assert RELEASED / installed_version() / point in FOLDERS


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.parent.name}-{path.name}")
async def test_a_machine_updated_in_the_middle_is_finished_and_pays_once(
    folder: Path, network: RehearsalNetwork, clock: FakeClock, machine: Machine
) -> None:
    funded = take_over(folder, machine)
    before = machine.records
    started = before[0].event
    assert isinstance(started, OnboardingStarted)
    assert started.version == folder.parent.name
    clock.jump((before[-1].at + DAYS - clock.now()).total_seconds())
    await machine.restart()
    await machine.drive()
    assert machine.records[: len(before)] == before, "what was written is not written anew"
    await machine.close()
    paid = {"transfers": 0, "by_hand": 1} if funded else {}
    verdict = judge(network, machine.folder, passphrase=PASSPHRASE.reveal(), secrets={}, **paid)
    assert not verdict.faults, verdict.faults
