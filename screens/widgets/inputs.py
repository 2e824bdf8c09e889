"""Fields for a console: no blinking, forgiving of pastes, the same keys everywhere."""

from __future__ import annotations

import time

from textual import events
from textual.binding import Binding
from textual.containers import ScrollableContainer
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

_PASTE_ENTER_SECONDS = 0.25
"""A carriage return this soon after a paste came with it; nobody types that fast."""

_ACTIONS = {
    binding.key: binding.action
    for keys in (ScrollableContainer.BINDINGS, Input.BINDINGS)
    for binding in Binding.make_bindings(keys)
}
"""What the keys of an Input do."""


class Field(Input, inherit_css=False):
    """A one-line input that takes pastes with white space around them. Its looks are all in
    style.tcss.
    """

    COMPONENT_CLASSES = Input.COMPONENT_CLASSES

    def __init__(
        self,
        value: str = "",
        *,
        id: str,
        placeholder: str = "",
        max_length: int = 0,
        disabled: bool = False,
        secret: bool = False,
    ) -> None:
        """`max_length`: characters, 0 for any number. `secret`: show dots."""
        # The value may come from the environment or a file: foreign text too.
        super().__init__(
            "".join(char for char in value if char.isprintable()),
            id=id,
            placeholder=placeholder,
            max_length=max_length,
            disabled=disabled,
            password=secret,
            compact=True,
            select_on_focus=False,
        )
        self.cursor_blink = False
        self._pasted_at = -1.0

    def on_mount(self) -> None:
        self.cursor_position = len(self.value)

    def tidy(self, text: str) -> str:
        """Normalise pasted text: one line, printable characters only."""
        return " ".join("".join(char if char.isprintable() else " " for char in text).split())

    def on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(self.tidy(event.text)[: self.max_length or 4096])
        self._pasted_at = time.monotonic()

    async def on_key(self, event: events.Key) -> None:
        """Keys in the order in which they were typed, also in a burst on a slow line.

        They act at once, and not when they have bubbled up to the screen: what was typed after
        them is still in this field's queue. After Tab and Enter it belongs to where the focus is
        then; after Backspace or an arrow it would be put in first, and what is in the field would
        not be what was typed: behind dots, nobody sees that.
        """
        focused = self.screen.focused
        if focused is not None and focused is not self:
            focused.post_message(events.Key(event.key, event.character))
        elif event.key == "tab":
            self.screen.focus_next()
        elif event.key == "shift+tab":
            self.screen.focus_previous()
        elif event.key == "enter":
            await self.action_submit()
        elif not event.is_printable and event.key in _ACTIONS:
            await self.run_action(_ACTIONS[event.key])
        else:
            return  # it is text: Input takes it
        event.prevent_default()
        event.stop()

    async def action_submit(self) -> None:
        # Over a link without bracketed paste the trailing line break arrives as Enter.
        if time.monotonic() - self._pasted_at < _PASTE_ENTER_SECONDS:
            return
        submit_field = getattr(self.screen, "submit_field", None)
        if submit_field is not None:
            submit_field(self)
        else:
            await super().action_submit()


class Row(Widget):
    """A label, its field and the widgets `beside` it, on one line; where that is too narrow
    (style.tcss), on two.

    The label is what the row itself shows, beside its child: it is the row that knows whether the
    keys go there, also where a terminal has no colours for a field.
    """

    def __init__(self, label: str, field: Widget, *beside: Widget, id: str | None = None) -> None:
        super().__init__(field, *beside, id=id)
        self._label = label
        self._style = "$muted"

    def render(self) -> Content:
        return Content.styled(self._label, self._style)

    def on_descendant_focus(self) -> None:
        self._style = "bold $foreground"
        self.refresh()

    def on_descendant_blur(self) -> None:
        self._style = "$muted"
        self.refresh()
