"""Every later start: what is open is settled and compared with the network, then on it goes."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding

from core.errors.problem import Problem
from core.journal.next_action import next_action
from core.step import Step
from screens.base import StepScreen
from screens.dialogs.settings import SettingsScreen
from screens.dialogs.unlock import UnlockScreen
from screens.protocols import Wizard
from screens.widgets.line import Line


class ResumeScreen(StepScreen):
    BINDINGS = [Binding("f2", "settings", show=False)]

    title_text = "Welcome back"
    primary_label = "Retry"

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self.step = next_action(self.state).step or Step.ENVIRONMENT

    def body(self) -> ComposeResult:
        yield Line(
            f"You were at step {self.step.value} of {len(Step)}: {self.step.info.title}. "
            "Checking the network for the current state. Completed steps are not repeated."
        )
        for warning in self.engine.session.warnings:
            yield Line(f"\n{warning}", classes="muted")

    def keys(self) -> list[tuple[str, str]]:
        again = [("Enter", "retry")] if self.problem else []
        return [*again, ("F2", "settings")]

    def on_mount(self) -> None:
        self.show_problem(None)
        self.submit()

    def action_settings(self) -> None:
        self.app.push_screen(SettingsScreen(self.wizard, lambda _: self.submit()))

    def failed(self, problem: Problem) -> None:
        super().failed(problem)
        if problem.code == "TRANSACTION_LATE" and not self.engine.unlocked:
            # With the key open, a transaction that is stuck can be given a higher fee.
            self.app.push_screen(
                UnlockScreen(self.wizard), lambda opened: self.submit() if opened else None
            )

    def submit(self) -> None:
        self.wizard.perform(self.engine.reconcile)
