"""A mobile link pays for every question: how many an onboarding asks, with all its checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.rehearsal.network import RehearsalNetwork
from core.journal.next_action import Action
from tests.support.chain_handle import ChainHandle
from tests.support.clock import FakeClock
from tests.support.machine import Machine
from tests.support.transports import Tampering, methods_in, results_of

RPC = "POST /rpc"


@pytest.fixture
async def slow(clock: FakeClock, tmp_path: Path, quick_keystore: None) -> AsyncIterator[Machine]:
    """On a network with a block every two seconds of the clock, final two blocks later."""
    with RehearsalNetwork(now=clock.now, finality_depth=2) as network:
        handle = ChainHandle(network)
        handle.hold()
        handle.blocks_every(clock, 2.0)
        machine = Machine(network, clock, tmp_path / "state")
        yield machine
        await machine.close()


async def asked(machine: Machine) -> tuple[int, int]:
    """HTTP requests and single calls of a whole onboarding, its first screen's list included."""
    await machine.now_open.check_environment(lambda check: None)
    await machine.drive()
    counts: Counter[str] = machine.network.requests
    return counts[RPC], sum(number for name, number in counts.items() if "/" not in name)


async def test_an_onboarding_where_blocks_come_at_once_asks_no_more_than_this(
    machine: Machine,
) -> None:
    requests, _ = await asked(machine)
    assert requests <= 19


async def test_an_onboarding_with_blocks_of_two_seconds_asks_no_more_than_this(
    slow: Machine,
) -> None:
    requests, _ = await asked(slow)
    assert requests <= 24


async def test_a_finished_machine_asks_nothing(machine: Machine) -> None:
    await machine.drive()
    await machine.close()
    before = machine.network.requests[RPC]
    await machine.open().reconcile()
    assert machine.now_open.action is Action.NOTHING
    assert machine.network.requests[RPC] == before


async def test_an_endpoint_that_takes_no_batches_is_found_out_once(machine: Machine) -> None:
    """Then each call is a request of its own, and there are as few of those."""
    refused = 0

    def refuse(request: httpx.Request) -> httpx.Response | None:
        nonlocal refused
        if len(methods_in(request)) < 2:
            return None
        refused += 1
        return httpx.Response(400, text="no batches here")

    machine.connect = Tampering(before=refuse).connect
    requests, calls = await asked(machine)
    assert refused == 1
    assert calls <= 64
    assert requests == calls


async def test_a_node_without_fee_history_costs_two_calls_more_for_each_price(
    machine: Machine,
) -> None:
    def forget(request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
        def change(method: str, params: list[Any], result: Any) -> Any:
            return None if method == "eth_feeHistory" else result

        return results_of(request, response, change) if methods_in(request) else None

    machine.connect = Tampering(after=forget).connect
    requests, calls = await asked(machine)
    assert machine.network.requests["eth_feeHistory"] == 1, "it was asked for again and again"
    assert requests <= 19 + 1
    assert calls <= 64 + 2 * 5 + 4
    assert machine.state.finished
