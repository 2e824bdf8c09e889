"""Network checks shared by step 1 and doctor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from core.chain.json_rpc import Answers
from core.chain.queries import Chain
from core.chain.types import NetworkSnapshot
from core.config.networks import CONTRACT_VARIABLES
from core.config.settings import GAS_STATION_URL, MCR_URL, RPC_URL, Settings
from core.errors.problem import OnboardingError
from core.preflight.check import TITLES, CheckResult, Report, of_problem, passed, skipped
from core.preflight.services import PATIENCE, Endpoint, check_gas_station, check_mcr
from core.services.gas_station import GasStation
from core.services.mcr import Mcr


@dataclass(frozen=True)
class Services:
    """The clients of all services; None for one that the network does not have."""

    chain: Chain
    gas_station: GasStation | None
    mcr: Mcr | None
    refused: Mapping[str, str]
    """Variables whose service must not be contacted, each with the title of the result to see."""
    read_snapshot: Callable[[float], Awaitable[NetworkSnapshot]]
    """Reads the network data that the protocol needs; takes the patience in seconds."""
    check_contracts: Callable[[NetworkSnapshot], list[CheckResult]]
    """Returns the protocol's results `contracts` and `bond`."""


@dataclass(frozen=True)
class ContractChecks:
    """A protocol's checks of its contracts, for doctor, which has no onboarding to work with."""

    read_snapshot: Callable[[Chain, float], Awaitable[NetworkSnapshot]]
    """See `Services`; the float is the patience in seconds."""
    check_contracts: Callable[[NetworkSnapshot], list[CheckResult]]
    check_registration: Callable[[Chain, int | None], Awaitable[Sequence[CheckResult]]]
    """Returns further results; takes the bond in wei, None if the contracts could not be read."""


@dataclass
class Found:
    """Facts about the network found by the checks."""

    endpoint: Endpoint | None = None
    """None if the endpoint does not respond."""
    snapshot: NetworkSnapshot | None = None
    """None if the contracts could not be read."""


async def check_essentials(settings: Settings, services: Services, report: Report) -> Found:
    """Check endpoint, network, contracts, bond, Gas Station and MCR API concurrently.

    Never raises for a fault.
    """
    found, refused = Found(), services.refused

    async def network() -> None:
        for result in await _check_network(settings, services, found):
            report(result)

    async def service(check: Awaitable[CheckResult]) -> None:
        report(await check)

    await asyncio.gather(
        network(),
        service(check_gas_station(services.gas_station, refused.get(GAS_STATION_URL))),
        service(check_mcr(services.mcr, refused.get(MCR_URL))),
    )
    return found


async def _check_network(settings: Settings, services: Services, found: Found) -> list[CheckResult]:
    """Return the results of endpoint, network, contracts and bond."""
    chain, network, refused = services.chain, settings.network, services.refused
    if RPC_URL in refused:
        see = refused[RPC_URL]
        return [skipped(key, see) for key in ("rpc", "chain", "contracts", "bond")]
    unusable = next((refused[name] for name in CONTRACT_VARIABLES if name in refused), "")
    answers: NetworkSnapshot | Answers
    try:
        if unusable:
            answers = await chain.rpc.read([], patience=PATIENCE)
        else:
            answers = found.snapshot = await services.read_snapshot(PATIENCE)
    except OnboardingError as error:
        first = [of_problem("rpc", error.problem), skipped("chain", TITLES["rpc"])]
        if error.code == "CHAIN_ID_WRONG":
            answering = passed("rpc", f"{chain.rpc.host} answers")
            first = [answering, of_problem("chain", error.problem)]
        see = TITLES["chain" if error.code == "CHAIN_ID_WRONG" else "rpc"]
        return [*first, skipped("contracts", see), skipped("bond", see)]
    skew = answers.server_time - chain.rpc.clock.now() if answers.server_time else None
    found.endpoint = Endpoint(chain.rpc.host, answers.height, skew)
    results = [
        passed("rpc", f"{chain.rpc.host}, {answers.seconds * 1000:.0f} ms"),
        passed("chain", f"{network.title}, chain {network.chain_id}, block {answers.height}"),
    ]
    if found.snapshot is None:
        return [*results, skipped("contracts", unusable), skipped("bond", unusable)]
    return [*results, *services.check_contracts(found.snapshot)]
