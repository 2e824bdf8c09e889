"""Model of the terminal's content, from which only changes are written.

Textual paints a screen several times until it settles, and all of it at each change of the focus:
10 to 20 kB for a screen, which takes 20 s at 9600 baud. A tenth of that is new. curses has always
worked this way. `clear` starts again after another program may have written on the terminal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.cells import get_character_cell_size

_PART = re.compile(
    r"\x1b\[(?P<row>\d+);(?P<column>\d+)H"
    r"|\x1b\[(?P<style>[\d;]*)m"
    r"|(?P<break>\r?\n)"
    r"|(?P<text>[^\x00-\x1f\x7f]+)"
    # Modes, titles and the bell pass unchanged if they come alone. Inside text they are foreign and
    # are dropped.
    r"|(?P<other>\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b?.)",
    re.DOTALL,
)
CLEAR = "\x1b[m\x1b[2J"
_GAP = 6
"""Unchanged cells that are cheaper to write than to skip with the cursor."""
_FOREGROUND = re.compile("3[0-8]|9[0-7]")
_BACKGROUND = re.compile("4[0-8]|10[0-7]")
_SHOWN_ON_BLANKS = frozenset(("4", "7", "9", "21", "53"))
"""Underlined, reversed and the like: styles in which a blank shows the foreground colour."""


class Style(NamedTuple):
    """SGR codes; empty for the terminal's default."""

    foreground: str = ""
    background: str = ""
    others: str = ""


Cell = tuple[Style, str]
"""A character with its combining marks; empty for the right half of a wide one."""
_PLAIN = Style()
_BLANK: Cell = (_PLAIN, " ")


class ScreenBuffer:
    def __init__(self) -> None:
        self._rows: dict[int, list[Cell]] = {}
        self._cursor = (-1, -1)
        self._style = _PLAIN
        """The terminal's current style."""
        self._terminal_size = (10_000, 10_000)

    def clear(self, size: tuple[int, int] | None = None) -> str:
        """Return the codes that empty the terminal; everything after that is new.

        `size`: its current columns and rows. Text for a larger terminal is left out, because the
        terminal would place it elsewhere.
        """
        self._terminal_size = size or self._terminal_size
        self._rows.clear()
        self._cursor = (-1, -1)
        self._style = _PLAIN
        return CLEAR

    def changes(self, output: str) -> str:
        """Return what to write so that the terminal shows the same as after all of `output`."""
        columns, rows = self._terminal_size
        wanted: dict[int, list[Cell]] = {}
        others: list[str] = []
        row, column = self._cursor
        placed = False
        style = ""
        for part in _PART.finditer(output):
            kind = part.lastgroup
            if kind == "column":
                row, column, placed = int(part["row"]) - 1, int(part["column"]) - 1, True
            elif kind == "style":
                style = part["style"]
            elif kind == "break":
                row, column = row + 1, 0
            elif kind == "text" and 0 <= row < rows:
                if row not in wanted:
                    wanted[row] = [*self._rows.get(row, [])]
                column = _draw(wanted[row], column, style, part["text"])
                del wanted[row][columns:]
            elif kind == "text" and row >= 0:
                continue
            else:
                others.append(part.group())
        written: list[str] = []
        if others and not placed:
            # Text of other programs must not appear in the wizard's colours.
            written = [self._switch_to(_PLAIN), *others]
        for y, cells in sorted(wanted.items()):
            for start, end in _runs(self._rows.get(y, []), cells):
                written.append(_at(y, start))
                run = cells[start:end]
                written += (self._switch_for(style, char) + char for style, char in run)
        self._rows.update(wanted)
        row, column = min(row, rows - 1), min(column, columns)
        if placed and (any(written) or (row, column) != self._cursor):
            self._cursor = (row, column)
            written.append(_at(row, column))
        return "".join(written)

    def _switch_for(self, style: Style, char: str) -> str:
        """Return the change of style before `char`. A blank shows a background only, so between two
        words it keeps the colour of the first.
        """
        now = self._style
        hidden = not _SHOWN_ON_BLANKS.intersection(now.others.split(";"))
        if char == " " and hidden and style == Style("", now.background, ""):
            return ""
        return self._switch_to(style)

    def _switch_to(self, style: Style) -> str:
        """Return the shortest change from the terminal's current style to `style`."""
        before, self._style = self._style, style
        if style == before:
            return ""
        if style == _PLAIN:
            return "\x1b[m"
        # A QR code goes back and forth between reversed and not: most of its bytes.
        turn = {("", "7"): "7", ("7", ""): "27"}.get((before.others, style.others), "")
        if style.others != before.others and not turn:
            return f"\x1b[{';'.join(filter(None, ('0', *style)))}m"
        codes = [turn] if turn else []
        if style.foreground != before.foreground:
            codes.append(style.foreground or "39")
        if style.background != before.background:
            codes.append(style.background or "49")
        return f"\x1b[{';'.join(codes)}m"


def _draw(cells: list[Cell], column: int, style: str, text: str) -> int:
    """Put `text` into a row and return the column after it."""
    visible, blank = _styles(style)
    if text.isascii():  # fast path for nearly all text
        end = column + len(text)
        cells.extend([_BLANK] * (end - len(cells)))
        space = (blank, " ")
        cells[column:end] = [space if char == " " else (visible, char) for char in text]
        return end
    for char in text:
        width = 1 if char.isascii() else get_character_cell_size(char)
        if not char.isascii() and unicodedata.category(char).startswith("C"):
            if width == 0:
                continue
            char = "\ufffd"
        if width == 0:
            if 0 < column <= len(cells):
                before, marked = cells[column - 1]
                cells[column - 1] = (before, marked + char)
            continue
        cells.extend([_BLANK] * (column + width - len(cells)))
        cells[column] = (blank if char == " " else visible, char)
        if width == 2:
            cells[column + 1] = (visible, "")
        column += width
    return column


@lru_cache(256)
def _styles(codes: str) -> tuple[Style, Style]:
    """Return the style of visible characters and of blanks, which mostly show a background only."""
    numbers = codes.split(";")
    foreground, background, others = "", "", []
    while numbers:
        first = numbers[0]
        length = (3 if numbers[1:2] == ["5"] else 5) if first in ("38", "48") else 1
        code = ";".join(numbers[:length])
        del numbers[:length]
        if _FOREGROUND.fullmatch(first):
            foreground = code
        elif _BACKGROUND.fullmatch(first):
            background = code
        elif first not in ("", "0", "39", "49"):
            others.append(code)
    visible = Style(foreground, background, ";".join(others))
    return visible, visible if _SHOWN_ON_BLANKS.intersection(others) else Style("", background, "")


def _runs(old: list[Cell], new: list[Cell]) -> Iterator[tuple[int, int]]:
    """Return the ranges of a row that have changed."""
    length = len(new)
    old = old + [_BLANK] * (length - len(old))
    changed = [x for x in range(length) if old[x] != new[x]]
    if not changed:
        return
    if any(len(char) != 1 for _, char in (*old, *new)):
        # Terminals disagree on the width of these characters, so write the whole row.
        yield 0, length
        return
    start = end = changed[0]
    for x in changed[1:]:
        if x - end > _GAP:
            yield start, end + 1
            start = x
        end = x
    yield start, end + 1


def _at(row: int, column: int) -> str:
    return f"\x1b[{row + 1};{column + 1}H"
