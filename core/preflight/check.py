"""The lines of the first screen's list, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from core.errors.problem import Problem


class Light(str, Enum):
    PENDING = "pending"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True)
class Check:
    """One line of the list. `problem` says what to do where it is not green."""

    key: str
    title: str
    light: Light = Light.PENDING
    text: str = ""
    problem: Problem | None = None
    remedy: str = ""
    """What to do where it is not green and there is no problem of the catalogue."""


TITLES = {
    "variables": "Settings",
    "rpc": "Network endpoint",
    "chain": "Network",
    "contracts": "Contracts",
    "bond": "Bond",
    "gas-station": "Gas Station",
    "mcr": "MCR API",
    "clock": "Clock",
    "folder": "State folder",
}

Report = Callable[[Check], None]


def pending() -> list[Check]:
    """The list before anything was asked."""
    return [Check(key, title) for key, title in TITLES.items()]


def essential_red(checks: list[Check]) -> Check | None:
    """The first line that keeps the onboarding from going on."""
    return next((check for check in checks if check.light is Light.RED), None)
