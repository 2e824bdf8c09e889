"""What this terminal can show, as one line of the list. Measured facts: a QR code needs 37x19."""

from __future__ import annotations

import locale
import os
import shutil
import sys

from core.checks import Check, Light

WANTED = (80, 24)
"""Columns and rows for which every screen is made."""


def terminal_check() -> Check:
    columns, rows = shutil.get_terminal_size()
    name = os.environ.get("TERM", "unknown")
    text = f"{columns}x{rows}, {name}, {_colours(name)}"
    if not sys.stdout.isatty():
        return Check("terminal", "Terminal", Light.AMBER, "none: the wizard runs line by line")
    if name == "dumb":
        return Check("terminal", "Terminal", Light.AMBER, f"{text}: the wizard runs line by line")
    if columns < WANTED[0] or rows < WANTED[1]:
        wanted = f"{WANTED[0]}x{WANTED[1]}"
        return Check("terminal", "Terminal", Light.AMBER, f"{text}; {wanted} shows all at once")
    if "utf" not in locale.getpreferredencoding(do_setlocale=False).lower():
        return Check("terminal", "Terminal", Light.AMBER, f"{text}; signs may look odd (no UTF-8)")
    return Check("terminal", "Terminal", Light.GREEN, text)


def _colours(name: str) -> str:
    if "NO_COLOR" in os.environ:
        return "no colours"
    if os.environ.get("COLORTERM") in ("truecolor", "24bit"):
        return "all colours"
    return "256 colours" if "256" in name else "16 colours"
