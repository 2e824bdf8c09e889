"""Another terminal asks for this machine: hand over, or stay."""

from __future__ import annotations

import time

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.widgets.line import Line

QUIET = 1.5
"""Seconds without a key before Enter counts: somebody may be typing when the question comes."""


class TakeoverScreen(ModalScreen[bool]):
    """True where the wizard is to end here, and to go on over there; False where it stays.

    An Enter that was meant for the screen below does nothing.
    """

    CSS_PATH = "later.tcss"

    BINDINGS = [Binding("escape", "refuse", show=False), Binding("enter", "agree", show=False)]

    def __init__(self, asker: str, at: str) -> None:
        super().__init__()
        self._asker = asker
        self._at = at
        self._ready = 0.0

    def compose(self) -> ComposeResult:
        with Vertical(id="consent"):
            yield Line("Another terminal asks to take over", id="title")
            yield Line(f"  {self._asker}")
            yield Line(f"  since {self._at}")
            yield Line("")
            yield Line(
                "If you agree, the wizard ends here and goes on there. Everything is recorded; "
                "nothing is lost or done twice."
            )
            yield Line("", id="consent-note")
            yield Line("Enter hands over, Esc stays here.", classes="muted")

    def on_mount(self) -> None:
        self._ready = time.monotonic() + QUIET

    def on_key(self, event: events.Key) -> None:
        if event.key not in ("enter", "escape"):
            self._ready = time.monotonic() + QUIET

    def action_agree(self) -> None:
        if time.monotonic() < self._ready:
            self._ready = time.monotonic() + QUIET
            self.query_one("#consent-note", Line).say("Press Enter once more to hand over.")
            return
        self.dismiss(True)

    def action_refuse(self) -> None:
        self.dismiss(False)


class EndingScreen(ModalScreen[None]):
    """It was agreed; what is under way comes to its end first."""

    CSS_PATH = "later.tcss"

    def compose(self) -> ComposeResult:
        with Vertical(id="consent"):
            yield Line("Handing over", id="title")
            yield Line("What is under way is recorded first. This takes a few seconds.")
