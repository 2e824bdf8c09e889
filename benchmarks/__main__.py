"""python -m benchmarks: measures everything in one run and writes a table in Markdown."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import onboardings, starts
from benchmarks.network import measured_network
from benchmarks.official import CLI, SDK, has_cli, make_environment
from benchmarks.table import Row, markdown, median, milliseconds
from benchmarks.wizard import TOP, clean_environment

_STALL = 0.05
_JOURNAL = 0.02
"""Seconds for which the event loop may be held up."""


def stalls(repetitions: int) -> list[Row]:
    found: list[dict[str, float]] = []
    with measured_network(0) as measured:
        for _ in range(repetitions):
            with TemporaryDirectory() as folder:
                environ = clean_environment(Path(folder), measured.network.environment())
                done = subprocess.run(
                    [sys.executable, "-m", "benchmarks.stalls"],
                    env=environ,
                    cwd=folder,
                    capture_output=True,
                    text=True,
                    timeout=120,
                    check=True,
                )
                found.append(json.loads(done.stdout.splitlines()[-1]))
    idle = milliseconds(median([one["idle"] for one in found]))
    load = median([one["load"] for one in found])
    journal = max(one["journal"] for one in found)
    return [
        Row(
            f"longest stall of the event loop while web3 loads (an idle loop: {idle})",
            f"at most {milliseconds(_STALL)}",
            milliseconds(load),
            kept=load <= _STALL,
        ),
        Row(
            "longest stall while the journal is written, fsync included (the worst of all)",
            f"at most {milliseconds(_JOURNAL)}",
            milliseconds(journal),
            kept=journal <= _JOURNAL,
        ),
    ]


def has_single_transaction() -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "app", "--help"],
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return onboardings.SINGLE in done.stdout


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5, metavar="N")
    parser.add_argument("--quick", action="store_true", help="each figure once")
    theirs = parser.add_mutually_exclusive_group()
    theirs.add_argument(
        "--sdk-python", type=Path, metavar="PATH", help="an interpreter that has the official SDK"
    )
    theirs.add_argument(
        "--install-sdk", action="store_true", help=f"{SDK} and {CLI} in a throw-away environment"
    )
    parser.add_argument(
        "--single-transaction",
        action=argparse.BooleanOptionalAction,
        help="measure that mode too (default: where the wizard has it)",
    )
    parser.add_argument("--output", type=Path, metavar="PATH", help="instead of standard output")
    return parser.parse_args(arguments)


def measure(options: argparse.Namespace, sdk: Path | None) -> str:
    repetitions = 1 if options.quick else options.repetitions
    cli = sdk.parent / "peaqos" if sdk and has_cli(sdk) else None
    single = options.single_transaction
    if single is None:
        single = has_single_transaction()
    with measured_network(0) as measured:
        rows = starts.paint(measured, repetitions)
        rows += starts.commands(measured, repetitions, cli)
    rows += stalls(repetitions)
    at_once = onboardings.measure(0.0, repetitions, sdk, single=single)
    slow = onboardings.measure(onboardings.SLOW, repetitions, sdk, single=single)
    rows += onboardings.rows(0.0, at_once)
    rows += onboardings.rows(onboardings.SLOW, slow)
    rows.append(onboardings.peak(slow))
    return markdown(rows, repetitions=repetitions)


def main(arguments: Sequence[str] | None = None) -> int:
    options = options_of(arguments)
    with TemporaryDirectory() as folder:
        sdk = options.sdk_python.absolute() if options.sdk_python else None
        if options.install_sdk:
            sdk = make_environment(Path(folder) / "official", SDK, CLI, "pyotp")
        table = measure(options, sdk)
    if options.output:
        options.output.write_text(table + "\n", encoding="utf-8")
    else:
        sys.stdout.write(table + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
