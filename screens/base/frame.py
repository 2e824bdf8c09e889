"""The frame of a step: header, rail, money and wait line, key line, and the size classes."""

from __future__ import annotations

from typing import ClassVar

from textual import events, getters
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen

from core.journal.next_action import step_statuses
from core.journal.state import State
from core.onboarding import Onboarding
from core.step import Step
from screens.protocols import Wizard
from screens.widgets.button import ActionButton
from screens.widgets.card import ProblemCard
from screens.widgets.choice import Choice
from screens.widgets.frame import HeaderLine, KeyLine, MoneyLine, Rail, WaitLine
from screens.widgets.line import Line

Keys = list[tuple[str, str]]
"""Keys and what they do."""

NARROW = 72
"""Columns below which a field is shown below its label."""
SMALLEST = (40, 12)
"""Columns and rows below which nothing sensible can be shown."""
ROOMY = (90, 30)
"""Columns and rows from which on there is room for margins."""
TOO_SMALL = "Enlarge the window"
_TICK = 0.5
"""Seconds. A slow line bears two updates a second; nothing is written where nothing changed."""
_BRIEF = 0.3
"""Seconds. A shorter wait is not worth a flicker."""
_CHOOSE = ("Left Right", "choose")


class FrameScreen(Screen[None]):
    """Show the frame from the state, and between its lines the body and the primary button."""

    step: Step
    title_text: ClassVar[str] = ""
    primary_label: ClassVar[str] = "Continue"
    can_go_back: ClassVar[bool] = False
    card_in_body: ClassVar[bool] = False
    """True where `body` has a better place for `card` than below everything."""

    primary = getters.query_one("#primary", ActionButton)
    header_line = getters.query_one("#header", HeaderLine)
    rail = getters.query_one("#rail", Rail)
    wait_line = getters.query_one("#wait", WaitLine)
    simulation_line = getters.query_one("#simulation", Line)

    def __init__(self, wizard: Wizard) -> None:
        super().__init__()
        self.wizard = wizard
        self.card = ProblemCard()
        self._key_line = KeyLine(id="keys")
        self._was_shown = False

    @property
    def engine(self) -> Onboarding:
        return self.wizard.engine

    @property
    def state(self) -> State:
        return self.engine.state

    def compose(self) -> ComposeResult:
        yield HeaderLine(id="header")
        yield Rail(id="rail")
        with VerticalScroll(id="body", can_focus=False):
            yield Line(self.title_text, id="title")
            yield from self.body()
            if not self.card_in_body:
                yield self.card
            yield ActionButton(self.primary_label, id="primary")
        if self.wizard.simulation:
            yield Line(id="simulation")
        if self.state.need:  # else its row is of use to the step
            yield MoneyLine(id="money")
        yield WaitLine(id="wait")
        yield self._key_line

    def body(self) -> ComposeResult:
        """The widgets of the step."""
        yield from ()

    def keys(self) -> Keys:
        """Key and what it does, the next step first."""
        return [("Enter", self.primary_label.lower()), ("Tab", "next field")]

    def all_keys(self) -> Keys:
        """Those of the step, and Escape where it leads back."""
        return [*self.keys(), *([("Esc", "back")] if self.can_go_back else [])]

    def enter_ignored(self, *, waits: bool) -> bool:
        """Whether Enter does nothing just now. `waits`: the wait line shows a wait."""
        return waits and self.primary.disabled

    def simulation_text(self) -> str:
        """What a rehearsal offers on this screen."""
        return ""

    def every_tick(self) -> None:
        """For a screen that counts something itself."""

    @property
    def is_composed(self) -> bool:
        """Whether all widgets are there.

        Containers mount their widgets later, and lose them earlier, than the screen. An event that
        comes in between (the end, a new size) must not fail.
        """
        there = self.is_attached and self in self.app.screen_stack
        return there and self._key_line.is_attached and self.card.is_attached

    def show_frame(self) -> None:
        """Update everything around the step from the state."""
        if not self.is_composed:
            return
        engine = self.engine
        network = engine.settings.network
        columns, rows = self.app.size
        too_small = columns < SMALLEST[0] or rows < SMALLEST[1]
        self.set_class(too_small, "too-small")
        self.set_class(columns >= ROOMY[0] and rows >= ROOMY[1], "roomy")
        self.set_class(columns < NARROW, "narrow")
        if too_small:
            self.header_line.set_text(TOO_SMALL if columns > len(TOO_SMALL) else "Too small")
        else:
            self.header_line.show(network, self.state.address)
        self.rail.show(step_statuses(self.state, engine.clock.now()))
        for line in self.query(MoneyLine):
            line.show(self.state, network.token)
        self.tick()

    def set_primary_label(self, label: str) -> None:
        """Name what Enter does now on the button; `keys` says it in the last row."""
        if str(self.primary.label) != label:
            self.primary.label = label
            self.primary.refresh(layout=True)
            self.show_frame()

    def tick(self) -> None:
        """Update what changes with time: waits, keys, countdowns."""
        if not self.is_composed:
            return
        wait = self.wizard.wait
        elapsed = self.engine.clock.monotonic() - wait.started if wait else 0.0
        visible = wait if wait and elapsed >= _BRIEF else None
        if wait is None or visible is not None:
            self.wait_line.show(visible, elapsed, int(elapsed))
        self._show_keys(waits=visible is not None)
        self.card.tick(self.engine.clock.now())
        if self.wizard.simulation:
            text = self.simulation_text()
            self.simulation_line.display = bool(text)
            self.simulation_line.set_text(text, layout=False)
        self.every_tick()

    def _show_keys(self, *, waits: bool) -> None:
        """The last row: what keys do now, in the widget that has the focus."""
        keys = [*self.all_keys(), ("F1", "help"), ("Ctrl+Q", "quit")]
        if isinstance(self.focused, Choice) and _CHOOSE not in keys:
            keys = [keys[0], _CHOOSE, *(key for key in keys[1:] if key[0] != "Tab")]
        if self.enter_ignored(waits=waits):
            keys = [key for key in keys if key[0] != "Enter"]
        self._key_line.show(keys)

    def start_ticking(self) -> None:
        self.set_interval(_TICK, self.tick)
        self.show_frame()

    def state_changed(self, state: State) -> None:
        """A fact was recorded while this screen is up."""
        self.show_frame()

    def wait_changed(self) -> None:
        self.tick()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        # All of it was given its style a moment ago, when it was mounted.
        event.refresh_styles = self._was_shown
        if self._was_shown:
            self.show_frame()
        self._was_shown = True

    def on_resize(self) -> None:
        self.show_frame()

    def on_descendant_focus(self) -> None:
        self.tick()

    def action_explain(self) -> None:
        from screens.dialogs.help import HelpScreen

        self.app.push_screen(HelpScreen(self.step, self.all_keys()))
