"""Intervals at which to poll for a block."""

from __future__ import annotations

from collections.abc import Iterator

_SOON = 0.1
_JUST_AFTER = 0.05


def pauses(usual: float) -> Iterator[float]:
    """Yield the seconds to sleep before each poll: soon after sending, just after the `usual` block
    time, then every quarter of it.
    """
    yield _SOON
    yield usual + _JUST_AFTER - _SOON
    while True:
        yield usual / 4
