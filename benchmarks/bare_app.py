"""The least that a Textual program can be: what the wizard's first paint is measured against."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static


class BareApp(App[None]):
    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        yield Static("Here I am")


if __name__ == "__main__":
    BareApp().run(mouse=False)
