"""Messages on the normal screen after the wizard ends."""

from __future__ import annotations

import shlex
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors.exit_codes import EXIT_STOPPED
from core.step import Step
from core.text import clean

if TYPE_CHECKING:
    from core.onboarding import Onboarding


_LONG = 4096
"""Characters: paths are shown whole."""


def say_goodbye(
    engine: Onboarding, folder: Path, arguments: Sequence[str], code: int = EXIT_STOPPED
) -> None:
    """Print the progress and the command that resumes it. `arguments` lead back here."""
    state = engine.state
    if state.finished:
        from core.receipt.document import TEXT_NAME, read_receipt
        from core.receipt.text import Layout, receipt_lines

        receipt = read_receipt(folder)
        print("The machine is onboarded.\n")
        if receipt:
            print("\n".join(receipt_lines(receipt, Layout.FACTS_LAST)))
        print(f"\nTo print: {clean(folder / TEXT_NAME, _LONG)}")
        return
    step = engine.action.step or Step.ENVIRONMENT
    signalled = code == 128 + signal.SIGTERM  # typed but unsubmitted text is lost
    by, kept = (
        (" by SIGTERM", "Saved steps are kept.") if signalled else ("", "All progress is saved.")
    )
    print(f"Stopped{by} at step {step.value} of {len(Step)}: {step.info.title}. {kept}")
    if state.open_transactions:
        print("  A transaction is pending. Quitting does not cancel it.")
    found = engine.problem
    if found:
        print(f"  {found.title}")
        if found.until and found.remaining(engine.clock.now()).total_seconds() > 0:
            print(f"  Try again at {found.until:%Y-%m-%d %H:%M:%S} UTC.")
    print(f"To resume:\n  {clean(shlex.join([_program(), *arguments]), _LONG)}")


def _program() -> str:
    """Return the program as it was called: with its folder if that is not in PATH."""
    called = Path(sys.argv[0])
    elsewhere = called.name == "peaq-onboard" and shutil.which(called.name) != str(
        called.absolute()
    )
    return str(called) if elsewhere else "peaq-onboard"
