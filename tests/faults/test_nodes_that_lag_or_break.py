"""A node that is slow, behind or gone must not make anybody pay, or wait, twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest

from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.journal.state import TxStatus
from tests.support.machine import Ledger, Machine, blocks_every, check_once
from tests.support.transports import Tampering, changing_results, methods_in

PEAQ = 10**18
SEND = "eth_sendRawTransaction"


async def test_with_blocks_twelve_seconds_apart_everything_is_done_once(slow: Machine) -> None:
    blocks_every(slow, 12.0)
    await slow.drive()
    check_once(slow)
    assert all(tx.status is TxStatus.FINAL for tx in slow.state.transactions)


async def test_a_transaction_that_takes_minutes_is_waited_for_and_never_sent_twice(
    slow: Machine,
) -> None:
    blocks_every(slow, 6.0)
    await slow.drive(until=Action.REGISTER)
    slow.clock.while_asleep = None
    with pytest.raises(OnboardingError) as late:
        await slow.step()
    assert late.value.code == "TRANSACTION_LATE"
    assert late.value.problem.until is not None
    hashes = {tx.hash for tx in slow.state.transactions}
    assert {tx.nonce for tx in slow.state.transactions} == {0}, "a replacement keeps the nonce"
    fees = [tx.max_fee_wei for tx in slow.state.transactions]
    assert fees == sorted(fees), "a replacement pays more"
    blocks_every(slow, 6.0)
    await slow.restart()
    await slow.drive_stubbornly()
    ledger = Ledger(slow.network, slow.address)
    assert len(ledger.registrations) == 1
    assert set(ledger.nonces) == {0, 1, 2}
    assert slow.state.registered is not None
    assert slow.state.registered.way == "sent"
    assert slow.state.bonded == PEAQ, "our own registration was taken for somebody else's"
    executed = {tx.hash for tx in slow.state.transactions if tx.block}
    assert len(executed & hashes) == 1
    assert len(executed) == 3


async def test_a_receipt_that_is_missing_for_a_while_is_waited_for(machine: Machine) -> None:
    hidden: Counter[str] = Counter()

    def hide(method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_getTransactionReceipt" and result and hidden[params[0]] < 4:
            hidden[params[0]] += 1
            return None
        return result

    machine.connect = changing_results(hide).connect
    await machine.drive()
    check_once(machine)
    assert len(hidden) == 3


async def test_a_node_that_lags_after_the_registration_is_not_believed(machine: Machine) -> None:
    """It answers 0 for the machine's number: at a height below what we know already."""
    await machine.drive(until=Action.MINT)
    await machine.close()
    lagging = 3

    def lag(method: str, params: list[Any], result: Any) -> Any:
        nonlocal lagging
        if method == "eth_blockNumber" and lagging:
            lagging -= 1
            return "0x0"
        return result

    machine.connect = changing_results(lag).connect
    await machine.restart()
    await machine.drive()
    check_once(machine)
    assert lagging == 0


async def test_a_node_that_never_catches_up_is_said_to_lag_and_nothing_is_sent(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.MINT)
    await machine.close()

    def lag(method: str, params: list[Any], result: Any) -> Any:
        return "0x0" if method == "eth_blockNumber" else result

    machine.connect = changing_results(lag).connect
    machine.open()
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.reconcile()
    assert refused.value.code == "RPC_BEHIND"
    assert len(machine.network.sent_transactions()) == 1


@pytest.mark.parametrize("fault", ["rpc-down", "rpc-html"])
@pytest.mark.parametrize(
    "action", [Action.MEASURE_NEED, Action.REGISTER, Action.MINT, Action.WRITE_DID, Action.FINISH]
)
async def test_a_broken_line_is_survived_at_every_step(
    machine: Machine, fault: str, action: Action
) -> None:
    await machine.drive(until=action)
    machine.network.fault(fault)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code in ("RPC_UNREACHABLE", "RPC_NOT_A_NODE")
    machine.network.fault(fault, 0)
    await machine.drive()
    check_once(machine)


async def test_a_line_that_breaks_now_and_then_is_not_even_noticed(machine: Machine) -> None:
    turn = 0

    def drop(request: httpx.Request) -> None:
        nonlocal turn
        turn += 1
        if turn % 3 == 0 and methods_in(request) and SEND not in methods_in(request):
            raise httpx.ReadError("reset")

    machine.connect = Tampering(before=drop).connect
    await machine.drive()
    check_once(machine)


@pytest.mark.parametrize("fault", ["did-text-error", "did-bare-error"])
async def test_absent_attributes_are_understood_in_every_shape(
    machine: Machine, fault: str
) -> None:
    machine.network.fault(fault)
    await machine.drive()
    check_once(machine)
