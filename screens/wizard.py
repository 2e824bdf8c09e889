"""What a screen may ask of the program around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from core.book import Wait
from core.checks import Check
from core.errors import Problem
from core.onboarding import Onboarding
from core.state import Details


class Pretend(Protocol):
    """The stand-ins of a rehearsal: a phone with an authenticator, and somebody who pays."""

    def code(self, address: str) -> tuple[str, int] | None:
        """The current code and the seconds it lasts; None before an enrolment."""
        ...

    def pay(self, address: str, wei: int) -> None:
        """Pays by hand, as the owner would from another wallet."""
        ...


class Wizard(Protocol):
    engine: Onboarding
    pretend: Pretend | None
    details: Details
    """As typed so far; recorded when the first screen is left."""
    wait: Wait | None
    terminal: Check
    """What this terminal can show."""

    def perform(self, name: str, work: Callable[[], Awaitable[Any]]) -> None:
        """Runs `work` outside of any screen. The screen that is up is told how it ended, by
        `finished(name, result)` or `failed(name, problem)`. Ignored while something is running.
        """
        ...

    @property
    def busy(self) -> bool: ...

    def go_on(self) -> None:
        """To the screen of what comes next."""
        ...

    def go_back(self) -> None:
        """To the screen before, where nothing irreversible has happened."""
        ...

    def watch_balance(self, on: bool) -> None:
        """Reads the balance again and again; the screen is told by `balance_read`."""
        ...

    def save_settings(self, values: dict[str, str]) -> tuple[Problem, ...]:
        """Writes variables to .env and takes them; what is still wrong with them. Raises
        OnboardingError.
        """
        ...

    def leave(self) -> None:
        """Ends the program; everything is recorded."""
        ...
