"""The one JSON document on stdout of a command with `--json` (docs/formats.md).

Imports only the standard library: Ctrl+C can come while the rest is still being imported.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.errors.problem import Problem

ERROR_SCHEMA_VERSION = 1
INTERRUPTED = 128 + signal.SIGINT
"""Exit code of a command that Ctrl+C has ended."""
_OPTION = "--json"
_SHORTEST = "--j"
"""argparse accepts any unambiguous prefix of an option."""


def asks_for_json(words: Sequence[str]) -> bool:
    """Return whether the command line has `--json`, even if the rest of it is invalid."""
    return any(word.startswith(_SHORTEST) and _OPTION.startswith(word) for word in words)


def print_document(document: Mapping[str, Any]) -> None:
    """Print `document`. Nothing else may go to stdout. Raises OSError if stdout cannot be
    written.
    """
    print(json.dumps(document, indent=2), flush=True)


def print_error(*, code: str, title: str, cause: str, remedy: str, exit_code: int) -> None:
    """Print `{"error": …}` in place of the command's document (docs/error.schema.json).

    If stdout cannot be written, exit code and stderr still report the error.
    """
    error = {"code": code, "title": title, "cause": cause, "remedy": remedy, "exit_code": exit_code}
    try:
        print_document({"schema_version": ERROR_SCHEMA_VERSION, "error": error})
    except OSError:
        write_no_more()


def print_problem(problem: Problem) -> None:
    """Print a problem of the catalogue as `print_error` does."""
    from core.errors.exit_codes import exit_code
    from core.errors.surfaces import COMMAND

    print_error(
        code=problem.code,
        title=problem.title,
        cause=problem.cause,
        remedy=problem.remedy(COMMAND),
        exit_code=exit_code(problem.kind),
    )


def print_interrupted() -> None:
    """Print that Ctrl+C has ended the command, as `print_error` does."""
    print_error(
        code="INTERRUPTED",
        title="The command was interrupted",
        cause="Ctrl+C or SIGINT ended it.",
        remedy="Run it again.",
        exit_code=INTERRUPTED,
    )


def write_no_more() -> None:
    """Discard what stdout still buffers: Python would try to write it at exit, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
