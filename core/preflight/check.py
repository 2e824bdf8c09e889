"""The result of one check. Imports little, because the first screen needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from core.errors.problem import Problem
from core.errors.surfaces import NEUTRAL, Surface


class Status(str, Enum):
    PENDING = "pending"
    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not run, because another check failed; that one says what to do."""


@dataclass(frozen=True)
class CheckResult:
    """The result of one check, as one row of a list."""

    key: str
    title: str
    status: Status = Status.PENDING
    text: str = ""
    problem: Problem | None = None
    advice: str = ""
    """What to do if the result has no problem from the catalogue."""

    def remedy(self, surface: Surface = NEUTRAL) -> str:
        """Return what to do, in the words of the surface; empty if there is nothing to do."""
        return self.problem.remedy(surface) if self.problem else self.advice


TITLES = {
    "python": "Python",
    "architecture": "Architecture",
    "memory": "Memory",
    "folder": "State directory",
    "terminal": "Terminal",
    "qr": "QR code",
    "variables": "Settings",
    "journal": "Journal",
    "keystore": "Keystore",
    "subscription": "Subscription",
    "host": "Host",
    "rpc": "RPC endpoint",
    "chain": "Network",
    "heights": "Heights",
    "contracts": "Contracts",
    "bond": "Bond",
    "pause": "Pause",
    "register": "Registering",
    "gas-station": "Gas Station",
    "mcr": "MCR API",
    "clock": "Clock",
    "time-limit": "Time limit",
}
"""Titles by key; keys such as `host:NAME:443` start with one of these."""

STEP_ONE = (
    *("variables", "rpc", "chain", "contracts", "bond"),
    *("gas-station", "mcr", "clock", "folder"),
)
"""Keys of the checks of step 1, in display order."""

FIX_FIRST = "Fix that first, then run the checks again."

Report = Callable[[CheckResult], None]


def pending() -> list[CheckResult]:
    """Return the list of step 1 before any check has run."""
    return [CheckResult(key, TITLES[key]) for key in STEP_ONE]


def passed(key: str, text: str) -> CheckResult:
    return CheckResult(key, _title(key), Status.PASSED, text)


def warning(key: str, text: str, advice: str) -> CheckResult:
    return CheckResult(key, _title(key), Status.WARNING, text, advice=advice)


def skipped(key: str, see: str) -> CheckResult:
    """Return a skipped result; `see` names the result that says what to do."""
    text = f"not checked; see {see}"
    return CheckResult(key, _title(key), Status.SKIPPED, text, advice=FIX_FIRST)


def of_problem(key: str, problem: Problem, status: Status = Status.FAILED) -> CheckResult:
    return CheckResult(key, _title(key), status, problem.title, problem)


def first_failed(results: Iterable[CheckResult]) -> CheckResult | None:
    """Return the first result that prevents the onboarding from starting."""
    return next((result for result in results if result.status is Status.FAILED), None)


def _title(key: str) -> str:
    return TITLES[key.partition(":")[0]]
