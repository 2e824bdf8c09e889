"""What a screen may ask of the program around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from core.errors.problem import Problem
from core.journal.event_store import Wait
from core.journal.state import Details
from core.onboarding import Onboarding
from core.preflight.check import CheckResult
from core.secrets import Secret


class Pretend(Protocol):
    """The stand-ins of a rehearsal: a phone with an authenticator, and somebody who pays."""

    def code(self, address: str) -> tuple[str, int] | None:
        """The current code and the seconds it lasts; None before an enrolment."""
        ...

    def pay(self, address: str, wei: int) -> None:
        """Pays by hand, as the owner would from another wallet."""
        ...


class Given(Protocol):
    """Answers given ahead on the command line; None where one was not. They fill in fields, and
    Enter takes them; what cannot be used is said, and asked for.
    """

    @property
    def key(self) -> str | None:
        """`generate`, `environment`, or the path of a file with a key."""
        ...

    @property
    def backup(self) -> str | None: ...

    @property
    def code_command(self) -> str | None: ...

    @property
    def yes(self) -> bool:
        """Consents, but not to real money."""
        ...

    @property
    def accept_bond(self) -> int | None:
        """Wei: stands for the typed consent to a bond of at most this."""
        ...

    def passphrase(self) -> Secret | None:
        """Raises OnboardingError (ANSWER_UNUSABLE), once."""
        ...

    def refuse_passphrase(self) -> None:
        """It does not open the keystore: it is not given again."""
        ...

    def code(self, otpauth_uri: Secret | None = None) -> str | None:
        """Runs the code command, which takes up to a minute: not for the event loop. At enrolment
        it gets the otpauth URI. Raises OnboardingError (ANSWER_UNUSABLE).
        """
        ...


class Wizard(Protocol):
    engine: Onboarding
    pretend: Pretend | None
    details: Details
    """As typed so far; recorded when the first screen is left."""
    wait: Wait | None
    terminal: CheckResult
    """What this terminal can show."""

    def perform(self, name: str, work: Callable[[], Awaitable[Any]]) -> None:
        """Runs `work` outside of any screen. The screen that is up is told how it ended, by
        `finished(name, result)` or `failed(name, problem)`. Ignored while something is running.
        """
        ...

    @property
    def busy(self) -> bool: ...

    @property
    def given(self) -> Given: ...

    def go_on(self) -> None:
        """To the screen of what comes next."""
        ...

    def go_back(self) -> None:
        """To the screen before, where nothing irreversible has happened."""
        ...

    def watch_balance(self, on: bool) -> None:
        """Reads the balance again and again; the screen is told by `balance_read`."""
        ...

    def way_ahead(self) -> str | None:
        """The way of funding that was given ahead, once, where it is not taken already."""
        ...

    def save_settings(self, values: dict[str, str]) -> tuple[Problem, ...]:
        """Writes variables to .env and takes them; what is still wrong with them. Raises
        OnboardingError.
        """
        ...

    def leave(self) -> None:
        """Ends the program; everything is recorded."""
        ...
