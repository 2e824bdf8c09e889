"""Asking a running wizard to make room: a file with the question, and a kernel lock on that file.

Who asks writes who it is, and keeps the file locked for as long as it waits. The holder of the
state folder answers by ending, which frees the folder, or by removing the file. A file that nobody
keeps locked is of somebody who is gone, and whoever finds it removes it. Nothing here grants
anything: the lock of the folder alone decides who writes.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from core.clock import stamp
from core.errors import fault
from core.files import FILE_MODE, write_all
from core.lock import held, holder, terminal_name
from core.text import clean, read_json

FILE_NAME = "takeover.json"
PATIENCE = 60.0
"""Seconds for which an answer is waited for."""
ENDING = 60.0
"""Seconds for which a holder that has agreed may take to end."""
_SIZE = 4096
_TEXT = 60
"""Characters of each thing that somebody else says about himself."""


class Answer(str, Enum):
    GRANTED = "granted"
    """The folder is free; who takes its lock first has it."""
    REFUSED = "refused"
    NONE = "none"
    """Nobody has answered in time, or it did not end after all. The question is withdrawn."""


@dataclass(frozen=True)
class Asker:
    """Who asks, as clean text of its own making."""

    pid: str
    terminal: str
    user: str
    at: str
    inode: int

    def __str__(self) -> str:
        return f"{self.user} on {self.terminal} (process {self.pid})"


class Request:
    """The asker's side of one question."""

    def __init__(self, folder: Path, handle: int, monotonic: Callable[[], float]) -> None:
        self._folder = folder
        self._handle: int | None = handle
        self._monotonic = monotonic
        self._ends = monotonic() + PATIENCE

    @property
    def standing(self) -> bool:
        """Whether the file is still there; the holder removes it to refuse."""
        return self._handle is not None and os.fstat(self._handle).st_nlink > 0

    @property
    def agreed(self) -> bool:
        """Whether the holder has said that it is ending."""
        return holder(self._folder).get("ending") == "True"

    def answer(self) -> Answer | None:
        """What came of it, or None for as long as it is waited for."""
        if not held(self._folder):
            return Answer.GRANTED
        if not self.standing:
            return Answer.REFUSED
        patience = ENDING if self.agreed else 0.0
        if self._monotonic() < self._ends + patience:
            return None
        self.withdraw()
        return Answer.NONE

    def withdraw(self) -> None:
        """Takes the question back. Removes a file."""
        if self._handle is None:
            return
        _remove(self._folder / FILE_NAME, self._handle)
        os.close(self._handle)
        self._handle = None


def ask(
    folder: Path, now: datetime, monotonic: Callable[[], float] = time.monotonic
) -> Request | None:
    """Puts the question to the holder of `folder`; None where somebody else is asking.

    Writes a file (0600). Raises OnboardingError (STATE_FOLDER_UNUSABLE).
    """
    path = folder / FILE_NAME
    # It is whole and locked before it has its name: nobody takes it for one that was left behind.
    new = folder / f".{FILE_NAME}.{secrets.token_hex(4)}.new"
    note = {"pid": os.getpid(), "terminal": terminal_name(), "user": _user(), "at": stamp(now)}
    try:
        handle = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
        try:
            os.fchmod(handle, FILE_MODE)
            with suppress(PermissionError):  # root asks an ordinary user, who has to read it
                os.fchown(handle, folder.stat().st_uid, -1)
            _lock(handle)
            write_all(handle, json.dumps(note).encode())
            placed = _place(new, path)
        except BaseException:
            os.close(handle)
            raise
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise fault("STATE_FOLDER_UNUSABLE", path=path, reason=reason) from error
    if placed:
        return Request(folder, handle, monotonic)
    os.close(handle)
    return None


def asked(folder: Path) -> Asker | None:
    """Who asks for `folder` now. Removes a question whose asker is gone. Never raises."""
    path = folder / FILE_NAME
    try:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        if _lock(handle):
            _remove(path, handle)
            return None
        note = read_json(os.pread(handle, _SIZE, 0))
        said = {name: clean(note.get(name, "?"), _TEXT) for name in ("pid", "terminal", "user")}
        return Asker(**said, at=clean(note.get("at", "?"), _TEXT), inode=os.fstat(handle).st_ino)
    except (OSError, ValueError, AttributeError):
        return None
    finally:
        os.close(handle)


def refuse(folder: Path, asker: Asker) -> None:
    """Tells `asker` no, where it still asks. Removes a file. Never raises."""
    path = folder / FILE_NAME
    with suppress(OSError):
        if path.lstat().st_ino == asker.inode:
            path.unlink()


def _place(new: Path, path: Path) -> bool:
    """Gives the question its name; False where another one that is alive has it."""
    for _ in range(2):
        try:
            os.link(new, path)
        except FileExistsError:
            try:
                handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
            except FileNotFoundError:
                continue
            try:
                if not _lock(handle):
                    return False
                _remove(path, handle)
            finally:
                os.close(handle)
        else:
            return True
    return False


def _lock(handle: int) -> bool:
    """Locks the file until `handle` is closed; False where another process has it locked."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove(path: Path, handle: int) -> None:
    """Removes `path` where it is the file of `handle`, and not one that came after it."""
    with suppress(OSError):
        if path.lstat().st_ino == os.fstat(handle).st_ino:
            path.unlink()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.geteuid()}"
