"""What a screen may ask of the program around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from core.errors.problem import Problem
from core.journal.event_store import Wait
from core.journal.state import Details
from core.onboarding import Onboarding
from core.preflight.check import CheckResult
from core.secrets import Secret

T = TypeVar("T")


class Simulation(Protocol):
    """What a rehearsal simulates: an authenticator, and a payment from another wallet."""

    def code(self, address: str) -> tuple[str, int] | None:
        """The current code and the seconds it lasts; None before an enrolment."""
        ...

    def pay(self, address: str, wei: int) -> None:
        """Pays by hand, as the owner would from another wallet."""
        ...


class Presets(Protocol):
    """Answers given on the command line, None for those that were not.

    They fill in fields, and Enter takes them. An unusable one is reported, and asked for.
    """

    @property
    def key(self) -> str | None:
        """`generate`, `environment`, or the path of a file with a key."""
        ...

    @property
    def backup(self) -> str | None: ...

    @property
    def tier(self) -> str | None:
        """Number or name of an activation's tier."""
        ...

    @property
    def machine_type(self) -> str | None: ...

    @property
    def subject(self) -> str | None: ...

    @property
    def manufacturer(self) -> str | None: ...

    @property
    def controller(self) -> str | None: ...

    @property
    def code_command(self) -> str | None: ...

    @property
    def yes(self) -> bool:
        """Consents, but not to real money."""
        ...

    @property
    def accept_bond(self) -> int | None:
        """Wei: replaces the typed consent to a bond of at most this amount."""
        ...

    def passphrase(self) -> Secret | None:
        """Raises OnboardingError (ANSWER_UNUSABLE), once."""
        ...

    def refuse_passphrase(self) -> None:
        """It does not open the keystore: do not return it again."""
        ...

    def code(self, otpauth_uri: Secret | None = None) -> str | None:
        """Runs the code command, which takes up to a minute: not for the event loop. At enrolment
        it gets the otpauth URI. Raises OnboardingError (ANSWER_UNUSABLE).
        """
        ...


class Wizard(Protocol):
    engine: Onboarding
    simulation: Simulation | None
    details: Details
    """As typed so far; recorded when the first screen is left."""
    wait: Wait | None
    terminal: CheckResult
    """What this terminal can show."""

    def perform(
        self, work: Callable[[], Awaitable[T]], then: Callable[[T], None] | None = None
    ) -> None:
        """Run `work` outside of any screen; ignored while something is running.

        Afterwards the step screen that asked continues with `then(result)`, or with `advance()`
        if there is no `then`. If it has been replaced meanwhile, the state decides which screen
        comes next. An error goes to `failed(problem)` of the step screen that is up.
        """
        ...

    @property
    def busy(self) -> bool: ...

    @property
    def presets(self) -> Presets: ...

    def advance(self) -> None:
        """Show the screen of what comes next."""
        ...

    def go_back(self) -> None:
        """Show the screen before, where nothing irreversible has happened."""
        ...

    def watch_balance(self, on: bool) -> None:
        """Reads the balance again and again; the screen is told by `balance_read`."""
        ...

    def preset_funding_method(self) -> str | None:
        """Return the preset funding method once, unless it is in use already."""
        ...

    def save_settings(
        self, values: dict[str, str], then: Callable[[None], None]
    ) -> tuple[Problem, ...]:
        """Write variables to .env and apply them, then call `then`; return what is still wrong.

        Raises OnboardingError.
        """
        ...

    def leave(self) -> None:
        """Ends the program; everything is recorded."""
        ...
