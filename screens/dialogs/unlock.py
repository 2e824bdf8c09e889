"""Ask for the passphrase that opens the keystore."""

from __future__ import annotations

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from core.errors.problem import OnboardingError
from core.errors.surfaces import SCREEN
from core.secrets import Secret
from screens.protocols import Wizard
from screens.widgets.inputs import Row
from screens.widgets.line import Line
from screens.widgets.special_fields import SecretField


class UnlockScreen(ModalScreen[bool]):
    """Ask for the keystore's passphrase; True once it is open, False if the user goes back.

    A preset one is tried first, and nothing is asked if it is right.
    """

    CSS_PATH = "../later.tcss"

    BINDINGS = [Binding("escape", "refuse", show=False)]

    field = getters.query_one(SecretField)
    note = getters.query_one("#consent-note", Line)

    def __init__(self, wizard: Wizard) -> None:
        super().__init__()
        self._engine = wizard.engine
        self._presets = wizard.presets
        self._trying_preset = False
        """Whether the passphrase being tried is the preset one."""

    def compose(self) -> ComposeResult:
        with Vertical(id="consent"):
            yield Line("Enter the passphrase", id="title")
            yield Line("The wizard needs the key now. You enter the passphrase once per run.")
            yield Line("")
            yield Row("Passphrase", SecretField(id="unlock-passphrase"))
            yield Line("", id="consent-note")
            yield Line("Enter opens the keystore, Esc goes back.", classes="muted")

    def on_mount(self) -> None:
        self.field.focus()
        try:
            preset = self._presets.passphrase()
        except OnboardingError as error:
            self.note.set_text(error.problem.cause)
            return
        if preset:
            self._trying_preset = True
            self._open_with(preset)

    @property
    def opening(self) -> bool:
        """Whether a passphrase is being tried."""
        return self.is_mounted and self.field.disabled

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.field.disabled:
            return
        passphrase = Secret(self.field.value)
        self.field.value = ""
        self._open_with(passphrase)

    def _open_with(self, passphrase: Secret) -> None:
        self.field.disabled = True
        self.note.set_text("Decrypting the keystore…")
        self.run_worker(self._unlock(passphrase), exit_on_error=False)

    async def _unlock(self, passphrase: Secret) -> None:
        try:
            await self._engine.unlock(passphrase)
        except OnboardingError as error:
            problem = error.problem
            self.field.disabled = False
            if self._trying_preset and error.code == "PASSPHRASE_WRONG":
                self._presets.refuse_passphrase()
                self.note.set_text(
                    "The passphrase in --passphrase-file does not open the keystore. Enter the "
                    "right one."
                )
            else:
                self.note.set_text(f"{problem.title}. {problem.cause} {problem.remedy(SCREEN)}")
            self._trying_preset = False
            self.field.focus()
        else:
            self.dismiss(True)

    def action_refuse(self) -> None:
        if not self.field.disabled:
            self.dismiss(False)
