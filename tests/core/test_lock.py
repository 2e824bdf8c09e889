"""One wizard at a time: a live holder is named, a dead one is taken over. With real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import OnboardingError
from core.lock import FolderLock, held, holder
from tests.support.clock import START

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys, datetime, pathlib
sys.path.insert(0, sys.argv[1])
from core.lock import FolderLock
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
    assert held(tmp_path)
    lock.release()
    assert not held(tmp_path)


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
