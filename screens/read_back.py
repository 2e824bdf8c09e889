"""Step 7 of an activation: read the machine back. Signs only the removal of an allowance."""

from __future__ import annotations

from textual import getters
from textual.app import ComposeResult
from textual.widget import Widget

from core.amounts import format_peaq
from core.journal.activation_narrative import day_of
from core.journal.activation_state import ActivationState
from core.journal.next_action import Action
from core.journal.state import State
from core.step import Step
from screens.base import StepScreen
from screens.dialogs.unlock import UnlockScreen
from screens.widgets.choice import Choice
from screens.widgets.frame import numbered
from screens.widgets.inputs import Row
from screens.widgets.line import Line
from screens.widgets.peaq_id import two_rows
from screens.widgets.phases import Phases

_ANSWERS = (
    ("keep", "leave it", "it costs nothing"),
    ("revoke", "set it back to 0", "for the fee of one transaction"),
)


class ReadBackScreen(StepScreen):
    step = Step.MACHINE_NFT
    title_text = numbered(step)

    renewal = getters.query_one("#renewal", Line)
    left = getters.query_one("#allowance-left", Line)
    row = getters.query_one("#allowance", Row)
    choice = getters.query_one("#revoke", Choice)
    phases = getters.query_one("#phases", Phases)

    def body(self) -> ComposeResult:
        activated = self._activation.activated
        yield Line("The machine is activated.")
        yield Line(two_rows(activated.machine_id) if activated else "")
        yield Line("", id="renewal")
        yield Line("", id="allowance-left")
        yield Row("Allowance", Choice(_ANSWERS, id="revoke"), id="allowance")
        yield Phases(id="phases")

    @property
    def _activation(self) -> ActivationState:
        return self.state.activation or ActivationState()

    @property
    def _asks(self) -> bool:
        """Whether there is an allowance to decide about."""
        return self.engine.action is Action.FINISH and self._activation.allowance_left > 0

    def keys(self) -> list[tuple[str, str]]:
        return [("Enter", "continue" if self._asks else "check again")]

    def first_focus(self) -> Widget:
        return self.choice if self._asks else self.primary

    def on_mount(self) -> None:
        self._show()
        if self.state.failure is None:
            self._go_on()

    def state_changed(self, state: State) -> None:
        super().state_changed(state)
        self._show()

    def _show(self) -> None:
        ends = self._activation.renew_before
        if ends is not None:
            self.renewal.set_text(f"\nRenew it before {day_of(ends)}: peaq-onboard renew")
        self.row.display = self.left.display = self._asks
        if self._asks:
            amount = format_peaq(self._activation.allowance_left)
            token = self.engine.settings.network.token
            self.left.set_text(
                f"\nMachineSubscription may still take {amount} {token} from this wallet."
            )
        self.phases.show(self.state)

    def _go_on(self) -> None:
        if self.engine.action is Action.READ_BACK:
            self.wizard.perform(self.engine.read_back, self._read)
        elif self._asks:
            self.call_after_refresh(self.focus_first)
        else:
            self.wizard.perform(self.engine.finish, lambda _: self.advance())

    def _read(self, _: None) -> None:
        self.show_problem(None)
        self._show()
        self._go_on()

    def submit(self) -> None:
        if not self._asks:
            self._go_on()
        elif self.choice.value == "keep":
            self.wizard.perform(self.engine.finish, lambda _: self.advance())
        elif self.engine.unlocked:
            self._revoke()
        else:
            self.app.push_screen(
                UnlockScreen(self.wizard), lambda opened: self._revoke() if opened else None
            )

    def _revoke(self) -> None:
        self.wizard.perform(self.engine.revoke_allowance, self._read)
