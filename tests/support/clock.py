"""A clock for tests: it moves when somebody sleeps on it, and never by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

START = datetime(2026, 3, 1, 12, 0, 5, tzinfo=timezone.utc)


class FakeClock:
    """`core.clock.Clock` whose sleep is over at once and moves the time.

    `while_asleep` is called with the seconds of each sleep: a test makes blocks there, or lets
    something happen that happens while people wait.
    """

    def __init__(self, start: datetime = START) -> None:
        self._wall = start
        self._seconds = 1000.0
        self.slept: list[float] = []
        self.while_asleep: Callable[[float], None] | None = None

    def now(self) -> datetime:
        return self._wall

    def monotonic(self) -> float:
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)
        if self.while_asleep:
            self.while_asleep(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Time passes."""
        self._seconds += seconds
        self._wall += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock; no time passes."""
        self._wall += timedelta(seconds=seconds)
