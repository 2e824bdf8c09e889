"""The checks of the network: what is broken is named, nothing else is, and it ends in time."""

from __future__ import annotations

import asyncio
import json
import socket
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
from core.errors.surfaces import DOCTOR
from core.http import Http
from core.preflight.check import CheckResult, Status
from core.preflight.network import check_network
from core.preflight.services import Endpoint, check_clock, check_heights
from core.protocols.guide.preflight import contract_checks
from tests.support.fast_loop import FastClock, run_fast
from tests.support.proxy import Asked, Fate, Proxy, Reply, stale
from tests.support.transports import answering

BOND_BELOW_FLOOR = "0x" + keccak(text="BondBelowFloor()").hex()[:8]
WHOLE_DOCTOR = 60.0
"""Seconds that all checks may take at worst."""


def settings_of(environ: dict[str, str], place: Path) -> Settings:
    return load_settings(environ=environ, env_file=place / ".env")


async def check(
    settings: Settings,
    connect: Callable[[str], Http] = Http,
    clock: Any = None,
    *,
    makes_codes: bool = False,
) -> dict[str, CheckResult]:
    found: list[CheckResult] = []
    await check_network(
        settings,
        clock or SystemClock(),
        found.append,
        contract_checks(settings),
        makes_codes=makes_codes,
        connect=connect,
    )
    assert len({result.key for result in found}) == len(found), "a line stands twice"
    for result in found:
        remedy = result.remedy(DOCTOR)
        assert (result.status is Status.PASSED) == (not remedy), result
        assert "ress " not in remedy.replace("address ", ""), "there are no keys here"
        cause = result.problem.cause if result.problem else ""
        assert "?" not in (result.text + remedy + cause).replace("(is this machine online?)", "")
    return {result.key: result for result in found}


def not_passed(found: dict[str, CheckResult]) -> dict[str, tuple[Status, str]]:
    """What failed or warns, with the code; not what was skipped because of it."""
    return {
        key: (result.status, result.problem.code if result.problem else "")
        for key, result in found.items()
        if result.status not in (Status.PASSED, Status.SKIPPED)
    }


@pytest.fixture(scope="module")
def devnet() -> Any:
    with RehearsalNetwork() as running:
        yield running


async def test_a_sound_network_is_green_all_over(devnet: RehearsalNetwork, tmp_path: Path) -> None:
    found = await check(settings_of(devnet.environment(), tmp_path))
    assert not_passed(found) == {}
    assert {"rpc", "gas-station", "mcr", "clock", "contracts", "bond", "pause", "register"} < set(
        found
    )
    assert found["chain"].text.startswith("rehearsal, chain 131277322940537, block ")
    assert found["bond"].text == "1 PEAQ"
    assert not devnet.sent_transactions()
    assert not devnet.transfers()


async def test_a_paused_registry_is_named(tmp_path: Path) -> None:
    with RehearsalNetwork() as paused:
        paused.pause(True)
        found = await check(settings_of(paused.environment(), tmp_path))
    assert not_passed(found) == {"pause": (Status.FAILED, "CONTRACT_PAUSED")}


async def test_a_wrong_address_is_named_by_its_variable(
    devnet: RehearsalNetwork, tmp_path: Path
) -> None:
    environ = {**devnet.environment(), "MACHINE_NFT_ADDRESS": "0x" + "22" * 20}
    found = await check(settings_of(environ, tmp_path))
    assert not_passed(found) == {"contracts": (Status.FAILED, "NO_CODE_AT_ADDRESS")}
    assert "MACHINE_NFT_ADDRESS" in found["contracts"].text


async def test_another_chain_is_named(devnet: RehearsalNetwork, tmp_path: Path) -> None:
    environ = {**devnet.environment(), "PEAQOS_NETWORK": "agung"}
    found = await check(settings_of(environ, tmp_path))
    assert not_passed(found) == {"chain": (Status.FAILED, "CHAIN_ID_WRONG")}


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
            (Status.FAILED, "CONTRACT_REFUSED"),
            "BondBelowFloor",
        ),
        (
            {"code": -32602, "message": "too many arguments, want at most 2"},
            (Status.WARNING, ""),
            "this endpoint cannot simulate it",
        ),
    ],
)
async def test_a_registry_that_refuses_is_told_from_a_node_that_cannot_suppose(
    devnet: RehearsalNetwork,
    tmp_path: Path,
    *,
    error: dict[str, Any],
    named: tuple[Status, str],
    words: str,
) -> None:
    with Proxy(devnet.rpc_url) as proxy:
        proxy.plan = supposed_calls_fail(error)
        found = await check(settings_of(proxy.environment(devnet.environment()), tmp_path))
    assert not_passed(found) == {"register": named}
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
        found = await check(settings_of(environ, tmp_path))
    assert not_passed(found) == {
        "heights": (Status.WARNING, "RPC_BEHIND"),
        "rpc:3": (Status.WARNING, "RPC_UNREACHABLE"),
    }
    lagging = found["heights"].problem
    assert lagging is not None
    assert lagging.params["host"] == urls[0].split("/")[2]
    assert int(lagging.params["needed"]) - int(lagging.params["height"]) == 15
    assert found["register"].status is Status.PASSED


async def test_offline_the_names_are_what_is_not_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On mainnet's own settings, with no line at all: nothing else is blamed."""

    def unknown(*arguments: Any, **named: Any) -> Any:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    found = await check(settings_of({}, tmp_path))
    mended = not_passed(found)
    assert mended.pop("clock") == (Status.WARNING, "")
    assert {code for _, code in mended.values()} == {"HOST_UNKNOWN"}
    assert mended["host:peaq.api.onfinality.io:443"][0] is Status.FAILED
    assert len(mended) == 7, "five endpoints, the Gas Station, the MCR API"


async def test_a_clock_that_is_off_is_told_in_seconds(
    devnet: RehearsalNetwork, tmp_path: Path
) -> None:
    class Slow(SystemClock):
        def now(self) -> Any:
            return super().now() - timedelta(seconds=95)

    settings = settings_of(devnet.environment(), tmp_path)
    found = await check(settings, clock=Slow())
    assert not_passed(found) == {"clock": (Status.WARNING, "CLOCK_OFF")}
    assert any(f"is {n} s behind 2 servers" in found["clock"].text for n in (94, 95, 96))
    found = await check(settings, clock=Slow(), makes_codes=True)
    assert not_passed(found) == {"clock": (Status.FAILED, "CLOCK_OFF")}, "every code would be wrong"


@pytest.mark.parametrize(
    ("seconds", "status"),
    [(5, Status.PASSED), (6, Status.WARNING), (30, Status.WARNING), (31, Status.FAILED)],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_clock_that_makes_codes_may_be_off_by_one_code(
    seconds: int, status: Status, sign: int
) -> None:
    skews = [timedelta(seconds=sign * seconds)]
    assert check_clock(skews, makes_codes=True).status is status
    assert check_clock(skews).status in (status, Status.WARNING)


def test_one_server_that_is_off_does_not_make_this_machine_wrong() -> None:
    good = timedelta(seconds=1)
    assert check_clock([good, timedelta(days=3), None, good]).status is Status.PASSED
    assert (
        check_clock([-timedelta(hours=1)] * 3).text == "This machine is 3600 s ahead of 3 servers"
    )
    assert check_clock([None]).status is Status.WARNING


def test_two_blocks_are_no_lag() -> None:
    close = check_heights([Endpoint("a", 100, None), Endpoint("b", 102, None)])
    assert close.status is Status.PASSED


@pytest.mark.parametrize("silent", ["hosts", "answers", "contracts"])
def test_whatever_hangs_it_ends_within_a_minute_and_says_what_hung(
    silent: str, tmp_path: Path
) -> None:
    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "HEAD" and silent != "hosts":
                return httpx.Response(405)
            if silent == "contracts" and 0 < len(request.content) < 300:
                return await answering(str(request.url), a_node)._client.send(request)
            await asyncio.Event().wait()
            raise AssertionError

    found: list[CheckResult] = []
    settings = settings_of({}, tmp_path)

    def connect(url: str) -> Http:
        return Http(url, transport=Silent())

    spent = run_fast(
        check_network(
            settings, FastClock(), found.append, contract_checks(settings), connect=connect
        )
    )
    assert spent < WHOLE_DOCTOR - 5, "the rest of doctor takes a moment too"
    lines = {result.key: result for result in found}
    assert {"rpc", "gas-station", "mcr"} < set(lines), "each line is there"
    failed = [result for result in found if result.status is Status.FAILED]
    assert failed
    assert all(result.remedy(DOCTOR) for result in failed)


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
