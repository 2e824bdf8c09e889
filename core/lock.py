"""One wizard at a time for one state folder; a second one says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from core.clock import stamp
from core.errors import fault
from core.files import FILE_MODE, read_file, replace_file
from core.text import read_json

FILE_NAME = "lock"
_LOOK = 0.2
"""Seconds for which a lock is tried: somebody else's look at it lasts a moment."""
_MOST = 2**16
"""Bytes of what a holder says about itself."""


class FolderLock:
    """Held by the kernel for this process: a dead holder's lock is free at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._note = folder / "holder.json"
        self._said: dict[str, object] = {}
        self._lock = FileLock(folder / FILE_NAME, mode=FILE_MODE, timeout=_LOOK)

    def acquire(self, now: datetime) -> None:
        """Takes the folder. Raises OnboardingError (STATE_FOLDER_LOCKED) naming the holder."""
        try:
            self._lock.acquire()
        except Timeout:
            known = holder(self.folder)
            raise fault(
                "STATE_FOLDER_LOCKED",
                path=self.folder,
                pid=known.get("pid", "?"),
                terminal=known.get("terminal", "an unknown terminal"),
                since=known.get("since", "an unknown time"),
            ) from None
        except OSError as error:
            reason = error.strerror or error
            raise fault("STATE_FOLDER_UNUSABLE", path=self.folder, reason=reason) from error
        self._said = {"pid": os.getpid(), "terminal": terminal_name(), "since": stamp(now)}
        try:
            self._say(self._said)
        except OSError as error:
            self._lock.release()
            reason = error.strerror or error
            raise fault("STATE_FOLDER_UNUSABLE", path=self._note, reason=reason) from error

    def announce_end(self) -> None:
        """Says to whoever asks for the folder that this process is ending. Replaces a file."""
        with suppress(OSError):  # it is a courtesy: that the lock is free says the same
            self._say({**self._said, "ending": True})

    def _say(self, note: dict[str, object]) -> None:
        replace_file(self._note, json.dumps(note).encode())

    def release(self) -> None:
        if self._lock.is_locked:
            self._note.unlink(missing_ok=True)
            self._lock.release()


def holder(folder: Path) -> dict[str, str]:
    """pid, terminal and since of the process that holds the folder, as far as it said so."""
    try:
        note = read_json(read_file(folder / "holder.json", _MOST))
        return {str(key): str(value) for key, value in note.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def held(folder: Path) -> bool:
    """Whether a process holds the folder now. Changes nothing and keeps nobody out."""
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


def terminal_name() -> str:
    """The terminal of this process, as others find it in `who` and `ps`."""
    for handle in (0, 1, 2):
        try:
            return os.ttyname(handle)
        except OSError:
            continue
    return "no terminal"
