"""When the next block is worth looking for: learned from when the last ones came."""

from __future__ import annotations

from collections.abc import Iterator

_JUST_AFTER = 0.05
"""Seconds after a block is due at which it is first looked for."""
_GROWTH = 1.2


class Pace:
    """Steers only how often is asked; nothing is concluded from it. All times in seconds.

    `instant`: the last thing that was sent was in a block at the first look, as on a development
    chain, so that what follows may be asked in the same breath.
    """

    def __init__(self, usual: float) -> None:
        self.usual = usual
        self.instant = False
        self._came: float | None = None

    def pauses(self, now: float) -> Iterator[float]:
        """Pauses before each look for a block, the first one from `now` on."""
        first = 0.0 if self.instant or self._came is None else self.until_next(now)
        yield first
        pause = self.usual / (8 if first else 5)
        while True:
            yield pause
            pause = min(pause * _GROWTH, max(self.usual / 2, 0.5))

    def found(self, now: float, *, before: float | None) -> None:
        """A block was there at `now`, and not yet at `before` (None: this was the first look)."""
        if before is None:
            due = self._came is not None and not self.instant
            self.instant = not due
            if due and self._came is not None:
                self._came += round((now - self._came) / self.usual) * self.usual
        else:
            self.instant = False
            self._came = (now + before) / 2

    def missed(self) -> None:
        """Nothing was there at the first look."""
        self.instant = False

    def until_next(self, now: float) -> float:
        """Until just after the next block is due; half the usual time where nothing is known."""
        if self._came is None:
            return self.usual / 2
        return self.usual - (now - self._came) % self.usual + _JUST_AFTER
