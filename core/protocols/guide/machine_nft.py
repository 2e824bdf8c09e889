"""Step 7: mint the Machine NFT, write the DID's six attributes, and read both back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.chain.abi import Revert, codec
from core.chain.query import Query
from core.chain.transaction_manager import Reorganised
from core.chain.types import Account, Fees
from core.chain.unsigned import SINGLE, UnsignedTransaction
from core.journal import events as ev
from core.keys.private_key import Key
from core.protocols.guide import calls
from core.protocols.guide.did_attributes import changes, wanted_attributes
from core.steps.context import Context
from core.steps.funding import require
from core.steps.reverts import explain_revert, mismatch, simulate_again


async def mint(context: Context) -> None:
    """Mint the Machine NFT unless it exists, and read it back. Has an outside effect.

    Raises OnboardingError: LOCKED_KEY, FEE_…, INSUFFICIENT_BALANCE, TRANSACTION_…, CONTRACT_….
    """
    key = context.key()
    await context.transactions.settle(key)
    if context.state.registered is None:
        return  # a reorganization undid the registration, which is repeated first
    machine_id = _machine_id(context)
    chain, contract = context.chain, context.settings.contracts.machine_nft
    unsigned = calls.minting(context, machine_id)
    token = chain.token_id(machine_id)
    with context.store.waiting("Looking for the Machine NFT"):
        ready = await _prepare(context, unsigned, token)
        if not token.value and isinstance(ready, _Refused):
            # A single 0 from a single node does not mean "absent"; something is wrong.
            await chain.read(token, at_least=ready.height, other=True)
        if token.value:
            await _record_found(context, token.value)
            return
        if isinstance(ready, _Refused):
            await _raise_unless_taken_back(context, ready, key)
            return
    token = chain.token_id(machine_id)
    try:
        _, receipt = await context.transactions.send(ready.unsigned, key, ready.account, ready.fees)
    except Reorganised:
        return
    event = codec("machine_nft").find_event("MachineMinted", receipt.logs, contract)
    minted = int(event["tokenId"]) if event else 0
    await chain.read(token, at_least=receipt.block)
    if token.value and not minted:
        await _record_found(
            context, token.value
        )  # the chain has the token even though the log does not show it
        return
    if not minted or token.value != minted:
        raise mismatch("the Machine NFT", str(minted or "an event"), str(token.value))
    await context.store.record(ev.NftMinted(minted, receipt.block, "sent"))


async def _record_found(context: Context, token_id: int) -> None:
    """Record an existing Machine NFT: ours, or minted elsewhere for this machine."""
    ours = ("mint", SINGLE)
    own = any(tx.purpose in ours and tx.block for tx in context.state.transactions)
    height = await check_token(context, token_id, block=context.state.height)
    await context.store.record(ev.NftMinted(token_id, height, "sent" if own else "found"))


async def record_included(context: Context) -> None:
    """Record the results of our included transactions if a run was interrupted before it did.

    Signs nothing. Raises OnboardingError (RPC_…, READ_BACK_FAILED).
    """
    chain, state = context.chain, context.state
    included = {tx.purpose for tx in state.transactions if tx.status.counts}
    if state.registered and not state.minted and included & {"mint", SINGLE}:
        token = chain.token_id(state.registered.machine_id)
        await chain.read(token, at_least=state.height)
        if token.value:
            await _record_found(context, token.value)
    state = context.state
    if state.minted and state.details and not state.did and "did" in included:
        wanted = wanted_attributes(_machine_id(context), state.minted.token_id, state.details)
        found = chain.attributes(context.address, to_write=True)
        height = await chain.read(found, at_least=state.height)
        if not changes(found.value, wanted):
            await context.store.record(ev.DidWritten(wanted, height))


async def check_token(context: Context, token_id: int, *, block: int) -> int:
    """Check the owner of the Machine NFT, reading at or after `block`, and return the height.

    Raises OnboardingError (READ_BACK_FAILED, RPC_…).
    """
    owner, machine = context.chain.token_owner(token_id), context.chain.token_machine(token_id)
    height = await context.chain.read(owner, machine, at_least=block)
    for what, expected, found in (
        ("the owner of the Machine NFT", context.address, owner.value),
        ("the machine of the Machine NFT", str(_machine_id(context)), str(machine.value)),
    ):
        if expected.lower() != found.lower():
            raise mismatch(what, expected, found)
    return height


async def write_did(context: Context) -> None:
    """Write missing or different attributes in one batch, and read all six back.

    Has an outside effect. Raises the same errors as `mint`.
    """
    key = context.key()
    await context.transactions.settle(key)
    state, chain = context.state, context.chain
    if state.registered is None or state.minted is None:
        return  # a reorganization undid them, so they are repeated first
    if state.details is None:
        raise RuntimeError("the details must be known before the DID")
    wanted = wanted_attributes(_machine_id(context), state.minted.token_id, state.details)
    with context.store.waiting("Reading the DID attributes"):
        # Usually all six are absent. The estimate runs the batch, and `addAttribute` fails if a
        # name exists. So if the estimate succeeds, they need not be read one by one.
        ready = await _prepare(context, calls.did_write(context, changes({}, wanted)))
        if isinstance(ready, _Refused):
            found = chain.attributes(context.address, to_write=True)
            height = await chain.read(found, at_least=ready.height, other=True)
            missing = changes(found.value, wanted)
            if not missing:
                await context.store.record(ev.DidWritten(wanted, height))
                return
            ready = await _prepare(context, calls.did_write(context, missing))
        if isinstance(ready, _Refused):
            await _raise_unless_taken_back(context, ready, key)
            return
    try:
        _, receipt = await context.transactions.send(ready.unsigned, key, ready.account, ready.fees)
    except Reorganised:
        return
    expected = {name: value.encode() for name, value in wanted.items()}
    with context.store.waiting("Verifying the six attributes"):
        written = chain.attributes(context.address)
        await chain.read(written, at_least=receipt.block)
    for name, value in expected.items():
        if written.value[name] != value:
            raise mismatch(
                f"the attribute {name}",
                wanted[name] or "an empty value",
                (written.value[name] or b"").decode("utf-8", "replace") or "nothing",
            )
    await context.store.record(ev.DidWritten(wanted, receipt.block))


@dataclass(frozen=True)
class _Ready:
    unsigned: UnsignedTransaction
    account: Account
    fees: Fees


@dataclass(frozen=True)
class _Refused:
    """The reason why the simulated transaction fails."""

    unsigned: UnsignedTransaction
    revert: Revert
    held: int
    fees: Fees
    height: int


async def _prepare(
    context: Context, unsigned: UnsignedTransaction, *asks: Query[Any]
) -> _Ready | _Refused:
    """Return the transaction with its gas, estimated now in the same read as `asks`.

    Raises OnboardingError (FEE_…, INSUFFICIENT_BALANCE, RPC_…).
    """
    chain = context.chain
    account, gas = chain.account(context.address), chain.gas(unsigned.as_call())
    now, height = await chain.read_with_fees(*asks, account, gas, at_least=context.state.height)
    fees = context.transactions.fee_limit.within(now, context.address)
    held = account.value.balance
    await require(context, needed=21_000 * fees.cap, held=held)
    if isinstance(gas.value, Revert):
        gas = await simulate_again(context, unsigned, gas, held=held, fees=fees, height=height)
    if isinstance(gas.value, Revert):
        return _Refused(unsigned, gas.value, held, fees, height)
    await require(context, needed=gas.value * fees.cap, held=held)
    return _Ready(unsigned.with_gas(gas.value), account.value, fees)


async def _raise_unless_taken_back(context: Context, refused: _Refused, key: Key) -> None:
    """Raise the error behind the refusal, unless a reorganization undid an earlier transaction."""
    await context.transactions.settle(key, doubt=True)
    state = context.state
    if state.registered is None or (refused.unsigned.purpose == "did" and state.minted is None):
        return
    raise await explain_revert(
        context, refused.revert, refused.unsigned, refused.held, refused.fees
    )


def _machine_id(context: Context) -> int:
    registered = context.state.registered
    if registered is None:
        raise RuntimeError("the machine is not registered yet")
    return registered.machine_id
