"""A state folder that others share, link to or spoil: no key is lost, and none is shown."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import main
from app.log import start_log
from core.errors.exit_codes import EXIT_CONFIGURATION
from core.errors.problem import OnboardingError
from core.journal.file import read_records
from core.journal.next_action import Action
from core.preflight.check import Status
from core.preflight.machine import check_state_directory
from core.storage.durable_files import prepare_state_folder
from tests.support.machine import Machine, check_once

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


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


async def test_a_journal_that_is_a_link_is_not_read_either(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a line of any file that this user can read would be quoted as the damaged one."""
    await machine.drive(until=Action.CREATE_KEYPAIR)
    await machine.close()
    journal = machine.folder / "journal.jsonl"
    journal.rename(tmp_path / "elsewhere")
    journal.symlink_to(tmp_path / "elsewhere")
    for look in (lambda: read_records(journal), machine.open):
        with pytest.raises(OnboardingError) as refused:
            look()
        assert refused.value.code == "STATE_FOLDER_UNUSABLE"
        assert "it is a symbolic link" in refused.value.problem.cause
    code = await asyncio.to_thread(
        main, ["status", "--network", "rehearsal", "--state-dir", str(machine.folder)]
    )
    assert code == EXIT_CONFIGURATION
    assert "it is a symbolic link" in capsys.readouterr().err


@pytest.mark.parametrize("mode", [0o777, 0o707])
def test_a_folder_above_that_everybody_can_write_is_refused_until_its_command_was_run(
    tmp_path: Path, mode: int
) -> None:
    """Whoever can rename the state directory can put another in its place."""
    shared = tmp_path / "it's shared"
    folder = shared / "between" / "state"
    folder.parent.mkdir(parents=True)
    shared.chmod(mode)
    with pytest.raises(OnboardingError) as refused:
        prepare_state_folder(folder)
    assert refused.value.code == "STATE_FOLDER_UNUSABLE"
    assert not folder.exists(), "nothing is made there"
    assert check_state_directory(folder).status is Status.FAILED
    command = refused.value.problem.cause.split("run ")[1]
    subprocess.run(command, shell=True, check=True)  # noqa: S602 - as a person pastes it
    prepare_state_folder(folder)
    link = tmp_path / "link"
    link.symlink_to(folder)
    shared.chmod(0o777)
    with pytest.raises(OnboardingError):
        prepare_state_folder(link)
    shared.chmod(0o1777)  # as /tmp: nobody can rename what is another's
    assert prepare_state_folder(folder) == []


@as_root
def test_a_folder_above_that_a_group_can_write_is_a_warning(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    os.chown(shared, 0, 65534)
    shared.chmod(0o775)
    (warning,) = prepare_state_folder(shared / "state")
    assert f"chmod g-w {shared}" in warning


@as_root
@pytest.mark.parametrize("command", [["doctor"], ["--plain", "--no-input"]], ids=str)
def test_root_leaves_no_folders_in_the_home_of_another_user(
    tmp_path: Path, command: list[str]
) -> None:
    """`sudo` keeps HOME: a .local of root would shut its owner out of it."""
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    top = Path(__file__).resolve().parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-m", "app", "--network", "agung", *command],
        env={
            **kept,
            "HOME": str(home),
            "PYTHONPATH": str(top),
            "PEAQOS_RPC_URL": "https://127.0.0.1:9",
            "PEAQOS_MCR_API_URL": "https://127.0.0.1:9",
        },
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    words = " ".join((done.stdout + done.stderr).split())
    assert f"{home} belongs to nobody; start the wizard as nobody, without sudo" in words
    assert "--state-dir" in words
    assert done.returncode != 0
    assert list(home.iterdir()) == []


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
