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
    ("copied", "I have copied the file"),
    ("revealed", "show me the key, I write it down"),
    ("none", "no backup"),
)


class BackupScreen(StepScreen):
    step = Step.KEYPAIR
    title_text = "Keep a copy of the key"

    choice = getters.query_one("#backup", Choice)
    note = getters.query_one("#env-note", Line)

    BINDINGS = [Binding("f7", "write_env", show=False)]

    def body(self) -> ComposeResult:
        keypair = self.state.keypair
        path = self.engine.session.folder / "keystore.json"
        yield Line("The key is stored, was read back, and opens with your passphrase.")
        yield Line("")
        yield Line("Its address")
        yield Line(f"  {keypair.address if keypair else ''}")
        yield Line("Its file, to be copied to another place now, e.g. with scp or a stick")
        yield Line(f"  {path}")
        yield Line("The file's sha256, to compare the copy with")
        yield Line(f"  {keypair.keystore_sha256 if keypair else ''}")
        yield Line("")
        yield Row("Backup", Choice(_WAYS, self.wizard.presets.backup or "", id="backup"))
        yield Line("If this machine breaks without a copy, its bond is lost.", classes="muted")
        yield Line("", id="env-note")

    def keys(self) -> list[tuple[str, str]]:
        return [("Enter", "go on"), ("Left Right", "choose"), ("F7", "key into .env")]

    def first_focus(self) -> Widget:
        return self.choice

    def submit(self) -> None:
        chosen = self.choice.value
        if chosen == "undecided":
            # What the receipt says about the backup is stated, not assumed.
            self.note.set_text(
                "Copy the file now; then choose the answer with the arrow keys, and press Enter."
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
                    "Without a backup",
                    [
                        "If the disk of this machine fails, its identity and the bond are gone. "
                        "The receipt will say that there is no backup.",
                    ],
                    yes="Go on without",
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
                "Write the key into .env?",
                [
                    "PEAQOS_PRIVATE_KEY goes unencrypted, for the machine's own software, into",
                    f"  {self.engine.settings.env_file}",
                    "Whoever reads that file, or a copy of this disk, has the machine and its "
                    "money. Only do it where it is needed.",
                ],
                yes="Write it",
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
    title_text = "Looking at the wallet"
    primary_label = "Try again"

    def body(self) -> ComposeResult:
        yield Line("The network is asked what this wallet holds, and what is needed.")

    def on_mount(self) -> None:
        failure = self.state.failure
        # As in the frame: a fault of the line has no card, and this screen no button without one.
        if failure is None or failure.problem.code.startswith("RPC_"):
            self.submit()

    def keys(self) -> list[tuple[str, str]]:
        return [("Enter", "try again")] if self.problem else []

    def submit(self) -> None:
        self.wizard.perform(self.engine.measure)
