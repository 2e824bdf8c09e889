"""The full-screen question of a second session: watch, take over, or quit."""

from __future__ import annotations

import time
from pathlib import Path

from textual import events, getters
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content

from app.tui.terminal_app import TerminalApp
from core.clock import SystemClock
from core.config.networks import Network
from core.errors.problem import OnboardingError
from core.journal.file import FILE_NAME, read_records
from core.journal.next_action import step_statuses
from core.journal.reducer import fold
from core.journal.state import State
from screens.widgets.button import ActionButton
from screens.widgets.frame import HeaderLine, KeyLine, Rail
from screens.widgets.line import Line

_BURST = 1.0
"""Seconds after another key in which T does nothing, because it may be part of a word."""


class TakeoverApp(TerminalApp):
    """The question. `texts` are title, owner, note, and what taking over loses. `choice` is the
    answer.
    """

    BINDINGS = [
        Binding("w,W,enter", "choose('watch')", show=False),
        Binding("t,T", "choose('take over')", show=False),
        Binding("q,Q,escape", "choose('quit')", show=False),
    ]

    header = getters.query_one(HeaderLine)
    rail = getters.query_one(Rail)
    key_line = getters.query_one(KeyLine)

    def __init__(
        self,
        network: Network,
        state: State,
        texts: list[str],
        choices: list[tuple[str, str]],
        *,
        watch_terminal: bool = True,
    ) -> None:
        super().__init__(watch_terminal=watch_terminal)
        self._network = network
        self._state = state
        self._texts = texts
        self._choices = choices
        self._typed = -_BURST
        self.choice = "quit"

    def compose(self) -> ComposeResult:
        title, owner, note, lost = self._texts
        yield HeaderLine(id="header")
        yield Rail(id="rail")
        with VerticalScroll(id="body", can_focus=False):
            yield Line(title, id="title")
            yield Line(owner)
            yield Line(Content.styled(f"\n{note}\n" if note else "", "$warning"))
            for name, effect in self._choices:
                key = Content.styled(f"{name[0].upper()}  ", "bold")
                yield Line(Content.assemble(key, f"{name:<12}{effect}"))
                if name == "take over":
                    yield Line(f"   {lost}")
            yield ActionButton("Watch", id="primary")
        yield KeyLine(id="keys")

    def on_resize(self) -> None:
        super().on_resize()
        self.header.show(self._network, self._state.address)
        self.rail.show(step_statuses(self._state, SystemClock().now()))
        self.key_line.show([("Enter", "watch"), ("T", "take over"), ("Q", "quit")])

    def on_key(self, event: events.Key) -> None:
        if event.key.lower() != "t":
            self._typed = time.monotonic()

    def on_button_pressed(self) -> None:
        self.action_choose("watch")

    def action_choose(self, choice: str) -> None:
        if choice == "take over" and time.monotonic() - self._typed < _BURST:
            return
        self.choice = choice
        self.exit()

    def leave(self) -> None:
        self.exit()


def choose(network: Network, folder: Path, texts: list[str], choices: list[tuple[str, str]]) -> str:
    """Return the name of one of `choices`. Raise SystemExit on a signal or a closed terminal."""
    try:
        state = fold(read_records(folder / FILE_NAME))
    except OnboardingError:
        state = State()  # watching reports faults of the journal
    app = TakeoverApp(network, state, texts, choices)
    app.run(mouse=False)
    if app.return_code:
        raise SystemExit(app.return_code)
    return app.choice
