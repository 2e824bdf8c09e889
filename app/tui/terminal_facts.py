"""What this terminal can show, as one line of the list. Measured facts: a QR code needs 37x19."""

from __future__ import annotations

import codecs
import io
import locale
import os
import shutil
import sys

from rich.cells import cell_len

from core.preflight.check import Check, Light
from screens.widgets.marks import utf8

WANTED = (80, 24)
"""Columns and rows for which every screen is made."""
_IN_ASCII = "peaq-onboard-in-ascii"
_ASCII = {"…": "~", "–": "-", "—": "-", "×": "x", "•": "*", "▌": "|", "█": "|", "▁": "_"}

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


def prepare_terminal() -> None:
    """Before the first import of Textual, which reads some of it only then."""
    for handle in (1, 0):
        try:
            columns, rows = os.get_terminal_size(handle)
        except OSError:
            continue
        if columns and rows:
            # Exported, they would be taken for the size, and never change with the window. On a
            # serial line, where the terminal does not know its size, they are all there is.
            os.environ.pop("COLUMNS", None)
            os.environ.pop("LINES", None)
            break
    # An arrow key that a slow line has split is not to be taken for Escape. Milliseconds.
    os.environ.setdefault("ESCDELAY", "500")
    output = sys.__stderr__  # what Textual writes to
    if isinstance(output, io.TextIOWrapper) and not utf8(output.encoding):
        codecs.register_error(_IN_ASCII, _in_ascii)
        output.reconfigure(errors=_IN_ASCII)


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """A sign for a sign, so that nothing moves: a code for one would take six places."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    # Of a wide sign the right half is a blank.
    return "".join(f"{_ASCII.get(sign, '?'):<{cell_len(sign)}}" for sign in signs), error.end
