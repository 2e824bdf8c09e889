"""The data of an error; its words are in `catalogue`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from core.errors.catalogue import CATALOGUE, Entry, Kind
from core.errors.entry import NOTHING_LOST, THIS_PAID_NOTHING
from core.errors.surfaces import NEUTRAL, Surface
from core.text import DEFAULT_LIMIT, clean

_COMMAND = 20_000
"""Characters of a shell command with several paths: a truncated command would do something else."""


class Again(str, Enum):
    """When the user may retry."""

    NOW = "now"
    LATER = "later"
    AFTER_CHANGE = "after a change"
    NEVER = "never"


@dataclass(frozen=True)
class Problem:
    """An error ready for display and journal: a code and the values for its text.

    `params` and `detail` are clean text. `until` is the earliest time of a retry; None if that is
    now or never.
    """

    code: str
    params: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""
    until: datetime | None = None
    asked_at: datetime | None = None
    """Start of the wait by the clock of that time; None if it starts now."""

    @property
    def entry(self) -> Entry:
        return CATALOGUE[self.code]

    @property
    def title(self) -> str:
        return self._filled(self.entry.title)

    @property
    def cause(self) -> str:
        return self._filled(self.entry.cause)

    def remedy(self, surface: Surface = NEUTRAL) -> str:
        """Return what to do next, in the words of the surface that shows it."""
        return self.entry.remedy.format_map(_Blank({**self.params, **surface.words()}))

    @property
    def money(self) -> str:
        words = self.entry.money
        if words == NOTHING_LOST and "wallet" in self.params:
            words = THIS_PAID_NOTHING
        return self._filled(words)

    @property
    def kind(self) -> Kind:
        return self.entry.kind

    @property
    def again(self) -> Again:
        if self.kind is Kind.WAITING:
            return Again.LATER
        return Again(self.entry.again)

    def remaining(self, now: datetime) -> timedelta:
        """Return the remaining wait; zero if a retry is possible."""
        if self.until is None or self.until <= now:
            return timedelta(0)
        left = self.until - now
        # A clock that was set back must not lengthen the wait.
        return min(left, self.until - self.asked_at) if self.asked_at else left

    def _filled(self, template: str) -> str:
        return template.format_map(_Blank(self.params))


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


class OnboardingError(Exception):
    """An error that the user can act on; the engine deliberately raises no other."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code}: {problem.title}")
        self.problem = problem

    @property
    def code(self) -> str:
        return self.problem.code


def problem(
    code: str, /, *, detail: object = "", until: datetime | None = None, **params: object
) -> Problem:
    """Return a Problem of the catalogue. Raises KeyError for an unknown code."""
    CATALOGUE[code]
    return Problem(
        code=code,
        params={
            name: clean(value, _COMMAND if name == "command" else DEFAULT_LIMIT)
            for name, value in params.items()
        },
        detail=clean(detail),
        until=until,
    )


def fault(
    code: str, /, *, detail: object = "", until: datetime | None = None, **params: object
) -> OnboardingError:
    """Return the same as an exception, to raise."""
    return OnboardingError(problem(code, detail=detail, until=until, **params))


# Typing errors: shown but not recorded, because nothing has happened.
NOT_RECORDED = {
    "ANSWER_UNUSABLE",
    "CODE_MALFORMED",
    "CODE_MISTYPED",
    "CODE_OF_OLD_ENTRY",
    "CODE_USED",
    "CODE_SKEWED",
    "KEY_FILE_UNSAFE",
    "LOCKED_KEY",
    "PASSPHRASE_WRONG",
    "PASSPHRASE_EMPTY",
    "PASSPHRASE_FILE_UNSAFE",
    "PASSPHRASE_LONG",
    "PASSPHRASE_UNREADABLE",
    "PASSPHRASES_DIFFER",
    "PRIVATE_KEY_INVALID",
    "PRIVATE_KEY_REQUIRED",
    "DISK_FULL",
    "BOND_CHANGED",
    "AMOUNT_CHANGED",
    "OWNER_IS_MACHINE",
    "OWNER_KEY_REQUIRED",
    "KEYSTORE_EXISTS",
    "DOCUMENTATION_URL_INVALID",
    "DATA_API_INVALID",
    "DATA_VISIBILITY_INVALID",
    "MACHINE_TYPE_INVALID",
    "SUBJECT_INVALID",
    "MANUFACTURER_INVALID",
    "CONTROLLER_INVALID",
    "ENDPOINT_INVALID",
    "AUTHENTICATION_INVALID",
    "TIER_INVALID",
    "IDENTITY_FIXED",
    "QUOTE_CHANGED",
}
