"""The private key on a cleared screen, for two minutes; then a part of it is typed back."""

from __future__ import annotations

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from core.clock import Clock
from core.secrets import Secret
from core.text import grouped
from screens.widgets.inputs import Field, Row
from screens.widgets.line import Line

SECONDS = 120
"""For how long the key is on the screen."""
_TYPED_BACK = 6
"""Characters."""


class RevealScreen(ModalScreen[bool]):
    """True once the last six characters were typed back from what was written down."""

    BINDINGS = [Binding("escape", "refuse", show=False)]

    revealed = getters.query_one("#revealed", Line)
    time_left = getters.query_one("#reveal-left", Line)
    typed_back = getters.query_one("#typed-back", Field)
    note = getters.query_one("#consent-note", Line)

    def __init__(self, key: Secret, clock: Clock) -> None:
        super().__init__()
        self._key = key
        self._clock = clock
        self._ends = clock.monotonic() + SECONDS

    def compose(self) -> ComposeResult:
        with Vertical(id="consent"):
            yield Line("Write this key down on paper", id="title")
            yield Line("Anyone with these 64 characters controls the machine and its money.")
            yield Line("")
            yield Line(_in_rows(self._key), id="revealed")
            yield Line("", id="reveal-left")
            yield Line("")
            yield Row("Last six", Field(id="typed-back", max_length=12))
            yield Line("", id="consent-note")
            yield Line("Enter checks, Esc goes back.", classes="muted")

    def on_mount(self) -> None:
        self.typed_back.focus()
        self.set_interval(1.0, self._tick)
        self._tick()

    def _tick(self) -> None:
        left = self._ends - self._clock.monotonic()
        if left > 0:
            self.time_left.set_text(f"Hidden in {left:2.0f} s", layout=False)
        else:
            self.revealed.set_text("The key is hidden now.")
            self.time_left.set_text(
                "Enter its last six characters from your paper. Esc shows the key again."
            )

    @on(Input.Submitted)
    def _compare(self, event: Input.Submitted) -> None:
        event.stop()
        typed = "".join(event.value.split()).lower()
        if typed == self._key.reveal()[-_TYPED_BACK:]:
            self.dismiss(True)
            return
        event.input.value = ""
        self.note.set_text(
            "The last six characters do not match. Check your paper and enter them again."
        )

    def action_refuse(self) -> None:
        self.dismiss(False)


def _in_rows(key: Secret) -> str:
    digits = key.reveal().removeprefix("0x")
    return "\n".join(f"  {grouped(digits[i : i + 16])}" for i in range(0, len(digits), 16))
