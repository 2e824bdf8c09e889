"""A problem in three lines on stderr, and the exit code that goes with it."""

from __future__ import annotations

import sys

from core.errors.exit_codes import exit_code
from core.errors.problem import OnboardingError
from core.errors.surfaces import COMMAND, Surface


def say_problem(error: OnboardingError, surface: Surface = COMMAND) -> int:
    """Print title, cause and remedy, the latter in the words of `surface`; the exit code."""
    found = error.problem
    print(f"{found.title}\n  {found.cause}\n  {found.remedy(surface)}", file=sys.stderr)
    return exit_code(found.kind)
