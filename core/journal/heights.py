"""Credible block heights: at most as high as the time since the last one allows.

One false height must not make every later result look outdated. Pure; times are POSIX seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

LARGEST = 2**32
"""No chain has this many blocks: at six seconds each, they take 800 years."""
SLACK = 200
"""Blocks by which two correct heights may differ at the same time."""
_FACTOR = 10
"""How many times faster than usual a chain may produce blocks."""


@dataclass(frozen=True)
class Heights:
    """The heights seen so far, in order."""

    block_seconds: float = 6.0
    believed: int = 0
    """The trusted height; 0 until two heights confirm each other."""
    believed_at: float = 0.0
    claimed: int = 0
    """A height without confirmation; 0: none."""
    claimed_at: float = 0.0

    def after(self, height: int, at: float) -> Heights:
        """Return the heights after one more, seen at `at`.

        A height far above the trusted one counts once a second one confirms it.
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
        """Return whether the chain can be at `height` by now; nearly any height while none is
        trusted.
        """
        if not self.believed:
            return height <= LARGEST
        return height <= self._most(self.believed, at - self.believed_at)

    def _most(self, height: int, seconds: float) -> int:
        most = height + SLACK + int(max(seconds, 0.0) * _FACTOR / self.block_seconds)
        return min(most, LARGEST)
