"""A QR code alone on the screen, or what it says in letters."""

from __future__ import annotations

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from core.secrets import Secret
from screens.widgets.line import Line
from screens.widgets.qr import QrCode


class QrScreen(ModalScreen[None]):
    """The code alone, with a wider margin, on the whole screen."""

    CSS_PATH = "../later.tcss"

    code = getters.query_one(QrCode)
    letters = getters.query_one("#qr-letters", Line)
    key_line = getters.query_one("#qr-keys", Line)

    BINDINGS = [
        Binding("escape,enter,f4", "close", show=False),
        Binding("f6", "invert", show=False),
        Binding("f7", "letters", show=False),
    ]

    def __init__(self, text: Secret | str, letters: str) -> None:
        """`letters`: what is typed over where the code cannot be scanned."""
        super().__init__()
        self._text = text
        self._letters = letters
        self._in_letters = False

    def compose(self) -> ComposeResult:
        with Vertical(id="qr-full"):
            yield QrCode(self._text, quiet=2, id="qr-large")
            yield Line("", id="qr-letters")
            yield Line("", id="qr-keys", classes="muted")

    def on_mount(self) -> None:
        self._show()

    def on_resize(self) -> None:
        self._show()

    def _show(self) -> None:
        code, letters = self.code, self.letters
        columns, rows = self.app.size
        code.fill(columns, rows - 1)
        fits = code.fits(columns, rows - 1)
        code.display = fits and not self._in_letters
        letters.display = not code.display
        why = "" if fits else f"The code needs a window of {code.columns}x{code.rows + 1}.\n\n"
        letters.set_text(f"{why}{self._letters}\n")
        if code.display:
            keys = "Esc back   F6 swap dark and light   F7 in letters"
        else:
            keys = "Esc back   F7 as a code" if fits else "Esc back"
        self.key_line.set_text(keys)

    def action_letters(self) -> None:
        self._in_letters = not self._in_letters
        self._show()

    def action_close(self) -> None:
        self.dismiss(None)

    def action_invert(self) -> None:
        self.code.invert()
