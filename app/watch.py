"""The full-screen watcher: follows another session, and asks it for the machine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from textual import on

from app.terminal_app import TerminalApp
from app.watched import GO_ON, Watching
from core.clock import Clock
from core.errors import EXIT_DONE, EXIT_LOCKED, EXIT_STOPPED, OnboardingError
from core.networks import Network
from core.takeover import Answer, Request, ask
from screens.watch import Stand, WatchScreen

log = logging.getLogger("peaq_onboard")

_LOOK = 1.0
"""Seconds between two looks at the files."""
_OF_ANSWER = {Answer.REFUSED: Stand.REFUSED, Answer.NONE: Stand.UNANSWERED}


class WatchApp(TerminalApp):
    """Ends with an exit code, or with GO_ON."""

    def __init__(
        self,
        folder: Path,
        network: Network,
        clock: Clock,
        *,
        watch_terminal: bool = True,
        ask: Callable[..., Request | None] = ask,
    ) -> None:
        super().__init__(watch_terminal=watch_terminal)
        self._folder = folder
        self._network = network
        self._clock = clock
        self._ask = ask
        self._watching = Watching(folder)
        self._watched = self._watching.look()
        self._request: Request | None = None
        self._stand = Stand.WATCHING

    def on_mount(self) -> None:
        self.push_screen(WatchScreen(self._network, self._watched, self._clock.now()))
        self.set_interval(_LOOK, self._look)

    def on_unmount(self) -> None:
        self._withdraw()

    def _look(self) -> None:
        self._watched = self._watching.look()
        if self._request is not None:
            self._hear(self._request)
        elif not self._watched.holder:
            self._stand = Stand.FREE
        elif self._stand is Stand.FREE:
            self._stand = Stand.WATCHING  # somebody else was faster
        self._show()

    def _hear(self, request: Request) -> None:
        answer = request.answer()
        if answer is Answer.GRANTED:
            self.exit(GO_ON)
        elif answer is not None:
            self._withdraw()
            self._stand = _OF_ANSWER[answer]
        else:
            self._stand = Stand.AGREED if request.agreed else Stand.ASKED

    def _show(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, WatchScreen):
                screen.show(self._watched, self._stand, self._clock.now())

    @on(WatchScreen.Asked)
    def _asked(self) -> None:
        if self._request is None:
            try:
                self._request = self._ask(self._folder, self._clock.now(), self._clock.monotonic)
                self._stand = Stand.ASKED if self._request else Stand.TAKEN
            except OnboardingError as error:
                log.info("%s", error)
                self._stand = Stand.UNWRITABLE
        self._show()

    @on(WatchScreen.Withdrawn)
    def _withdrawn(self) -> None:
        self._withdraw()
        self._stand = Stand.WATCHING
        self._show()

    @on(WatchScreen.GoOn)
    def _go_on(self) -> None:
        self.exit(GO_ON)

    def _withdraw(self) -> None:
        if self._request is not None:
            self._request.withdraw()
            self._request = None

    def leave(self) -> None:
        held = self._watching.look().holder
        finished = EXIT_DONE if self._watched.state.finished else EXIT_STOPPED
        self.exit(EXIT_LOCKED if held else finished)
