"""A node that answers nonsense to one method: a fault with words, never a defect, and recovery."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from tests.support.clock import FakeClock
from tests.support.machine import ORDER, Machine, check_once
from tests.support.transports import changing_results

NONSENSE: list[Any] = [
    None,
    "0xzz",
    7,
    [],
    {"number": "x", "baseFeePerGas": "y", "blockNumber": "z", "transactionHash": 5},
    "0x" + "ff" * 2000,
]
METHODS = [
    "eth_blockNumber",
    "eth_getBalance",
    "eth_getTransactionCount",
    "eth_getBlockByNumber",
    "eth_gasPrice",
    "eth_call",
    "eth_estimateGas",
    "eth_getTransactionReceipt",
    "eth_getTransactionByHash",
    "eth_sendRawTransaction",
]


@pytest.fixture
async def machine(
    shared_network: RehearsalNetwork, shared_clock: FakeClock, tmp_path: Path, quick_keystore: None
) -> AsyncIterator[Machine]:
    machine = Machine(shared_network, shared_clock, tmp_path / "state")
    yield machine
    await machine.close()


@pytest.mark.parametrize("method", METHODS)
async def test_nonsense_to_one_method_is_a_fault_with_words_and_nothing_is_done_twice(
    machine: Machine, method: str
) -> None:
    """Half of it is met at each step from measuring on; sense comes back in between."""
    spoiled: Any = ...

    def spoil(name: str, params: list[Any], result: Any) -> Any:
        return spoiled if name == method and spoiled is not ... else result

    machine.connect = changing_results(spoil).connect
    await machine.drive(until=Action.MEASURE_NEED)
    for turn, action in enumerate(ORDER[ORDER.index(Action.MEASURE_NEED) :]):
        for nonsense in NONSENSE[turn % 2 :: 2]:
            if machine.now_open.action is not action:
                break
            spoiled = nonsense
            try:
                await machine.step()
            except OnboardingError as error:
                assert error.code != "UNEXPECTED", (action, nonsense, error.__cause__)  # noqa: PT017
            spoiled = ...
        await machine.drive(until=action)
        if machine.now_open.action is action:
            await machine.drive_stubbornly() if action is Action.FINISH else await _past(
                machine, action
            )
    check_once(machine)
    assert machine.state.bonded == 10**18, "the bond that was paid is not in the records"


async def _past(machine: Machine, action: Action) -> None:
    for _ in range(5):
        if machine.now_open.action is not action:
            return
        try:
            await machine.step()
        except OnboardingError as error:
            wait = error.problem.remaining(machine.clock.now()).total_seconds()
            machine.clock.advance(wait)
