"""What the chain and its endpoint do to people, and the way on from it."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.rehearsal.network import RehearsalNetwork
from core.amounts import peaq
from core.contracts import codec
from core.errors import OnboardingError
from core.state import Action, TxStatus
from core.transactions import RESEND_AFTER
from tests.support.clock import FakeClock
from tests.support.machine import DETAILS, Ledger, Machine, check_once
from tests.support.transports import Tampering, methods_in, results_of

PEAQ = 10**18
SEND = "eth_sendRawTransaction"


# Broadcasts whose answer says nothing


@pytest.mark.parametrize("action", [Action.REGISTER, Action.MINT, Action.WRITE_DID])
async def test_a_broadcast_whose_answer_is_lost_is_settled_by_its_hash(
    machine: Machine, action: Action
) -> None:
    sent: list[str] = []

    def lose(request: httpx.Request, response: httpx.Response) -> None:
        if SEND in methods_in(request):
            sent.append(request.content.decode())
            if machine.now_open.action is action:
                raise httpx.ReadError("connection reset")

    machine.connect = Tampering(after=lose).connect
    await machine.drive()
    check_once(machine)
    assert len(sent) == 3, "a transaction was handed over more than once"


@pytest.mark.parametrize(
    "words",
    ["already known", "nonce too low", "replacement transaction underpriced", "Internal error"],
)
async def test_what_a_node_answers_to_a_broadcast_decides_nothing(
    machine: Machine, words: str
) -> None:
    def deny(request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
        if SEND not in methods_in(request):
            return None
        error = {"code": -32603, "message": words}
        return httpx.Response(200, json={**response.json(), "result": None, "error": error})

    machine.connect = Tampering(after=deny).connect
    await machine.drive()
    check_once(machine)


async def test_a_broadcast_that_never_arrived_is_sent_again_as_the_same_bytes(
    machine: Machine,
) -> None:
    """Not at once: a node may only be slow to show it."""
    sent: list[tuple[float, str]] = []

    def swallow(request: httpx.Request) -> httpx.Response | None:
        if SEND in methods_in(request):
            sent.append((machine.clock.monotonic(), request.content.decode().split('"0x')[-1]))
            if len(sent) == 1:
                raise httpx.ReadTimeout("no answer")
        return None

    machine.connect = Tampering(before=swallow).connect
    await machine.drive()
    check_once(machine)
    (first, raw), (second, again), *_ = sent
    assert raw == again
    assert second - first >= RESEND_AFTER


async def test_a_cancelled_registration_is_settled_and_not_repeated(machine: Machine) -> None:
    """Escape or a closed window in the moment of sending: the send has usually arrived."""
    await machine.drive(until=Action.REGISTER)
    quote = await machine.now_open.quote()
    assert quote
    await machine.close()
    handed_over = asyncio.Event()

    def notice(request: httpx.Request, response: httpx.Response) -> None:
        if SEND in methods_in(request):
            handed_over.set()

    machine.connect = Tampering(after=notice).connect
    wizard = await machine.restart()
    task = asyncio.ensure_future(wizard.register(agreed_bond=quote.bond))
    await handed_over.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await machine.restart()
    await machine.drive()
    check_once(machine)


# Slow, lagging and forgetful nodes


@pytest.fixture
async def slow(clock: FakeClock, tmp_path: Path, quick_keystore: None) -> Any:
    """A machine on a network that makes blocks only when the test says so: `slow.network.mine()`.
    A block is final when two more stand on it.
    """
    with RehearsalNetwork(now=clock.now, block_time=3600.0) as network:
        machine = Machine(network, clock, tmp_path / "state")
        yield machine
        clock.while_asleep = None
        await machine.close()


def blocks_every(machine: Machine, seconds: float) -> None:
    """From now on a block comes whenever so many seconds have been slept."""
    waited = 0.0

    def pass_time(slept: float) -> None:
        nonlocal waited
        waited += slept
        while waited >= seconds:
            waited -= seconds
            machine.network.mine()

    machine.clock.while_asleep = pass_time


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

    machine.connect = Tampering(after=lambda q, a: _changed(q, a, hide)).connect
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

    machine.connect = Tampering(after=lambda q, a: _changed(q, a, lag)).connect
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

    machine.connect = Tampering(after=lambda q, a: _changed(q, a, lag)).connect
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


# Money


async def test_a_wallet_that_holds_enough_goes_straight_to_registering(machine: Machine) -> None:
    await machine.drive(until=Action.MEASURE_NEED)
    machine.network.send(machine.address, 2 * PEAQ)
    await machine.step()
    assert machine.now_open.action is Action.REGISTER
    assert machine.state.funded is not None
    assert machine.state.funded.way == "already"
    before = machine.network.requests
    await machine.drive()
    check_once(machine, transfers=0)
    after = machine.network.requests
    for call in ("2fa/setup", "2fa/confirm", "faucet/fund"):
        assert after[f"POST /gas-station/{call}"] == before[f"POST /gas-station/{call}"]


async def test_funding_by_hand_is_noticed(machine: Machine) -> None:
    machine.way = "manual"
    await machine.drive(until=Action.FUND)
    balance = await machine.now_open.look_at_balance()
    assert balance.missing == 11 * PEAQ // 10
    machine.network.send(machine.address, PEAQ)
    balance = await machine.now_open.look_at_balance()
    assert balance.missing == PEAQ // 10
    assert machine.now_open.action is Action.FUND
    await machine.drive()
    check_once(machine, transfers=0)
    assert machine.state.funded is not None
    assert machine.state.funded.way == "manual"


async def test_looking_at_the_balance_early_skips_nothing(machine: Machine) -> None:
    """A screen may look before the need is measured: an empty wallet is not "enough"."""
    await machine.drive(until=Action.MEASURE_NEED)
    await machine.now_open.look_at_balance()
    assert machine.now_open.action is Action.MEASURE_NEED


async def test_a_bond_that_was_raised_is_asked_about_and_not_paid(machine: Machine) -> None:
    await machine.drive(until=Action.REGISTER)
    quote = await machine.now_open.quote()
    assert quote
    assert quote.bond == PEAQ
    machine.network.set_min_bond(PEAQ + PEAQ // 20)
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.register(agreed_bond=quote.bond)
    assert refused.value.code == "BOND_CHANGED"
    assert "1.05" in refused.value.problem.cause
    assert not machine.network.sent_transactions()
    await machine.drive()
    check_once(machine)
    assert machine.state.bonded == PEAQ + PEAQ // 20


async def test_a_bond_beyond_the_balance_leads_back_to_funding_with_the_amount(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.REGISTER)
    machine.network.set_min_bond(3 * PEAQ)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    found = refused.value.problem
    assert found.code == "INSUFFICIENT_BALANCE"
    assert found.title == "Insufficient balance for gas + bond"
    assert machine.address in found.remedy
    assert machine.now_open.action is Action.FUND
    assert not machine.network.sent_transactions()
    await machine.restart()
    assert machine.now_open.action is Action.FUND
    missing = (await machine.now_open.look_at_balance()).missing
    assert found.params["missing"] == peaq(missing, up=True), "the same amount after a restart"
    machine.network.send(machine.address, missing)
    await machine.now_open.look_at_balance()
    await machine.drive()
    check_once(machine)
    assert machine.state.bonded == 3 * PEAQ


async def test_fees_that_rise_before_minting_lead_back_to_funding_and_on(machine: Machine) -> None:
    """The bond is paid already: only what minting needs is asked for."""
    await machine.drive(until=Action.MINT)
    machine.network.set_base_fee(2000 * 10**9)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "INSUFFICIENT_BALANCE"
    assert machine.now_open.action is Action.FUND
    for _ in range(4):
        missing = (await machine.now_open.look_at_balance()).missing
        if missing:
            machine.network.send(machine.address, missing)
            await machine.now_open.look_at_balance()
        with suppress(OnboardingError):
            await machine.drive()
    check_once(machine)


# What is there already


async def test_a_machine_that_somebody_registered_meanwhile_is_recognised(
    machine: Machine,
) -> None:
    """AlreadyRegistered: the number comes from the chain, the bond stays in the wallet."""
    await machine.drive(until=Action.REGISTER)
    machine.network.fault("already-registered", 1)
    await machine.drive()
    state = machine.state
    assert state.registered is not None
    assert state.registered.way == "found"
    assert state.registered.bond_wei == 0
    ledger = Ledger(machine.network, machine.address)
    assert ledger.registrations == [state.registered.machine_id]
    assert ledger.nonces == [0, 1], "only minting and the DID were left to do"


async def forgetful(machine: Machine) -> None:
    """From now on the chain answers 0 for the machine's number, whatever is registered."""
    selector = codec("identity_registry").encode("machineIdOfOwner", machine.address)[:10]

    def forget(method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_call" and str(params[0].get("data")).startswith(selector):
            return "0x" + "00" * 32
        return result

    machine.connect = Tampering(after=lambda q, a: _changed(q, a, forget)).connect
    await machine.restart()


async def test_the_number_comes_from_the_mcr_api_where_the_chain_keeps_answering_zero(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.REGISTER)
    await forgetful(machine)
    machine.network.fault("already-registered", 1)
    await machine.step()
    registered = machine.state.registered
    assert registered is not None
    assert [registered.machine_id] == machine.network.registrations(machine.address)
    assert not machine.network.sent_transactions()


async def test_without_any_answer_the_registration_waits_and_pays_nothing(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.REGISTER)
    await forgetful(machine)
    machine.network.fault("already-registered", 1)
    machine.network.fault("mcr-down")
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "ALREADY_REGISTERED"
    assert refused.value.problem.title == "AlreadyRegistered"
    assert not machine.network.sent_transactions()
    machine.connect = Tampering().connect
    await machine.restart()
    await machine.drive()
    assert machine.network.registrations(machine.address) == [
        machine.state.registered and machine.state.registered.machine_id
    ]


@pytest.mark.parametrize("number", [424242, 10**90, "1 or 1=1", -1])
async def test_a_number_that_only_the_mcr_api_made_up_is_not_believed(
    machine: Machine, number: object
) -> None:
    await machine.drive(until=Action.REGISTER)
    await forgetful(machine)
    machine.network.fault("already-registered", 1)
    tampering = Tampering(
        before=lambda request: (
            httpx.Response(200, json={"peaqos": {"machine_id": number}})
            if request.url.path.startswith("/mcr")
            else None
        )
    )
    chain = machine.connect
    machine.connect = lambda url: tampering.connect(url) if url.endswith("/mcr") else chain(url)
    await machine.restart()
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "ALREADY_REGISTERED"
    assert machine.state.registered is None


async def test_a_journal_that_was_lost_is_made_good_from_the_chain(machine: Machine) -> None:
    """The keystore is there, the journal is gone: nothing is paid or minted a second time."""
    await machine.drive()
    address, token = machine.address, machine.state.minted and machine.state.minted.token_id
    await machine.close()
    (machine.folder / "journal.jsonl").unlink()
    before = len(machine.network.sent_transactions())
    await machine.drive_stubbornly()
    assert machine.address == address
    assert machine.state.minted
    assert machine.state.minted.token_id == token
    assert machine.state.minted.way == "found"
    assert machine.state.registered
    assert machine.state.registered.way == "found"
    assert len(machine.network.sent_transactions()) == before


async def test_details_changed_before_the_write_are_the_ones_written(machine: Machine) -> None:
    await machine.drive(until=Action.WRITE_DID)
    changed = replace(DETAILS, data_visibility="private")
    await machine.now_open.record_details(changed)
    await machine.drive()
    assert machine.state.did
    assert machine.state.did.attributes["data_visibility"] == "private"


async def test_only_what_differs_is_written_into_a_did_that_is_there(machine: Machine) -> None:
    """Adding what is there would undo the whole batch."""
    await machine.drive()
    await machine.close()
    (machine.folder / "journal.jsonl").unlink()
    await machine.drive(until=Action.WRITE_DID)
    changed = replace(DETAILS, data_api="https://elsewhere.example.com")
    await machine.now_open.record_details(changed)
    await machine.drive()
    assert machine.state.did
    assert machine.state.did.attributes["data_api"] == changed.data_api
    assert [tx.purpose for tx in machine.state.transactions] == ["did"]


# Contracts that refuse, chains that change


async def test_a_paused_registry_is_named_and_nothing_is_sent(machine: Machine) -> None:
    await machine.drive(until=Action.REGISTER)
    machine.network.pause(True)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "CONTRACT_PAUSED"
    assert "EnforcedPause" in refused.value.problem.cause
    assert not machine.network.sent_transactions()
    machine.network.pause(False)
    await machine.drive()
    check_once(machine)


async def test_a_bond_that_was_released_stops_the_mint_with_the_contract_s_own_word(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.MINT)
    registered = machine.state.registered
    assert registered is not None
    machine.network.release_bond(registered.machine_id)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "CONTRACT_REFUSED"
    assert "MachineNotBonded" in refused.value.problem.title


async def test_a_reorganisation_before_the_end_is_noticed_and_made_good(slow: Machine) -> None:
    blocks_every(slow, 6.0)
    await slow.drive(until=Action.REGISTER)
    before = slow.network.snapshot()
    await slow.drive(until=Action.FINISH)
    slow.network.revert(before, repool=True)
    for _ in range(6):
        if slow.now_open.action is Action.NOTHING:
            break
        await slow.drive_stubbornly()
    ledger = Ledger(slow.network, slow.address)
    assert set(ledger.nonces) == {0, 1, 2}
    final = [tx for tx in slow.state.transactions if tx.status is TxStatus.FINAL]
    assert [tx.purpose for tx in final] == ["register", "mint", "did"]
    assert slow.state.registered is not None
    assert slow.state.registered.machine_id == ledger.registrations[-1]
    assert slow.state.bonded == PEAQ


async def test_another_chain_behind_the_same_endpoint_is_refused(machine: Machine) -> None:
    await machine.drive(until=Action.MEASURE_NEED)
    await machine.close()

    def other(method: str, params: list[Any], result: Any) -> Any:
        return "0xd0a" if method == "eth_chainId" else result

    machine.connect = Tampering(after=lambda q, a: _changed(q, a, other)).connect
    machine.open()
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.reconcile()
    assert refused.value.code == "CHAIN_ID_WRONG"
    assert "3338" in refused.value.problem.cause


async def test_a_rehearsal_that_began_anew_is_told_apart_from_the_journal(
    machine: Machine, clock: FakeClock
) -> None:
    """The journal speaks of a machine that this chain does not know: say so, send nothing."""
    await machine.drive(until=Action.MINT)
    await machine.close()
    with RehearsalNetwork(now=clock.now) as anew:
        anew.mine(5)
        machine.network, machine.environ = anew, anew.environment()
        machine.open()
        with pytest.raises(OnboardingError) as refused:
            await machine.now_open.reconcile()
        assert refused.value.code == "JOURNAL_CHAIN_DISAGREE"
        assert not anew.sent_transactions()
        await machine.close()


def _changed(request: httpx.Request, response: httpx.Response, change: Any) -> Any:
    if not methods_in(request) or response.status_code != 200:
        return None
    return results_of(request, response, change)
