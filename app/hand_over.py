"""The holder's side of a takeover: looks for the question, shows it, and makes room on a yes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App

from core.clock import readable
from core.session import Session

if TYPE_CHECKING:
    from core.takeover import Asker
    from screens.takeover import TakeoverScreen

# What it needs is imported when it is asked for: the first screen waits for nothing else.
LOOK = 1.0
"""Seconds between two looks. Nothing is written to the terminal by one."""
PATIENCE = 20.0
"""Seconds for which an answer that is under way is waited for. What is not answered by then is
settled by whoever goes on, as after a power cut."""


class HandOver:
    """Belongs to the wizard's App, which calls `look` and is ended with `end`."""

    def __init__(
        self, app: App[int], session: Session, busy: Callable[[], bool], end: Callable[[], None]
    ) -> None:
        self._app = app
        self._session = session
        self._busy = busy
        self._end = end
        self._ends: float | None = None
        self.asker: Asker | None = None
        """Who is being asked for; after a yes, to whom it was handed over."""

    @property
    def agreed(self) -> bool:
        return self._ends is not None

    @property
    def _folder(self) -> Path:
        return self._session.folder

    def look(self) -> None:
        if self._ends is not None:
            self._end_when_recorded(self._ends)
            return
        from core.takeover import asked

        question = self._question()
        asker = asked(self._folder)
        if question is not None and asker != self.asker:
            self._close(question)  # it is no longer asked, or somebody else asks
        elif question is None and asker is not None and not self._opening_the_key():
            self._ask(asker)

    def _ask(self, asker: Asker) -> None:
        from screens.takeover import TakeoverScreen

        self.asker = asker
        self._app.bell()
        self._app.push_screen(
            TakeoverScreen(str(asker), readable(asker.at)), lambda yes: self._answered(asker, yes)
        )

    def _answered(self, asker: Asker, yes: bool | None) -> None:
        if yes is None:
            return
        from core.takeover import asked, refuse

        if not yes:
            refuse(self._folder, asker)
        elif asked(self._folder) == asker:  # else nobody is there any more to go on with it
            from screens.takeover import EndingScreen

            self._session.lock.announce_end()
            self._ends = time.monotonic() + PATIENCE
            self._app.push_screen(EndingScreen())
            self._end_when_recorded(self._ends)

    def _end_when_recorded(self, ends: float) -> None:
        under_way = self._busy() and self._session.book.in_flight
        if not under_way or time.monotonic() >= ends:
            self._end()

    def _question(self) -> TakeoverScreen | None:
        from screens.takeover import TakeoverScreen

        stack = self._app.screen_stack
        return next((screen for screen in stack if isinstance(screen, TakeoverScreen)), None)

    def _close(self, question: TakeoverScreen) -> None:
        if question is self._app.screen:  # else once it is on top again
            question.dismiss(None)

    def _opening_the_key(self) -> bool:
        """That screen closes by itself in a moment, which it can only do while it is on top."""
        from screens.consent import UnlockScreen

        top = self._app.screen
        return isinstance(top, UnlockScreen) and top.opening
