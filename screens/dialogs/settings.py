"""F2 on the first screen: the variables, editable, saved to .env."""

from __future__ import annotations

from collections.abc import Callable

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from core.config.settings import (
    DEPLOYMENT_ID,
    GAS_STATION_URL,
    MCR_URL,
    NETWORK,
    PRIVATE_KEY,
    VARIABLES,
)
from core.errors.problem import OnboardingError
from core.errors.surfaces import SCREEN
from screens.protocols import Wizard
from screens.widgets.button import ActionButton
from screens.widgets.inputs import Field, Row
from screens.widgets.line import Line

EDITABLE = tuple(name for name in VARIABLES if name not in (PRIVATE_KEY, NETWORK, DEPLOYMENT_ID))
_EMPTY = {GAS_STATION_URL: "none", MCR_URL: "none"}


class SettingsScreen(ModalScreen[bool]):
    """True where something was saved. `then` is called once the engine has taken it."""

    CSS_PATH = "../later.tcss"

    BINDINGS = [Binding("escape", "close", show=False)]

    note = getters.query_one("#settings-note", Line)

    def __init__(self, wizard: Wizard, then: Callable[[None], None]) -> None:
        super().__init__()
        self._wizard = wizard
        self._then = then

    def compose(self) -> ComposeResult:
        settings = self._wizard.engine.settings
        with VerticalScroll(id="settings", can_focus=False):
            yield Line("Settings", id="title")
            yield Line(
                f"Saved to {settings.env_file}. Only this user can read it.", classes="muted"
            )
            for name in EDITABLE:
                fixed = settings.sources.get(name) == "environment"
                yield Row(
                    name,
                    Field(
                        settings.values.get(name, ""),
                        id=_id_of(name),
                        placeholder=_EMPTY.get(name, ""),
                        disabled=fixed,
                    ),
                )
            yield Line("", id="settings-note")
            yield ActionButton("Save", id="settings-save")
            yield Line(
                (
                    "Enter saves, Esc goes back. Tab skips variables that are set in this "
                    "terminal's environment. Change those there."
                ),
                classes="muted",
            )

    def on_mount(self) -> None:
        faults = self._wizard.engine.settings.problems
        wanted = next((p.params["variable"] for p in faults if "variable" in p.params), None)
        fields = [field for field in self.query(Field) if not field.disabled]
        first = self.query_one(f"#{_id_of(wanted)}") if wanted in EDITABLE else None
        if first is not None and not first.disabled:
            first.focus()
        elif fields:
            fields[0].focus()
        if faults:
            self.note.set_text(f"{faults[0].title}: {faults[0].cause}")

    @on(Button.Pressed)
    @on(Input.Submitted)
    def _save(self, event: Button.Pressed | Input.Submitted) -> None:
        event.stop()
        if self._wizard.busy:
            self.note.set_text("A check is still running. Press Enter again in a moment.")
            return
        settings = self._wizard.engine.settings
        values = {
            name: field.value.strip()
            for name in EDITABLE
            if not (field := self.query_one(f"#{_id_of(name)}", Field)).disabled
            and field.value.strip() != settings.values.get(name, "")
        }
        if not values:
            self.dismiss(False)
            return
        try:
            faults = self._wizard.save_settings(values, self._then)
        except OnboardingError as error:
            self.note.set_text(
                f"{error.problem.title}: {error.problem.cause} {error.problem.remedy(SCREEN)}"
            )
            return
        if faults:
            self.note.set_text(f"{faults[0].title}: {faults[0].cause}")
        else:
            self.dismiss(True)

    def action_close(self) -> None:
        self.dismiss(True)


def _id_of(variable: str | None) -> str:
    return "set-" + (variable or "none").lower().replace("_", "-")
