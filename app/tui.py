"""The full-screen wizard: shows the screen of what comes next, and runs the work of all of them.

Work belongs to the App, since a worker dies with the screen that started it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import termios
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from app.settings_change import changed_settings
from app.terminal_driver import ThriftyDriver
from app.terminal_facts import terminal_check
from app.theme import ANSI, FULL, choose_theme
from core.book import Wait
from core.catalogue import Kind
from core.errors import (
    EXIT_DONE,
    EXIT_STOPPED,
    EXIT_WAITING,
    OnboardingError,
    Problem,
    exit_code,
    problem,
)
from core.journal import Record
from core.onboarding import Onboarding, describe_crash
from core.state import Action, Details, State
from screens.backup import BackupScreen, MeasureScreen
from screens.base import StepScreen
from screens.confirmation import ConfirmationScreen
from screens.enrolment import EnrolmentScreen
from screens.environment import EnvironmentScreen
from screens.funding import FundingScreen
from screens.keypair import KeypairScreen
from screens.machine_nft import MachineNftScreen
from screens.receipt import ReceiptScreen
from screens.registration import RegistrationScreen
from screens.resume import ResumeScreen
from screens.wizard import Pretend

log = logging.getLogger("peaq_onboard")

STYLE = Path(__file__).resolve().parent.parent / "screens" / "style.tcss"
_TERMINAL_CHECK = 0.5
"""Seconds. With SIGHUP ignored, a closed terminal is only noticed by looking."""

SCREENS: dict[Action, type[StepScreen]] = {
    Action.CHECK_ENVIRONMENT: EnvironmentScreen,
    Action.CREATE_KEYPAIR: KeypairScreen,
    Action.BACK_UP_KEYPAIR: BackupScreen,
    Action.MEASURE_NEED: MeasureScreen,
    Action.ENROL: EnrolmentScreen,
    Action.CONFIRM: ConfirmationScreen,
    Action.FUND: FundingScreen,
    Action.REGISTER: RegistrationScreen,
    Action.MINT: MachineNftScreen,
    Action.WRITE_DID: MachineNftScreen,
    Action.FINISH: MachineNftScreen,
    Action.NOTHING: ReceiptScreen,
}
_BACK: dict[type[StepScreen], type[StepScreen]] = {
    KeypairScreen: EnvironmentScreen,
    ConfirmationScreen: EnrolmentScreen,
}


class WizardApp(App[int]):
    CSS_PATH = STYLE
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+z", "pause", show=False, priority=True),
        Binding("ctrl+l", "paint_again", show=False, priority=True),
    ]

    def __init__(
        self,
        engine: Onboarding,
        *,
        details: Details | None = None,
        pretend: Pretend | None = None,
        watch_terminal: bool = True,
    ) -> None:
        super().__init__(driver_class=ThriftyDriver)
        self.engine = engine
        self.pretend = pretend
        self.details = details or engine.state.details or Details()
        self.wait: Wait | None = None
        self.terminal = terminal_check()
        self._working: str | None = None
        self._watch_terminal = watch_terminal
        self._watching_balance = False
        self.register_theme(FULL)
        self.register_theme(ANSI)
        self.theme = choose_theme(os.environ)
        engine.session.book.listener = self

    def on_mount(self) -> None:
        if self._watch_terminal:
            self._handle_signals()
            self.set_interval(_TERMINAL_CHECK, self._check_terminal)
        self.push_screen(self._first_screen())
        # web3 is imported in a thread while the technician reads the first screen.
        self.run_worker(self.engine.load(), group="load", exit_on_error=False)

    def _first_screen(self) -> StepScreen:
        if self.engine.state.keypair and self.engine.action is not Action.NOTHING:
            return ResumeScreen(self)
        return SCREENS[self.engine.action](self)

    @property
    def step_screen(self) -> StepScreen | None:
        """The step that is up, also below a question."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, StepScreen):
                return screen
        return None

    # What screens ask for (screens.wizard.Wizard)

    @property
    def busy(self) -> bool:
        return self._working is not None

    def perform(self, name: str, work: Callable[[], Awaitable[Any]]) -> None:
        if self.busy:
            return
        self._working = name
        if self.step_screen:
            self.step_screen.busy_changed(True)
        self.run_worker(
            self._perform(name, work), group="engine", exit_on_error=False, description=name
        )

    async def _perform(self, name: str, work: Callable[[], Awaitable[Any]]) -> None:
        result: Any = None
        found: Problem | None = None
        try:
            result = await work()
        except OnboardingError as error:
            found = error.problem
        except Exception as error:  # noqa: BLE001 - a defect is shown as a problem, not a crash
            log.warning("unforeseen in %s: %s", name, describe_crash(error))
            found = problem("UNEXPECTED", reason=type(error).__name__)
        self._working = None
        screen = self.step_screen
        if screen is None:
            return
        screen.busy_changed(False)
        if found is None:
            screen.finished(name, result)
        else:
            screen.failed(name, found)

    def go_on(self) -> None:
        wanted = SCREENS[self.engine.action]
        screen = self.step_screen
        if wanted is not FundingScreen:
            self._watching_balance = False
        if screen is not None and type(screen) is wanted:
            screen.show_frame()
        else:
            self.switch_screen(wanted(self))

    def go_back(self) -> None:
        screen = self.step_screen
        before = _BACK.get(type(screen)) if screen else None
        if before is not None and not self.busy:
            self.switch_screen(before(self))

    def watch_balance(self, on: bool) -> None:
        if on and not self._watching_balance:
            self._watching_balance = True
            self.run_worker(self._watch_balance(), group="balance", exit_on_error=False)
        elif not on:
            self._watching_balance = False

    async def _watch_balance(self) -> None:
        pause = self.engine.settings.network.block_seconds
        while self._watching_balance:
            await self.engine.clock.sleep(pause)
            if self.busy or not self._watching_balance:
                continue
            balance, found = None, None
            try:
                balance = await self.engine.look_at_balance()
            except OnboardingError as error:
                found = error.problem
            if self.step_screen:
                self.step_screen.balance_read(balance, found)

    def save_settings(self, values: dict[str, str]) -> tuple[Problem, ...]:
        settings = changed_settings(self.engine.settings, values)
        self.perform("settings", lambda: self.engine.change_settings(settings))
        return settings.problems

    def leave(self) -> None:
        self.exit(self.exit_code())

    def action_leave(self) -> None:
        self.leave()

    def exit_code(self) -> int:
        """What is true when the wizard is left now: the problem that is shown has its code."""
        state = self.engine.state
        if state.finished:
            return EXIT_DONE
        shown = self.step_screen.problem if self.step_screen else None
        now = self.engine.clock.now()
        waits = self.engine.problem and self.engine.problem.remaining(now).total_seconds() > 0
        if waits or state.open_transactions:
            return EXIT_WAITING
        if shown is None or shown.kind is Kind.WAITING:
            return EXIT_STOPPED  # the time to wait is over: it is only to be gone on with
        return exit_code(shown.kind)

    # What the engine tells (core.book.Listener)

    def on_record(self, record: Record, state: State) -> None:
        if self.step_screen and self.step_screen.is_mounted:
            self.step_screen.state_changed(state)

    def on_wait(self, wait: Wait | None) -> None:
        self.wait = wait
        if self.step_screen and self.step_screen.is_mounted:
            self.step_screen.wait_changed()

    # Life and death on a terminal

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)
        self._handle_pauses()

    def _handle_pauses(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTSTP, self.action_pause)
        # Stopped by SIGSTOP, nothing could be said before: the shell has the terminal as it was.
        loop.add_signal_handler(signal.SIGCONT, self._stand_aside)

    def action_pause(self) -> None:
        """Stops the program, as ctrl+z does everywhere; the shell's `fg` goes on."""
        if self._watch_terminal:
            self._stand_aside(lambda: os.kill(0, signal.SIGTSTP))

    def _stand_aside(self, stop: Callable[[], None] = lambda: None) -> None:
        """Gives the terminal back, and takes it again once this is its foreground job.

        SIGTSTP goes to the whole job, since who started the wizard may be waiting for it. Where no
        shell is there to continue it (`ssh -t HOST peaq-onboard`), the kernel ignores that signal.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTSTP, signal.SIGCONT):
            loop.remove_signal_handler(number)
        with self.suspend():
            stop()
            while not _in_foreground():
                os.kill(0, signal.SIGSTOP)
        self._handle_pauses()

    def action_paint_again(self) -> None:
        """For when something else has written on the terminal."""
        if isinstance(self._driver, ThriftyDriver):
            self._driver.clear()
        self.screen.refresh()

    def on_resize(self) -> None:
        # What a terminal makes of its contents when its size changes, nobody knows.
        self.action_paint_again()

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


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return True  # no terminal any more: that is noticed elsewhere


def _let_go_of_terminal() -> None:
    """Points fds 0 to 2 at nothing: writing to a closed terminal would change the exit code."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(nothing, handle)
    os.close(nothing)
