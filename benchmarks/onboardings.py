"""What whole onboardings cost: requests, time beyond the blocks, memory."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.network import Traffic, measured_network
from benchmarks.official import CliMachine, has_cli, onboard_by_sdk
from benchmarks.table import Row, mebibytes, median, number
from benchmarks.wizard import Machine, Run

SLOW = 2.0
"""Seconds between blocks in the slower half of the measurements."""
_REQUESTS = {0.0: 16, SLOW: 25}
_AGAIN = 3
_BEYOND = 1.0
_PEAK = 105 * 2**20
SINGLE = "--single-transaction"


class Series:
    """The runs of one way of onboarding at one block time."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.again: list[Traffic] = []

    def median(self, name: str) -> float:
        values: dict[str, list[float]] = {
            "requests": [run.traffic.requests for run in self.runs],
            "seconds": [run.seconds for run in self.runs],
            "beyond": [run.beyond_blocks for run in self.runs],
            "peak": [run.peak for run in self.runs],
            "transactions": [run.transactions for run in self.runs],
            "again": [traffic.requests for traffic in self.again],
        }
        return median(values[name])


def measure(
    block_time: float, repetitions: int, sdk: Path | None, *, single: bool
) -> dict[str, Series]:
    """Alternating runs, each on a machine of its own: `ours`, `single`, `sdk`, `cli`."""
    series = {name: Series() for name in ("ours", "single", "sdk", "cli")}
    for _ in range(repetitions):
        with measured_network(block_time) as measured, TemporaryDirectory() as temporary:

            def place(name: str, top: str = temporary) -> Path:
                folder = Path(top) / name
                folder.mkdir()
                return folder

            ways: dict[str, list[str]] = {"ours": []}
            if single:
                ways["single"] = [SINGLE]
            for name, options in ways.items():
                machine = Machine(place(name), measured, options=options, key="keep")
                machine.bring_light_keystore()
                series[name].runs.append(machine.onboard())
                before = measured.traffic()
                machine.start_again()
                series[name].again.append(measured.since(before))
            if sdk:
                series["sdk"].runs.append(onboard_by_sdk(sdk, place("sdk"), measured))
                if has_cli(sdk):
                    theirs = CliMachine(sdk, place("cli"), measured)
                    series["cli"].runs.append(theirs.onboard())
                    before = measured.traffic()
                    theirs.start_again()
                    series["cli"].again.append(measured.since(before))
    return series


def rows(block_time: float, series: dict[str, Series]) -> list[Row]:
    blocks = f"{block_time:g} s blocks" if block_time else "blocks at once"
    found = []
    for name, way in (("ours", ""), ("single", ", single transaction")):
        ours = series[name]
        if not ours.runs:
            continue
        value = ours.median("requests")
        target = _REQUESTS[SLOW if block_time else 0.0]
        found.append(
            Row(
                f"HTTP requests to the RPC endpoint, a full onboarding, {blocks}{way}",
                f"at most {target}",
                number(value),
                _theirs(series, "requests"),
                value <= target,
            )
        )
        if block_time:
            beyond, sent = ours.median("beyond"), ours.median("transactions")
            plural = "" if sent == 1 else "s"
            found.append(
                Row(
                    f"wall time over the blocks' own time, {blocks}{way}",
                    f"at most {_BEYOND:.0f} s",
                    f"{beyond:.1f} s ({sent:.0f} transaction{plural})",
                    _theirs(series, "beyond", digits=1, unit=" s"),
                    beyond <= _BEYOND,
                )
            )
        took = _theirs(series, "seconds", digits=1, unit=" s")
        whole = number(ours.median("seconds"), digits=1, unit=" s")
        found.append(Row(f"the whole run, {blocks}{way}", "–", whole, took))
        again = ours.median("again")
        found.append(
            Row(
                f"HTTP requests of a start on a finished machine, {blocks}{way}",
                f"at most {_AGAIN}",
                number(again),
                f"CLI {number(series['cli'].median('again'))}" if series["cli"].again else "–",
                again <= _AGAIN,
            )
        )
    return found


def peak(series: dict[str, Series]) -> Row:
    ours = series["ours"].median("peak")
    return Row(
        "peak of resident memory, a run without scrypt (pbkdf2 keystore brought along)",
        f"at most {mebibytes(_PEAK)}",
        mebibytes(ours),
        " · ".join(
            f"{name.upper()} {mebibytes(series[name].median('peak'))}"
            for name in ("sdk", "cli")
            if series[name].runs
        )
        or "–",
        ours <= _PEAK,
    )


def _theirs(series: dict[str, Series], key: str, *, digits: int = 0, unit: str = "") -> str:
    found = [
        f"{name.upper()} {number(series[name].median(key), digits=digits, unit=unit)}"
        for name in ("sdk", "cli")
        if series[name].runs
    ]
    return " · ".join(found) or "–"
