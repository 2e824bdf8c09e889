"""Clean all foreign text before it is displayed or stored."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

from core.lookalikes import spell_out

DEFAULT_LIMIT = 300
_DEEPEST = 100
"""Levels of JSON. Nothing requested or stored here has ten."""
_NO_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))
RECURSION_LIMIT = 1000
"""Python's default. py_ecc, which web3 and eth_account import, raises it to 100,000, at which deep
nesting ends the process with SIGSEGV. The modules of core that import these two reset it.
"""
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_BLANK = "\u115f\u1160\u3164\uffa0\u2800\U0001d159"
"""Hangul fillers and other letters and signs that look blank."""
_NOTHING = re.compile("[\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f]")
"""Invisible marks."""
_MARKS_AT_MOST = 2
# Remove a whole terminal sequence, not only its first byte: the rest would look like garbage.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)|\x1b.", re.DOTALL
)


def clean(text: object, limit: int = DEFAULT_LIMIT) -> str:
    """Return one line of harmless text from a server, a file or the environment.

    Drops terminal sequences. Line breaks and tabs become spaces. Other control characters,
    bidirectional overrides, private or unassigned characters, and letters that look blank become
    U+FFFD. At most two combining marks remain on a character. Text longer than `limit` characters
    ends in an ellipsis. Letters of other alphabets that look like ASCII are escaped
    (`core.lookalikes`). Never raises.
    """
    raw = text if isinstance(text, str) else str(text)
    raw = spell_out(_NOTHING.sub("", _ESCAPES.sub("", raw[: limit * 8])))
    out: list[str] = []
    marks = 0
    for character in raw:
        category = unicodedata.category(character)
        if character in "\n\r\t\v\f\x85\u2028\u2029" or category == "Zs":
            character = " "
            if out and out[-1] == " ":
                continue
        elif category.startswith("M"):
            marks += 1
            if marks > _MARKS_AT_MOST:
                continue
            out.append(character)
            continue
        elif category.startswith("C") or character in _BLANK:
            character = _REPLACEMENT
            if out and out[-1] == _REPLACEMENT:
                continue
        marks = 0
        out.append(character)
    line = "".join(out).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def shorten(address: str) -> str:
    """Return `0x4f3A…9c1E`: enough to recognize an address, not enough to send to it."""
    return f"{address[:6]}…{address[-4:]}" if len(address) > 12 else address


def grouped(text: str, size: int = 4) -> str:
    """Return `ABCD EFGH …`, for reading aloud and typing."""
    return " ".join(text[i : i + size] for i in range(0, len(text), size))


def read_json(content: bytes) -> Any:
    """Parse JSON of a server or a file. Raises ValueError, also for JSON that is nested too deeply.

    The text must be UTF-8 (RFC 8259); a byte order mark is skipped.
    """
    text = content.decode("utf-8-sig")
    if _depth(content) > _DEEPEST:
        raise ValueError("nested too deeply")
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _depth(content: bytes) -> int:
    """Return the deepest nesting of brackets outside strings."""
    # With escaped backslashes and quotes removed, every quote begins or ends a string.
    unescaped = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside = b"".join(unescaped.split(b'"')[::2])
    depth = deepest = 0
    for bracket in outside.translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
