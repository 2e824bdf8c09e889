"""One step on a screen: focus, Enter, and the work that Enter starts."""

from __future__ import annotations

import time
from contextlib import suppress

from textual import on
from textual.binding import Binding
from textual.css.query import NoMatches
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Button, Input

from core.errors.problem import Problem
from core.journal.state import Balance
from screens.base.problem import TYPED, ProblemScreen
from screens.protocols import Wizard
from screens.widgets.choice import Choice
from screens.widgets.inputs import Field

RETRY_SEEN = 0.5
"""Seconds for which a new attempt is shown, however soon it fails."""
READ_SECONDS = 1.0
"""Enter signs nothing until its terms have been shown for this long with no key pressed.

An Enter meant for the screen before comes sooner, and nobody has read them by then.
"""


class StepScreen(ProblemScreen):
    """One step: a title, one thing to do, `#primary` to do it."""

    AUTO_FOCUS = ""  # see first_focus

    BINDINGS = [
        Binding("escape", "back", show=False),
        Binding("f1,question_mark", "explain", show=False),
        Binding("enter", "primary", show=False),
    ]

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._delay: Timer | None = None
        self._attempt = 1
        self._retry_seen_at = 0.0
        """Monotonic seconds at which people have had time to see that something happens."""

    def on_mount(self) -> None:
        self.start_ticking()
        self.focus_first()
        self.show_recorded_problem()

    # Focus

    def first_focus(self) -> Widget:
        """The first field to be filled in, else the primary button."""
        return next((field for field in self._fields() if not field.value), self.primary)

    def focus_first(self) -> None:
        # Called later: the screen may have given way to the next one meanwhile, and loses its
        # widgets one by one.
        if self.is_attached and self.query("#primary"):
            with suppress(NoMatches):
                self.set_focus(self.first_focus())

    def _fields(self) -> list[Field]:
        """The fields that can be typed into."""
        return [field for field in self.query(Field) if _shown(field) and not field.disabled]

    # Enter

    def submit(self) -> None:
        """Do the step."""
        raise NotImplementedError

    def submit_field(self, widget: Widget) -> None:
        """After Enter on a field, focus the next empty one, or else do the step."""
        after = self.field_after(widget)
        if after is not None:
            self.set_focus(after)
        else:
            self.action_primary()

    def field_after(self, widget: Widget) -> Widget | None:
        """Return the next empty field; None if Enter on `widget` does the step."""
        if isinstance(widget, Field) and not widget.value:
            return None
        empty = (field for field in self._fields() if not field.value and field is not widget)
        return next(empty, None)

    @on(Input.Changed)
    def _name_enter(self) -> None:
        """What Enter leads to depends on what is filled in."""
        self.tick()

    def action_primary(self) -> None:
        if self.wizard.busy or self._retry_is_new:
            return
        if self._delay is not None:
            self.delay_submit()
            return
        problem = self.problem
        if problem and self._is_held_back(problem):
            self.app.bell()
            return
        if problem and self.fee_is_asked(problem):
            self._ask_about_fee(problem)
            return
        self.submit()

    def delay_submit(self) -> None:
        """Ignore Enter for READ_SECONDS: terms that Enter would sign have just appeared."""
        if self._delay is not None:
            self._delay.stop()
        if READ_SECONDS:
            self._delay = self.set_timer(READ_SECONDS, self._end_delay)
        self.tick()

    def _end_delay(self) -> None:
        self._delay = None
        self.tick()

    def enter_ignored(self, *, waits: bool) -> bool:
        held_back = self.problem is not None and self._is_held_back(self.problem)
        return self._delay is not None or held_back or super().enter_ignored(waits=waits)

    def _is_held_back(self, problem: Problem) -> bool:
        """Whether the time of `problem` is not over, and Enter waits for it."""
        left = problem.remaining(self.engine.clock.now()).total_seconds()
        return left > 0 and self.waits_for(problem)

    def _ask_about_fee(self, problem: Problem) -> None:
        from screens.dialogs.consent import fee_question

        def answered(agreed: bool | None) -> None:
            if agreed:
                self.engine.agree_to_fee(problem)
                self.submit()

        self.app.push_screen(fee_question(problem, self.engine.settings.network), answered)

    @on(Button.Pressed, "#primary")
    def _primary_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_primary()

    @on(Input.Submitted)
    def _input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.submit_field(event.input)

    @on(Choice.Submitted)
    def _choice_submitted(self, event: Choice.Submitted) -> None:
        event.stop()
        self.submit_field(event.choice)

    def action_back(self) -> None:
        if self.can_go_back and not self.wizard.busy:
            self.wizard.go_back()

    # Work, as the wizard tells of it

    def busy_changed(self, busy: bool) -> None:
        """Show that work has begun or ended, and disable meanwhile what would start more of it."""
        if not self.is_composed:
            return
        self.primary.disabled = busy
        if busy:
            again = self.problem is not None and self.problem.code not in TYPED
            self._attempt = self._attempt + 1 if again else 1
            if again:
                self._retry_seen_at = time.monotonic() + RETRY_SEEN
            self.show_problem(None)  # a new attempt: the old problem is over
        elif self.focused is None:
            # A disabled widget loses the focus, and no other one has taken it.
            self.call_after_refresh(self.focus_first)

    def advance(self) -> None:
        """Work ended that needs nothing else: to the screen of what comes next."""
        self.show_problem(None)
        self.wizard.advance()

    def failed(self, problem: Problem) -> None:
        left = self._retry_seen_at - time.monotonic()
        if left > 0:  # so quick that nobody would see that it was tried again
            self.set_timer(left, lambda: self._show_failure(problem))
        else:
            self._show_failure(problem)

    def _show_failure(self, problem: Problem) -> None:
        self._retry_seen_at = 0.0
        self.card.attempt = self._attempt
        self.show_problem(problem)
        self.call_after_refresh(self.focus_first)

    @property
    def _retry_is_new(self) -> bool:
        return time.monotonic() < self._retry_seen_at

    def every_tick(self) -> None:
        if self._retry_is_new and self.wizard.wait is None:
            self.wait_line.say(f"Trying again (attempt {self._attempt})", 0)

    def balance_read(self, balance: Balance | None, problem: Problem | None) -> None:
        """The balance was read, or could not be."""


def _shown(widget: Widget) -> bool:
    """Whether the widget and all around it are displayed."""
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))
