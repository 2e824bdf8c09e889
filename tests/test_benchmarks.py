"""The benchmarks run: what nobody can measure any more grows unseen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
ROWS = (
    "first paint, against a bare Textual app",
    "resident memory at first paint",
    "`--version`, over `python -c pass`",
    "`--help`, over `python -c pass`",
    "`status`, over `python -c pass`",
    "longest stall of the event loop while web3 loads",
    "longest stall while the journal is written",
    "HTTP requests to the RPC endpoint, a full onboarding, blocks at once",
    "HTTP requests to the RPC endpoint, a full onboarding, 2 s blocks",
    "HTTP requests to the RPC endpoint, a full onboarding, 2 s blocks, single transaction",
    "HTTP requests of a start on a finished machine",
    "wall time over the blocks' own time, 2 s blocks",
    "peak of resident memory, a run without scrypt",
)


@pytest.mark.long
def test_one_command_measures_every_figure(tmp_path: Path) -> None:
    table = tmp_path / "table.md"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--output", table],
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in table.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    for row in ROWS:
        (found, *_) = [line for line in lines if row in line]
        _, _, target, ours, *_ = (cell.strip() for cell in found.split("|"))
        assert target.startswith("at most"), found
        assert any(digit in ours for digit in "0123456789"), f"nothing was measured: {found}"
