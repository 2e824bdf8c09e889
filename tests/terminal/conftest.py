"""The table at the end: what the screens cost, which codes were read, how the program ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.terminal.console import Devnet, devnet

LINE = 960
"""Bytes a second of a serial line with 9600 baud."""
Note = Callable[..., None]


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """`note("QR", setting="…", …)`: a row for one of the tables in the summary."""

    def add(table: str, **row: object) -> None:
        request.node.user_properties.append((table, row))

    return add


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with devnet(tmp_path_factory.mktemp("devnet")) as running:
        yield running


TABLES = {
    "screens": "bytes at 80x24: first paint, and its seconds at 9600 baud; at rest; a sign; a Tab",
    "counting": "bytes a second while something is counted or waited for",
    "whole": "a whole onboarding typed by hand",
    "QR": "QR codes on the screen, read with zxing",
    "life": "signals, suspension, lost terminals, and how it ended",
}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows: dict[str, list[dict[str, object]]] = {}
    for report in terminalreporter.stats.get("", []):
        if getattr(report, "when", "") == "teardown":
            for table, row in report.user_properties:
                if table in TABLES:
                    rows.setdefault(table, []).append(row)
    for table, title in TABLES.items():
        if table in rows:
            terminalreporter.write_sep("=", title)
            for line in _aligned(rows[table]):
                terminalreporter.write_line(line)


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
