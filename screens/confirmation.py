"""Step 4: one code."""

from __future__ import annotations

import asyncio
import math

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widget import Widget

from core.errors.problem import Problem
from core.journal.next_action import Action
from core.services.otpauth import Enrolment
from core.step import Step
from screens.base import StepScreen
from screens.protocols import Wizard
from screens.widgets.frame import numbered
from screens.widgets.inputs import Row
from screens.widgets.line import Line
from screens.widgets.marks import marks
from screens.widgets.special_fields import CodeField

_UNCHECKED = "After a restart, the wizard cannot check codes first. A wrong code uses an attempt."


class CodeScreen(StepScreen):
    """A screen with a code field; a rehearsal shows what the simulated authenticator shows.

    While the app still shows a code that is used, the seconds until the next one count down beside
    the field. A used code that is entered all the same is no fault: a line says to wait.
    """

    code_field = getters.query_one("#code", CodeField)

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._next_code = Line(id="next-code")
        self._used_code = Line(id="used-code")
        self._entered_used = False

    def simulation_text(self) -> str:
        simulation = self.wizard.simulation
        shown = simulation.code(self.state.address or "") if simulation else None
        if shown is None:
            return ""
        code, left = shown
        half = len(code) // 2
        return f"Simulated authenticator: {code[:half]} {code[half:]}   {left:2d} s left"

    def code_row(self) -> ComposeResult:
        yield Row("Code", CodeField(id="code"), self._next_code)
        yield self._used_code

    def every_tick(self) -> None:
        super().every_tick()
        left = 0 if self.wizard.busy else math.ceil(self.engine.next_code_in)
        counts = f"Next code in {left} s" if left else ""
        self._next_code.set_text(counts, layout=False)
        self._used_code.display = self._entered_used
        if self._entered_used:
            advice = "Wait for the next code." if left else "Enter the code your app shows now."
            self._used_code.set_text(
                f"{marks().waiting} This code was already used, so it was not sent. {advice}"
            )

    def action_primary(self) -> None:
        """Where the Gas Station has forgotten the enrolment, Enter leads back to it."""
        action = self.engine.action
        elsewhere = action in (Action.ENROL, Action.CONFIRM) and action.step is not self.step
        if elsewhere and not self.wizard.busy:
            self.wizard.advance()
        else:
            super().action_primary()

    def hint(self) -> ComposeResult:
        """Say what Enter does with a code command, and what a typo costs."""
        if self.wizard.presets.code_command:
            yield Line("Press Enter to run --code-command, or type a code.")
        elif self.engine.enrolment is None:
            # The secret is in memory only, and this start has not seen it.
            yield Line(_UNCHECKED, classes="muted")

    async def code(self, typed: str) -> str:
        """What was typed, else what the code command says. Raises OnboardingError."""
        presets = self.wizard.presets
        if typed or not presets.code_command:
            return typed
        store, left = self.engine.session.store, self.engine.next_code_in
        if left:
            with store.waiting("Waiting for the next code", usual=left):
                await self.engine.clock.sleep(left)
        with store.waiting("Running --code-command"):
            return await asyncio.to_thread(presets.code) or ""

    def failed(self, problem: Problem) -> None:
        self.code_field.value = ""
        self._entered_used = problem.code == "CODE_USED"
        if self._entered_used:
            self.add_class("with-problem")  # makes room for the line
            self.tick()
        else:
            super().failed(problem)

    def busy_changed(self, busy: bool) -> None:
        if busy:
            self._entered_used = False
        super().busy_changed(busy)
        self.code_field.disabled = busy
        if not busy and self.code_field.display:
            self.code_field.focus()


class ConfirmationScreen(CodeScreen):
    step = Step.CONFIRMATION
    title_text = numbered(step)
    primary_label = "Confirm"

    attempts = getters.query_one("#attempts", Line)

    BINDINGS = [
        Binding("f3", "other_method", show=False),
        Binding("f5", "renew", show=False),
        Binding("escape", "renew", show=False),
    ]

    def body(self) -> ComposeResult:
        yield Line(_description_of_code(self.engine.enrolment))
        yield Line("")
        yield from self.code_row()
        yield from self.hint()
        yield Line("", id="attempts")

    def keys(self) -> list[tuple[str, str]]:
        return [("Enter", "confirm"), ("Esc", "show the QR code"), ("F3", "other method")]

    def first_focus(self) -> Widget:
        return self.code_field

    def every_tick(self) -> None:
        super().every_tick()
        refused = self.state.invalid_codes
        times = "once" if refused == 1 else f"{refused} times"
        locked = self.problem is not None and self.problem.code == "2FA_LOCKED"
        self.attempts.display = bool(refused) and not locked
        again = " Press Esc for a new QR code." if refused > 1 else ""
        self.attempts.set_text(
            (
                f"\nThe Gas Station has rejected a code {times}. It locks after several wrong "
                f"codes.{again}"
            )
            if refused
            else ""
        )

    def submit(self) -> None:
        typed = self.code_field.value
        self.wizard.perform(lambda: self._confirm(typed))

    async def _confirm(self, typed: str) -> None:
        await self.engine.confirm(await self.code(typed))

    def action_renew(self) -> None:
        """Return to the QR code; without the secret in memory, request a new one."""
        self.wizard.go_back()

    def action_other_method(self) -> None:
        other = next(way for way in self.engine.ways if way != "gas-station")
        self.wizard.perform(lambda: self.engine.choose_funding_method(other))


def _description_of_code(enrolment: Enrolment | None) -> str:
    """By the entry's own parameters, while they are known; else what nearly all of them are."""
    digits = {7: "seven", 8: "eight"}.get(enrolment.digits if enrolment else 6, "six")
    period = enrolment.period if enrolment else 30
    return (
        f"Enter the {digits}-digit code that the app shows for this machine. It changes "
        f"every {period} seconds."
    )
