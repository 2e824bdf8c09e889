"""What every full-screen program here does on a terminal: its looks, its signals, its end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import termios
from pathlib import Path
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from app.theme import ANSI, FULL, choose_theme
from core.onboarding import describe_crash

log = logging.getLogger("peaq_onboard")

STYLE = Path(__file__).resolve().parent.parent / "screens" / "style.tcss"
_TERMINAL_CHECK = 0.5
"""Seconds. With SIGHUP ignored, a closed terminal is only noticed by looking."""


class TerminalApp(App[int]):
    """`watch_terminal` False is for tests, which have no terminal."""

    CSS_PATH = STYLE
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "leave", show=False, priority=True)]

    def __init__(self, *, watch_terminal: bool = True) -> None:
        super().__init__()
        self._watch_terminal = watch_terminal
        self.register_theme(FULL)
        self.register_theme(ANSI)
        self.theme = choose_theme(os.environ)

    def on_mount(self) -> None:
        if self._watch_terminal:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._signalled, number)
            self.set_interval(_TERMINAL_CHECK, self._check_terminal)

    def leave(self) -> None:
        """Ends the program; everything is recorded."""
        raise NotImplementedError

    def action_leave(self) -> None:
        self.leave()

    def _signalled(self, number: int) -> None:
        log.info("ended by signal %s", number)
        if number == signal.SIGHUP:
            _let_go_of_terminal()
        self.exit(return_code=128 + number, result=128 + number)

    def _check_terminal(self) -> None:
        try:
            termios.tcgetattr(0)
        except (OSError, termios.error):
            self._signalled(signal.SIGHUP)

    def _fatal_error(self) -> None:
        """Instead of a traceback with the values of variables: nothing here; see wizard.log."""
        if self._exception is not None:
            log.warning("the screen failed: %s", describe_crash(self._exception))
        self._close_messages_no_wait()


def _let_go_of_terminal() -> None:
    """Points fds 0 to 2 at nothing: writing to a closed terminal would change the exit code."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(nothing, handle)
    os.close(nothing)
