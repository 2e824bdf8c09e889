"""How long a start takes: commands that only say something, and the first paint."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.network import Measured
from benchmarks.table import Row, mebibytes, median, milliseconds, number
from benchmarks.terminal import first_paint
from benchmarks.wizard import clean_environment

COMMANDS = ("--version", "--help", "status")
_ALLOWED = 0.25
"""Seconds over `python -c pass`."""
_PAINT_RATIO = 1.25
_PAINT_MEMORY = 45 * 2**20
_PYTHON = [sys.executable]
_OURS = [*_PYTHON, "-m", "app"]


def seconds_of(command: Sequence[str], environ: Mapping[str, str], folder: Path) -> float:
    """From start to end of one process."""
    started = time.perf_counter()
    # `status` ends with 1 where nothing is onboarded yet: the exit code is no news here.
    subprocess.run(command, env=environ, cwd=folder, capture_output=True, timeout=60, check=False)
    return time.perf_counter() - started


def commands(measured: Measured, repetitions: int, cli: Path | None) -> list[Row]:
    found: dict[str, list[float]] = {name: [] for name in ("pass", "theirs", *COMMANDS)}
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        environ = clean_environment(folder, measured.network.environment())
        for _ in range(repetitions):
            found["pass"].append(seconds_of([*_PYTHON, "-c", "pass"], environ, folder))
            for name in COMMANDS:
                found[name].append(seconds_of([*_OURS, name], environ, folder))
            if cli:
                bare = {**environ, "PYTHONPATH": ""}
                found["theirs"].append(seconds_of([str(cli), "--version"], bare, folder))
    nothing = median(found["pass"])
    theirs = median(found["theirs"]) - nothing
    rows = []
    for name in COMMANDS:
        ours = median(found[name]) - nothing
        rows.append(
            Row(
                f"`{name}`, over `python -c pass` ({milliseconds(nothing)})",
                f"at most {milliseconds(_ALLOWED)}",
                milliseconds(ours),
                f"CLI {number(theirs * 1000)} ms" if cli and name == "--version" else "–",
                ours <= _ALLOWED,
            )
        )
    return rows


def paint(measured: Measured, repetitions: int) -> list[Row]:
    """The wizard's first screen against a bare Textual app."""
    bare, ours, line, memory, bare_memory = [], [], [], [], []
    for _ in range(repetitions):
        with TemporaryDirectory() as temporary:
            folder = Path(temporary)
            environ = clean_environment(folder, measured.network.environment())
            app = [*_PYTHON, "-m", "benchmarks.bare_app"]
            painted = first_paint(app, environ, folder, last="Here I am")
            bare.append(painted.seconds)
            bare_memory.append(painted.resident)
            command = [*_OURS, "--state-dir", str(folder / "state")]
            painted = first_paint(command, environ, folder, last="ctrl+q leave")
            ours.append(painted.seconds)
            line.append(first_paint(command, environ, folder, last="One moment").seconds)
            memory.append(painted.resident)
    ratio = median(ours) / median(bare)
    resident = median(memory)
    return [
        Row(
            f"first paint, against a bare Textual app ({milliseconds(median(bare))})",
            f"at most {_PAINT_RATIO} ×",
            f"{ratio:.2f} × ({milliseconds(median(ours))})",
            kept=ratio <= _PAINT_RATIO,
        ),
        Row(
            "a line that says that it comes, against the same",
            "–",
            f"{median(line) / median(bare):.2f} × ({milliseconds(median(line))})",
        ),
        Row(
            f"resident memory at first paint (bare app {mebibytes(median(bare_memory))})",
            f"at most {mebibytes(_PAINT_MEMORY)}",
            mebibytes(resident),
            kept=resident <= _PAINT_MEMORY,
        ),
    ]
