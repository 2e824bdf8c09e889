"""Watching another session line by line, and asking it to make room."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from app.console import Console
from app.watched import GO_ON, Watching
from core.clock import Clock
from core.errors import EXIT_DONE, EXIT_LOCKED, EXIT_STOPPED
from core.takeover import PATIENCE, Answer, ask

_LOOK = 1.0
"""Seconds between two looks at the files."""


class PlainWatch:
    """Ends with an exit code, or with GO_ON."""

    def __init__(
        self,
        console: Console,
        folder: Path,
        clock: Clock,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._console = console
        self._folder = folder
        self._clock = clock
        self._pause = pause
        self._watching = Watching(folder)
        self._shown = 0

    def run(self) -> int:
        console = self._console
        ways = [
            ("watch", "follow what it does; ctrl+c ends that"),
            ("ask", "ask over there for this machine"),
            ("leave", "leave it alone"),
        ]
        try:
            while self._watching.look().holder:
                way = console.ask_choice("", "What now", ways)
                if way == "leave":
                    return EXIT_LOCKED
                if way == "ask":
                    if self._ask():
                        return GO_ON
                    console.refused()
                if way == "watch":
                    self._follow()
            if self._watching.look().state.finished:
                console.result("The machine is onboarded; the other session has ended.")
                return EXIT_DONE
            console.say("The other session has ended. Nobody is at work on this machine now.")
            typed = console.ask("", "Go on here", "yes").lower()
        except (EOFError, KeyboardInterrupt):
            console.say("\nLeft. Nothing was changed.")
            return EXIT_LOCKED if self._watching.look().holder else EXIT_STOPPED
        return GO_ON if typed in ("y", "yes") else EXIT_STOPPED

    def _follow(self) -> None:
        """Says each record as it comes, until nobody holds the folder or ctrl+c is pressed."""
        try:
            while True:
                watched = self._watching.look()
                for line in watched.lines[self._shown :]:
                    self._console.result(line)
                self._shown = len(watched.lines)
                if not watched.holder:
                    return
                self._pause(_LOOK)
        except KeyboardInterrupt:
            self._console.say()

    def _ask(self) -> bool:
        """Whether the folder is free now."""
        request = ask(self._folder, self._clock.now(), self._clock.monotonic)
        if request is None:
            self._console.say("Somebody else is asking there just now. Ask again in a minute.")
            return False
        self._console.say(f"... asked there; it has {PATIENCE:.0f} s to answer")
        try:
            while (answer := request.answer()) is None:
                self._pause(_LOOK)
        finally:
            request.withdraw()
        if answer is Answer.REFUSED:
            self._console.say("It was refused there.")
        elif answer is Answer.NONE:
            self._console.say("Nobody has answered there; the question is withdrawn.")
        return answer is Answer.GRANTED
