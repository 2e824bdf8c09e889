"""Lock of a state directory, which allows one session; a second session learns who has it."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from core.clock import stamp
from core.errors.problem import OnboardingError, fault
from core.storage.durable_files import FILE_MODE, owner_name, read_file, replace_file
from core.text import read_json

FILE_NAME = "lock"
_LOOK = 0.2
"""Seconds to try for a lock: another process may hold it for a moment to check it."""
_PAUSE = 0.02
_MOST = 2**16
"""Maximum bytes that an owner writes about itself."""


class FolderLock:
    """A kernel lock (flock) of this process, which is free at once when its owner dies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._note = folder / "holder.json"
        self._handle: int | None = None

    def acquire(self, now: datetime) -> None:
        """Lock the directory. Raises OnboardingError (STATE_FOLDER_LOCKED), which names the
        owner.
        """
        try:
            handle = _take(self.folder / FILE_NAME)
        except OSError as error:
            reason = error.strerror or error
            raise fault("STATE_FOLDER_UNUSABLE", path=self.folder, reason=reason) from error
        if handle is None:
            known = holder(self.folder)
            raise fault(
                "STATE_FOLDER_LOCKED",
                path=self.folder,
                pid=known.get("pid", "?"),
                terminal=known.get("terminal", "an unknown terminal"),
                since=known.get("since", "an unknown time"),
            )
        self._handle = handle
        pid = os.getpid()
        note = {"pid": pid, "terminal": terminal_name(), "since": stamp(now)}
        note["started"] = _started(pid)
        try:
            # No sync: after a power cut nobody owns the lock.
            replace_file(self._note, json.dumps(note).encode(), sync=False)
        except OSError as error:
            self._let_go()
            reason = error.strerror or error
            raise fault("STATE_FOLDER_UNUSABLE", path=self._note, reason=reason) from error

    def release(self) -> None:
        if self._handle is not None:
            self._note.unlink(missing_ok=True)
            self._let_go()

    def _let_go(self) -> None:
        if self._handle is not None:
            fcntl.flock(self._handle, fcntl.LOCK_UN)  # also if a child has inherited it
            os.close(self._handle)
            self._handle = None


def _take(path: Path) -> int | None:
    """Return the locked file, creating it if missing; None if another process has it.

    Raises OSError.
    """
    ends = time.monotonic() + _LOOK
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, FILE_MODE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        except (BlockingIOError, FileNotFoundError):
            pass  # owned, or by now another file, which this lock does not protect
        except OSError:
            os.close(handle)
            raise
        os.close(handle)
        if time.monotonic() >= ends:
            return None
        time.sleep(_PAUSE)


def holder(folder: Path) -> dict[str, str]:
    """Return pid, terminal and start time of the lock's owner, as far as it has written them."""
    try:
        note = read_json(read_file(folder / "holder.json", _MOST))
        return {str(key): str(value) for key, value in note.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def is_locked(folder: Path) -> bool:
    """Return whether a process owns the lock now. Changes nothing and blocks nobody."""
    try:
        handle = os.open(folder / FILE_NAME, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def end_holder(folder: Path, known: Mapping[str, str]) -> None:
    """Send SIGTERM to the owner of the lock, provided `holder` still returns `known`.

    Return without a signal if that session has ended. Raise OnboardingError (TAKEOVER_FAILED)
    without a signal if the process might not be the owner, or belongs to another user.
    """
    if not is_locked(folder) or holder(folder) != known:
        return
    text = known.get("pid", "")
    pid = int(text) if text.isdecimal() and len(text) < 10 else 0
    if pid <= 1 or pid == os.getpid():
        raise _failed("The lock does not name the process of its owner.")
    user = _user(pid)
    if user not in (None, os.geteuid()):
        raise _failed(f"Process {pid} belongs to {owner_name(user)}.")
    if known.get("started") != _started(pid):
        # The id means another process here: the owner runs in a container or on another machine.
        raise _failed(f"Process {pid} of this machine does not own the lock.")
    try:
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGCONT)  # a session paused with Ctrl+Z ends too
    except ProcessLookupError:
        return
    except PermissionError:
        raise _failed(f"Process {pid} belongs to another user.") from None


def _failed(reason: str) -> OnboardingError:
    return fault("TAKEOVER_FAILED", reason=reason)


def _started(pid: int) -> str:
    """Return the start time of a process in ticks since boot, or "" where the system has no /proc.

    A process id can be reused, or mean another process in a container; with this it is unique.
    """
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _user(pid: int) -> int | None:
    """Return the user id of a process, or None if the system has no /proc."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None


def terminal_name() -> str:
    """Return the terminal of this process, as `who` and `ps` show it."""
    for handle in (0, 1, 2):
        try:
            return os.ttyname(handle)
        except OSError:
            continue
    return "no terminal"
