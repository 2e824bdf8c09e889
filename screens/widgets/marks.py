"""Signs beside words: colour alone never carries meaning, and not every console has every sign."""

from __future__ import annotations

import os
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
    return PLAIN if term in ("linux", "dumb") or term.startswith("vt") else UNICODE
