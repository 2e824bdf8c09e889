"""Append events: write each to the journal and sync it, then update the state and notify the
listener.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from core.clock import Clock
from core.journal.events import Event
from core.journal.file import Journal, Record
from core.journal.reducer import apply, fold
from core.journal.state import State

T = TypeVar("T")

log = logging.getLogger("peaq_onboard")
# The signed bytes and the call data are long and in the journal; the hash identifies them.
_NOT_LOGGED = {"raw", "data"}


@dataclass(frozen=True)
class Wait:
    """A wait, for display."""

    what: str
    started: float
    """Monotonic seconds of the clock at the start."""
    usual: float | None = None
    """Usual duration in seconds."""
    in_flight: bool = False
    """True between a record of intent and its result: a power cut does no harm, but work is
    pending.
    """


class Listener(Protocol):
    def on_record(self, record: Record, state: State) -> None:
        """Receive a record that is on disk."""
        ...

    def on_wait(self, wait: Wait | None) -> None:
        """Receive a wait that began, changed or ended; waits are not recorded."""
        ...


class Silent:
    """A listener that ignores everything."""

    def on_record(self, record: Record, state: State) -> None: ...

    def on_wait(self, wait: Wait | None) -> None: ...


def log_line(record: Record) -> str:
    """Return a record for wizard.log: number, event, and its fields as JSON; exact amounts
    in wei.
    """
    data = record.event.to_data()
    fields = {name: value for name, value in data.items() if name not in _NOT_LOGGED}
    return f"record {record.number} {type(record.event).__name__} {json.dumps(fields)}"


class EventStore:
    """The journal, and the state computed from it."""

    def __init__(self, journal: Journal, clock: Clock, listener: Listener | None = None) -> None:
        self._journal = journal
        self._clock = clock
        self.listener: Listener = listener or Silent()
        self._records: list[Record] = journal.open()
        self._state = fold(self._records)
        self._lock = asyncio.Lock()
        self._waits: list[Wait] = []

    @property
    def state(self) -> State:
        return self._state

    @property
    def records(self) -> tuple[Record, ...]:
        return tuple(self._records)

    @property
    def repaired(self) -> int:
        return self._journal.repaired

    async def record(self, event: Event) -> State:
        """Write `event`, sync it and notify the listener; raises what `Journal.append` raises.

        Completes even if the caller is cancelled, so that the state has everything that is on disk.
        """
        return await asyncio.shield(asyncio.ensure_future(self._record(event)))

    async def _record(self, event: Event) -> State:
        async with self._lock:
            # In a thread, because a slow memory card would otherwise block every key press.
            return self._take(await asyncio.to_thread(self._journal.append, event))

    async def record_during(self, work: Callable[[Callable[[Event], None]], T]) -> T:
        """Run `work(append)` in a thread and return its result; raises what `work` raises.

        `work` calls `append` with one event right after the effect that the event describes. A
        program that stops waits for its threads, so it cannot end between effect and record.
        """
        return await asyncio.shield(asyncio.ensure_future(self._record_during(work)))

    async def _record_during(self, work: Callable[[Callable[[Event], None]], T]) -> T:
        records: list[Record] = []
        async with self._lock:
            try:
                return await asyncio.to_thread(
                    work, lambda event: records.append(self._journal.append(event))
                )
            finally:
                for record in records:
                    self._take(record)

    def _take(self, record: Record) -> State:
        """Add a record that is on disk to the state."""
        log.info("%s", log_line(record))
        self._records.append(record)
        self._state = apply(self._state, record)
        self.listener.on_record(record, self._state)
        return self._state

    @contextmanager
    def waiting(
        self, what: str, *, usual: float | None = None, in_flight: bool = False
    ) -> Iterator[Callable[[str], None]]:
        """Show the reason of a wait while the block runs; waits may be nested.

        The block receives a function that changes the reason.
        """
        wait = Wait(what, self._clock.monotonic(), usual, in_flight)
        place = len(self._waits)
        self._waits.append(wait)
        self.listener.on_wait(wait)

        def say(reason: str) -> None:
            if reason != self._waits[place].what:
                # The usual duration is only known for the first reason.
                other = Wait(reason, wait.started, in_flight=in_flight)
                self._waits[place] = wait if reason == what else other
                self.listener.on_wait(self._waits[-1])

        try:
            yield say
        finally:
            self._waits.pop()
            self.listener.on_wait(self._waits[-1] if self._waits else None)

    def close(self) -> None:
        self._journal.close()
