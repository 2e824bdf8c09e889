"""Output shared by several commands: a problem on stderr, and the signs of check results."""

from __future__ import annotations

import sys

from core.errors.exit_codes import exit_code
from core.errors.problem import OnboardingError
from core.errors.surfaces import COMMAND, Surface
from core.preflight.check import Status

SIGNS = {
    Status.PASSED: "ok  ",
    Status.WARNING: "note",
    Status.SKIPPED: "-   ",
    Status.FAILED: "BAD ",
}


def say_problem(error: OnboardingError, surface: Surface = COMMAND) -> int:
    """Print title, cause and the remedy worded for `surface`, and return the exit code."""
    found = error.problem
    lines = (f"{found.title} ({found.code})", found.cause, found.remedy(surface))
    print("\n  ".join(lines), file=sys.stderr)
    return exit_code(found.kind)
