"""One of a few answers: a list with hints, or one line where the window is small."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from screens.widgets.marks import marks

LIST_ROWS = 24
"""Rows of the window from which on the answers stand one below the other."""
LIST_COLUMNS = 72
"""Columns of the window from which on a hint fits beside an answer."""
NOT_CHOSEN = "not chosen yet"

Option = tuple[str, str, str]
"""Key, title and hint of an answer."""


class Choice(Widget, can_focus=True):
    """`value` is one of the keys of `options`. With `ask`, it is empty until the user chooses.

    `rows`: the height of the window from which on all answers are shown.
    """

    BINDINGS = [
        Binding("left,up", "turn(-1)", show=False),
        Binding("right,down,space", "turn(1)", show=False),
        Binding("enter", "submit", show=False),
    ]

    value: reactive[str] = reactive("", layout=True)

    class Changed(Message):
        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> Choice:
            return self.choice

    class Submitted(Message):
        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(
        self,
        options: Sequence[Option],
        value: str = "",
        *,
        id: str | None = None,
        ask: bool = False,
        rows: int = LIST_ROWS,
    ) -> None:
        super().__init__(id=id)
        self._options = list(options)
        self._rows = rows
        self._typed = ""
        known = {key for key, _, _ in self._options}
        first = "" if ask else self._options[0][0]
        self.set_reactive(Choice.value, value if value in known else first)

    @property
    def as_list(self) -> bool:
        """Whether all answers are shown."""
        columns, rows = self.app.size
        return rows >= self._rows and columns >= LIST_COLUMNS

    @property
    def keys(self) -> list[str]:
        return [key for key, _, _ in self._options]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._options) if self.as_list else 1

    def render(self) -> Content:
        return self._list() if self.as_list else self._one_line()

    def _one_line(self) -> Content:
        signs = marks()
        if self.value:
            title = {key: title for key, title, _ in self._options}[self.value]
            place = f"{self.keys.index(self.value) + 1} of {len(self._options)}"
        else:
            title, place = NOT_CHOSEN, f"{len(self._options)} answers"
        style = "bold reverse" if self.has_focus else "bold"
        return Content.assemble(
            f"{signs.left} ",
            Content.styled(f" {title} ", style),
            f" {signs.right}",
            Content.styled(f"  {place}", "$faint"),
        )

    def _list(self) -> Content:
        widest = max(len(title) for _, title, _ in self._options)
        chosen = "bold reverse" if self.has_focus else "bold"
        rows = []
        for key, title, hint in self._options:
            here = key == self.value
            rows.append(
                Content.assemble(
                    Content.styled(f"{marks().current} " if here else "  ", "bold $accent"),
                    Content.styled(f" {title} ", chosen if here else ""),
                    " " * (widest - len(title) + 1),
                    Content.styled(hint, "$faint"),
                )
            )
        return Content("\n").join(rows)

    def validate_value(self, value: str) -> str:
        return value if value in self.keys else self.value

    def watch_value(self) -> None:
        self.post_message(self.Changed(self))

    def action_turn(self, by: int) -> None:
        if not self.value:
            self.value = self.keys[0 if by > 0 else -1]
            return
        self.value = self.keys[(self.keys.index(self.value) + by) % len(self._options)]

    def action_submit(self) -> None:
        self.post_message(self.Submitted(self))

    def on_focus(self) -> None:
        self._typed = ""
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        """Typing the beginning of an answer chooses it."""
        character = event.character
        if not character or not character.isalpha():
            return
        for typed in (self._typed + character.lower(), character.lower()):
            for key, title, _ in self._options:
                if key.lower().startswith(typed) or title.lower().startswith(typed):
                    self._typed, self.value = typed, key
                    event.stop()
                    return
