"""Terminal behaviour shared by all full-screen programs: theme, signals, exit."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import termios
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

from app.tui.diffing_driver import DiffingDriver
from app.tui.textual_internals import QuietApp
from app.tui.theme import ANSI, FULL, LIGHT, PLAIN, choose_theme

log = logging.getLogger("peaq_onboard")

_SCREENS = Path(str(files("screens")))
"""A directory even in the one-file program, which unpacks itself: Textual reads files by path."""
STYLE = _SCREENS / "style.tcss"
LATER = _SCREENS / "later.tcss"
_ENDS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
_UNTIL_PAINTED = 0.05
"""Seconds. Textual reports that it is ready a moment before it writes the first frame."""
_FOREGROUND_CHECK = 0.1
"""Seconds. No signal says that `fg` gave a running job its terminal back."""
_TERMINAL_CHECK = 0.5
"""Seconds. With SIGHUP ignored, only polling detects a closed terminal."""


class TerminalApp(QuietApp):
    """Base app. `watch_terminal` False is for tests, which have no terminal."""

    CSS_PATH = STYLE
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+z", "pause", show=False, priority=True),
        Binding("ctrl+l", "paint_again", show=False, priority=True),
    ]

    def __init__(self, *, watch_terminal: bool = True) -> None:
        super().__init__(driver_class=DiffingDriver)
        self._watch_terminal = watch_terminal
        self._ending = False
        self.register_theme(FULL)
        self.register_theme(LIGHT)
        self.register_theme(ANSI)
        self.register_theme(PLAIN)
        self.theme = choose_theme(os.environ)

    def on_mount(self) -> None:
        if self._watch_terminal:
            self._handle_ends()
            self._handle_pauses()
            self.set_interval(_TERMINAL_CHECK, self._check_terminal)

    def on_ready(self) -> None:
        self.set_timer(_UNTIL_PAINTED, self.painted)

    def painted(self) -> None:
        """The first screen is painted: start the deferred work."""
        if not self.stylesheet.has_source(str(LATER), ""):  # the user was faster
            self.stylesheet.read(LATER)

    def leave(self) -> None:
        """End the program; everything is recorded."""
        raise NotImplementedError

    def action_leave(self) -> None:
        self.leave()

    def _handle_ends(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _ENDS:
            loop.add_signal_handler(number, self._signalled, number)

    def _handle_pauses(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTSTP, self.action_pause)
        # After SIGSTOP, which gives no notice, the shell has left the terminal as it was.
        loop.add_signal_handler(signal.SIGCONT, lambda: loop.call_soon(self._stand_aside))

    def action_pause(self) -> None:
        """Suspend the program, as Ctrl+Z does everywhere; the shell's `fg` resumes it."""
        if self._watch_terminal:
            self._stand_aside(lambda: os.kill(0, signal.SIGTSTP))

    def _stand_aside(self, stop: Callable[[], None] = lambda: None) -> None:
        """Release the terminal, and reclaim it once this is its foreground job.

        SIGTSTP goes to the whole job, because the parent process may be waiting for it. Without a
        shell that could continue the job (`ssh -t HOST peaq-onboard`), the kernel ignores the
        signal. A job that `bg` continued waits for the terminal without stopping itself again: that
        stop could come just after `fg`, and suspend the program before the user's eyes.
        """
        if self._ending:
            return
        self._ignore_pauses()
        ended: list[int] = []
        with self.suspend():
            # The event loop is paused meanwhile, and with it all cleanup.
            for number in _ENDS:
                signal.signal(number, lambda number, _: ended.append(number))
            stop()
            time.sleep(_FOREGROUND_CHECK)  # another thread may have received `kill %1`
            while not ended and not _in_foreground():
                time.sleep(_FOREGROUND_CHECK)
            if ended:
                # The terminal belongs to another program now, and was restored before. Everything
                # that matters is on disk, as it is after a kill.
                log.info("ended by signal %s while it was paused", ended[0])
                os._exit(128 + ended[0])
            self._handle_ends()
        self._handle_pauses()

    def _ignore_pauses(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTSTP, signal.SIGCONT):
            loop.remove_signal_handler(number)

    def action_paint_again(self) -> None:
        """Repaint after another program has written on the terminal."""
        driver = self.terminal_driver
        if isinstance(driver, DiffingDriver):
            driver.clear()
        self.screen.refresh()

    def on_resize(self) -> None:
        # Terminals differ in how they change their content when resized.
        self.action_paint_again()

    def _signalled(self, number: int) -> None:
        log.info("ended by signal %s", number)
        # The kernel sends SIGCONT after the SIGHUP of a closed terminal: a program that is ending
        # must not reclaim the terminal, or a thread would read from nothing forever.
        self._ending = True
        # Nor must a background job stop when it restores the terminal.
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        if number == signal.SIGHUP and not _has_terminal():
            _let_go_of_terminal()
        self.exit(return_code=128 + number, result=128 + number)

    def _check_terminal(self) -> None:
        if not _has_terminal():
            self._signalled(signal.SIGHUP)


def _has_terminal() -> bool:
    try:
        termios.tcgetattr(0)
    except (OSError, termios.error):
        return False
    return True


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return True  # the terminal is gone, which is detected elsewhere


def _let_go_of_terminal() -> None:
    """Redirect fds 0 to 2 to /dev/null: writing to a closed terminal would change the exit code."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(nothing, handle)
    os.close(nothing)
