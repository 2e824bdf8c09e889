"""What this terminal can show, as one line of the list. Measured facts: a QR code needs 37x19."""

from __future__ import annotations

import locale
import os
import shutil
import sys

from core.checks import Check, Light

WANTED = (80, 24)
"""Columns and rows for which every screen is made."""

_QR_WANTED = (41, 24)
"""Version 5 with a quiet zone of two is 41x21, and three rows are the wizard's own."""


_NO_SCREEN = "Nothing needs to be done. For the full screen: a terminal, over SSH with ssh -t."


def terminal_check() -> Check:
    columns, rows = shutil.get_terminal_size()
    name = os.environ.get("TERM", "unknown")
    text = f"{columns}x{rows}, {name}, {_colours(name)}"
    if not sys.stdout.isatty():
        return _remark("none: the wizard runs line by line", _NO_SCREEN)
    if name == "dumb":
        remedy = "Nothing needs to be done. For the full screen: TERM=xterm-256color."
        return _remark(f"{text}: the wizard runs line by line", remedy)
    if columns < WANTED[0] or rows < WANTED[1]:
        wanted = f"{WANTED[0]}x{WANTED[1]}"
        return _remark(f"{text}; {wanted} shows all at once", f"Make the window {wanted}.")
    if "utf" not in locale.getpreferredencoding(do_setlocale=False).lower():
        remedy = "Set LANG to a locale with UTF-8, such as C.UTF-8."
        return _remark(f"{text}; signs may look odd (no UTF-8)", remedy)
    return Check("terminal", "Terminal", Light.GREEN, text)


def _remark(text: str, remedy: str) -> Check:
    return Check("terminal", "Terminal", Light.AMBER, text, remedy=remedy)


def qr_check() -> Check:
    """Whether the authenticator's QR code fits with its frame, the largest that is usual."""
    columns, rows = shutil.get_terminal_size()
    key, title = "qr", "QR code"
    if not sys.stdout.isatty():
        text = "no terminal to show it on; its secret is told in letters"
        return Check(key, title, Light.AMBER, text, remedy=_NO_SCREEN)
    if columns >= _QR_WANTED[0] and rows >= _QR_WANTED[1]:
        return Check(key, title, Light.GREEN, "fits")
    wanted = f"{_QR_WANTED[0]}x{_QR_WANTED[1]}"
    text = f"does not fit into {columns}x{rows}; its secret can be typed instead"
    return Check(key, title, Light.AMBER, text, remedy=f"Make the window {wanted} or larger.")


def _colours(name: str) -> str:
    if "NO_COLOR" in os.environ:
        return "no colours"
    if os.environ.get("COLORTERM") in ("truecolor", "24bit"):
        return "all colours"
    return "256 colours" if "256" in name else "16 colours"
