"""Step 6 of an activation, first half: the identity that the network stores for good."""

from __future__ import annotations

from textual import getters
from textual.app import ComposeResult
from textual.widget import Widget

from core.errors.problem import Problem
from core.journal.state import Details
from core.protocols.activation.identity import (
    Entries,
    check_entries,
    endpoints_of,
    machine_id,
    propose_subject,
)
from core.step import Step
from screens.base import StepScreen
from screens.widgets.frame import numbered
from screens.widgets.inputs import Field, Row
from screens.widgets.line import Line
from screens.widgets.peaq_id import two_rows

_PLACES = {
    "MACHINE_TYPE_INVALID": "machine-type",
    "SUBJECT_INVALID": "subject",
    "MANUFACTURER_INVALID": "manufacturer",
    "CONTROLLER_INVALID": "controller",
}


class IdentityScreen(StepScreen):
    step = Step.REGISTRATION
    title_text = numbered(step, "identity")

    peaq_id = getters.query_one("#peaq-id", Line)

    def body(self) -> ComposeResult:
        presets, known = self.wizard.presets, self._recorded
        yield Line("Type and subject give the machine its permanent peaqID.")
        yield Line("Both are final once the machine is activated.", classes="muted")
        yield Line("", classes="muted")
        yield Row(
            "Machine type",
            Field(
                known.machine_type or presets.machine_type or "",
                id="machine-type",
                placeholder=" such as robot-arm",
            ),
        )
        yield Row(
            "Subject", Field(known.subject or presets.subject or propose_subject(), id="subject")
        )
        yield Row(
            "Manufacturer",
            Field(
                known.manufacturer or presets.manufacturer or "",
                id="manufacturer",
                placeholder=" 0x… address of who made it",
            ),
        )
        address = self.state.address or ""
        yield Row(
            "Controller",
            Field(known.controller or presets.controller or address, id="controller"),
        )
        yield Line("", id="peaq-id")

    @property
    def _recorded(self) -> Entries:
        activation = self.state.activation
        recorded = activation.identity if activation else None
        if recorded is None:
            return Entries("", "", "")
        return Entries(
            recorded.machine_type, recorded.subject, recorded.manufacturer, recorded.controller
        )

    def keys(self) -> list[tuple[str, str]]:
        return [("Enter", "continue"), ("Tab", "next field")]

    def on_mount(self) -> None:
        self._show_id()

    def on_input_changed(self) -> None:
        self._show_id()

    @property
    def _entries(self) -> Entries:
        kind, subject, maker, controller = (
            self.query_one(f"#{place}", Field).value.strip() for place in _PLACES.values()
        )
        endpoints = endpoints_of(self.state.details or Details())
        return Entries(kind, subject, maker, controller, endpoints)

    def _show_id(self) -> None:
        """The permanent id as soon as type and subject can be used."""
        entries = self._entries
        decisive = {"MACHINE_TYPE_INVALID", "SUBJECT_INVALID"}
        if decisive & {found.code for found in check_entries(entries)}:
            self.peaq_id.set_text("")
            return
        number = machine_id(entries.machine_type, bytes.fromhex(entries.subject[2:]))
        self.peaq_id.set_text(f"\npeaqID  {two_rows(number, 8)}")

    def fault_in(self, widget: Widget) -> Problem | None:
        if not isinstance(widget, Field) or not widget.value:
            return None
        faults = check_entries(self._entries)
        return next((found for found in faults if _PLACES.get(found.code) == widget.id), None)

    def submit_field(self, widget: Widget) -> None:
        found = self.fault_in(widget)
        if found:
            self.show_problem(found)
        else:
            super().submit_field(widget)

    def submit(self) -> None:
        entries = self._entries
        faults = check_entries(entries)
        if faults:
            self.show_problem(faults[0])
            self.query_one(f"#{_PLACES.get(faults[0].code, 'machine-type')}").focus()
            return
        self.show_problem(None)
        self.wizard.perform(lambda: self.engine.describe(entries), lambda _: self.advance())
