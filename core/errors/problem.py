"""What a fault looks like to the rest of the program; the words are in `catalogue`."""

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
"""Characters of a shell command with several paths: half a command does something else."""


class Again(str, Enum):
    """When the same thing may be tried again."""

    NOW = "now"
    LATER = "later"
    AFTER_CHANGE = "after a change"
    NEVER = "never"


@dataclass(frozen=True)
class Problem:
    """One fault, ready to be shown and to be journalled: a code and what fills its words.

    `params` and `detail` are clean text; `until` is the moment from which it may be tried again,
    None where that is now, or never.
    """

    code: str
    params: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""
    until: datetime | None = None
    asked_at: datetime | None = None
    """When the wait began, by the clock of that time; None for one that begins now."""

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
        """How long still to wait; zero when it may be tried."""
        if self.until is None or self.until <= now:
            return timedelta(0)
        left = self.until - now
        # A clock that was set back must not make a wait longer than it ever was.
        return min(left, self.until - self.asked_at) if self.asked_at else left

    def _filled(self, template: str) -> str:
        return template.format_map(_Blank(self.params))


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


class OnboardingError(Exception):
    """A fault that people can do something about; everything the engine raises on purpose."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code}: {problem.title}")
        self.problem = problem

    @property
    def code(self) -> str:
        return self.problem.code


def problem(
    code: str, /, *, detail: object = "", until: datetime | None = None, **params: object
) -> Problem:
    """A Problem of the catalogue. Raises KeyError for a code that it does not have."""
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
    """The same as an exception, to raise."""
    return OnboardingError(problem(code, detail=detail, until=until, **params))


# Slips of typing: they are shown, but nothing has happened that would have to be recorded.
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
