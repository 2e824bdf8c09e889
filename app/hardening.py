"""Keep secrets out of what the system and the environment would write down. Runs first of all."""

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
"""Textual's variables that change its looks and nothing else."""


def harden() -> None:
    """Turn off core dumps, tracing by other processes of this user, and logs of keys.

    Textual reads its variables when it is imported, and the TLS library when a context is made:
    call this before both.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # The limit alone does not hold where the kernel pipes dumps to a program.
        with suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    for name in list(os.environ):
        if name == "SSLKEYLOGFILE" or (name.startswith("TEXTUAL") and name not in _LOOKS):
            del os.environ[name]
