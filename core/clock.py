"""Time as the engine sees it: passed in, so that no test waits and no jump of the clock hurts."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timezone
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall clock, aware UTC; shown and journalled, never subtracted for a wait."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow; every wait of this process is measured with it."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds: `2026-11-23T22:12:50.123Z`."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_stamp(text: str) -> datetime:
    """The moment of a stamp. Raises ValueError."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def readable(text: str) -> str:
    """A stamp as people read it: `2026-11-23 22:12:50 UTC`; what is none stays as it is."""
    try:
        return f"{parse_stamp(text):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return text
