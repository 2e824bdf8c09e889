"""The frame of a step: header, rail, money and wait line, key line, and the size classes."""

from __future__ import annotations

from typing import ClassVar

from textual import events, getters
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widget import Widget

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
from screens.widgets.marks import PLAIN, marks
from screens.widgets.side import SIDE_COLUMNS, SidePane

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
SIDE_FROM = 110
"""Columns from which on there is a side pane."""
STEPS_FROM = 35
"""Rows from which on the side pane lists the steps, and the rail is not needed."""
SAVED = "Nothing to do. All progress is saved. You can close this window."


class FrameScreen(Screen[None]):
    """Show the frame from the state, and between its lines the body and the primary button."""

    step: Step
    title_text: ClassVar[str] = ""
    """Number and name of the step (`numbered`), and which part of it the screen is."""
    primary_label: ClassVar[str] = "Continue"
    can_go_back: ClassVar[bool] = False
    card_in_body: ClassVar[bool] = False
    """True where `body` has a better place for `card` than below everything."""

    primary = getters.query_one("#primary", ActionButton)
    header_line = getters.query_one("#header", HeaderLine)
    rail = getters.query_one("#rail", Rail)
    wait_line = getters.query_one("#wait", WaitLine)
    body_box = getters.query_one("#body", VerticalScroll)
    side_pane = getters.query_one("#side", SidePane)
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
        with Horizontal(id="main"):
            with VerticalScroll(id="body", can_focus=False):
                yield from self.body()
                if not self.card_in_body:
                    yield self.card
            yield SidePane()
        if self.wizard.simulation:
            yield Line(id="simulation")
        if self.state.need:  # else its row is of use to the step
            yield MoneyLine(id="money")
        with Horizontal(id="foot"):
            yield WaitLine(id="wait")
            yield ActionButton(self.primary_label, id="primary")
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

    def help_keys(self) -> Keys:
        """The keys that F1 explains: those of the last row, and rare ones."""
        return self.all_keys()

    def field_after(self, widget: Widget) -> Widget | None:
        """Where Enter leads from `widget`; None if it does the step."""
        return None

    @property
    def step_columns(self) -> int:
        """Columns between the sides of the step's part of the window."""
        columns = self.app.size.width
        return columns - SIDE_COLUMNS if columns >= SIDE_FROM else columns

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
        self.set_class(columns >= SIDE_FROM, "with-side")
        with_steps = columns >= SIDE_FROM and rows >= STEPS_FROM
        self.set_class(with_steps, "with-steps")
        self.set_class(marks() is PLAIN, "plain-marks")
        framed = self.has_class("roomy")  # then the frame leaves a space at both ends itself
        self.body_box.border_title = self.title_text if framed else f" {self.title_text} "
        if too_small:
            self.header_line.set_text(TOO_SMALL if columns > len(TOO_SMALL) else "Too small")
        else:
            self.header_line.show(network, self.state.address)
        statuses = step_statuses(self.state, engine.clock.now())
        self.rail.show(statuses)
        if columns >= SIDE_FROM:
            from screens.dialogs.help import about

            text, _ = about(self.step, engine.settings.protocol)
            self.side_pane.show(engine, text, statuses if with_steps else {})
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
        for line in self.query(MoneyLine):
            line.cover("" if visible is None else SAVED)
        self._show_keys(waits=visible is not None)
        self.card.tick(self.engine.clock.now())
        if self.wizard.simulation:
            text = self.simulation_text()
            self.simulation_line.display = bool(text)
            self.simulation_line.set_text(text, layout=False)
        self.every_tick()

    def _show_keys(self, *, waits: bool) -> None:
        """The last row: what keys do now, in the widget that has the focus."""
        keys, here = self.all_keys(), self.focused
        if here is not None and self.field_after(here) is not None:
            keys = [(key, "next field" if key == "Enter" else does) for key, does in keys]
        enter = [key for key in keys if key[0] == "Enter"]
        others = [key for key in keys if key[0] != "Enter"]
        if self.enter_ignored(waits=waits):
            enter = []
        if isinstance(here, Choice):
            arrows = "Up Down" if here.as_list else "Left Right"
            others = [(arrows, "choose"), *(key for key in others if key[0] != "Tab")]
        elif waits and self.primary.disabled:
            others = [key for key in others if key[0] != "Tab"]
        self._key_line.show([*enter, *others, ("F1", "help"), ("Ctrl+Q", "quit")])

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

        self.app.push_screen(HelpScreen(self.step, self.help_keys(), self.engine.settings.protocol))
