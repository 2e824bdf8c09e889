"""One line of the survey."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors.problem import Problem
from core.errors.surfaces import DOCTOR
from core.preflight.check import Light

MEND_FIRST = "Mend what that hangs on, then look again."


@dataclass(frozen=True)
class Finding:
    """What was looked at and how it stands. `remedy` says what to do where it is not green."""

    key: str
    title: str
    light: Light
    text: str
    remedy: str = ""
    code: str = ""
    """Of the catalogue, or HOST_…; empty where the line is a remark."""
    network: bool = False
    """Whether the fault lies in the network rather than in what is set on this machine."""


def green(key: str, title: str, text: str) -> Finding:
    return Finding(key, title, Light.GREEN, text)


def not_asked(key: str, title: str, because: str) -> Finding:
    """A line that hangs on another one, which says what to do."""
    return Finding(key, title, Light.AMBER, f"not asked: {because}", MEND_FIRST)


def of_problem(
    key: str, title: str, problem: Problem, *, light: Light = Light.RED, network: bool = True
) -> Finding:
    """Return a fault of the catalogue as a line of doctor."""
    text = f"{problem.title}. {problem.cause}"
    return Finding(key, title, light, text, problem.remedy(DOCTOR), problem.code, network)
