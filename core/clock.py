"""Clock that callers pass in, so that tests do not wait and clock changes do no harm."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timezone
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the wall clock, aware UTC, for display and journal. Never subtract it to measure a
        wait.
        """
        ...

    def monotonic(self) -> float:
        """Return monotonic seconds, which measure every wait of this process."""
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
    """Return a time as ISO 8601 in UTC with milliseconds: `2026-11-23T22:12:50.123Z`."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp_of(seconds: int) -> str:
    """Return the stamp of POSIX seconds, such as a contract's. Raises ValueError, OverflowError or
    OSError for a time that no calendar has.
    """
    return stamp(datetime.fromtimestamp(seconds, timezone.utc))


def parse_stamp(text: str) -> datetime:
    """Return the time of a stamp. Raises ValueError."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def readable(text: str) -> str:
    """Return a stamp in the form for people, `2026-11-23 22:12:50 UTC`; other text is unchanged."""
    try:
        return f"{parse_stamp(text):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return text
