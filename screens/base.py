"""What all seven screens have in common."""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Button, Input

from core.errors.problem import Problem
from core.journal.next_action import step_statuses
from core.journal.state import Balance, State
from core.onboarding import Onboarding
from core.step import Step
from screens.protocols import Wizard
from screens.widgets.button import ActionButton
from screens.widgets.card import ProblemCard
from screens.widgets.choice import Choice
from screens.widgets.frame import HeaderLine, KeyLine, MoneyLine, Rail, WaitLine
from screens.widgets.inputs import Field
from screens.widgets.line import Line

# The Gas Station may count an early attempt against the owner.
HELD_BACK = ("RATE_LIMITED", "2FA_LOCKED", "CAP_EXCEEDED_OWNER", "CAP_EXCEEDED_WALLET")
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
"""What is wrong with what was typed: over once something else is typed."""
NARROW = 72
"""Columns below which a field stands below its name."""
SMALLEST = (40, 12)
"""Columns and rows below which nothing sensible can be shown."""
READ = 1.0
"""Seconds for which what is to be signed has stood there, with no key pressed, before Enter takes
it: an Enter meant for the screen before comes sooner, and nobody has read it by then.
"""
TOO_SMALL = "Make the window larger"
ROOMY = (90, 30)
"""Columns and rows from which on there is room for margins."""


_SEE_FEE = "See the new fee"
_CHOOSE = ("Left Right", "choose")


class StepScreen(Screen[None]):
    """One step: a title, one thing to do, `#primary` to do it."""

    step: Step
    title_text: ClassVar[str] = ""
    primary_label: ClassVar[str] = "Go on"
    can_go_back: ClassVar[bool] = False
    card_in_body: ClassVar[bool] = False
    """True where `body` has a better place for `card` than below everything."""

    AUTO_FOCUS = ""  # see first_focus

    BINDINGS = [
        Binding("escape", "back", show=False),
        Binding("f1,question_mark", "explain", show=False),
        Binding("enter", "primary", show=False),
    ]

    def __init__(self, wizard: Wizard) -> None:
        super().__init__()
        self.wizard = wizard
        self.card = ProblemCard()
        self._key_line = KeyLine(id="keys")
        self._usual_label = self.primary_label
        self._frame = 0
        self._reading: Timer | None = None
        self._refused: dict[Input, str] = {}
        """What stood in the fields when the card came."""

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
        if self.wizard.pretend:
            yield Line(id="pretend")
        if self.state.need:  # else its row is of use to the step
            yield MoneyLine(id="money")
        yield WaitLine(id="wait")
        yield self._key_line

    def body(self) -> ComposeResult:
        """The widgets of the step."""
        yield from ()

    def keys(self) -> list[tuple[str, str]]:
        """Key and what it does, the next step first."""
        return [("Enter", self.primary_label.lower()), ("Tab", "next field")]

    def _all_keys(self) -> list[tuple[str, str]]:
        keys = self.keys()
        if self.problem and self.fee_is_asked(self.problem):
            keys = [("Enter", _SEE_FEE.lower()), *(key for key in keys if key[0] != "Enter")]
        return [*keys, *([("Esc", "back")] if self.can_go_back else [])]

    def say_primary(self, label: str) -> None:
        """Names what Enter does now, on the button; `keys` says it in the last row."""
        if str(self.primary.label) != label:
            self.primary.label = label
            self.primary.refresh(layout=True)
            self.show_frame()

    def first_focus(self) -> Widget:
        """Where typing is needed, else the primary action."""
        empty = [
            field
            for field in self.query(Field)
            if not field.value and _shown(field) and not field.disabled
        ]
        return empty[0] if empty else self.primary

    @property
    def problem(self) -> Problem | None:
        """What the card shows."""
        return self.card.problem

    @property
    def primary(self) -> Button:
        return self.query_one("#primary", Button)

    def on_mount(self) -> None:
        # Twice a second is what a slow line bears; nothing is written where nothing changed.
        self.set_interval(0.5, self._tick)
        self.show_frame()
        self._focus_first()
        failure = self.state.failure
        # A fault of the line is over: it was asked just now, or will be at the next Enter.
        if failure and failure.step is self.step and not failure.problem.code.startswith("RPC_"):
            self.show_problem(failure.problem)

    def on_screen_resume(self) -> None:
        self.show_frame()

    def on_resize(self) -> None:
        self.show_frame()

    def on_descendant_focus(self) -> None:
        self._tick()

    def _focus_first(self) -> None:
        # Called later: the screen may have given way to the next one meanwhile, and loses its
        # widgets one by one.
        if self.is_attached and self.query("#primary"):
            with suppress(NoMatches):
                self.set_focus(self.first_focus())

    @property
    def whole(self) -> bool:
        """Whether all is there: containers mount their widgets later, and lose them earlier, than
        the screen; what comes in between (an end, a new size) must not end in a defect.
        """
        there = self.is_attached and self in self.app.screen_stack
        return there and self._key_line.is_attached and self.card.is_attached

    def show_frame(self) -> None:
        """Everything around the step, from the state."""
        if not self.whole:
            return
        engine = self.engine
        network = engine.settings.network
        columns, rows = self.app.size
        too_small = columns < SMALLEST[0] or rows < SMALLEST[1]
        self.set_class(too_small, "too-small")
        self.set_class(columns >= ROOMY[0] and rows >= ROOMY[1], "roomy")
        self.set_class(columns < NARROW, "narrow")
        if too_small:
            self.query_one(HeaderLine).say(TOO_SMALL if columns > len(TOO_SMALL) else "Too small")
        else:
            self.query_one(HeaderLine).show(network, self.state.address)
        self.query_one(Rail).show(step_statuses(self.state, engine.clock.now()))
        for line in self.query(MoneyLine):
            line.show(self.state, network.token)
        self._tick()

    def hold_back(self) -> None:
        """Enter does nothing for a moment: something that is signed has just come up."""
        if self._reading is not None:
            self._reading.stop()
        if READ:
            self._reading = self.set_timer(READ, self._let_go)
        self._tick()

    def _let_go(self) -> None:
        self._reading = None
        self._tick()

    def _tick(self) -> None:
        if not self.whole:
            return
        self._frame += 1
        wait = self.wizard.wait
        elapsed = self.engine.clock.monotonic() - wait.started if wait else 0.0
        # What is over in a moment is not worth a flicker.
        visible = wait if wait and elapsed >= 0.3 else None
        if wait is None or visible is not None:
            self.query_one(WaitLine).show(visible, elapsed, int(elapsed))
        self._show_keys(waits=visible is not None)
        self.card.tick(self.engine.clock.now())
        self._show_pretend()
        self.every_tick()

    def _show_keys(self, *, waits: bool) -> None:
        """The last row: what keys do now, on what has the focus."""
        keys = [*self._all_keys(), ("F1", "help"), ("ctrl+q", "leave")]
        if isinstance(self.focused, Choice) and _CHOOSE not in keys:
            keys = [keys[0], _CHOOSE, *(key for key in keys[1:] if key[0] != "Tab")]
        if self._reading is not None or (waits and self.primary.disabled):
            keys = [key for key in keys if key[0] != "Enter"]  # it does nothing just now
        self._key_line.show(keys)

    def every_tick(self) -> None:
        """For a screen that counts something itself."""

    def pretend_text(self) -> str:
        """What a rehearsal offers on this screen."""
        return ""

    def _show_pretend(self) -> None:
        if self.wizard.pretend:
            text = self.pretend_text()
            line = self.query_one("#pretend", Line)
            line.display = bool(text)
            line.say(text, layout=False)

    def state_changed(self, state: State) -> None:
        """A fact was recorded while this screen is up."""
        self.show_frame()

    def wait_changed(self) -> None:
        self._tick()

    def busy_changed(self, busy: bool) -> None:
        """Work begins or ends: what would start another one is disabled meanwhile."""
        if not self.whole:
            return
        self.primary.disabled = busy
        if busy:
            self.show_problem(None)  # it is being tried again: the old fault is no news any more
        elif self.focused is None:
            # What is disabled loses the focus; nobody else has taken it meanwhile.
            self.call_after_refresh(self._focus_first)

    def advance(self) -> None:
        """Work is done that needs nothing else: to the screen of what comes next."""
        self.show_problem(None)
        self.wizard.go_on()

    def failed(self, problem: Problem) -> None:
        self.show_problem(problem)
        self.call_after_refresh(self._focus_first)

    def balance_read(self, balance: Balance | None, problem: Problem | None) -> None:
        """The balance was looked at, or could not be."""

    def show_problem(self, problem: Problem | None) -> None:
        self.card.show(problem, self.engine.clock.now())
        # What is good to know makes room, so that remedy and button fit 80x24.
        self.set_class(problem is not None, "with-problem")
        label = str(self.primary.label)
        if problem and self.fee_is_asked(problem):
            self._usual_label = self._usual_label if label == _SEE_FEE else label
            self.say_primary(_SEE_FEE)
        elif label == _SEE_FEE:
            self.say_primary(self._usual_label)
        self._refused = {field: field.value for field in self.query(Field)}
        self._tick()  # what Enter does now
        if problem:
            self.call_after_refresh(self.card.scroll_visible)

    @on(Button.Pressed, "#primary")
    def _primary_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_primary()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.forward(event.input)

    @on(Choice.Submitted)
    def _chosen(self, event: Choice.Submitted) -> None:
        event.stop()
        self.forward(event.choice)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        now = event.input.value
        if not now:
            self._refused[event.input] = ""
        elif now == self._refused.get(event.input):
            pass  # typed before the Enter that was refused: Enter is faster than this
        elif self.problem and self.problem.code in TYPED:
            self.show_problem(None)

    def forward(self, widget: Widget) -> None:
        """Enter in a field: to the next empty one, else the step itself."""
        fields = [field for field in self.query(Field) if _shown(field) and not field.disabled]
        empty = [field for field in fields if not field.value and field is not widget]
        if empty and not (isinstance(widget, Field) and not widget.value):
            self.set_focus(empty[0])
        else:
            self.action_primary()

    def action_primary(self) -> None:
        if self.wizard.busy:
            return
        if self._reading is not None:
            self.hold_back()
            return
        problem = self.problem
        left = problem.remaining(self.engine.clock.now()).total_seconds() if problem else 0
        if problem and left > 0 and self.waits_for(problem):
            self.app.bell()
            return
        if problem and self.fee_is_asked(problem):
            self._ask_about_fee(problem)
            return
        self.go()

    def fee_is_asked(self, problem: Problem) -> bool:
        """Whether Enter asks first to agree to a higher fee."""
        return problem.code == "FEE_TOO_HIGH"

    def _ask_about_fee(self, problem: Problem) -> None:
        from screens.dialogs.consent import fee_question

        def answered(agreed: bool | None) -> None:
            if agreed:
                self.engine.agree_to_fee(problem)
                self.go()

        self.app.push_screen(fee_question(problem, self.engine.settings.network), answered)

    def waits_for(self, problem: Problem) -> bool:
        """Whether Enter is held back until the problem's time is over: only where trying earlier
        would cost something.
        """
        return problem.code in HELD_BACK

    def go(self) -> None:
        """Does the step."""
        raise NotImplementedError

    def action_back(self) -> None:
        if self.can_go_back and not self.wizard.busy:
            self.wizard.go_back()

    def action_explain(self) -> None:
        from screens.dialogs.help import HelpScreen

        self.app.push_screen(HelpScreen(self.step, self._all_keys()))


def _shown(widget: Widget) -> bool:
    """Whether the widget and all around it are displayed."""
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))
