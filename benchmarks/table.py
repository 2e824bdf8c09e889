"""The table: a target, our figure and theirs, each the median of what was measured."""

from __future__ import annotations

import math
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version


@dataclass(frozen=True)
class Row:
    what: str
    target: str
    ours: str
    theirs: str = "–"
    kept: bool | None = None
    """Whether ours is within the target; None where there is none."""


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else math.nan


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def mebibytes(size: float) -> str:
    return "–" if math.isnan(size) else f"{size / 2**20:.0f} MiB"


def number(value: float, *, digits: int = 0, unit: str = "") -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}{unit}"


def markdown(rows: Sequence[Row], *, repetitions: int) -> str:
    """The table with a line on where and how it was made."""
    now = datetime.now(timezone.utc)
    lines = [
        f"Measured {now:%Y-%m-%d %H:%M} UTC; medians of {repetitions}, alternating; "
        f"CPython {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}, "
        f"load {os.getloadavg()[0]:.1f}; Textual {version('textual')}, web3 {version('web3')}.",
        "",
        "| figure | target | ours | | official |",
        "| --- | --- | --- | --- | --- |",
    ]
    marks = {True: "kept", False: "**missed**", None: ""}
    lines += [
        f"| {row.what} | {row.target} | {row.ours} | {marks[row.kept]} | {row.theirs} |"
        for row in rows
    ]
    return "\n".join(lines)
