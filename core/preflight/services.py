"""What answers behind the hosts: endpoints of the network, Gas Station, MCR API, and their time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.chain.json_rpc import Rpc
from core.clock import Clock
from core.config.networks import Network
from core.errors.problem import OnboardingError
from core.http import Http
from core.preflight.check import Light
from core.preflight.finding import Finding, green, of_problem
from core.services.gas_station import GasStation
from core.services.mcr import Mcr

Connect = Callable[[str], Http]

PATIENCE = 6.0
"""Seconds for one endpoint with its repetitions; a single exchange has READ_TIMEOUT."""
_CLOCK_FINE = timedelta(seconds=5)
_LAG = 10
"""Blocks. A minute: a node this far behind the others answers with the past."""


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of the network. `height` None: it is not one that can be used."""

    url: str
    finding: Finding
    height: int | None = None
    skew: timedelta | None = None
    """How far its clock is ahead of ours."""


async def look_at_endpoint(
    number: int, url: str, network: Network, clock: Clock, connect: Connect
) -> Endpoint:
    """Latency, height and chain id. The first one is the one in use: its faults are red."""
    key = "rpc" if number == 1 else f"rpc-{number}"
    title = "Network endpoint" if number == 1 else f"Endpoint {number}"
    rpc = Rpc((url,), network.chain_id, network.title, clock, connect)
    try:
        answers = await rpc.read([], patience=PATIENCE)
    except OnboardingError as error:
        light = Light.RED if number == 1 else Light.AMBER
        wrong = error.code == "CHAIN_ID_WRONG"
        return Endpoint(url, of_problem(key, title, error.problem, light=light, network=not wrong))
    finally:
        await rpc.close()
    text = (
        f"{rpc.host}, {answers.seconds * 1000:.0f} ms, "
        f"chain {network.chain_id}, block {answers.height}"
    )
    skew = answers.server_time - clock.now() if answers.server_time else None
    return Endpoint(url, green(key, title, text), answers.height, skew)


def compare_heights(endpoints: Sequence[Endpoint]) -> Finding | None:
    """None where there are not two to compare."""
    heights = [endpoint.height for endpoint in endpoints if endpoint.height is not None]
    if len(heights) < 2:
        return None
    key, title = "heights", "Heights"
    lags = [
        f"{endpoint.finding.title.lower()} by {max(heights) - endpoint.height}"
        for endpoint in endpoints
        if endpoint.height is not None and max(heights) - endpoint.height > _LAG
    ]
    if not lags:
        apart = max(heights) - min(heights)
        return green(key, title, f"{len(heights)} endpoints, {apart} blocks apart")
    text = f"behind the others: {', '.join(lags)} blocks"
    remedy = "Look again in a few minutes; until then use one that is not behind."
    return Finding(key, title, Light.AMBER, text, remedy, "RPC_BEHIND", network=True)


async def look_at_gas_station(
    url: str, network: Network, clock: Clock, connect: Connect
) -> tuple[Finding, timedelta | None]:
    """The line, and how far the service's clock is ahead of ours."""
    key, title = "gas-station", "Gas Station"
    gas_station = GasStation(connect(url), network.gas_station_chain, clock)
    try:
        await gas_station.probe()
    except OnboardingError as error:
        # Amber: a machine can be funded without it.
        return of_problem(key, title, error.problem, light=Light.AMBER), gas_station.skew
    finally:
        await gas_station.close()
    return green(key, title, f"{gas_station.host} answers"), gas_station.skew


async def look_at_mcr(url: str, connect: Connect) -> Finding:
    key, title = "mcr", "MCR API"
    mcr = Mcr(connect(url))
    try:
        await mcr.probe()
    except OnboardingError as error:
        text = f"{mcr.host} does not answer as it should: {error.problem.params.get('reason', '')}"
        remedy = "Nothing needs to be done: only the rating on the receipt comes from there."
        return Finding(key, title, Light.AMBER, text, remedy, "MCR_SILENT", network=True)
    finally:
        await mcr.close()
    return green(key, title, f"{mcr.host} answers")


def compare_clocks(skews: Sequence[timedelta]) -> Finding:
    """`skews`: how far each server's clock is ahead of ours. The middle one is believed."""
    key, title = "clock", "Clock"
    if not skews:
        remedy = "Compare it by hand (date -u): codes and certificates need the right time."
        return Finding(key, title, Light.AMBER, "no server has told the time", remedy)
    ours = sorted(skews)[len(skews) // 2]
    servers = f"{len(skews)} server{'s' if len(skews) > 1 else ''}"
    if abs(ours) <= _CLOCK_FINE:
        return green(key, title, f"right, by {servers}")
    seconds = round(abs(ours.total_seconds()))
    direction = "behind" if ours > timedelta(0) else "ahead of"
    text = f"this machine is {seconds} s {direction} {servers}"
    remedy = "Set it: timedatectl set-ntp true. One-time codes and certificates hang on it."
    return Finding(key, title, Light.AMBER, text, remedy, "CLOCK_OFF")
