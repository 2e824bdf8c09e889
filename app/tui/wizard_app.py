"""The full-screen wizard: shows the screen of the next action, and runs the work of all screens.

The App owns the work, because a worker dies with the screen that started it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from textual import events, on, work

from app.answers import Answers
from app.startup import end_start
from app.tui.screen_order import screen_before, screen_for
from app.tui.terminal_app import TerminalApp
from app.tui.terminal_facts import terminal_check
from core.errors.catalogue import Kind
from core.errors.crash import describe_crash
from core.errors.exit_codes import EXIT_DONE, EXIT_STOPPED, EXIT_WAITING, exit_code
from core.errors.problem import OnboardingError, Problem, problem
from core.journal.event_store import Wait
from core.journal.file import Record
from core.journal.next_action import Action
from core.journal.state import Details, State
from core.onboarding import Onboarding
from screens.base import StepScreen
from screens.protocols import Simulation

log = logging.getLogger("peaq_onboard")
T = TypeVar("T")


class WizardApp(TerminalApp):
    def __init__(
        self,
        engine: Onboarding,
        *,
        details: Details | None = None,
        presets: Answers | None = None,
        simulation: Simulation | None = None,
        watch_terminal: bool = True,
    ) -> None:
        super().__init__(watch_terminal=watch_terminal)
        self.engine = engine
        self.simulation = simulation
        self.presets = presets or Answers()
        self._preset_funding_method = self.presets.fund
        self.details = details or engine.state.details or Details()
        self.wait: Wait | None = None
        self.terminal = terminal_check()
        self._painted = asyncio.Event()
        self._busy = False
        self._watching_balance = False
        engine.session.store.listener = self

    @on(events.Mount)
    async def _show_first_screen(self) -> None:
        await self.push_screen(self._first_screen())

    def painted(self) -> None:
        """Import web3 in a thread while the user reads the first screen.

        Not before it is painted, because both need the same processor.
        """
        super().painted()
        self._painted.set()
        end_start()
        self._load_engine()

    @work(group="load", exit_on_error=False)
    async def _load_engine(self) -> None:
        await self.engine.load()

    def _first_screen(self) -> StepScreen:
        if self.engine.state.keypair and self.engine.action is not Action.NOTHING:
            from screens.resume import ResumeScreen

            return ResumeScreen(self)
        return self._wanted(self)

    @property
    def _wanted(self) -> type[StepScreen]:
        """The screen of the next action."""
        return screen_for(self.engine.action, self.engine.settings.protocol)

    @property
    def step_screen(self) -> StepScreen | None:
        """Return the current step's screen, even below a question."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, StepScreen):
                return screen
        return None

    # Interface of the screens (screens.protocols.Wizard)

    @property
    def busy(self) -> bool:
        return self._busy

    def perform(
        self, work: Callable[[], Awaitable[T]], then: Callable[[T], None] | None = None
    ) -> None:
        if self.busy:
            return
        self._busy = True
        asker = self.step_screen
        if asker:
            asker.busy_changed(True)
        self.run_worker(self._perform(work, then, asker), group="engine", exit_on_error=False)

    async def _perform(
        self,
        work: Callable[[], Awaitable[T]],
        then: Callable[[T], None] | None,
        asker: StepScreen | None,
    ) -> None:
        await self._painted.wait()
        try:
            result = await work()
        except OnboardingError as error:
            self._work_failed(error.problem)
        except Exception as error:  # noqa: BLE001 - a defect is shown as a problem, not a crash
            log.warning("unexpected error on %s: %s", type(asker).__name__, describe_crash(error))
            self._work_failed(problem("UNEXPECTED", reason=type(error).__name__))
        else:
            screen = self._work_ended()
            if screen is None:
                return
            if screen is not asker or then is None:
                screen.advance()
            else:
                then(result)

    def _work_ended(self) -> StepScreen | None:
        """Allow the next work; return the current step's screen, if there is one."""
        self._busy = False
        screen = self.step_screen
        if screen is not None:
            screen.busy_changed(False)
        return screen

    def _work_failed(self, found: Problem) -> None:
        screen = self._work_ended()
        if screen is not None:
            screen.failed(found)

    def advance(self) -> None:
        wanted = self._wanted
        screen = self.step_screen
        if self.engine.action is not Action.FUND:
            self._watching_balance = False
        if screen is not None and type(screen) is wanted:
            screen.show_frame()
        else:
            while self.screen is not screen and screen is not None:
                self.pop_screen()  # a question or help above a completed step
            self.switch_screen(wanted(self))

    def go_back(self) -> None:
        screen = self.step_screen
        before = screen_before(screen) if screen else None
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
                balance = await self.engine.read_balance()
            except OnboardingError as error:
                found = error.problem
            screen = self.step_screen
            if screen and screen.is_composed:
                screen.balance_read(balance, found)

    def preset_funding_method(self) -> str | None:
        way, self._preset_funding_method = self._preset_funding_method, None
        return way if way != self.engine.state.way else None

    def save_settings(
        self, values: dict[str, str], then: Callable[[None], None]
    ) -> tuple[Problem, ...]:
        from app.configuration import changed_settings

        settings = changed_settings(self.engine.settings, values)
        self.perform(lambda: self.engine.change_settings(settings), then)
        return settings.problems

    def leave(self) -> None:
        self.exit(self.exit_code())

    def exit_code(self) -> int:
        """Return the exit code for leaving the wizard now: that of the displayed problem,
        if any.
        """
        state = self.engine.state
        if state.finished:
            return EXIT_DONE
        shown = self.step_screen.problem if self.step_screen else None
        now = self.engine.clock.now()
        waits = self.engine.problem and self.engine.problem.remaining(now).total_seconds() > 0
        if waits or state.open_transactions:
            return EXIT_WAITING
        if shown is None or shown.kind is Kind.WAITING:
            return EXIT_STOPPED  # the wait is over: only a retry is necessary
        return exit_code(shown.kind)

    # Events of the engine (core.journal.event_store.Listener)

    def on_record(self, record: Record, state: State) -> None:
        screen = self.step_screen
        if screen and screen.is_composed:  # otherwise it shows the newest state when it opens
            screen.state_changed(state)

    def on_wait(self, wait: Wait | None) -> None:
        self.wait = wait
        screen = self.step_screen
        if screen and screen.is_composed:
            screen.wait_changed()
