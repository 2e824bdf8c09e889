"""Step 5: measure the required funds, then obtain them from the Gas Station or by hand.

One requirement has one request id, which is on disk before its first use and stays until the Gas
Station has settled it. Finally, only the balance on the chain decides whether the wallet is funded.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import timedelta

from core.amounts import format_peaq
from core.chain.polling import pauses
from core.chain.unsigned import TITLES
from core.errors.problem import OnboardingError, fault
from core.journal import events as ev
from core.journal.state import Balance, State
from core.steps.context import Context
from core.steps.enrolment import note_refusal, station, validate_code
from core.steps.keypair import check_keystore

SAFETY_MARGIN = 10**17
"""Wei on top of the bond, which make up the guide's 1.1 PEAQ. The chain excludes an existential
deposit from the balance and may reserve a deposit for each attribute.
"""
ARRIVAL_PATIENCE = 90.0
"""Seconds to watch for a promised payment before the wizard reports a delay."""
PROMISE_PATIENCE = timedelta(minutes=15)
"""How long a settled request with unknown hash may still pay before the wizard makes a new one."""
_LATE_PAUSE = timedelta(seconds=30)
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")


async def measure(context: Context) -> None:
    """Read balance and requirement; this also recognizes a registered machine.

    Records the requirement, and the funding as done if the wallet holds enough. Raises
    OnboardingError (FEE_IMPLAUSIBLE, RPC_…).
    """
    with context.store.waiting("Reading the balance"):
        need, balance = await context.protocol.requirement(context)
    held, block = balance.held, balance.height
    if balance.missing and context.state.way is None:
        # Before the requirement: a run that dies in between measures again and keeps the same way.
        way = "gas-station" if context.gas_station else "manual"
        await context.store.record(ev.FundingWayChosen(way))
    await context.store.record(
        ev.NeedMeasured(need.bond, need.gas, need.safety_margin, held, block, need.basis)
    )
    if not balance.missing:
        way = _funded_way(context.state)
        await context.store.record(ev.WalletFunded(way, held, need.total, block))


async def choose_funding_method(context: Context, way: str) -> None:
    """Change how the wallet is funded. Raises OnboardingError (NO_GAS_STATION)."""
    await check_keystore(context)
    if way == "gas-station":
        station(context)
    await context.store.record(ev.FundingWayChosen(way))


async def read_balance(context: Context) -> Balance:
    """Read the balance, and record the wallet as funded if it is sufficient.

    Raises OnboardingError (RPC_…).
    """
    state = context.state
    needed = state.need.total if state.need else 0
    balance = context.chain.balance(context.address)
    height = await context.chain.read(balance, at_least=state.height)
    held = balance.value
    if state.need and held >= needed and state.funded is None:
        way = _funded_way(context.state)
        await context.store.record(ev.WalletFunded(way, held, needed, height))
    elif state.need and state.funded is None and held != state.held:
        await context.store.record(ev.BalanceChanged(held, height))
    return Balance(held, needed, height)


def _funded_way(state: State) -> str:
    """Return how the wallet was funded, from the actions taken; `already` if there were none."""
    if any(answer.code == "SUCCESS" for answer in state.answered) or state.open_request:
        return "gas-station"
    if any(tx.purpose == "funding" and tx.block is not None for tx in state.transactions):
        return "owner"
    if state.way == "manual" or state.answered:
        return "manual"
    return "already"


async def ask_gas_station(context: Context, typed: str) -> Balance:
    """Request funds from the Gas Station with a fresh code, and watch the payment arrive.

    Has an outside effect: it may pay, at most once per requirement. Raises OnboardingError.
    """
    gas_station = station(context)
    await check_keystore(context)
    balance = await read_balance(context)
    if not balance.missing:
        return balance
    if await _still_promised(context, balance):
        # A new request could be a second payment.
        return await _arrival(context)
    if context.state.pending_payment is not None:
        # The payment may have arrived meanwhile, so read again after checking the promise.
        balance = await read_balance(context)
        if not balance.missing:
            return balance
    code = validate_code(context, typed)
    request_id = await _request_id(context, balance)
    try:
        with context.store.waiting(
            "Requesting funds from the Gas Station", usual=5.0, in_flight=True
        ):
            answer = await gas_station.fund(context.address, code, request_id)
    except OnboardingError as error:
        await note_refusal(context, code, error)
        return await _refused(context, error, request_id)
    context.memory.used_codes.add(code)
    context.memory.promise_seen = None
    await context.store.record(
        ev.FundingAnswered(request_id, answer.code, answer.transaction_hash, answer.amount)
    )
    if answer.code == "SUFFICIENT_BALANCE":
        balance = await read_balance(context)
        if balance.missing:
            short = _short(context, "SKIPPED_BUT_POOR", balance)
            raise with_wallet(context, short, balance.held)
        return balance
    return await _arrival(context)


async def _still_promised(context: Context, balance: Balance) -> bool:
    """Return whether a payment that the Gas Station has settled is still pending."""
    pending_payment = context.state.pending_payment
    if pending_payment is None or balance.held >= pending_payment.arrived_at_wei:
        return False
    if _HASH.fullmatch(pending_payment.transaction_hash):
        receipt = context.chain.receipt(pending_payment.transaction_hash.lower())
        await context.chain.read(receipt)
        return receipt.value is None
    # Both clocks must agree, so that setting one does not make the promise old.
    memory = context.memory
    if memory.promise_seen is None:
        memory.promise_seen = context.clock.monotonic()
    waited = context.clock.monotonic() - memory.promise_seen
    old = context.clock.now() >= pending_payment.at + PROMISE_PATIENCE
    return not (old and waited >= PROMISE_PATIENCE.total_seconds())


async def _request_id(context: Context, balance: Balance) -> str:
    known = context.state.open_request
    if known is not None:
        return known.request_id
    request_id = str(uuid.uuid4())
    await context.store.record(
        ev.FundingRequested(request_id, context.address, balance.needed, balance.held)
    )
    return request_id


async def _refused(context: Context, error: OnboardingError, request_id: str) -> Balance:
    if error.code == "REQUEST_ALREADY_PROCESSED":
        await context.store.record(ev.FundingAnswered(request_id, error.code))
        return await _arrival(context)
    if error.code in ("GAS_STATION_NO_ANSWER", "DUPLICATE_REQUEST"):
        balance = await _watch(context, patience=10.0)
        if not balance.missing:
            return balance
    raise with_wallet(context, error, context.state.held or 0)


def with_wallet(context: Context, error: OnboardingError, held: int) -> OnboardingError:
    """Return the error with the wallet's balance: another payment may have funded it."""
    if not held:
        return error
    params = {**error.problem.params, "wallet": f"{format_peaq(held)} {context.token}"}
    return OnboardingError(replace(error.problem, params=params))


async def _arrival(context: Context) -> Balance:
    """Watch for the payment that the Gas Station has settled.

    Raises OnboardingError: FUNDING_LATE, FUNDING_TOO_SMALL, REQUEST_ALREADY_PROCESSED.
    """
    pending_payment = context.state.pending_payment
    balance = await _watch(context, until=pending_payment.arrived_at_wei if pending_payment else 0)
    if not balance.missing or pending_payment is None:
        return balance
    until = context.clock.now() + _LATE_PAUSE
    if balance.held >= pending_payment.arrived_at_wei:
        # If the response was lost, only the balance shows what the Gas Station paid.
        came = pending_payment.amount or balance.held - pending_payment.held_before
        raise _short(context, "FUNDING_TOO_SMALL", balance, amount=format_peaq(came))
    if not pending_payment.amount:
        raise fault(
            "REQUEST_ALREADY_PROCESSED",
            held=format_peaq(balance.held),
            needed=format_peaq(balance.needed, up=True),
            token=context.token,
            until=until,
        )
    raise fault(
        "FUNDING_LATE",
        amount=format_peaq(pending_payment.amount),
        held=format_peaq(balance.held),
        token=context.token,
        until=until,
    )


async def _watch(
    context: Context, *, until: int = 0, patience: float = ARRIVAL_PATIENCE
) -> Balance:
    """Poll until the wallet holds the required funds or `until` wei, or `patience` seconds pass."""
    usual, clock = context.chain.usual, context.clock
    started = clock.monotonic()
    with context.store.waiting("Waiting for the payment", usual=2 * usual):
        for pause in pauses(usual):
            await clock.sleep(pause)
            balance = await read_balance(context)
            arrived = until and balance.held >= until
            if not balance.missing or arrived or clock.monotonic() - started >= patience:
                return balance
    raise AssertionError("unreachable")


def _short(context: Context, code: str, balance: Balance, *, amount: str = "") -> OnboardingError:
    return fault(
        code,
        needed=format_peaq(balance.needed, up=True),
        held=format_peaq(balance.held),
        missing=format_peaq(balance.missing, up=True),
        token=context.token,
        address=context.address,
        amount=amount,
    )


async def require(context: Context, *, needed: int, held: int, wanted: int = 0) -> None:
    """Return to funding if a transaction cannot be paid; a finished onboarding, whose machine is
    being renewed, stays finished.

    Requests `wanted` wei, or a little more than required, so that a rising fee does not lead back
    here. Raises OnboardingError (INSUFFICIENT_BALANCE, RPC_BEHIND, TRANSACTION_LATE).
    """
    if held >= needed:
        return
    await _doubt(context, needed)
    wanted = max(wanted, needed + SAFETY_MARGIN // 2)
    if context.state.finished is None:
        await context.store.record(ev.FundingReopened(wanted, held))
    raise _short(context, "INSUFFICIENT_BALANCE", Balance(held, wanted, 0))


async def _doubt(context: Context, needed: int) -> None:
    """Check whether a low balance is only apparent: a node that has not indexed the block yet
    returns 0, and a reorganization temporarily removes a payment.

    Raises OnboardingError (RPC_BEHIND, TRANSACTION_LATE) if it is.
    """
    await context.transactions.inclusions.revisit(doubt=True)
    state = context.state
    for tx in state.open_transactions:
        now = context.clock.now()
        raise fault(
            "TRANSACTION_LATE",
            purpose=TITLES[tx.purpose],
            seconds=max(int((now - tx.signed_at).total_seconds()), 0),
            until=now + _LATE_PAUSE,
        )
    asked = context.chain.account(context.address)
    height = await context.chain.read(asked, at_least=state.height, other=True)
    account = asked.value
    used = [tx.nonce for tx in state.transactions if tx.sender == state.address and tx.block]
    if account.nonce <= max(used, default=-1) or account.balance >= needed:
        host = context.chain.rpc.host
        raise fault("RPC_BEHIND", host=host, height=height, needed=height + 1)
