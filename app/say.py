"""A problem in three lines on stderr, and the exit code that goes with it."""

from __future__ import annotations

import sys

from core.errors import OnboardingError, exit_code


def say_problem(error: OnboardingError) -> int:
    found = error.problem
    print(f"{found.title}\n  {found.cause}\n  {found.remedy}", file=sys.stderr)
    return exit_code(found.kind)
