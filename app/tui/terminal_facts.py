"""Capabilities of this terminal, as one result of the checks. Measured: a QR code needs 37x19."""

from __future__ import annotations

import codecs
import io
import locale
import os
import shutil
import sys

from rich.cells import cell_len

from core.preflight.check import CheckResult, passed, warning
from screens.widgets.marks import utf8

WANTED = (80, 24)
"""Columns and rows that every screen is designed for."""
_IN_ASCII = "peaq-onboard-in-ascii"
_ASCII = {"…": "~", "–": "-", "—": "-", "×": "x", "•": "*", "▌": "|", "█": "|", "▁": "_"}

_QR_WANTED = (41, 24)
"""Version 5 with a quiet zone of two is 41x21; the wizard needs three more rows."""


def terminal_check() -> CheckResult:
    """Warn about a terminal with limited capabilities; no terminal at all is fine, for
    plain mode.
    """
    columns, rows = shutil.get_terminal_size()
    name = os.environ.get("TERM", "unknown")
    text = f"{columns}x{rows}, {name}, {_colours(name)}"
    if not sys.stdout.isatty():
        return passed("terminal", "none: the wizard runs in plain mode")
    if name == "dumb":
        advice = "No action needed. For the full screen, set TERM=xterm-256color."
        return warning("terminal", f"{text}: the wizard runs in plain mode", advice)
    if columns < WANTED[0] or rows < WANTED[1]:
        wanted = f"{WANTED[0]}x{WANTED[1]}"
        return warning(
            "terminal", f"{text}; {wanted} shows everything at once", f"Resize it to {wanted}."
        )
    if "utf" not in locale.getpreferredencoding(do_setlocale=False).lower():
        advice = "Set LANG to a locale with UTF-8, such as C.UTF-8."
        return warning("terminal", f"{text}; some symbols may look wrong (no UTF-8)", advice)
    return passed("terminal", text)


def qr_check() -> CheckResult:
    """Check that the authenticator's QR code fits with its frame, at the largest usual size."""
    columns, rows = shutil.get_terminal_size()
    if not sys.stdout.isatty():
        return passed("qr", "no terminal to show it on; the wizard prints the secret")
    if columns >= _QR_WANTED[0] and rows >= _QR_WANTED[1]:
        return passed("qr", "fits")
    text = f"does not fit into {columns}x{rows}; you can type the secret instead"
    return warning("qr", text, f"Resize it to {_QR_WANTED[0]}x{_QR_WANTED[1]} or larger.")


def _colours(name: str) -> str:
    if "NO_COLOR" in os.environ:
        return "no colours"
    if os.environ.get("COLORTERM") in ("truecolor", "24bit"):
        return "all colours"
    return "256 colours" if "256" in name else "16 colours"


def prepare_terminal() -> None:
    """Set environment variables that Textual reads when it is imported; call this before."""
    for handle in (1, 0):
        try:
            columns, rows = os.get_terminal_size(handle)
        except OSError:
            continue
        if columns and rows:
            # If exported, they would fix the size, which then ignores window changes. On a serial
            # line, where the terminal does not know its size, they are the only source.
            os.environ.pop("COLUMNS", None)
            os.environ.pop("LINES", None)
            break
    # Milliseconds, so that an arrow key split by a slow line does not count as Escape.
    os.environ.setdefault("ESCDELAY", "500")
    output = sys.__stderr__  # Textual writes to this
    if isinstance(output, io.TextIOWrapper) and not utf8(output.encoding):
        codecs.register_error(_IN_ASCII, _in_ascii)
        output.reconfigure(errors=_IN_ASCII)


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """Replace one character by one, so that columns stay aligned: an escape would take six."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    # The right half of a wide character is a blank.
    return "".join(f"{_ASCII.get(sign, '?'):<{cell_len(sign)}}" for sign in signs), error.end
