"""How long a run retries by itself after a fault, before it ends or asks the user."""

from __future__ import annotations

from collections import Counter

from app.answers import Answers
from app.plain.console import Console
from core.clock import Clock
from core.errors.catalogue import Kind
from core.errors.exit_codes import EXIT_WAITING, exit_code
from core.errors.problem import Problem
from core.journal.state import State

_LATER = 30.0
"""Seconds until a fault that names no time is tried again: then there is a new code as well."""
_TRIES = 5
_CODES_REFUSED = 3
"""Refused codes after which none is sent by itself: the Gas Station locks after a few more."""
_REFUSED_CODES = ("INVALID_2FA", "CODE_EXPIRED")
_WITH_FRESH_CODE = (*_REFUSED_CODES, "TRANSFER_FAILED", "GAS_STATION_NO_ANSWER")
"""Faults that a fresh code and the same request id may get over."""


class Patience:
    """Counts from the first fault that nothing has overcome yet, up to `--wait`."""

    def __init__(self, clock: Clock, answers: Answers, console: Console) -> None:
        self._clock = clock
        self._answers = answers
        self._console = console
        self._began: float | None = None
        self._seen: Counter[str] = Counter()

    def progressed(self) -> None:
        """Something was done: the next fault is a first one."""
        self._began = None
        self._seen.clear()

    async def outlasts(self, problem: Problem, state: State) -> bool:
        """Wait for as long as the fault takes; False where that is too long, or does not help."""
        self._seen[problem.code] += 1
        if problem.code == "CODE_USED":
            # The next attempt waits for the next code by itself. A person is asked for it; a
            # command may print the same code for ever.
            return self._answers.no_input and self._seen["CODE_USED"] <= _TRIES
        self._seen["CODE_USED"] = 0
        pause = self._needed(problem, state)
        if pause is None:
            return False
        now = self._clock.monotonic()
        self._began = now if self._began is None else self._began
        if now - self._began + (pause or _LATER) > self._answers.wait:
            return False
        await self._pause(pause)
        return True

    def exit_code(self, problem: Problem) -> int:
        """The exit code of a run that ends with this fault."""
        by_itself = self._answers.no_input and problem.code in _WITH_FRESH_CODE
        if problem.remaining(self._clock.now()) or (by_itself and problem.kind is Kind.INPUT):
            return EXIT_WAITING
        return exit_code(problem.kind)

    def _needed(self, problem: Problem, state: State) -> float | None:
        """Return the seconds after which a retry makes sense; None if the user has to act."""
        left = problem.remaining(self._clock.now()).total_seconds()
        if left > 0:
            return left
        if not self._answers.no_input:
            return None
        if problem.kind is Kind.WAITING:
            return _LATER
        if problem.code not in _WITH_FRESH_CODE or self._seen[problem.code] > _TRIES:
            return None
        if problem.code in _REFUSED_CODES and state.invalid_codes >= _CODES_REFUSED:
            return None
        return 0.0

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            self._console.say(f"... waiting {seconds:.0f} s")
            await self._clock.sleep(seconds)
