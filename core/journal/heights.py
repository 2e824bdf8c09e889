"""Block heights that are believed: only as high as the time since the last one allows.

One false height must not make every later answer look too old. Pure; times are POSIX seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

LARGEST = 2**32
"""No chain has so many blocks: at six seconds each they take 800 years."""
SLACK = 200
"""Blocks by which two honest heights may differ without any time between them."""
_FACTOR = 10
"""How many times faster than usual a chain may make blocks."""


@dataclass(frozen=True)
class Heights:
    """The heights seen so far, in the order in which they were seen."""

    block_seconds: float = 6.0
    believed: int = 0
    """0 until two heights confirm each other."""
    believed_at: float = 0.0
    claimed: int = 0
    """A height that nothing confirms yet; 0: none."""
    claimed_at: float = 0.0

    def after(self, height: int, at: float) -> Heights:
        """Return what is known after one more height, seen at `at`.

        A height far above the believed one counts once a second one confirms it.
        """
        if height <= self.believed or height > LARGEST:
            return self
        likely = self.believed and height <= self._most(self.believed, at - self.believed_at)
        confirmed = self.claimed and (
            self.claimed - SLACK <= height <= self._most(self.claimed, at - self.claimed_at)
        )
        if likely or confirmed:
            return replace(self, believed=height, believed_at=at, claimed=0, claimed_at=0.0)
        return replace(self, claimed=height, claimed_at=at)

    def allows(self, height: int, at: float) -> bool:
        """Whether the chain can be at `height` by now; nearly any while none is believed."""
        if not self.believed:
            return height <= LARGEST
        return height <= self._most(self.believed, at - self.believed_at)

    def _most(self, height: int, seconds: float) -> int:
        most = height + SLACK + int(max(seconds, 0.0) * _FACTOR / self.block_seconds)
        return min(most, LARGEST)
