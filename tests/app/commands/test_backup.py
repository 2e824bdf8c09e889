"""`backup --to PATH`: the copy of the key can be trusted, and nothing is lost by making it."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from core.errors.exit_codes import (
    EXIT_CONFIGURATION,
    EXIT_DONE,
    EXIT_LOCKED,
    EXIT_STOPPED,
)
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.keys import backup
from tests.support.machine import PASSPHRASE, Machine

TOP = Path(__file__).resolve().parents[3]


@pytest.fixture
async def closed(machine: Machine) -> Machine:
    """A machine whose key is stored and not backed up, while no wizard is running."""
    await machine.drive(until=Action.BACK_UP_KEYPAIR)
    await machine.close()
    return machine


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.touch(0o600)
    path.write_text(f"{PASSPHRASE.reveal()}\n")
    return path


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def command(machine: Machine, name: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "app", name, *words, "--state-dir", str(machine.folder)]


def environ(machine: Machine) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PEAQOS_")}
    home = str(machine.folder.parent)
    return {**kept, **machine.environ, "PYTHONPATH": str(TOP), "HOME": home}


async def run(
    machine: Machine, name: str, *words: str, typed: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """The real command, in a process of its own."""
    return await asyncio.to_thread(
        subprocess.run,
        command(machine, name, *words),
        cwd=machine.folder.parent,
        env=environ(machine),
        input=typed,
        capture_output=True,
        timeout=120,
        check=False,
    )


async def backed_up(
    machine: Machine, target: Path | str, passphrase: Path
) -> subprocess.CompletedProcess[bytes]:
    return await run(machine, "backup", "--to", str(target), "--passphrase-file", str(passphrase))


async def status(machine: Machine) -> dict[str, object]:
    document: dict[str, object] = json.loads((await run(machine, "status", "--json")).stdout)
    return document


async def test_the_copy_is_the_keystore_and_status_shows_the_backup(
    closed: Machine, passphrase: Path, elsewhere: Path
) -> None:
    assert (await status(closed))["backup"] is None
    target = elsewhere / "arm-7.json"
    done = await backed_up(closed, target, passphrase)
    assert done.returncode == EXIT_DONE, done.stderr
    content = (closed.folder / "keystore.json").read_bytes()
    assert target.read_bytes() == content
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(elsewhere.iterdir()) == [target]
    out = done.stdout.decode()
    assert f"{target}\nsha256 {hashlib.sha256(content).hexdigest()}\n" in out
    assert b"on the same file system" in done.stderr
    assert PASSPHRASE.reveal().encode() not in done.stdout + done.stderr
    after = await status(closed)
    assert after["backup"] == "copied"
    assert b"backup   copied\n" in (await run(closed, "status")).stdout
    assert after["steps"][1]["status"] == "current", "the wallet is still to be measured"  # type: ignore[index]
    assert closed.now_open.action is Action.MEASURE_NEED


async def test_a_second_backup_changes_nothing(
    closed: Machine, passphrase: Path, elsewhere: Path
) -> None:
    target = elsewhere / "arm-7.json"
    await backed_up(closed, target, passphrase)
    kept = target.stat(), len(closed.records)
    done = await backed_up(closed, target, passphrase)
    assert done.returncode == EXIT_DONE
    after = target.stat()
    assert (after.st_mtime_ns, after.st_ino) == (kept[0].st_mtime_ns, kept[0].st_ino)
    assert len(closed.records) == kept[1]


async def test_a_backup_is_refused_while_a_wizard_is_running(
    machine: Machine, passphrase: Path, elsewhere: Path
) -> None:
    await machine.drive(until=Action.BACK_UP_KEYPAIR)
    done = await backed_up(machine, elsewhere / "arm-7.json", passphrase)
    assert done.returncode == EXIT_LOCKED
    assert b"Another session owns this state directory" in done.stderr
    assert list(elsewhere.iterdir()) == []


async def test_another_passphrase_copies_and_records_nothing(
    closed: Machine, passphrase: Path, elsewhere: Path
) -> None:
    passphrase.write_text("another one\n")
    done = await backed_up(closed, elsewhere / "arm-7.json", passphrase)
    assert done.returncode == EXIT_STOPPED
    assert b"The passphrase does not open the keystore" in done.stderr
    assert list(elsewhere.iterdir()) == []
    assert (await status(closed))["backup"] is None


async def test_the_passphrase_can_come_through_a_pipe(closed: Machine, elsewhere: Path) -> None:
    target = elsewhere / "arm-7.json"
    done = await run(
        closed, "backup", "--to", str(target), typed=PASSPHRASE.reveal().encode() + b"\n"
    )
    assert done.returncode == EXIT_DONE, done.stderr
    assert target.exists()


@pytest.mark.terminal
async def test_a_passphrase_that_is_typed_is_not_shown(closed: Machine, elsewhere: Path) -> None:
    first, *words = command(closed, "backup", "--to", str(elsewhere / "arm-7.json"))
    child = pexpect.spawn(
        first, words, cwd=str(closed.folder.parent), env=environ(closed), encoding="utf-8"
    )
    shown = io.StringIO()
    child.logfile_read = shown
    await child.expect_exact("Passphrase: ", timeout=60, async_=True)
    await asyncio.to_thread(child.waitnoecho, 60)
    child.sendline(PASSPHRASE.reveal())
    await child.expect(pexpect.EOF, timeout=60, async_=True)
    child.wait()
    assert child.exitstatus == EXIT_DONE
    assert "Backed up the keystore of 0x" in shown.getvalue()
    assert PASSPHRASE.reveal() not in shown.getvalue()


def place(kind: str, elsewhere: Path, machine: Machine) -> tuple[Path, str]:
    """A path that cannot become the copy, and the reason."""
    path = elsewhere / "arm-7.json"
    if kind == "missing folder":
        return elsewhere / "usb" / "arm-7.json", "its folder does not exist"
    if kind == "folder":
        return elsewhere, "it is a folder; add a file name"
    if kind == "the keystore":
        return machine.folder / "keystore.json", "it is the keystore itself"
    if kind == "state directory":
        return machine.folder / "copy.json", "it is in the state directory"
    if kind == "another file":
        path.write_text("of another machine")
        return path, "another file is there, and it is never overwritten"
    if kind == "link to the keystore":
        path.symlink_to(machine.folder / "keystore.json")
        return path, "it is a symbolic link"
    if kind == "link to nowhere":
        path.symlink_to(elsewhere / "nowhere")
        return path, "it is a symbolic link"
    if kind == "hard link":
        path.hardlink_to(machine.folder / "keystore.json")
        return path, "it is the keystore itself"
    os.mkfifo(path)
    return path, "it is not a file"


@pytest.mark.parametrize(
    "kind",
    [
        "missing folder",
        "folder",
        "the keystore",
        "state directory",
        "another file",
        "link to the keystore",
        "link to nowhere",
        "hard link",
        "pipe",
    ],
)
async def test_a_place_that_cannot_hold_a_copy_is_refused_before_anyone_types(
    closed: Machine, elsewhere: Path, kind: str
) -> None:
    target, reason = place(kind, elsewhere, closed)
    before = sorted(elsewhere.iterdir()), sorted(closed.folder.iterdir())
    done = await run(closed, "backup", "--to", str(target))
    said = done.stderr.decode()
    assert done.returncode == EXIT_CONFIGURATION
    assert f"(BACKUP_FAILED)\n  {target}: {reason}" in said
    assert "No backup was recorded." in said
    assert (sorted(elsewhere.iterdir()), sorted(closed.folder.iterdir())) == before
    assert (await status(closed))["backup"] is None


async def test_without_a_recorded_key_there_is_nothing_to_back_up(
    machine: Machine, elsewhere: Path
) -> None:
    done = await run(machine, "backup", "--to", str(elsewhere / "arm-7.json"))
    assert done.returncode == EXIT_CONFIGURATION
    assert b"There is no key to back up yet" in done.stderr
    assert not machine.folder.exists()


async def test_a_keystore_that_is_gone_is_named(
    closed: Machine, passphrase: Path, elsewhere: Path
) -> None:
    (closed.folder / "keystore.json").unlink()
    done = await backed_up(closed, elsewhere / "arm-7.json", passphrase)
    assert done.returncode == EXIT_CONFIGURATION
    assert b"(KEYSTORE_MISSING)" in done.stderr


async def test_a_keystore_of_another_key_is_not_taken_for_this_machine(
    closed: Machine, passphrase: Path, elsewhere: Path
) -> None:
    other = Machine(closed.network, closed.clock, closed.folder.parent / "other")
    await other.drive(until=Action.BACK_UP_KEYPAIR)
    await other.close()
    (closed.folder / "keystore.json").write_bytes((other.folder / "keystore.json").read_bytes())
    done = await backed_up(closed, elsewhere / "arm-7.json", passphrase)
    assert done.returncode == EXIT_CONFIGURATION
    assert b"(KEYSTORE_OTHER_ADDRESS)" in done.stderr
    assert list(elsewhere.iterdir()) == []


async def test_a_pipe_gets_the_keystore_alone_and_nothing_is_recorded(
    closed: Machine, passphrase: Path
) -> None:
    done = await backed_up(closed, "-", passphrase)
    assert done.returncode == EXIT_DONE
    assert done.stdout == (closed.folder / "keystore.json").read_bytes()
    assert b"No backup is recorded" in done.stderr
    assert hashlib.sha256(done.stdout).hexdigest().encode() in done.stderr
    assert (await status(closed))["backup"] is None


async def test_a_keystore_is_not_written_to_a_terminal(closed: Machine, passphrase: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        done = await asyncio.to_thread(
            subprocess.run,
            command(closed, "backup", "--to", "-", "--passphrase-file", str(passphrase)),
            cwd=closed.folder.parent,
            env=environ(closed),
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == EXIT_CONFIGURATION
    assert b"stdout: it is a terminal" in done.stderr


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_leaves_no_part_of_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OnboardingError) as refused:
        backup.copy_keystore(b"x" * 500, tmp_path / "copy.json")
    assert refused.value.code == "BACKUP_FAILED"
    assert "No space left on device." in refused.value.problem.cause
    assert list(tmp_path.iterdir()) == []


def test_a_copy_that_does_not_read_back_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "read_file", lambda *_: b"something else")
    with pytest.raises(OnboardingError) as refused:
        backup.copy_keystore(b"x" * 500, tmp_path / "copy.json")
    assert "does not contain what was written" in refused.value.problem.cause
    assert list(tmp_path.iterdir()) == []


def test_a_stick_without_modes_takes_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "fchmod", refuse)
    backup.copy_keystore(b"x" * 500, tmp_path / "copy.json")
    assert (tmp_path / "copy.json").read_bytes() == b"x" * 500


def test_a_file_that_came_in_between_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "copy.json").write_text("of another machine")
    with pytest.raises(OnboardingError):
        backup.copy_keystore(b"x" * 500, tmp_path / "copy.json")
    assert (tmp_path / "copy.json").read_text() == "of another machine"


async def test_a_backup_after_the_end_keeps_receipt_and_journal_in_agreement(
    machine: Machine, passphrase: Path, elsewhere: Path
) -> None:
    await machine.drive(until=Action.BACK_UP_KEYPAIR)
    await machine.now_open.back_up("none")
    await machine.drive()
    await machine.close()
    before = json.loads((machine.folder / "receipt.json").read_text())
    assert before["backup"] == "none"
    done = await backed_up(machine, elsewhere / "arm-7.json", passphrase)
    assert done.returncode == EXIT_DONE, done.stderr
    after = json.loads((machine.folder / "receipt.json").read_text())
    assert after == before | {"backup": "copied"}
    verified = await run(machine, "receipt", "--verify", "--json")
    document = json.loads(verified.stdout)
    assert verified.returncode == EXIT_DONE
    assert document["verification"]["holds"] is True
    assert "receipt.json" not in [line["name"] for line in document["verification"]["lines"]]


async def test_a_backup_during_a_cooldown_does_not_end_the_cooldown(
    machine: Machine, passphrase: Path, elsewhere: Path
) -> None:
    await machine.drive(until=Action.BACK_UP_KEYPAIR)
    await machine.now_open.back_up("none")
    await machine.drive(until=Action.FUND)
    machine.network.fault("owner-cap", 1)
    with pytest.raises(OnboardingError):
        await machine.step()
    failure, since = machine.state.failure, machine.state.since
    assert failure is not None
    await machine.close()
    done = await backed_up(machine, elsewhere / "arm-7.json", passphrase)
    assert done.returncode == EXIT_DONE, done.stderr
    assert machine.state.backup == "copied"
    assert machine.state.failure == failure
    assert machine.state.since == since
