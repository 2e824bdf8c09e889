"""Step 7: the Machine NFT is minted, the DID is written and read back."""

from __future__ import annotations

from textual import getters
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget

from core.chain.did import check_details
from core.errors.problem import Problem
from core.journal.next_action import Action
from core.journal.state import Details, State
from core.step import Step
from screens.base import StepScreen
from screens.base.frame import ROOMY
from screens.dialogs.consent import agree_to_contracts
from screens.dialogs.unlock import UnlockScreen
from screens.widgets.details import DetailsForm
from screens.widgets.line import Line
from screens.widgets.marks import marks


class MachineNftScreen(StepScreen):
    step = Step.MACHINE_NFT
    primary_label = "Mint and write"

    form = getters.query_one(DetailsForm)
    progress = getters.query_one("#progress", Line)

    def body(self) -> ComposeResult:
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
        yield Line("", classes="muted")
        yield Line("", id="progress")

    def keys(self) -> list[tuple[str, str]]:
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
        else:
            self.delay_submit()

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
            ("Six attributes", "written and verified" if state.did else ""),
            ("Final", "yes" if state.finished else ""),
        )
        lines = [
            Content.styled(f"{signs.done} {name:<15} {text}", "$success")
            if text
            else Content.styled(f"{signs.todo} {name}", "$faint")
            for name, text in rows
        ]
        self.progress.set_text(Content("\n").join(lines))
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
