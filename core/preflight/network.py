"""All network checks, as doctor runs them: hosts, services, then contracts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from core.chain.json_rpc import Rpc
from core.chain.queries import Chain
from core.clock import Clock
from core.config.settings import GAS_STATION_URL, MCR_URL, RPC_URL, Settings
from core.errors.problem import problem
from core.http import Http
from core.preflight.check import Report, of_problem, skipped
from core.preflight.essentials import ContractChecks, Services, check_essentials
from core.preflight.hosts import check_host, origin
from core.preflight.services import check_clock, check_heights, check_other_endpoint
from core.preflight.settings import refused_variables
from core.services.gas_station import GasStation
from core.services.mcr import Mcr

LIMIT = 50.0
"""Seconds for all checks. Each ends earlier by itself."""

Connect = Callable[[str], Http]


async def check_network(
    settings: Settings,
    clock: Clock,
    report: Report,
    contracts: ContractChecks,
    *,
    makes_codes: bool = False,
    connect: Connect = Http,
) -> None:
    """Report each result as soon as it is known. Never raise for a fault; end within LIMIT.

    `makes_codes`: see `check_clock`.
    """
    checks = _check_all(
        settings, clock, report, connect, contracts=contracts, makes_codes=makes_codes
    )
    try:
        await asyncio.wait_for(checks, LIMIT)
    except asyncio.TimeoutError:
        report(of_problem("time-limit", problem("CHECKS_TIMED_OUT", seconds=round(LIMIT))))


async def _check_all(
    settings: Settings,
    clock: Clock,
    report: Report,
    connect: Connect,
    *,
    contracts: ContractChecks,
    makes_codes: bool,
) -> None:
    network, refused = settings.network, refused_variables(settings)
    variables = {RPC_URL: settings.rpc_url, GAS_STATION_URL: settings.gas_station_url}
    variables[MCR_URL] = settings.mcr_url
    used = {name: url for name, url in variables.items() if url and name not in refused}
    unreachable = await _check_hosts(
        [*used.values(), *settings.fallback_urls], used.get(RPC_URL), clock, report, connect
    )
    refused |= {name: unreachable[url] for name, url in used.items() if url in unreachable}
    async with AsyncExitStack() as at_end:

        def rpc(url: str) -> Rpc:
            made = Rpc((url,), network.chain_id, network.title, clock, connect)
            at_end.push_async_callback(made.close)
            return made

        chain = Chain(rpc(settings.rpc_url), network, settings.contracts)
        gas_station, mcr = None, None
        if GAS_STATION_URL in used:
            http = connect(used[GAS_STATION_URL])
            gas_station = GasStation(http, network.gas_station_chain, clock)
            at_end.push_async_callback(gas_station.close)
        if MCR_URL in used:
            mcr = Mcr(connect(used[MCR_URL]))
            at_end.push_async_callback(mcr.close)
        others = []
        for number, url in enumerate(settings.fallback_urls, 2):
            if url in unreachable:
                report(skipped(f"rpc:{number}", unreachable[url]))
            else:
                others.append(check_other_endpoint(number, rpc(url)))
        services = Services(
            chain,
            gas_station,
            mcr,
            refused,
            read_snapshot=lambda patience: contracts.read_snapshot(chain, patience),
            check_contracts=contracts.check_contracts,
        )
        found, compared = await asyncio.gather(
            check_essentials(settings, services, report), asyncio.gather(*others)
        )
        for result, _ in compared:
            report(result)
        answering = [found.endpoint, *(endpoint for _, endpoint in compared)]
        endpoints = [endpoint for endpoint in answering if endpoint is not None]
        if len(endpoints) > 1:
            report(check_heights(endpoints))
        skews = [endpoint.skew for endpoint in endpoints]
        skews.append(gas_station.skew if gas_station else None)
        report(check_clock(skews, makes_codes=makes_codes))
        bond = found.snapshot.bond if found.snapshot else None
        for result in await contracts.check_registration(chain, bond):
            report(result)


async def _check_hosts(
    urls: Sequence[str], needed: str | None, clock: Clock, report: Report, connect: Connect
) -> dict[str, str]:
    """Check each host once; return the URLs with an unusable host, with the host's name.

    `needed`: the one URL that the onboarding cannot do without.
    """
    origins = {origin(url): False for url in urls}
    if needed:
        origins[origin(needed)] = True
    results = await asyncio.gather(
        *(check_host(url, clock, connect, needed=flag) for url, flag in origins.items())
    )
    unusable = {}
    for start, result in zip(origins, results, strict=True):
        report(result)
        if result.problem is not None and result.problem.code != "HOST_CERTIFICATE_ENDS":
            unusable[start] = result.problem.params["host"]
    return {url: unusable[origin(url)] for url in urls if origin(url) in unusable}
