"""The tables below a test run: faults and their cost, and the figures of the terminal tests.

Only tests/conftest.py may call this: pytest-xdist prints the summary in a process that loads no
conftest.py below the folder named on the command line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

TRIED = ("crash points", "outcomes", "torn tails", "schedules", "faults")
FOUND = (
    "second bonds",
    "second Machine NFTs",
    "second activations",
    "second approvals",
    "double fundings",
    "lost keys",
    "tracebacks",
    "secrets found",
)
TABLES = {
    "screens": "bytes at 80x24: first paint, and its seconds at 9600 baud; at rest; a sign; a Tab",
    "counting": "bytes a second while something is counted or waited for",
    "whole": "a whole onboarding typed by hand",
    "QR": "QR codes on the screen, read with zxing",
    "life": "signals, suspension, lost terminals, and how it ended",
}


def write_tables(reporter: pytest.TerminalReporter) -> None:
    """Print each table for which a test left rows (`tally` and `note` in the conftest files)."""
    total: Counter[str] = Counter()
    rows: dict[str, list[dict[str, object]]] = {}
    for name, value in _properties(reporter):
        if name == "tally":
            total.update(value)
        elif name in TABLES:
            rows.setdefault(name, []).append(value)
    if total:
        reporter.write_sep("=", "faults tried, and what they cost")
        for what in (*TRIED, *FOUND):
            name = f"{what} tried" if what in TRIED else what
            reporter.write_line(f"{total[what]:7}  {name}")
    for name, title in TABLES.items():
        if name in rows:
            reporter.write_sep("=", title)
            for line in _aligned(rows[name]):
                reporter.write_line(line)


def _properties(reporter: pytest.TerminalReporter) -> Iterator[tuple[str, Any]]:
    """What the tests left; only the report of the teardown has all of it."""
    for report in reporter.stats.get("", []):
        if getattr(report, "when", "") == "teardown":
            yield from report.user_properties


def _aligned(rows: list[dict[str, object]]) -> Iterator[str]:
    heads = list(dict.fromkeys(head for row in rows for head in row))
    cells = [heads, *([str(row.get(head, "")) for head in heads] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(heads))]
    for line in cells:
        padded = (
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        yield "  " + "   ".join(padded).rstrip()
