"""The thing to press: a filled field in full colours, brackets where a terminal has its own."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Button

_BRACKETS = ("[ ", " ]")


class ActionButton(Button, inherit_css=False):
    """A button on one line that reads as one without any colour.

    Its looks are all in style.tcss: the many of a Button take longer to read than all of those.
    """

    def __init__(self, label: str, *, id: str) -> None:
        super().__init__(label, id=id, compact=True)

    def render(self) -> Content:
        label = Content(str(self.label))
        if not self.app.current_theme.ansi:
            return label
        before, after = _BRACKETS
        return Content.assemble(before, label, after)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return self.render().cell_length + 2  # as Button has it: a space at both ends
