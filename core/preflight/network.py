"""Hosts, then what answers at them, then the contracts: each only where the one before is fine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from core.chain.json_rpc import Rpc
from core.chain.queries import Chain
from core.clock import Clock
from core.config.settings import GAS_STATION_URL, MCR_URL, RPC_URL, Settings
from core.http import Http
from core.preflight.check import Light
from core.preflight.contracts import LINES, look_at_contracts
from core.preflight.finding import Finding, green, not_asked
from core.preflight.hosts import CANNOT_BE_ASKED, Host, host_of, look_at_hosts
from core.preflight.services import (
    Connect,
    Endpoint,
    compare_clocks,
    compare_heights,
    look_at_endpoint,
    look_at_gas_station,
    look_at_mcr,
)

LIMIT = 50.0
"""Seconds for all of it. Its parts end before that by themselves."""

Report = Callable[[Finding], None]


async def look_at_network(
    settings: Settings, clock: Clock, report: Report, *, connect: Connect = Http
) -> None:
    """Reports each line as it is known; never raises for a fault, and ends within LIMIT."""
    try:
        await asyncio.wait_for(_Look(settings, clock, report, connect).run(), LIMIT)
    except asyncio.TimeoutError:
        text = f"not everything answered within {LIMIT:.0f} s"
        remedy = "Check the line, then look again."
        report(
            Finding(
                "survey",
                "Survey",
                Light.RED,
                text,
                remedy,
                "SURVEY_TIMED_OUT",
                network=True,
            )
        )


class _Look:
    def __init__(self, settings: Settings, clock: Clock, report: Report, connect: Connect) -> None:
        self._settings = settings
        self._clock = clock
        self._report = report
        self._connect = connect
        self._skews: list[timedelta] = []
        self._bad_hosts: set[str] = set()

    async def run(self) -> None:
        await self._hosts()
        endpoints, *_ = await asyncio.gather(self._endpoints(), self._gas_station(), self._mcr())
        self._report(compare_clocks(self._skews))
        await self._contracts(endpoints)

    def _usable(self, variable: str, url: str | None) -> str | None:
        """The address where it may be asked: nothing is, with one that was refused."""
        return None if self._settings.problem_of(variable) else url

    async def _hosts(self) -> None:
        settings = self._settings
        urls = [
            (self._usable(RPC_URL, settings.rpc_url), True),
            *((url, False) for url in settings.fallback_urls),
            (self._usable(GAS_STATION_URL, settings.gas_station_url), False),
            (self._usable(MCR_URL, settings.mcr_url), False),
        ]
        hosts: dict[str, Host] = {}
        for url, needed in urls:
            host = host_of(url, needed=needed) if url else None
            if host is not None:
                hosts.setdefault(host.key, host)
        for finding in await look_at_hosts(list(hosts.values()), self._clock.now()):
            self._report(finding)
            if finding.code in CANNOT_BE_ASKED:
                self._bad_hosts.add(finding.key)

    def _host_is_bad(self, url: str) -> str | None:
        """The name of the host, where it was found bad."""
        host = host_of(url, needed=False)
        return host.name if host and host.key in self._bad_hosts else None

    async def _endpoints(self) -> list[Endpoint]:
        settings = self._settings
        urls = [settings.rpc_url, *settings.fallback_urls]
        found = await asyncio.gather(*(self._endpoint(n, url) for n, url in enumerate(urls, 1)))
        for endpoint in found:
            self._report(endpoint.finding)
            if endpoint.skew is not None:
                self._skews.append(endpoint.skew)
        heights = compare_heights(found)
        if heights:
            self._report(heights)
        return list(found)

    async def _endpoint(self, number: int, url: str) -> Endpoint:
        key = "rpc" if number == 1 else f"rpc-{number}"
        title = "Network endpoint" if number == 1 else f"Endpoint {number}"
        if number == 1 and not self._usable(RPC_URL, url):
            return Endpoint(url, not_asked(key, title, "the settings"))
        bad = self._host_is_bad(url)
        if bad:
            return Endpoint(url, not_asked(key, title, bad))
        return await look_at_endpoint(
            number, url, self._settings.network, self._clock, self._connect
        )

    async def _gas_station(self) -> None:
        key, title, url = "gas-station", "Gas Station", self._settings.gas_station_url
        if url is None:
            text = "none on this network; funding is by hand"
            self._report(green(key, title, text))
        elif not self._usable(GAS_STATION_URL, url) or self._host_is_bad(url):
            because = self._host_is_bad(url) or "the settings"
            self._report(not_asked(key, title, because))
        else:
            network = self._settings.network
            finding, skew = await look_at_gas_station(url, network, self._clock, self._connect)
            self._report(finding)
            if skew is not None:
                self._skews.append(skew)

    async def _mcr(self) -> None:
        key, title, url = "mcr", "MCR API", self._settings.mcr_url
        if url is None:
            self._report(green(key, title, "none on this network"))
        elif not self._usable(MCR_URL, url) or self._host_is_bad(url):
            self._report(not_asked(key, title, self._host_is_bad(url) or "the settings"))
        else:
            self._report(await look_at_mcr(url, self._connect))

    async def _contracts(self, endpoints: list[Endpoint]) -> None:
        settings = self._settings
        unusable = any(
            problem.params.get("variable", "").endswith("_ADDRESS") for problem in settings.problems
        )
        urls = [endpoint.url for endpoint in endpoints if endpoint.height is not None]
        if unusable or not urls:
            because = "the settings" if unusable else "no endpoint can be used"
            for key, title in LINES.items():
                self._report(not_asked(key, title, because))
            return
        network = settings.network
        rpc = Rpc(urls, network.chain_id, network.title, self._clock, self._connect)
        try:
            for finding in await look_at_contracts(
                Chain(rpc, network, settings.contracts), settings
            ):
                self._report(finding)
        finally:
            await rpc.close()
