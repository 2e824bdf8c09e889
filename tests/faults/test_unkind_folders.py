"""A state folder that others share, link to or spoil: no key is lost, and none is shown."""

from __future__ import annotations

import logging
import os
import shutil
import stat
from pathlib import Path

import pytest

from app.log import start_log
from core.errors import OnboardingError
from core.state import Action
from tests.support.machine import Machine, check_once


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077], ids=oct)
async def test_whatever_the_umask_nobody_else_can_read_a_file_and_the_owner_can(
    machine: Machine, logger: logging.Logger, mask: int
) -> None:
    before = os.umask(mask)
    try:
        machine.open()
        start_log(machine.folder)
        await machine.drive()
        logger.info("the end")
        held = {path.name for path in machine.folder.rglob("*")}
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in machine.folder.rglob("*")}
    finally:
        os.umask(before)
    assert held >= {"journal.jsonl", "keystore.json", "wizard.log", "lock", "holder.json"}
    assert stat.S_IMODE(machine.folder.stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}, modes
    check_once(machine)


async def test_a_linked_state_folder_is_one_machine_under_both_names(
    machine: Machine, tmp_path: Path
) -> None:
    """On a read-only image the state often lies on another partition, behind a link."""
    real = tmp_path / "data" / "peaq"
    real.mkdir(parents=True, mode=0o700)
    machine.folder.symlink_to(real)
    await machine.drive(until=Action.REGISTER)
    await machine.close()
    address = {path.name for path in real.iterdir()}
    assert {"journal.jsonl", "keystore.json"} <= address
    linked, machine.folder = machine.folder, real
    machine.open()
    other = Machine(machine.network, machine.clock, linked)
    with pytest.raises(OnboardingError) as refused:
        other.open()
    assert refused.value.code == "STATE_FOLDER_LOCKED", "two wizards through two names"
    await machine.restart()
    await machine.drive()
    check_once(machine)


@pytest.mark.parametrize("name", ["journal.jsonl", "lock", "holder.json", "wizard.log"])
async def test_a_link_in_the_place_of_a_file_is_never_written_through(
    machine: Machine, logger: logging.Logger, tmp_path: Path, name: str
) -> None:
    """Else a file of somebody else's choice would be overwritten with ours."""
    precious = tmp_path / "precious"
    precious.write_text("")
    machine.folder.mkdir(mode=0o700)
    (machine.folder / name).symlink_to(precious)
    if name == "holder.json":  # replaced as a whole: the link goes, and not what it leads to
        await machine.drive(until=Action.CREATE_KEYPAIR)
    else:
        with pytest.raises(OnboardingError) as refused:
            open_with_log(machine)
        assert refused.value.code == "STATE_FOLDER_UNUSABLE"
        assert str(machine.folder) in refused.value.problem.cause
    assert precious.read_text() == ""


async def test_a_journal_that_was_copied_back_from_a_stick_is_closed_and_goes_on(
    machine: Machine,
) -> None:
    """Copied as root or over a FAT stick, files come back open to everybody."""
    await machine.drive(until=Action.REGISTER)
    await machine.close()
    copy = machine.folder.with_name("stick")
    shutil.copytree(machine.folder, copy)
    shutil.rmtree(machine.folder)
    shutil.copytree(copy, machine.folder)
    machine.folder.chmod(0o700)
    for path in machine.folder.iterdir():
        path.chmod(0o666)
    await machine.restart()
    await machine.drive()
    check_once(machine)
    assert stat.S_IMODE((machine.folder / "journal.jsonl").stat().st_mode) == 0o600


def open_with_log(machine: Machine) -> None:
    """As the program starts."""
    machine.open()
    start_log(machine.folder)
