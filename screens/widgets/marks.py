"""Signs beside words: colour alone never carries meaning, and not every console has every sign."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Marks:
    done: str
    current: str
    todo: str
    skipped: str
    failed: str
    waiting: str
    amber: str
    dot: str
    left: str
    right: str
    rule: str
    spinner: tuple[str, ...]


UNICODE = Marks("✓", "▸", "·", "–", "✗", "…", "!", "●", "◂", "▸", "─", ("|", "/", "-", "\\"))
# The fonts of a Linux console and of older terminals lack most of the above.
PLAIN = Marks("+", ">", ".", "-", "x", "~", "!", "*", "<", ">", "-", ("|", "/", "-", "\\"))


def marks() -> Marks:
    term = os.environ.get("TERM", "")
    old = term in ("linux", "dumb") or term.startswith("vt")
    return PLAIN if old or not blocks() else UNICODE


def blocks() -> bool:
    """Whether the output is in an encoding that has half blocks, from which a QR code is made."""
    return utf8(getattr(sys.__stderr__, "encoding", None))


def utf8(encoding: str | None) -> bool:
    return "utf" in (encoding or "utf-8").lower()
