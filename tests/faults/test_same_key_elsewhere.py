"""Another program uses the machine's key, or the network takes something back: said and mended."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import httpx
import pytest

from core.chain.transaction_manager import REPLACE_AFTER
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.journal.state import TxStatus
from tests.support.chain_handle import ChainHandle
from tests.support.clock import FakeClock
from tests.support.judge import judge
from tests.support.machine import PASSPHRASE, Machine
from tests.support.transports import (
    Tampering,
    changing_results,
    methods_in,
    results_of,
)

PEAQ = 10**18
SEND = "eth_sendRawTransaction"
ON_CHAIN = [Action.REGISTER, Action.MINT, Action.WRITE_DID]
PURPOSE = {Action.REGISTER: "register", Action.MINT: "mint", Action.WRITE_DID: "did"}


@pytest.fixture
def machine(paced_machine: Machine) -> Machine:
    return paced_machine


@pytest.fixture
def once(machine: Machine, tally: Counter[str]) -> Any:
    """Judges the machine when all is over."""

    def check(**expected: int) -> None:
        verdict = judge(
            machine.network,
            machine.folder,
            passphrase=PASSPHRASE.reveal(),
            secrets={f"the code {n}": code for n, code in enumerate(machine.codes)},
            **expected,
        )
        tally.update({**verdict.counts, "faults": 1})
        assert not verdict.faults

    return check


async def key_of(machine: Machine) -> str:
    return (await machine.now_open.load()).context.key().private_hex().reveal()


async def refused(machine: Machine) -> str:
    with pytest.raises(OnboardingError) as found:
        await machine.step()
    assert "?" not in found.value.problem.cause + found.value.problem.remedy()
    return found.value.code


def changed(machine: Machine, change: Any) -> None:
    """From the next start on, every JSON-RPC result goes through `change`."""
    machine.connect = changing_results(change).connect


@pytest.mark.parametrize("action", ON_CHAIN)
async def test_nothing_is_sent_while_a_stranger_s_transaction_of_this_key_is_under_way(
    machine: Machine, chain: ChainHandle, once: Any, action: Action
) -> None:
    await machine.drive(until=action)
    chain.hold()
    chain.leave_waiting(chain.strangers(await key_of(machine)))
    sent = len(machine.network.sent_transactions())
    assert await refused(machine) == "FOREIGN_PENDING"
    assert len(machine.network.sent_transactions()) == sent
    assert not machine.state.open_transactions
    chain.release()
    await machine.drive()
    await machine.close()
    once(strangers=1)


@pytest.mark.parametrize("action", ON_CHAIN)
async def test_a_nonce_that_a_stranger_takes_in_the_moment_of_sending_is_told_and_not_lost(
    machine: Machine, chain: ChainHandle, once: Any, action: Action
) -> None:
    """The node answers `nonce too low`; only the chain says whose transaction it was."""
    await machine.drive(until=action)
    key = await key_of(machine)
    strangers = 0

    def overtake(request: httpx.Request) -> None:
        nonlocal strangers
        if SEND in methods_in(request) and not strangers:
            strangers += 1
            chain.displace(key)

    machine.connect = Tampering(before=overtake).connect
    await machine.restart()
    assert await refused(machine) == "TRANSACTION_DISPLACED"
    assert machine.state.transactions[-1].status is TxStatus.DISPLACED
    await machine.drive()
    await machine.close()
    once(strangers=1)


@pytest.mark.parametrize("action", [Action.REGISTER, Action.MINT])
async def test_a_transaction_that_fails_in_its_block_costs_its_gas_and_is_done_anew(
    machine: Machine, chain: ChainHandle, shared_clock: FakeClock, once: Any, action: Action
) -> None:
    await machine.drive(until=action)
    chain.hold()

    def pause_and_mine(_: float) -> None:
        with chain.paused():
            chain.network.mine()

    shared_clock.while_asleep = pause_and_mine
    assert await refused(machine) == "TRANSACTION_REVERTED"
    assert machine.now_open.problem is not None
    assert "EnforcedPause" in machine.now_open.problem.cause or machine.now_open.problem.cause
    assert machine.state.transactions[-1].fee_wei > 0
    chain.blocks_every(shared_clock, 2.0)
    await machine.restart()
    await machine.drive()
    await machine.close()
    once(reverted=1)


async def test_a_bond_raised_while_the_registration_waits_is_asked_about_and_paid_once(
    machine: Machine, chain: ChainHandle, shared_clock: FakeClock, once: Any
) -> None:
    await machine.drive(until=Action.REGISTER)
    chain.hold()
    raised = False

    def raise_and_mine(_: float) -> None:
        nonlocal raised
        if not raised:
            raised = True
            chain.network.set_min_bond(PEAQ + PEAQ // 50)
        chain.network.mine()

    shared_clock.while_asleep = raise_and_mine
    try:
        assert await refused(machine) == "TRANSACTION_REVERTED"
        chain.blocks_every(shared_clock, 2.0)
        await machine.drive()
        assert machine.state.bonded == PEAQ + PEAQ // 50
    finally:
        chain.network.set_min_bond(0)
    await machine.close()
    once(reverted=1)


@pytest.mark.parametrize("known", [True, False], ids=["still known", "forgotten"])
@pytest.mark.parametrize("action", ON_CHAIN)
async def test_a_receipt_that_is_null_for_two_minutes_is_waited_for(
    machine: Machine, once: Any, action: Action, known: bool
) -> None:
    """The nonce is used up, and no node says by whom: not lost, not failed, not sent again."""
    await machine.drive(until=action)
    since: float | None = None

    def hide(method: str, params: list[Any], result: Any) -> Any:
        nonlocal since
        if method == "eth_getTransactionReceipt" and result:
            since = machine.clock.monotonic() if since is None else since
        hiding = since is None or machine.clock.monotonic() < since + 120
        if method == "eth_getTransactionReceipt" and hiding:
            return None
        if method == "eth_getTransactionByHash" and hiding and not known:
            return None
        return result

    changed(machine, hide)
    await machine.restart()
    await machine.drive()
    await machine.close()
    assert len(machine.state.transactions) == 3
    await machine.close()
    once()


@pytest.mark.parametrize("repool", [True, False], ids=["waits again", "forgotten"])
@pytest.mark.parametrize("action", [Action.MINT, Action.WRITE_DID, Action.FINISH])
async def test_two_blocks_that_are_taken_back_before_they_are_final_are_made_good(
    machine: Machine, chain: ChainHandle, once: Any, action: Action, repool: bool
) -> None:
    await machine.drive(until=action)
    chain.network.mine()
    chain.reorganise(2, repool=repool)
    for _ in range(6):
        if machine.now_open.action is Action.NOTHING:
            break
        await machine.drive_stubbornly()
    newest = [record.event for record in machine.records]
    assert any(type(event).__name__ == "TransactionReorganised" for event in newest)
    await machine.close()
    once()


@pytest.mark.parametrize("action", ON_CHAIN)
async def test_a_transaction_that_no_block_takes_is_replaced_once_keeping_its_nonce(
    machine: Machine, chain: ChainHandle, shared_clock: FakeClock, once: Any, action: Action
) -> None:
    await machine.drive(until=action)
    chain.hold()
    began = shared_clock.monotonic()

    def pass_time(_: float) -> None:
        if shared_clock.monotonic() >= began + REPLACE_AFTER + 20:
            chain.network.mine()

    shared_clock.while_asleep = pass_time
    await machine.drive()
    await machine.close()
    tried = [tx for tx in machine.state.transactions if tx.purpose == PURPOSE[action]]
    assert [tx.status for tx in tried] == [TxStatus.REPLACED, TxStatus.FINAL]
    assert tried[1].max_fee_wei > tried[0].max_fee_wei * 11 // 10
    await machine.close()
    once()


async def test_a_node_whose_height_goes_back_and_forth_delays_and_breaks_nothing(
    machine: Machine, once: Any
) -> None:
    turn = 0

    def flap(method: str, params: list[Any], result: Any) -> Any:
        nonlocal turn
        if method == "eth_blockNumber":
            turn += 1
            return hex(max(int(result, 16) - (0, 3, 1)[turn % 3], 0))
        return result

    changed(machine, flap)
    await machine.drive_stubbornly()
    await machine.close()
    once()


@pytest.mark.parametrize("reads", [1, 2, 4])
@pytest.mark.parametrize("action", [Action.MEASURE_NEED, Action.FUND, *ON_CHAIN])
async def test_a_node_that_answers_nothing_but_zeros_for_a_while_is_not_believed(
    machine: Machine, once: Any, action: Action, reads: int
) -> None:
    """It has not mapped the block yet, and says so nowhere: balance 0, nonce 0, machine 0."""
    await machine.drive(until=action)
    zeros = 0

    def zero(method: str, params: list[Any], result: Any) -> Any:
        if method in ("eth_getBalance", "eth_getTransactionCount"):
            return "0x0" if zeros > 0 else result
        if method == "eth_call" and zeros > 0 and isinstance(result, str) and len(result) == 66:
            return "0x" + "00" * 32
        return result

    def tamper(request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
        nonlocal zeros
        if "eth_getBalance" not in methods_in(request):
            return None
        answer = results_of(request, response, zero)
        zeros -= 1
        return answer

    machine.connect = Tampering(after=tamper).connect
    await machine.restart()
    zeros = reads
    await machine.drive_stubbornly()
    await machine.close()
    once()


@pytest.mark.parametrize("action", [Action.ENROL, Action.FUND, *ON_CHAIN, Action.FINISH])
async def test_an_endpoint_that_becomes_another_network_s_is_refused_at_the_next_start(
    machine: Machine, once: Any, action: Action
) -> None:
    await machine.drive(until=action)
    sent = len(machine.network.sent_transactions())
    honest = machine.connect
    changed(machine, lambda method, params, found: "0xd0a" if method == "eth_chainId" else found)
    await machine.close()
    machine.open()
    with pytest.raises(OnboardingError) as found:
        await machine.now_open.reconcile()
    assert found.value.code == "CHAIN_ID_WRONG"
    assert len(machine.network.sent_transactions()) == sent
    machine.connect = honest
    await machine.restart()
    await machine.drive()
    await machine.close()
    once()


@pytest.mark.parametrize("action", ON_CHAIN)
async def test_bytes_that_are_said_to_be_known_and_are_not_are_sent_again(
    machine: Machine, once: Any, action: Action
) -> None:
    """Frontier answers so for a transaction that it has banned for a while."""
    await machine.drive(until=action)
    sent: list[str] = []

    def ban(request: httpx.Request) -> httpx.Response | None:
        if SEND not in methods_in(request):
            return None
        call = json.loads(request.content)
        sent.append(call["params"][0])
        if len(sent) > 1:
            return None
        error = {"code": -32603, "message": "already known"}
        return httpx.Response(200, json={"jsonrpc": "2.0", "id": call["id"], "error": error})

    machine.connect = Tampering(before=ban).connect
    await machine.restart()
    await machine.drive()
    assert sent[0] == sent[1], "other bytes were sent for the same step"
    await machine.close()
    once()


async def test_bytes_that_stay_banned_give_way_to_a_replacement_of_the_same_nonce(
    machine: Machine, once: Any
) -> None:
    await machine.drive(until=Action.REGISTER)
    banned: list[str] = []

    def ban(request: httpx.Request) -> httpx.Response | None:
        if SEND not in methods_in(request):
            return None
        call = json.loads(request.content)
        if not banned:
            banned.append(call["params"][0])
        if call["params"][0] not in banned:
            return None
        error = {"code": -32603, "message": "already known"}
        return httpx.Response(200, json={"jsonrpc": "2.0", "id": call["id"], "error": error})

    machine.connect = Tampering(before=ban).connect
    await machine.restart()
    await machine.drive_stubbornly()
    tried = [tx for tx in machine.state.transactions if tx.purpose == "register"]
    assert [tx.status for tx in tried] == [TxStatus.REPLACED, TxStatus.FINAL]
    await machine.close()
    once()


async def test_a_node_that_tells_no_final_block_for_a_while_is_waited_for(
    machine: Machine, once: Any
) -> None:
    await machine.drive(until=Action.FINISH)
    silent = 5

    def hide(method: str, params: list[Any], result: Any) -> Any:
        nonlocal silent
        if method == "eth_getBlockByNumber" and params[0] == "finalized" and silent:
            silent -= 1
            return None
        return result

    changed(machine, hide)
    await machine.restart()
    await machine.drive_stubbornly()
    await machine.close()
    once()
