"""One wizard at a time: a live holder is named, a dead one is taken over. With real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors.problem import OnboardingError
from core.storage.durable_files import owner_name
from core.storage.folder_lock import FolderLock, end_holder, holder, is_locked
from tests.support.clock import START

ROOT = Path(__file__).resolve().parents[3]
HOLD = """
import sys, datetime, pathlib
sys.path.insert(0, sys.argv[1])
from core.storage.folder_lock import FolderLock
lock = FolderLock(pathlib.Path(sys.argv[2]))
lock.acquire(datetime.datetime.now(datetime.timezone.utc))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the folder until it is ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(ROOT), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_wizard_names_process_terminal_and_time_of_the_first(
    other: subprocess.Popen[str], tmp_path: Path
) -> None:
    with pytest.raises(OnboardingError) as refused:
        FolderLock(tmp_path).acquire(START)
    found = refused.value.problem
    assert found.code == "STATE_FOLDER_LOCKED"
    assert f"Process {other.pid} on " in found.cause
    assert str(tmp_path) in found.cause
    assert holder(tmp_path)["since"] in found.cause


def test_a_holder_that_was_killed_is_taken_over_at_once(
    other: subprocess.Popen[str], tmp_path: Path
) -> None:
    other.send_signal(signal.SIGKILL)
    other.wait()
    lock = FolderLock(tmp_path)
    lock.acquire(START)
    assert holder(tmp_path)["pid"] == str(os.getpid())
    lock.release()


def test_a_released_folder_is_free_and_says_nothing(tmp_path: Path) -> None:
    first = FolderLock(tmp_path)
    first.acquire(START)
    with pytest.raises(OnboardingError):
        FolderLock(tmp_path).acquire(START)
    with pytest.raises(OnboardingError):
        first.acquire(START)
    first.release()
    assert holder(tmp_path) == {}
    second = FolderLock(tmp_path)
    second.acquire(START)
    first.release()  # once more does no harm
    assert holder(tmp_path)["pid"] == str(os.getpid())
    second.release()


def test_a_lock_file_that_was_replaced_while_it_was_opened_is_not_taken_for_the_lock(
    other: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else two wizards would each hold a file, of which one has no name any more."""
    path, real, opened = tmp_path / "lock", os.open, []

    def moved(name: str | Path, flags: int, mode: int = 0o777) -> int:
        handle = real(name, flags, mode)
        if Path(name) == path and not opened:
            opened.append(handle)
            path.rename(tmp_path / "kept")
            (tmp_path / "new").touch()
            (tmp_path / "new").rename(path)
        return handle

    other.kill()
    other.wait()
    monkeypatch.setattr(os, "open", moved)
    lock = FolderLock(tmp_path)
    lock.acquire(START)
    monkeypatch.undo()
    assert opened
    assert is_locked(tmp_path)
    lock.release()
    assert not is_locked(tmp_path)


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_what_cannot_be_locked_is_said_as_such(tmp_path: Path, kind: str) -> None:
    if kind == "folder":
        (tmp_path / "lock").mkdir()
    else:
        (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OnboardingError) as refused:
        FolderLock(tmp_path).acquire(START)
    assert refused.value.code == "STATE_FOLDER_UNUSABLE"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("note", ["", "[]", "nonsense", "{}"])
def test_a_holder_that_did_not_say_who_it_is_is_reported_all_the_same(
    other: subprocess.Popen[str], tmp_path: Path, note: str
) -> None:
    (tmp_path / "holder.json").write_text(note)
    with pytest.raises(OnboardingError) as refused:
        FolderLock(tmp_path).acquire(START)
    assert "an unknown terminal" in refused.value.problem.cause


def test_files_of_the_lock_are_for_this_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        lock = FolderLock(tmp_path)
        lock.acquire(START)
        for path in tmp_path.iterdir():
            assert path.stat().st_mode & 0o777 == 0o600, path.name
        lock.release()
    finally:
        os.umask(before)


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[str]]:
    """A process of this user that has nothing to do with the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "\n"
        yield process
        process.kill()


@pytest.mark.parametrize("paused", [False, True], ids=["running", "paused"])
def test_the_owner_is_ended_with_sigterm_and_its_lock_is_free(
    other: subprocess.Popen[str], tmp_path: Path, paused: bool
) -> None:
    if paused:
        other.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, other.pid, os.WSTOPPED)
    end_holder(tmp_path, holder(tmp_path))
    assert other.wait(timeout=30) == -signal.SIGTERM
    lock = FolderLock(tmp_path)
    lock.acquire(START)
    lock.release()


def refused(tmp_path: Path, known: dict[str, str]) -> str:
    """Return the reason why nothing was signalled."""
    with pytest.raises(OnboardingError) as found:
        end_holder(tmp_path, known)
    assert found.value.code == "TAKEOVER_FAILED"
    return found.value.problem.cause


@pytest.mark.parametrize("pid", ["0", "1", "-1", "", "x", "9" * 30, "own"])
def test_no_process_is_signalled_that_cannot_be_the_owner(
    other: subprocess.Popen[str], tmp_path: Path, pid: str
) -> None:
    note = {**holder(tmp_path), "pid": str(os.getpid()) if pid == "own" else pid}
    (tmp_path / "holder.json").write_text(json.dumps(note))
    assert "does not name the process" in refused(tmp_path, note)
    assert is_locked(tmp_path)
    (tmp_path / "holder.json").write_text("")
    assert "does not name the process" in refused(tmp_path, {})


def test_a_process_id_that_means_another_process_here_is_not_signalled(
    other: subprocess.Popen[str], bystander: subprocess.Popen[str], tmp_path: Path
) -> None:
    """It was reused, or the owner runs in a container that shares the directory."""
    note = {**holder(tmp_path), "pid": str(bystander.pid)}
    (tmp_path / "holder.json").write_text(json.dumps(note))
    assert f"Process {bystander.pid} of this machine does not own" in refused(tmp_path, note)
    assert bystander.poll() is None
    assert is_locked(tmp_path)


def test_after_the_owner_died_the_process_of_its_record_is_not_signalled(
    other: subprocess.Popen[str], bystander: subprocess.Popen[str], tmp_path: Path
) -> None:
    other.kill()
    other.wait()
    note = {**holder(tmp_path), "pid": str(bystander.pid)}
    (tmp_path / "holder.json").write_text(json.dumps(note))
    end_holder(tmp_path, note)
    assert bystander.poll() is None


def test_a_session_that_was_faster_is_not_ended_in_place_of_the_one_that_was_shown(
    other: subprocess.Popen[str], tmp_path: Path
) -> None:
    end_holder(tmp_path, {**holder(tmp_path), "pid": "4711"})
    assert other.poll() is None
    assert is_locked(tmp_path)


def test_a_process_of_another_user_is_not_signalled_and_its_user_is_named(
    other: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    reason = refused(tmp_path, holder(tmp_path))
    assert reason == f"Process {other.pid} belongs to {owner_name(user)}."
    assert other.poll() is None


def test_a_signal_that_the_system_refuses_is_told_in_words(
    other: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", forbidden)
    assert "belongs to another user" in refused(tmp_path, holder(tmp_path))


def test_looking_at_the_lock_keeps_nobody_from_acquiring_it(
    other: subprocess.Popen[str], tmp_path: Path
) -> None:
    """A session that watches looks twice a second."""
    other.kill()
    other.wait()
    before = sorted(path.name for path in tmp_path.iterdir())
    assert not is_locked(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    look = """
import sys, pathlib
sys.path.insert(0, sys.argv[1])
from core.storage.folder_lock import is_locked
print("looking", flush=True)
while True:
    is_locked(pathlib.Path(sys.argv[2]))
"""
    command = [sys.executable, "-c", look, str(ROOT), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watcher:
        assert watcher.stdout is not None
        assert watcher.stdout.readline() == "looking\n"
        try:
            for _ in range(20):
                lock = FolderLock(tmp_path)
                lock.acquire(START)
                lock.release()
        finally:
            watcher.kill()
