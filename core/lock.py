"""One wizard at a time for one state folder; a second one says who holds it."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from core.clock import stamp
from core.errors import fault
from core.files import FILE_MODE, replace_file

FILE_NAME = "lock"


class FolderLock:
    """Held by the kernel for this process: a dead holder's lock is free at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._note = folder / "holder.json"
        self._lock = FileLock(folder / FILE_NAME, mode=FILE_MODE, timeout=0)

    def acquire(self, now: datetime) -> None:
        """Takes the folder. Raises OnboardingError (STATE_FOLDER_LOCKED) naming the holder."""
        try:
            self._lock.acquire()
        except Timeout:
            held = holder(self._folder)
            raise fault(
                "STATE_FOLDER_LOCKED",
                path=self._folder,
                pid=held.get("pid", "?"),
                terminal=held.get("terminal", "an unknown terminal"),
                since=held.get("since", "an unknown time"),
            ) from None
        except OSError as error:
            reason = error.strerror or error
            raise fault("STATE_FOLDER_UNUSABLE", path=self._folder, reason=reason) from error
        note = {"pid": os.getpid(), "terminal": _terminal(), "since": stamp(now)}
        try:
            replace_file(self._note, json.dumps(note).encode())
        except OSError as error:
            self._lock.release()
            reason = error.strerror or error
            raise fault("STATE_FOLDER_UNUSABLE", path=self._note, reason=reason) from error

    def release(self) -> None:
        if self._lock.is_locked:
            self._note.unlink(missing_ok=True)
            self._lock.release()


def holder(folder: Path) -> dict[str, str]:
    """pid, terminal and since of the process that holds the folder, as far as it said so."""
    try:
        note = json.loads((folder / "holder.json").read_text(encoding="utf-8"))
        return {str(key): str(value) for key, value in note.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _terminal() -> str:
    for handle in (0, 1, 2):
        try:
            return os.ttyname(handle)
        except OSError:
            continue
    return "no terminal"
