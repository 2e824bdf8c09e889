"""The problem card of a step: when it appears, when it goes, and what it makes Enter do."""

from __future__ import annotations

from textual import events, on
from textual.widget import Widget
from textual.widgets import Input

from core.errors.problem import Problem
from screens.base.frame import FrameScreen, Keys
from screens.protocols import Wizard
from screens.widgets.inputs import Field

HELD_BACK = ("RATE_LIMITED", "2FA_LOCKED", "CAP_EXCEEDED_OWNER", "CAP_EXCEEDED_WALLET")
"""The Gas Station may count an early attempt against the owner."""
TYPED = (
    "DATA_API_INVALID",
    "DOCUMENTATION_URL_INVALID",
    "PASSPHRASES_DIFFER",
    "PASSPHRASE_EMPTY",
    "PASSPHRASE_LONG",
    "PASSPHRASE_UNREADABLE",
    "PASSPHRASE_WRONG",
    "PRIVATE_KEY_INVALID",
)
"""Problems with what was typed: over once something else is typed."""
_SEE_FEE = "Show the new fee"


class ProblemScreen(FrameScreen):
    """A frame with a card for the problem of the step."""

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._usual_label = self.primary_label
        self._refused: dict[Input, str] = {}
        """The values of the fields when the card appeared."""

    @property
    def problem(self) -> Problem | None:
        """The problem that the card shows."""
        return self.card.problem

    def fee_is_asked(self, problem: Problem) -> bool:
        """Whether Enter asks first to agree to a higher fee."""
        return problem.code == "FEE_TOO_HIGH"

    def waits_for(self, problem: Problem) -> bool:
        """Whether Enter does nothing until the problem's time is over.

        Only where an earlier attempt would cost something.
        """
        return problem.code in HELD_BACK

    def all_keys(self) -> Keys:
        keys = super().all_keys()
        if self.problem and self.fee_is_asked(self.problem):
            keys = [("Enter", _SEE_FEE.lower()), *(key for key in keys if key[0] != "Enter")]
        return keys

    def show_problem(self, problem: Problem | None) -> None:
        """Show the card, or hide it if there is no problem."""
        self.card.show(problem, self.engine.clock.now())
        # Notes make room, so that remedy and button fit 80x24.
        self.set_class(problem is not None, "with-problem")
        label = str(self.primary.label)
        if problem and self.fee_is_asked(problem):
            self._usual_label = self._usual_label if label == _SEE_FEE else label
            self.set_primary_label(_SEE_FEE)
        elif label == _SEE_FEE:
            self.set_primary_label(self._usual_label)
        self._refused = {field: field.value for field in self.query(Field)}
        self.tick()  # what Enter does now
        if problem:
            self.call_after_refresh(self.card.scroll_visible)

    def show_recorded_problem(self) -> None:
        """Show the failure that the journal holds for this step."""
        failure = self.state.failure
        # A network error is not shown again: the network was asked just now, or will be at Enter.
        if failure and failure.step is self.step and not failure.problem.code.startswith("RPC_"):
            self.show_problem(failure.problem)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Name a mistake as soon as its field is left."""
        found = self.fault_in(event.widget)
        if found is not None and self.problem is None:
            self.show_problem(found)

    def fault_in(self, widget: Widget) -> Problem | None:
        """What is wrong with the value of that field, as far as this machine can tell."""
        return None

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        now = event.input.value
        if not now:
            self._refused[event.input] = ""
        elif now == self._refused.get(event.input):
            pass  # typed before the Enter that was refused: Enter is faster than this
        elif self.problem and self.problem.code in TYPED:
            self.show_problem(None)
