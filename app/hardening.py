"""Keep secrets out of core dumps, traces and logs. Runs before everything else."""

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4
_LOOKS = {
    "TEXTUAL_ANIMATIONS",
    "TEXTUAL_COLOR_SYSTEM",
    "TEXTUAL_DISABLE_KITTY_KEY",
    "TEXTUAL_FPS",
    "TEXTUAL_SMOOTH_SCROLL",
}
"""Textual's variables that only change its appearance."""


def harden() -> None:
    """Disable core dumps, tracing by other processes of this user, and logs of keys.

    Call this before importing Textual, which reads its variables then, and before creating a TLS
    context.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # The limit alone has no effect if the kernel pipes dumps to a program.
        with suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    for name in list(os.environ):
        if name == "SSLKEYLOGFILE" or (name.startswith("TEXTUAL") and name not in _LOOKS):
            del os.environ[name]
