"""Check the endpoints of the network, the Gas Station, the MCR API, and this machine's clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.chain.json_rpc import Rpc
from core.errors.problem import OnboardingError, problem
from core.preflight.check import CheckResult, Status, of_problem, passed, skipped, warning
from core.services.gas_station import GasStation
from core.services.mcr import Mcr

PATIENCE = 6.0
"""Seconds for one endpoint with its retries; a single exchange has READ_TIMEOUT."""
_IN_SYNC = timedelta(seconds=5)
_CODE_STEP = timedelta(seconds=30)
"""Validity of a one-time code."""
_LAG = 10
"""Blocks. At one minute of lag, a node returns outdated data."""


@dataclass(frozen=True)
class Endpoint:
    """An endpoint that responds for the network: its host, block height and clock."""

    host: str
    height: int
    skew: timedelta | None
    """How far its clock is ahead of this machine's; None if it sent no time."""


async def check_other_endpoint(number: int, rpc: Rpc) -> tuple[CheckResult, Endpoint | None]:
    """Check an endpoint other than the one in use; `number` is 2 or higher."""
    key = f"rpc:{number}"
    try:
        answers = await rpc.read([], patience=PATIENCE)
    except OnboardingError as error:
        return of_problem(key, error.problem, Status.WARNING), None
    skew = answers.server_time - rpc.clock.now() if answers.server_time else None
    text = f"{rpc.host}, {answers.seconds * 1000:.0f} ms, block {answers.height}"
    return passed(key, text), Endpoint(rpc.host, answers.height, skew)


def check_heights(endpoints: Sequence[Endpoint]) -> CheckResult:
    """Compare the heights of two or more endpoints."""
    first = max(endpoint.height for endpoint in endpoints)
    last = min(endpoints, key=lambda endpoint: endpoint.height)
    if first - last.height <= _LAG:
        text = f"{len(endpoints)} endpoints, {first - last.height} blocks apart"
        return passed("heights", text)
    found = problem("RPC_BEHIND", host=last.host, height=last.height, needed=first)
    return of_problem("heights", found, Status.WARNING)


async def check_gas_station(gas_station: GasStation | None, see: str | None) -> CheckResult:
    """Check the service. Never worse than a warning, because a machine can be funded without it.

    `see`: the title of the result that says why the service must not be contacted.
    """
    if see:
        return skipped("gas-station", see)
    if gas_station is None:
        return passed("gas-station", "none on this network; fund the wallet manually")
    try:
        await gas_station.probe()
    except OnboardingError as error:
        return of_problem("gas-station", error.problem, Status.WARNING)
    return passed("gas-station", gas_station.host)


async def check_mcr(mcr: Mcr | None, see: str | None) -> CheckResult:
    """Check the service. Never worse than a warning, because only the receipt's rating needs it.

    `see`: as in `check_gas_station`.
    """
    if see:
        return skipped("mcr", see)
    if mcr is None:
        return passed("mcr", "none on this network")
    try:
        await mcr.probe()
    except OnboardingError as error:
        reason = error.problem.params.get("reason", "")
        found = problem("MCR_SILENT", host=mcr.host, reason=reason)
        return of_problem("mcr", found, Status.WARNING)
    return passed("mcr", mcr.host)


def check_clock(skews: Iterable[timedelta | None], *, makes_codes: bool = False) -> CheckResult:
    """Compare this machine's clock with the median of the servers' clocks.

    `skews`: how far each clock is ahead of this machine's; None if it sent no time.
    `makes_codes`: one-time codes come from this machine, so a clock that is off by more than one
    code fails.
    """
    known = sorted(skew for skew in skews if skew is not None)
    if not known:
        advice = "Compare it yourself (date -u). Codes and certificates need the correct time."
        return warning("clock", "no server reported the time", advice)
    skew = known[len(known) // 2]
    servers = f"{len(known)} server{'s' if len(known) > 1 else ''}"
    if abs(skew) <= _IN_SYNC:
        return passed("clock", f"in sync with {servers}")
    found = problem(
        "CLOCK_OFF",
        seconds=round(abs(skew.total_seconds())),
        direction="behind" if skew > timedelta(0) else "ahead of",
        servers=servers,
    )
    fails = makes_codes and abs(skew) > _CODE_STEP
    return of_problem("clock", found, Status.FAILED if fails else Status.WARNING)
