"""One of a few answers, on one line: arrows, space or the first letters change it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from screens.widgets.marks import marks


class Choice(Widget, can_focus=True):
    """`value` is one of the keys of `options`; their titles are what is shown."""

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
        self, options: Sequence[tuple[str, str]], value: str = "", *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._options = list(options)
        self._typed = ""
        known = {key for key, _ in self._options}
        self.set_reactive(Choice.value, value if value in known else self._options[0][0])

    def render(self) -> Content:
        title = dict(self._options).get(self.value, self.value)
        signs = marks()
        style = "bold reverse" if self.has_focus else "bold"
        place = [key for key, _ in self._options].index(self.value) + 1
        return Content.assemble(
            f"{signs.left} ",
            Content.styled(f" {title} ", style),
            f" {signs.right}",
            Content.styled(f"  {place} of {len(self._options)}", "$quiet"),
        )

    def validate_value(self, value: str) -> str:
        return value if any(value == key for key, _ in self._options) else self.value

    def watch_value(self) -> None:
        self.post_message(self.Changed(self))

    def action_turn(self, by: int) -> None:
        keys = [key for key, _ in self._options]
        self.value = keys[(keys.index(self.value) + by) % len(keys)]

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
            for key, title in self._options:
                if key.lower().startswith(typed) or title.lower().startswith(typed):
                    self._typed, self.value = typed, key
                    event.stop()
                    return
