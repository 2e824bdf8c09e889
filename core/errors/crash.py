"""Describe a defect without showing any value."""

from __future__ import annotations

import traceback


def describe_crash(error: BaseException) -> str:
    """Return files, lines and functions of a defect, never the values of variables."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-8:]))
    return f"{type(error).__name__} at {places}"
