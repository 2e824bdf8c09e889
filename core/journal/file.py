"""The journal file: append-only JSON Lines, synced after each record, the wizard's only memory.

A line is `{"n": sequence, "at": stamp, "event": name, "data": {...}, "sum": checksum}`. The first
record carries the format version. A last line that a crash cut off is dropped and reported; any
other damage is refused with its line number.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.clock import parse_stamp, stamp
from core.errors.problem import fault
from core.journal.activation_events import ActivationStarted
from core.journal.events import Event, OnboardingStarted, event_from
from core.storage.durable_files import FILE_MODE, read_file, sync_folder, write_all
from core.text import read_json

FORMAT = 1
ACTIVATION_FORMAT = 2
"""The newest format: a wizard without activation reports such a journal as newer, not as
damaged.
"""
FILE_NAME = "journal.jsonl"
_MOST = 64 * 2**20
"""Bytes. An onboarding writes about twenty thousand."""
_LONGEST = 2**16
"""Maximum bytes of a record, so also of a torn line. No record comes near it."""


_PROTOCOLS = {OnboardingStarted.__name__: "guide", ActivationStarted.__name__: "activation"}
"""By the name of a journal's first record."""


@dataclass(frozen=True)
class Record:
    number: int
    """From 1."""
    at: datetime
    event: Event


class Journal:
    """An open journal file with a single writer, which the state directory's lock guarantees."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self.path = path
        self._now = now
        self._handle: int | None = None
        self._size = 0
        self._count = 0
        self.repaired = 0
        """Bytes of a torn last line, dropped on opening."""

    def open(self) -> list[Record]:
        """Read all records and prepare the file for appending, creating it with mode 0600 if
        missing.

        Raises OnboardingError (JOURNAL_DAMAGED, JOURNAL_MISMATCH for a newer format,
        STATE_FOLDER_UNUSABLE).
        """
        try:
            content = read_file(self.path, _MOST) if self.path.exists() else b""
            records, good = parse(content, self.path)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
            self._handle = os.open(self.path, flags, FILE_MODE)
            os.fchmod(self._handle, FILE_MODE)
            if good < len(content):
                self.repaired = len(content) - good
                os.ftruncate(self._handle, good)
            os.fsync(self._handle)
            sync_folder(self.path.parent)
        except OSError as error:
            reason = error.strerror or error
            raise fault("STATE_FOLDER_UNUSABLE", path=self.path, reason=reason) from error
        self._size, self._count = good, len(records)
        return records

    def append(self, event: Event) -> Record:
        """Write and sync one record; once this returns, a power cut cannot undo it.

        Raises OnboardingError (DISK_FULL) and then leaves the file without the record.
        """
        if self._handle is None:
            raise fault(
                "DISK_FULL", path=self.path, reason="the file was closed after a write error"
            )
        record = Record(self._count + 1, parse_stamp(stamp(self._now())), event)
        line = encode(record)
        try:
            write_all(self._handle, line)
            os.fsync(self._handle)
        except OSError as error:
            # Remove a partly written line, so that the next record starts a new one. If even that
            # fails, write nothing more: the next start repairs the end of the file.
            try:
                os.ftruncate(self._handle, self._size)
            except OSError:
                self.close()
            reason = error.strerror or error
            raise fault("DISK_FULL", path=self.path, reason=reason) from error
        self._size += len(line)
        self._count += 1
        return record

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def read_records(path: Path) -> list[Record]:
    """Return the records of a journal without changing it; none if there is no file.

    Raises the same errors as `Journal.open`.
    """
    try:
        content = read_file(path, _MOST)
    except FileNotFoundError:
        return []
    except OSError as error:
        reason = error.strerror or error
        raise fault("STATE_FOLDER_UNUSABLE", path=path, reason=reason) from error
    return parse(content, path)[0]


def protocol_of(path: Path) -> str | None:
    """Return the protocol that the journal's first record names, `guide` or `activation`; None if
    there is none, or none that can be read. Never raises: opening the journal reports its damage.
    """
    try:
        first = read_json(read_file(path, _MOST).partition(b"\n")[0])
        return _PROTOCOLS.get(first["event"])
    except (OSError, ValueError, TypeError, LookupError):
        return None


def encode(record: Record) -> bytes:
    body: dict[str, Any] = {
        "n": record.number,
        "at": stamp(record.at),
        "event": type(record.event).__name__,
        "data": record.event.to_data(),
    }
    if isinstance(record.event, OnboardingStarted):
        activation = isinstance(record.event, ActivationStarted)
        body["format"] = ACTIVATION_FORMAT if activation else FORMAT
    body["sum"] = _checksum(body)
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def _checksum(body: dict[str, Any]) -> str:
    import hashlib  # loads OpenSSL, which a start without records need not wait for

    text = json.dumps(body, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def parse(content: bytes, path: Path) -> tuple[list[Record], int]:
    """Return the records, and the bytes of `content` that they occupy. Raises OnboardingError."""
    records: list[Record] = []
    position = 0
    while position < len(content):
        end = content.find(b"\n", position)
        if end < 0:
            if len(content) - position > _LONGEST:
                raise fault(
                    "JOURNAL_DAMAGED",
                    path=path,
                    line=len(records) + 1,
                    reason="it is too long for a record",
                )
            break  # torn while being written: nothing relied on it yet, so it never happened
        number = len(records) + 1
        try:
            records.append(_decode(content[position:end], number))
        except _NewerFormat as error:
            raise fault(
                "JOURNAL_MISMATCH", what="format", journal=error.args[0], now=ACTIVATION_FORMAT
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            # A power cut can leave the right length with wrong bytes, but only at the end.
            if end == len(content) - 1 and not content[position:end].strip(b"\0"):
                break
            raise fault("JOURNAL_DAMAGED", path=path, line=number, reason=error) from error
        position = end + 1
    return records, position


class _NewerFormat(Exception):
    pass


def _decode(line: bytes, number: int) -> Record:
    try:
        body = read_json(line)
    except ValueError:
        raise ValueError("the record is not readable") from None
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
        raise ValueError("this is not a record")
    if number == 1:
        version = body.get("format")
        if isinstance(version, int) and version > ACTIVATION_FORMAT:
            raise _NewerFormat(version)
    expected = body.pop("sum", None)
    if expected != _checksum(body):
        raise ValueError("the checksum does not match")
    if body.get("n") != number:
        raise ValueError(f"found record {body.get('n')}, expected {number}")
    event = event_from(body["event"], body["data"])
    if (number == 1) != isinstance(event, OnboardingStarted):
        raise ValueError("only the first record can start an onboarding")
    return Record(number, parse_stamp(str(body["at"])), event)
