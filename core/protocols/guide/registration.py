"""Step 6: lock the bond and register the machine, exactly once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from core.amounts import format_peaq
from core.chain.abi import Revert, codec
from core.chain.fee_limit import price_to_agree
from core.chain.query import Query
from core.chain.transaction_manager import Reorganised
from core.chain.types import Account, Fees
from core.chain.unsigned import SINGLE, UnsignedTransaction
from core.consents import check_accepted
from core.errors.problem import OnboardingError, fault
from core.journal import events as ev
from core.journal.event_store import EventStore
from core.journal.state import Quote
from core.protocols.guide import calls, single_transaction
from core.protocols.guide.requirement import GAS_OF, gas_left, need_for
from core.steps.context import Context
from core.steps.funding import require
from core.steps.reverts import explain_revert, mismatch, simulate_again


async def quote(context: Context, *, accepted: int | None = None) -> Quote | None:
    """Return the cost of registering; None if the machine is already registered, which is recorded.

    `accepted`: the highest bond (wei) that the user accepted in advance, or None. Raises
    OnboardingError: BOND_NOT_ACCEPTED, INSUFFICIENT_BALANCE (back to funding), FEE_…, CONTRACT_…,
    RPC_….
    """
    # Otherwise our own pending registration would look like another program's.
    await context.transactions.settle(context.memory.key)
    ready = await _prepare(context, accepted=accepted)
    if ready is None:
        return None
    gas = ready.unsigned.gas
    if not ready.single:
        gas += gas_left(context.state) - GAS_OF["register"]
    network, spare = context.settings.network, ready.held - ready.bond
    price = price_to_agree(ready.fees, network, gas=gas, spare=spare)
    return Quote(
        bond=ready.bond,
        price=price,
        fee=gas * price,
        held=ready.held,
        contract=ready.unsigned.to,
        network=context.settings.network.title,
        gas=ready.unsigned.gas,
        single=ready.single,
        refused=ready.refused,
    )


async def register(context: Context, *, agreed_bond: int) -> None:
    """Register the machine unless it is registered, and read it back. Has an outside effect.

    `agreed_bond` (wei) is the user's consent: a higher bond is not paid. The fee limit holds the
    agreed price. Raises OnboardingError: LOCKED_KEY, BOND_CHANGED, FEE_…, INSUFFICIENT_BALANCE,
    TRANSACTION_…, CONTRACT_….
    """
    key = context.key()
    await context.transactions.settle(key)
    chain = context.chain
    account = chain.account(context.address)
    with context.store.waiting("Checking whether the machine is registered"):
        ready = await _prepare(context, account, agreed_bond=agreed_bond)
    if ready is None:
        return
    try:
        tx, receipt = await context.transactions.send(
            ready.unsigned, key, account.value, ready.fees
        )
    except Reorganised:
        return  # reopened transactions come first
    if ready.single:
        await single_transaction.record(context, tx, receipt)
        return
    event = codec("identity_registry").find_event("Registered", receipt.logs, tx.to)
    ours = event is not None and str(event["owner"]).lower() == context.address.lower()
    machine_id = int(event["machineId"]) if event and ours else 0
    number = chain.machine_id(context.address)
    await chain.read(number, at_least=receipt.block)
    if number.value and not machine_id:
        await _found(
            context, number.value, receipt.block
        )  # the chain has the machine even though the log does not show it
        return
    if not number.value or number.value != machine_id:
        expected = str(machine_id or "a registration event")
        raise mismatch("the machine id", expected, str(number.value or "none"))
    await _record(context.store, machine_id, bond=tx.value_wei, block=receipt.block, way="sent")


@dataclass(frozen=True)
class _Ready:
    """The transaction as it would be sent now. `bond` and `held` (the balance) in wei."""

    unsigned: UnsignedTransaction
    bond: int
    held: int
    fees: Fees
    refused: str = ""
    """Why the requested single transaction is not possible."""

    @property
    def single(self) -> bool:
        return self.unsigned.purpose == SINGLE


async def _prepare(
    context: Context,
    account: Query[Account] | None = None,
    *,
    agreed_bond: int | None = None,
    accepted: int | None = None,
) -> _Ready | None:
    """Return the transaction with its estimate; None if the machine is already registered, which is
    recorded.

    Refuses a bond above `accepted` before it requests more funds. With `agreed_bond`, the
    transaction is about to be sent, so `account` is read too. This also repeats the check that the
    machine is not registered, at another endpoint if one is known: a single 0 from a single node
    does not mean "absent".
    """
    state, chain = context.state, context.chain
    number, bond = chain.machine_id(context.address), chain.bond()
    balance = chain.balance(context.address)
    # Estimate in the same read for the expected bond, which is nearly always correct.
    guess = agreed_bond or state.bond_quoted or 0
    gas = chain.gas(calls.registration(context, guess).as_call())
    asks: list[Query[Any]] = [number, bond, account or balance, gas]
    now, height = await chain.read_with_fees(
        *asks, at_least=state.height, other=agreed_bond is not None
    )
    if number.value:
        await _found(context, number.value, height)
        return None
    if agreed_bond is not None and bond.value > agreed_bond:
        raise fault(
            "BOND_CHANGED",
            quoted=format_peaq(agreed_bond, up=True),
            now=format_peaq(bond.value, up=True),
            token=context.token,
        )
    check_accepted(context.token, bond.value, accepted)
    fees = context.transactions.fee_limit.within(now, context.address, anew=agreed_bond is None)
    # Check the balance first, because the estimate for a poor account looks like a revert. Request
    # the same amount as `measure`, so that it does not change.
    held = account.value.balance if account else balance.value
    wanted = need_for(bond.value, fees.cap, GAS_OF, "usual").total
    least = bond.value + 21_000 * fees.cap
    if held < least and await _recover(context, height):
        return None  # already registered: the node that said otherwise lags behind
    await require(context, needed=least, held=held, wanted=wanted)
    unsigned = calls.registration(context, bond.value)
    if bond.value != guess:
        gas = chain.gas(unsigned.as_call())
        await chain.read(gas, at_least=height)
    if isinstance(gas.value, Revert):
        gas = await simulate_again(context, unsigned, gas, held=held, fees=fees, height=height)
    if isinstance(gas.value, Revert):
        known = gas.value.name == "AlreadyRegistered"
        if (known or gas.value.poor) and await _recover(context, height):
            return None
        if known:
            raise fault("ALREADY_REGISTERED")
        error = await explain_revert(context, gas.value, unsigned, held, fees, wanted=wanted)
        if error.code == "CONTRACT_REFUSED":
            said = error.problem.params
            raise fault(
                "REGISTRATION_REFUSED",
                name=said["name"],
                purpose=said["purpose"],
                reason=said["reason"],
            )
        raise error
    ready = _Ready(unsigned.with_gas(gas.value), bond.value, held, fees)
    if single_transaction.wanted(context):
        planned = await single_transaction.plan(context, bond.value, at_least=height)
        if isinstance(planned, str):
            ready = replace(ready, refused=planned)
        else:
            ready = replace(ready, unsigned=planned)
    needed = bond.value + ready.unsigned.gas * fees.cap
    await require(context, needed=needed, held=held, wanted=wanted)
    return ready


async def _recover(context: Context, block: int) -> bool:
    """Look up the machine id on the chain, then in the MCR API; return False if neither has one."""
    for _ in range(3):
        number = context.chain.machine_id(context.address)
        height = await context.chain.read(number, at_least=block, other=True)
        if number.value:
            await _found(context, number.value, height)
            return True
        await context.clock.sleep(context.settings.network.block_seconds / 2)
    machine_id = await _ask_mcr(context)
    if machine_id:
        owner = context.chain.machine_owner(machine_id)
        await context.chain.read(owner, at_least=block)
        # Otherwise the chain has no such machine of this owner, whatever the MCR API says.
        if owner.value.lower() == context.address.lower():
            await _record(context.store, machine_id, bond=0, block=block, way="found")
            return True
    return False


async def _ask_mcr(context: Context) -> int:
    if context.mcr is None:
        return 0
    try:
        found = await context.mcr.machine(context.address)
    except OnboardingError:
        return 0  # best effort: the chain was read before and is read again
    text = str((found or {}).get("machine_id", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 78 else 0  # uint256


async def _found(context: Context, machine_id: int, block: int) -> None:
    """Record a registration found on the chain: ours, or another program's with the same key."""
    ours = ("register", SINGLE)
    own = [tx for tx in context.state.transactions if tx.purpose in ours and tx.block]
    bond = single_transaction.bond_of(own[-1]) if own else 0
    owner, staked = context.chain.machine_owner(machine_id), context.chain.staked(machine_id)
    await context.chain.read(owner, staked, at_least=block)
    if owner.value.lower() != context.address.lower():
        raise mismatch("the owner of the Identity NFT", context.address, owner.value)
    if bond and not staked.value:
        raise mismatch("the stake", "staked", "not staked")
    way = "sent" if own else "found"
    await _record(context.store, machine_id, bond=bond, block=block, way=way)


async def _record(store: EventStore, machine_id: int, *, bond: int, block: int, way: str) -> None:
    await store.record(
        ev.MachineRegistered(machine_id=machine_id, bond_wei=bond, block=block, way=way)
    )
