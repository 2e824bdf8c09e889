"""A QR code: black on white, with a quiet zone, readable by a phone."""

from __future__ import annotations

import segno
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from core.secrets import Secret, unwrap
from screens.widgets.marks import blocks

# Pure white is lost where colours 90 to 107 are not known; this grey becomes 47 and decodes.
_LIGHT = "#c0c0c0"
_DARK = "#000000"
# Light is the ink, reversed: a terminal that ignores colours shows the same picture.
_ON_LIGHT = Style(color=_LIGHT, bgcolor=_DARK, reverse=True)
_ON_DARK = Style(color=_LIGHT, bgcolor=_DARK)
_USUAL = (37, 19)
"""Columns and rows of version 4 with a quiet zone of two."""
_WITH_WIDE_MARGIN = 4
"""The largest version that fits 20 rows with a quiet zone of two."""


class QrCode(Widget):
    """In half blocks: two modules a row, one a column. Without blocks, two spaces are a module."""

    def __init__(
        self, text: Secret | str = "", *, quiet: int = 1, wide: bool = True, id: str | None = None
    ) -> None:
        """`wide`: a margin of two modules if the code is small enough for 20 rows."""
        super().__init__(id=id)
        self._quiet = quiet
        self._may_be_wide = wide
        self._inverted = False
        self._scale = 1
        self._blocks = blocks()
        self._text: Secret | str = ""
        self._modules: list[list[bool]] = []
        self._place = (0, 0)
        self.set_text(text)

    @property
    def columns(self) -> int:
        return len(self._modules) * (1 if self._blocks else 2)

    @property
    def rows(self) -> int:
        return (len(self._modules) + 1) // 2 if self._blocks else len(self._modules)

    def fits(self, columns: int, rows: int) -> bool:
        """Whether all of it can be shown there, with a narrower margin if need be."""
        if self.columns > columns or self.rows > rows:
            self._quiet = 1
            self.set_text(self._text)
        return self.columns <= columns and self.rows <= rows

    def fill(self, columns: int, rows: int) -> None:
        """Twice as large where that fits there."""
        for self._scale in (2, 1):
            self.set_text(self._text)
            if self.columns <= columns and self.rows <= rows:
                break

    def set_text(self, text: Secret | str) -> None:
        self._text = text
        plain = unwrap(text)
        if plain:
            code = segno.make_qr(plain, error="l", boost_error=False)
            # One module of quiet zone still decodes; two are safer, where 20 rows hold them.
            small = int(code.version) <= _WITH_WIDE_MARGIN
            wide = self._blocks and self._may_be_wide and small
            border = 2 if wide else self._quiet
            matrix = code.matrix_iter(scale=self._scale, border=border)
            self._modules = [[bool(module) for module in row] for row in matrix]
        else:
            self._modules = []
        # Before there is a code its place is kept, so that nothing moves when it comes.
        size = (self.columns or _USUAL[0], self.rows or _USUAL[1])
        if size != self._place:
            self._place = size
            self.styles.width, self.styles.height = size
            self.refresh(layout=True)
        else:
            self.refresh()

    def invert(self) -> None:
        self._inverted = not self._inverted
        self.refresh()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return self.columns

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self.rows

    def render_line(self, y: int) -> Strip:
        if y >= self.rows:
            return Strip.blank(self.size.width, Style())  # NO_COLOR wants a style on everything
        if not self._blocks:
            styles = (
                _ON_DARK if dark != self._inverted else _ON_LIGHT for dark in self._modules[y]
            )
            return Strip([Segment("  ", style) for style in styles]).simplify()
        upper = self._modules[2 * y]
        # An odd number of rows ends in a half row; the quiet zone goes on below it.
        lower = self._modules[2 * y + 1] if 2 * y + 1 < len(self._modules) else [False] * len(upper)
        segments = [self._cell(top, bottom) for top, bottom in zip(upper, lower, strict=True)]
        return Strip(segments, len(upper)).simplify()

    def _cell(self, top: bool, bottom: bool) -> Segment:
        if self._inverted:
            top, bottom = not top, not bottom
        # The ground is the lower module's: what a terminal leaves between its lines belongs to it.
        return Segment(" " if top == bottom else "▀", _ON_DARK if bottom else _ON_LIGHT)
