"""Step 7: the Machine NFT is minted, the DID is written and read back."""

from __future__ import annotations

from textual import events, getters
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from core.chain.did import ATTRIBUTE_NAMES, check_details
from core.errors.problem import Problem
from core.journal.next_action import Action
from core.journal.state import Details, State
from core.step import Step
from screens.base import StepScreen
from screens.base.frame import ROOMY
from screens.dialogs.consent import agree_to_contracts
from screens.dialogs.unlock import UnlockScreen
from screens.protocols import Wizard
from screens.widgets.details import DetailsForm
from screens.widgets.frame import numbered
from screens.widgets.line import Line
from screens.widgets.marks import marks
from screens.widgets.phases import Phases

MOMENT_SECONDS = 3.0
"""For so long, or until a key is pressed, the screen says that the machine is registered."""
_NEWS = 30.0
"""Seconds after which a registration is no news any more."""
_ATTRIBUTES = (", ".join(ATTRIBUTE_NAMES[:4]), ", ".join(ATTRIBUTE_NAMES[4:]))
"""Two rows of an 80-column window."""


def _moment_of(state: State) -> Content:
    registered = state.registered
    if registered is None:
        return Content("")
    included = [tx for tx in state.transactions if tx.block is not None]
    lines = [
        Content.styled(f"{marks().done} Registered: machine {registered.machine_id}", "$success")
    ]
    if included:
        lines += [Content(f"\nIncluded in block {included[-1].block}, transaction")]
        lines += [Content(included[-1].hash)]
    return Content("\n").join(lines)


class MachineNftScreen(StepScreen):
    step = Step.MACHINE_NFT
    title_text = numbered(step)
    primary_label = "Mint and write"

    form = getters.query_one(DetailsForm)
    progress = getters.query_one("#progress", Line)
    phases = getters.query_one("#phases", Phases)

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._moment: Timer | None = None

    def body(self) -> ComposeResult:
        yield Line(_moment_of(self.state), id="moment")
        with Vertical(id="nft"):
            yield from self._parts()

    def _parts(self) -> ComposeResult:
        registered = self.state.registered
        found = registered is not None and registered.way == "found"
        number = registered.machine_id if registered else 0
        if found:
            yield Line(
                f"AlreadyRegistered: this owner is already machine {number}. "
                "The bond was paid earlier. The wizard does not pay it again."
            )
        else:
            yield Line(f"The machine is registered: machine {number}.")
        yield Line("These details become public. You can still change them:")
        yield Line("", classes="muted")
        yield DetailsForm(self.state.details or self.wizard.details, rows=ROOMY[1])
        yield Line("", id="progress")
        yield Phases(id="phases")

    def keys(self) -> list[tuple[str, str]]:
        if self._moment is not None:
            return [("Any key", "continue")]
        return [("Enter", str(self.primary.label).lower()), ("Tab", "next field")]

    def on_mount(self) -> None:
        self._show_progress()
        if (
            self.engine.action is Action.FINISH
            and self.state.failure is None
            and self.state.details
        ):
            # All is written already, and nothing is left that would want a signature.
            self._write(self.state.details)
        elif self._is_news:
            self.add_class("moment")
            self.set_focus(None)
            self._moment = self.set_timer(MOMENT_SECONDS, self._end_moment)
            self.tick()
        else:
            self.delay_submit()

    @property
    def _is_news(self) -> bool:
        """Whether the machine was registered just now, by this wizard."""
        since, registered = self.state.since.get(Step.REGISTRATION), self.state.registered
        if MOMENT_SECONDS <= 0 or since is None or registered is None or self.state.minted:
            return False
        age = (self.engine.clock.now() - since).total_seconds()
        return registered.way != "found" and age < _NEWS

    def _end_moment(self) -> None:
        if self._moment is not None:
            self._moment.stop()
            self._moment = None
            self.remove_class("moment")
            self.delay_submit()
            self.focus_first()

    def on_key(self, event: events.Key) -> None:
        """Any key ends the moment, and does nothing else."""
        if self._moment is not None:
            event.stop()
            event.prevent_default()
            self._end_moment()

    def action_primary(self) -> None:
        if self._moment is not None:
            self._end_moment()
        else:
            super().action_primary()

    def focus_first(self) -> None:
        if self._moment is None:
            super().focus_first()

    def first_focus(self) -> Widget:
        return self.primary

    def busy_changed(self, busy: bool) -> None:
        super().busy_changed(busy)
        self.form.disabled = busy

    def _show_progress(self) -> None:
        signs = marks()
        state = self.state
        rows = (
            ("Machine NFT", f"token {state.minted.token_id}" if state.minted else ""),
            ("DID attributes", "written and verified" if state.did else ""),
        )
        lines = [
            Content.styled(f"{signs.done} {name:<15} {text}", "$success")
            if text
            else Content.styled(f"{signs.todo} {name}", "$faint")
            for name, text in rows
        ]
        lines += [Content.styled(f"  {names}", "$faint") for names in _ATTRIBUTES]
        self.progress.set_text(Content("\n").join([Content(""), *lines]))
        self.phases.show(state)
        self.set_primary_label("Write" if state.minted else self.primary_label)

    def state_changed(self, state: State) -> None:
        super().state_changed(state)
        self._show_progress()

    def fault_in(self, widget: Widget) -> Problem | None:
        return self.form.fault_in(widget)

    def submit_field(self, widget: Widget) -> None:
        found = self.fault_in(widget)
        if found:
            self.show_problem(found)
        else:
            super().submit_field(widget)

    def submit(self) -> None:
        details = self.form.details
        faults = check_details(details)
        if faults:
            self.show_problem(faults[0])
            self.form.focus_fault(faults[0])
            return
        self.show_problem(None)
        agree_to_contracts(self.app, self.engine, lambda: self._unlock_and_write(details))

    def _unlock_and_write(self, details: Details) -> None:
        if self.engine.unlocked or self.engine.action is Action.FINISH:
            self._write(details)
        else:
            self.app.push_screen(
                UnlockScreen(self.wizard), lambda opened: self._write(details) if opened else None
            )

    def _write(self, details: Details) -> None:
        self.wizard.perform(lambda: self._write_all(details))

    async def _write_all(self, details: Details) -> None:
        """What is left of the step, one recorded action after the other."""
        if self.engine.action in (Action.MINT, Action.WRITE_DID):
            await self.engine.record_details(details)
        if self.engine.action is Action.MINT:
            await self.engine.mint()
        if self.engine.action is Action.WRITE_DID:
            await self.engine.write_did()
        if self.engine.action is Action.FINISH:
            await self.engine.finish()

    def failed(self, problem: Problem) -> None:
        if problem.code == "INSUFFICIENT_BALANCE":
            self.wizard.advance()
            return
        super().failed(problem)
