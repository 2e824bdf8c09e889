"""Step 2, second half: the key is stored; how is it backed up?"""

from __future__ import annotations

import getpass
import shlex
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, TypeVar, cast

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widget import Widget

from core.errors.problem import Problem
from core.journal.next_action import Action
from core.secrets import Secret
from core.step import Step
from screens.base import StepScreen
from screens.base.frame import Keys
from screens.dialogs.consent import ConsentScreen
from screens.dialogs.reveal import RevealScreen
from screens.dialogs.unlock import UnlockScreen
from screens.widgets.choice import Choice
from screens.widgets.frame import numbered
from screens.widgets.inputs import Row
from screens.widgets.line import Line

T = TypeVar("T")
_WAYS = (
    ("copied", "I copied the keystore", "and compared the checksum"),
    ("revealed", "show the private key", "to write it down"),
    ("none", "no backup", "a disk failure loses the bond"),
)


class BackupScreen(StepScreen):
    step = Step.KEYPAIR
    title_text = numbered(step, "backup")

    choice = getters.query_one("#backup", Choice)
    note = getters.query_one("#env-note", Line)

    BINDINGS = [Binding("f12", "write_env", show=False)]

    def body(self) -> ComposeResult:
        keypair = self.state.keypair
        path = self.engine.session.folder / "keystore.json"
        yield Line("The keystore is saved and opens with your passphrase.")
        yield Line("")
        yield Line("On another machine, copy the keystore and compare its SHA-256:")
        yield Line(f"  scp {_source(path)} .")
        yield Line("  sha256sum keystore.json")
        yield Line(f"  {keypair.keystore_sha256 if keypair else ''}")
        yield Line(f"Address {keypair.address if keypair else ''}")
        yield Line("", classes="muted")
        backup = Choice(_WAYS, self.wizard.presets.backup or "", id="backup", ask=True)
        yield Row("Backup", backup)
        yield Line("", id="env-note")

    def keys(self) -> list[tuple[str, str]]:
        return [("Enter", "continue")] if self.choice.value else []

    def help_keys(self) -> Keys:
        # Not in the footer: it writes the key in clear text.
        return [*super().help_keys(), ("F12", "write the private key to .env, unencrypted")]

    def first_focus(self) -> Widget:
        return self.choice

    def on_mount(self) -> None:
        self._answered()

    @on(Choice.Changed, "#backup")
    def _answered(self) -> None:
        self.primary.disabled = not self.choice.value
        self.note.set_text("")
        self.tick()

    def busy_changed(self, busy: bool) -> None:
        super().busy_changed(busy)
        self.primary.disabled = busy or not self.choice.value

    def submit(self) -> None:
        chosen = self.choice.value
        if not chosen:
            # What the receipt says about the backup is stated, not assumed.
            self.note.set_text("Choose an answer with the arrow keys, then press Enter.")
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


def _source(path: Path) -> str:
    """`USER@HOST:PATH`, as far as this machine knows its own name."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no such user in the password database
        user = "USER"
    return f"{user}@{socket.gethostname() or 'HOST'}:{shlex.quote(str(path.resolve()))}"


class MeasureScreen(StepScreen):
    """Between 2 and 3: the wizard reads the balance, which decides what comes next."""

    step = Step.KEYPAIR
    title_text = numbered(step, "balance")
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
