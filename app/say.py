"""A problem in three lines on stderr, and the exit code that goes with it."""

from __future__ import annotations

import sys

from app.wording import at_prompt
from core.errors.exit_codes import exit_code
from core.errors.problem import OnboardingError
from core.preflight.finding import remedy_of


def say_problem(error: OnboardingError) -> int:
    found = error.problem
    print(f"{found.title}\n  {found.cause}\n  {at_prompt(remedy_of(found))}", file=sys.stderr)
    return exit_code(found.kind)
