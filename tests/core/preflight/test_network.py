"""The survey of the network: what is broken is named, nothing else is, and it ends in time."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_utils import keccak

from app.rehearsal.network import RehearsalNetwork
from core.clock import SystemClock
from core.config.settings import Settings, load_settings
from core.http import Http
from core.preflight import hosts, network
from core.preflight.check import Light
from core.preflight.finding import MEND_FIRST, Finding
from core.preflight.network import look_at_network
from core.preflight.services import Endpoint, compare_clocks, compare_heights, green
from tests.support.fast_loop import FastClock, run_fast
from tests.support.proxy import Asked, Fate, Proxy, Reply, stale
from tests.support.transports import answering

BOND_BELOW_FLOOR = "0x" + keccak(text="BondBelowFloor()").hex()[:8]
WHOLE_DOCTOR = 60.0
"""Seconds that the whole survey may take at worst."""


def settings_of(environ: dict[str, str], place: Path) -> Settings:
    return load_settings(environ=environ, env_file=place / ".env")


async def look(
    settings: Settings, connect: Callable[[str], Http] = Http, clock: Any = None
) -> dict[str, Finding]:
    found: list[Finding] = []
    await look_at_network(settings, clock or SystemClock(), found.append, connect=connect)
    assert len({finding.key for finding in found}) == len(found), "a line stands twice"
    for finding in found:
        assert (finding.light is Light.GREEN) == (not finding.remedy), finding
        assert "ress " not in finding.remedy.replace("address ", ""), "there are no keys here"
        assert "?" not in finding.text + finding.remedy, finding
    return {finding.key: finding for finding in found}


def to_be_mended(found: dict[str, Finding]) -> dict[str, tuple[str, str]]:
    """What is not green in itself."""
    return {
        key: (finding.light.value, finding.code)
        for key, finding in found.items()
        if finding.light is not Light.GREEN and finding.remedy != MEND_FIRST
    }


@pytest.fixture(scope="module")
def devnet() -> Any:
    with RehearsalNetwork() as running:
        yield running


async def test_a_sound_network_is_green_all_over(devnet: RehearsalNetwork, tmp_path: Path) -> None:
    found = await look(settings_of(devnet.environment(), tmp_path))
    assert to_be_mended(found) == {}
    assert {"rpc", "gas-station", "mcr", "clock", "contracts", "bond", "pause", "register"} < set(
        found
    )
    assert "ms, chain 131277322940537, block " in found["rpc"].text
    assert found["bond"].text == "1 PEAQ"
    assert not devnet.sent_transactions()
    assert not devnet.transfers()


async def test_a_paused_registry_is_named(tmp_path: Path) -> None:
    with RehearsalNetwork() as paused:
        paused.pause(True)
        found = await look(settings_of(paused.environment(), tmp_path))
    assert to_be_mended(found) == {"pause": ("red", "CONTRACT_PAUSED")}


async def test_a_wrong_address_is_named_by_its_variable(
    devnet: RehearsalNetwork, tmp_path: Path
) -> None:
    environ = {**devnet.environment(), "MACHINE_NFT_ADDRESS": "0x" + "22" * 20}
    found = await look(settings_of(environ, tmp_path))
    assert to_be_mended(found) == {"contracts": ("red", "NO_CODE_AT_ADDRESS")}
    assert "MACHINE_NFT_ADDRESS" in found["contracts"].text


async def test_another_chain_is_named(devnet: RehearsalNetwork, tmp_path: Path) -> None:
    environ = {**devnet.environment(), "PEAQOS_NETWORK": "agung"}
    found = await look(settings_of(environ, tmp_path))
    assert to_be_mended(found) == {"rpc": ("red", "CHAIN_ID_WRONG")}


def supposed_calls_fail(error: dict[str, Any]) -> Callable[[Asked], Fate]:
    """Every call with a state override ends in that JSON-RPC error, and no other."""

    def tell(asked: Asked, reply: Reply) -> Reply:
        supposed = {call["id"] for call in asked.calls if len(call["params"]) == 3}
        answers = json.loads(reply.body)
        for answer in answers if isinstance(answers, list) else []:
            if answer["id"] in supposed:
                answer.pop("result", None)
                answer["error"] = error
        return Reply(reply.status, json.dumps(answers).encode(), reply.headers)

    return lambda asked: Fate(tell=tell if asked.calls else None)


@pytest.mark.parametrize(
    ("error", "named", "words"),
    [
        (
            {"code": 3, "message": "execution reverted", "data": BOND_BELOW_FLOOR},
            ("red", "CONTRACT_REFUSED"),
            "BondBelowFloor",
        ),
        (
            {"code": -32602, "message": "too many arguments, want at most 2"},
            ("amber", ""),
            "cannot be simulated at this endpoint",
        ),
    ],
)
async def test_a_registry_that_refuses_is_told_from_a_node_that_cannot_suppose(
    devnet: RehearsalNetwork,
    tmp_path: Path,
    *,
    error: dict[str, Any],
    named: tuple[str, str],
    words: str,
) -> None:
    with Proxy(devnet.rpc_url) as proxy:
        proxy.plan = supposed_calls_fail(error)
        found = await look(settings_of(proxy.environment(devnet.environment()), tmp_path))
    assert to_be_mended(found) == {"register": named}
    assert words in found["register"].text


async def test_endpoints_are_looked_at_one_by_one_and_compared(
    devnet: RehearsalNetwork, tmp_path: Path
) -> None:
    devnet.mine(20)
    with Proxy(devnet.rpc_url) as behind, Proxy(devnet.rpc_url) as broken:
        behind.plan = lambda asked: stale(devnet.head - 15)
        broken.plan = lambda asked: Fate(forwarded=False, reset=True)
        urls = [f"http://127.0.0.1:{proxy.port}/rpc" for proxy in (behind, broken)]
        environ = {**devnet.environment(), "PEAQOS_RPC_FALLBACK_URLS": ",".join(urls)}
        found = await look(settings_of(environ, tmp_path))
    assert to_be_mended(found) == {
        "heights": ("amber", "RPC_BEHIND"),
        "rpc-3": ("amber", "RPC_UNREACHABLE"),
    }
    assert "endpoint 2 by 15" in found["heights"].text
    assert found["register"].light is Light.GREEN


async def test_offline_the_names_are_what_is_to_be_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On mainnet's own settings, with no line at all: nothing else is blamed."""

    def unknown(*arguments: Any, **named: Any) -> Any:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(hosts.socket, "getaddrinfo", unknown)
    found = await look(settings_of({}, tmp_path))
    mended = to_be_mended(found)
    assert mended.pop("clock") == ("amber", "")
    assert {code for _, code in mended.values()} == {"HOST_UNKNOWN"}
    assert mended["host:peaq.api.onfinality.io:443"][0] == "red"
    assert len(mended) == 7, "five endpoints, the Gas Station, the MCR API"


async def test_a_clock_that_is_off_is_told_in_seconds(
    devnet: RehearsalNetwork, tmp_path: Path
) -> None:
    class Slow(SystemClock):
        def now(self) -> Any:
            return super().now() - timedelta(seconds=95)

    found = await look(settings_of(devnet.environment(), tmp_path), clock=Slow())
    assert to_be_mended(found) == {"clock": ("amber", "CLOCK_OFF")}
    assert any(f"is {n} s behind 2 servers" in found["clock"].text for n in (94, 95, 96))


def test_one_server_that_is_off_does_not_make_this_machine_wrong() -> None:
    good = timedelta(seconds=1)
    assert compare_clocks([good, timedelta(days=3), good]).light is Light.GREEN
    assert compare_clocks([-timedelta(hours=1)] * 3).text.startswith("this machine is 3600 s ahead")


def test_two_blocks_are_no_lag_and_one_endpoint_is_not_compared() -> None:
    def at(height: int | None) -> Endpoint:
        return Endpoint("", green("rpc", "Network endpoint", ""), height)

    assert compare_heights([at(100), at(None)]) is None
    close = compare_heights([at(100), at(102)])
    assert close is not None
    assert close.light is Light.GREEN


@pytest.mark.parametrize("what", ["names", "handshakes", "answers", "contracts"])
def test_whatever_hangs_it_ends_within_a_minute_and_says_what_hung(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()

    def hang(*arguments: Any, **named: Any) -> Any:
        let_go.wait(60)
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    async def hangs(*arguments: Any) -> Any:
        await asyncio.Event().wait()

    async def fine(found: Any, now: Any) -> list[Finding]:
        return [green(host.key, "Host", "fine") for host in found]

    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if what == "contracts" and len(request.content) < 300:
                return await answering(str(request.url), a_node)._client.send(request)
            await asyncio.Event().wait()
            raise AssertionError

    if what == "names":
        monkeypatch.setattr(hosts.socket, "getaddrinfo", hang)
    elif what == "handshakes":
        monkeypatch.setattr(
            hosts.socket,
            "getaddrinfo",
            lambda *a, **n: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))],
        )
        monkeypatch.setattr(hosts, "_certificate", hangs)
    else:
        monkeypatch.setattr(network, "look_at_hosts", fine)
    found: list[Finding] = []
    settings = settings_of({}, tmp_path)

    def connect(url: str) -> Http:
        return Http(url, transport=Silent())

    try:
        spent = run_fast(look_at_network(settings, FastClock(), found.append, connect=connect))
    finally:
        let_go.set()
    assert spent < WHOLE_DOCTOR - 5, "the rest of the survey takes a moment too"
    lines = {finding.key: finding for finding in found}
    assert {"rpc", "gas-station", "mcr"} < set(lines), "each line is there"
    red = [finding for finding in found if finding.light is Light.RED]
    assert red
    assert all(finding.remedy for finding in red)


def a_node(request: httpx.Request) -> httpx.Response:
    answers = {"eth_blockNumber": "0x10", "eth_chainId": hex(3338)}
    calls = json.loads(request.content or b"[]")
    if not isinstance(calls, list):
        return httpx.Response(404, json={})
    return httpx.Response(
        200,
        json=[
            {"jsonrpc": "2.0", "id": call["id"], "result": answers.get(call["method"])}
            for call in calls
        ],
    )
