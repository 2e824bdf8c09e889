"""Text that is shown unchanged: no markup, no control characters."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Line(Static):
    """A Static that never interprets what it shows."""

    def __init__(
        self, text: str | Content = "", *, id: str | None = None, classes: str = ""
    ) -> None:
        super().__init__(_literal(text), id=id, classes=classes or None, markup=False)
        self._shown: str | Content = text

    def set_text(self, text: str | Content, *, layout: bool = True) -> None:
        """Show `text`; write nothing to the terminal if it is shown already.

        `layout=False` for text of the same size, such as a countdown: it costs far fewer bytes.
        """
        if text != self._shown:
            self._shown = text
            self.update(_literal(text), layout=layout)


def _literal(text: str | Content) -> Content:
    return text if isinstance(text, Content) else Content(text)
