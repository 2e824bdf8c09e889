"""Step 2, second half: the key is stored; how is it backed up?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, TypeVar, cast

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widget import Widget

from core.errors.problem import Problem
from core.journal.next_action import Action
from core.secrets import Secret
from core.step import Step
from screens.base import StepScreen
from screens.dialogs.consent import ConsentScreen
from screens.dialogs.reveal import RevealScreen
from screens.dialogs.unlock import UnlockScreen
from screens.widgets.choice import Choice
from screens.widgets.inputs import Row
from screens.widgets.line import Line

T = TypeVar("T")
_WAYS = (
    ("undecided", "not yet"),
    ("copied", "I have copied the keystore"),
    ("revealed", "show the private key to write it down"),
    ("none", "no backup"),
)


class BackupScreen(StepScreen):
    step = Step.KEYPAIR
    title_text = "Back up the key"

    choice = getters.query_one("#backup", Choice)
    note = getters.query_one("#env-note", Line)

    BINDINGS = [Binding("f7", "write_env", show=False)]

    def body(self) -> ComposeResult:
        keypair = self.state.keypair
        path = self.engine.session.folder / "keystore.json"
        yield Line("The keystore is saved and opens with your passphrase.")
        yield Line("")
        yield Line("Address")
        yield Line(f"  {keypair.address if keypair else ''}")
        yield Line("Keystore: copy this file to another machine now, for example with scp")
        yield Line(f"  {path}")
        yield Line("SHA-256 of the file, to check the copy")
        yield Line(f"  {keypair.keystore_sha256 if keypair else ''}")
        yield Line("")
        yield Row("Backup", Choice(_WAYS, self.wizard.presets.backup or "", id="backup"))
        yield Line(
            "Without a backup, a disk failure loses this identity and its bond.", classes="muted"
        )
        yield Line("", id="env-note")

    def keys(self) -> list[tuple[str, str]]:
        return [("Enter", "continue"), ("Left Right", "choose"), ("F7", "write key to .env")]

    def first_focus(self) -> Widget:
        return self.choice

    def submit(self) -> None:
        chosen = self.choice.value
        if chosen == "undecided":
            # What the receipt says about the backup is stated, not assumed.
            self.note.set_text(
                "Copy the file now. Then choose an answer with the arrow keys and press Enter."
            )
            return
        method = cast(Literal["copied", "revealed", "none"], chosen)
        if method == "copied":
            self._record(method)
        elif method == "revealed":
            self._with_key(self.engine.reveal_key, self._reveal)
        else:
            self.app.push_screen(
                ConsentScreen(
                    "Continue without a backup?",
                    [
                        "If this machine's disk fails, its identity and its bond are lost. "
                        "The receipt will show that there is no backup.",
                    ],
                    yes="Continue without a backup",
                    word="" if self.wizard.presets.backup == method else "no backup",
                ),
                lambda agreed: self._record("none") if agreed else None,
            )

    def _with_key(self, work: Callable[[], Awaitable[T]], then: Callable[[T], None]) -> None:
        """Perform `work`, which needs the key open."""
        if self.engine.unlocked:
            self.wizard.perform(work, then)
        else:
            self.app.push_screen(
                UnlockScreen(self.wizard),
                lambda opened: self.wizard.perform(work, then) if opened else None,
            )

    def _reveal(self, key: Secret) -> None:
        self.app.push_screen(
            RevealScreen(key, self.engine.clock),
            lambda done: self._record("revealed") if done else None,
        )

    def _show_env_file(self, path: Path) -> None:
        self.note.set_text(f"The key is in {path} now, unencrypted, readable for this user only.")

    def action_write_env(self) -> None:
        self.app.push_screen(
            ConsentScreen(
                "Write the private key to .env?",
                [
                    (
                        "The wizard writes PEAQOS_PRIVATE_KEY, unencrypted, for the machine's "
                        "software, to"
                    ),
                    f"  {self.engine.settings.env_file}",
                    (
                        "Anyone who can read that file, or a copy of this disk, controls the "
                        "machine and its money. Only do this if the machine's software needs it."
                    ),
                ],
                yes="Write the key",
                word="write",
            ),
            lambda agreed: self._write_env() if agreed else None,
        )

    def _write_env(self) -> None:
        self._with_key(self.engine.write_key_to_env, self._show_env_file)

    def _record(self, method: Literal["copied", "revealed", "none"]) -> None:
        self.wizard.perform(lambda: self._back_up(method))

    async def _back_up(self, method: Literal["copied", "revealed", "none"]) -> None:
        await self.engine.back_up(method)
        await self.engine.measure()

    def failed(self, problem: Problem) -> None:
        if self.engine.action is Action.MEASURE_NEED:
            self.wizard.advance()  # the backup is recorded; what failed is shown there
        else:
            super().failed(problem)


class MeasureScreen(StepScreen):
    """Between 2 and 3: the wallet is looked at, which decides what comes next."""

    step = Step.KEYPAIR
    title_text = "Check the balance"
    primary_label = "Retry"

    def body(self) -> ComposeResult:
        yield Line("Reading the wallet's balance and the amount required…")

    def on_mount(self) -> None:
        failure = self.state.failure
        # As in the frame: a fault of the line has no card, and this screen no button without one.
        if failure is None or failure.problem.code.startswith("RPC_"):
            self.submit()

    def keys(self) -> list[tuple[str, str]]:
        return [("Enter", "retry")] if self.problem else []

    def submit(self) -> None:
        self.wizard.perform(self.engine.measure)
