"""What the terminal shows, so that only what changes is written.

Textual paints a screen several times until it has settled, and all of it at each change of the
focus: 10 to 20 kB for a screen, 20 s on a line of 9600 baud. Of that a tenth is new. This is what
curses has always done; `clear` begins anew, where something else may have written on the terminal.
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
    # Modes, titles, the bell: by themselves they are written as they come. Amid text they are
    # somebody else's, and go no further.
    r"|(?P<other>\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b?.)",
    re.DOTALL,
)
CLEAR = "\x1b[m\x1b[2J"
_GAP = 6
"""Cells that are the same and cost less than moving the cursor over them."""
_FOREGROUND = re.compile("3[0-8]|9[0-7]")
_BACKGROUND = re.compile("4[0-8]|10[0-7]")
_SHOWN_ON_BLANKS = frozenset(("4", "7", "9", "21", "53"))
"""Underlined, reversed and the like: a blank with one of them shows the foreground."""


class Style(NamedTuple):
    """SGR codes; empty where it is the terminal's own."""

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
        """The style that the terminal would write in now."""
        self._terminal_size = (10_000, 10_000)

    def clear(self, size: tuple[int, int] | None = None) -> str:
        """What empties the terminal; from then on everything is new. `size`: its columns and rows
        now; what is meant for a larger one is left out, or the terminal would put it elsewhere.
        """
        self._terminal_size = size or self._terminal_size
        self._rows.clear()
        self._cursor = (-1, -1)
        self._style = _PLAIN
        return CLEAR

    def changes(self, output: str) -> str:
        """What to write for the terminal to show what it would with all of `output`."""
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
            # Whatever it is, and whoever writes next: not in our colours.
            written = [self._switch_to(_PLAIN), *others]
        for y, cells in sorted(wanted.items()):
            for start, end in _runs(self._rows.get(y, []), cells):
                written.append(_at(y, start))
                written += (self._switch_to(style) + char for style, char in cells[start:end])
        self._rows.update(wanted)
        row, column = min(row, rows - 1), min(column, columns)
        if placed and (any(written) or (row, column) != self._cursor):
            self._cursor = (row, column)
            written.append(_at(row, column))
        return "".join(written)

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
    """Puts `text` into a row; the column after it."""
    visible, blank = _styles(style)
    if text.isascii():  # nearly all of it, and quicker at once
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
    """From where to where a row has changed."""
    length = len(new)
    old = old + [_BLANK] * (length - len(old))
    changed = [x for x in range(length) if old[x] != new[x]]
    if not changed:
        return
    if any(len(char) != 1 for _, char in (*old, *new)):
        # Terminals do not agree on how wide these are: the row is written as a whole.
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
