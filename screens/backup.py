"""Step 2, second half: the key is stored; how is it backed up?"""

from __future__ import annotations

from typing import Literal, cast

from textual.app import ComposeResult
from textual.widget import Widget

from core.steps import Step
from screens.base import StepScreen
from screens.consent import ConsentScreen
from screens.widgets.choice import Choice
from screens.widgets.inputs import Row
from screens.widgets.line import Line

_WAYS = (
    ("copied", "I have copied the file"),
    ("none", "no backup"),
)


class BackupScreen(StepScreen):
    step = Step.KEYPAIR
    title_text = "Keep a copy of the key"

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
        yield Row("Backup", Choice(_WAYS, id="backup"))
        yield Line("If this machine breaks without a copy, its bond is lost.", classes="muted")

    def first_focus(self) -> Widget:
        return self.query_one("#backup")

    def go(self) -> None:
        way = cast(Literal["copied", "none"], self.query_one("#backup", Choice).value)
        if way == "copied":
            self._record(way)
            return
        self.app.push_screen(
            ConsentScreen(
                "Without a backup",
                [
                    "If the disk of this machine fails, its identity and the bond are gone.",
                    "The receipt will say that there is no backup.",
                ],
                yes="Go on without",
                word="no backup",
            ),
            lambda agreed: self._record(way) if agreed else None,
        )

    def _record(self, way: Literal["copied", "none"]) -> None:
        self.wizard.perform("back up", lambda: self.engine.back_up(way))


class MeasureScreen(StepScreen):
    """Between 2 and 3: the wallet is looked at, which decides what comes next."""

    step = Step.KEYPAIR
    title_text = "Looking at the wallet"
    primary_label = "Try again"

    def body(self) -> ComposeResult:
        yield Line("The network is asked what this wallet holds, and what is needed.")

    def on_mount(self) -> None:
        self.go()

    def keys(self) -> list[tuple[str, str]]:
        return [("Enter", "try again")]

    def go(self) -> None:
        self.wizard.perform("measure", self.engine.measure)
