"""Step 6 of activation: quote, consent, approval, activation, each of them once.

The quote is read again between approval and activation, and nothing is signed above the accepted
amount.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.chain.abi import Revert
from core.chain.fee_limit import price_to_agree
from core.chain.transaction_manager import Reorganised
from core.chain.unsigned import UnsignedTransaction
from core.errors.problem import fault
from core.journal import activation_events as av
from core.keys.private_key import Key
from core.protocols.activation import calls
from core.protocols.activation.environment import refused_price
from core.protocols.activation.machine import note_allowance, payment_of, recognise, record
from core.protocols.activation.quote import (
    ACTIVATE_GAS,
    APPROVE_GAS,
    ActivationQuote,
    Price,
    requirement_for,
)
from core.protocols.activation.refusals import TAKEN
from core.protocols.activation.requirement import activation_of, identity_of
from core.protocols.activation.signing import (
    Offer,
    acceptance_of,
    approve,
    check_agreed,
    explained,
    simulate,
)
from core.protocols.activation.standing import asks_of, deployment_in, standing_of
from core.steps.context import Context
from core.steps.funding import require
from core.steps.reverts import behind, mismatch

_MOST_LOOKS = 4
"""Reads of the state: one more after the approval, one more if the machine is already minted."""


async def quote(context: Context, *, accepted: int | None = None) -> ActivationQuote | None:
    """Read the price of the activation; None if the machine is active already, which is recorded.

    `accepted`: the highest net amount (wei) that was agreed to in advance; None: none was. Raises
    OnboardingError: QUOTE_NOT_ACCEPTED, INSUFFICIENT_BALANCE (back to funding), MACHINE_TAKEN,
    MACHINE_DIFFERS, PRICE_NOT_AVAILABLE, PEER_…, FEE_…, RPC_….
    """
    await context.transactions.settle(context.memory.key)
    context.memory.quoted = None
    ready = await _prepare(context, accepted=accepted)
    if ready is None:
        return None
    network, net, held = context.settings.network, ready.terms.net, ready.account.balance
    gas = ACTIVATE_GAS + (APPROVE_GAS if ready.approves else 0)
    price = price_to_agree(ready.fees, network, gas=gas, spare=held - net)
    quoted = ActivationQuote(
        bond=net,
        price=price,
        fee=gas * price,
        held=held,
        contract=_call(context, ready).to,
        network=network.title,
        gas=gas,
        terms=ready.terms,
        allowance=ready.allowance,
        block=ready.block,
        at=context.clock.monotonic(),
        machine_id=identity_of(context).machine_id,
        minted=ready.minted,
    )
    context.memory.quoted = quoted
    return quoted


async def register(context: Context, *, agreed_bond: int) -> None:
    """Approve `agreed_bond` (the quote's net amount in wei) if necessary, activate, and read
    it back. Has an outside effect: at most one approval and one activation.

    Calling it after `quote` is the consent to that quote; without a new quote, an earlier consent
    to the same amount counts, and no second approval is signed under it. Raises OnboardingError:
    LOCKED_KEY, QUOTE_CHANGED, ALLOWANCE_SHORT, FEE_…, INSUFFICIENT_BALANCE, MACHINE_TAKEN,
    TRANSACTION_…, CONTRACT_REFUSED, READ_BACK_FAILED, RPC_….
    """
    key = context.key()
    await context.transactions.settle(key)
    if activation_of(context).activated is not None:
        return
    consent = await _consent(context, agreed_bond)
    try:
        for _ in range(_MOST_LOOKS):
            with context.store.waiting("Asking the network about this machine"):
                ready = await _prepare(context, consent=consent)
            if ready is None:
                return
            if ready.approves:
                await approve(context, key, ready)
            elif await _activate(context, key, ready):
                return
    except Reorganised:
        return  # what is open again comes first
    raise behind(context)


@dataclass(frozen=True)
class _Ready(Offer):
    terms: Price
    minted: bool
    """Whether the machine is minted already, without a subscription."""


async def _consent(context: Context, net: int) -> av.QuoteAccepted:
    """Return the consent to `net` wei: to the quote that was just read, or the recorded one."""
    quoted, recorded = context.memory.quoted, activation_of(context).accepted
    context.memory.quoted = None
    if isinstance(quoted, ActivationQuote) and quoted.bond == net:
        recorded = acceptance_of(quoted)
        await context.store.record(recorded)
    if recorded is None or recorded.net_wei != net:
        raise RuntimeError("this amount was not accepted")
    return recorded


async def _prepare(
    context: Context, *, consent: av.QuoteAccepted | None = None, accepted: int | None = None
) -> _Ready | None:
    """Read everything that a signature depends on; None where the machine turns out to be active,
    which is recorded.

    With `consent`, something is about to be signed. That the machine is not minted is then asked
    for the second time, elsewhere where that is known: one "absent" of one node is not enough.
    """
    chain, asks, standing = context.chain, asks_of(context), standing_of(context)
    identity, tier = identity_of(context), activation_of(context).tier
    if tier is None:
        raise RuntimeError("the tier comes before the activation")
    number = identity.machine_id
    owner, paused = asks.owner(number), asks.is_machine_paused(number)
    theirs = asks.machine_id(identity.machine_type, identity.subject)
    bond, voucher = asks.price(tier), asks.voucher(context.address)
    allowance, account = asks.allowance(context.address), chain.account(context.address)
    now, height = await chain.read_with_fees(
        *standing.queries,
        owner,
        paused,
        theirs,
        bond,
        voucher,
        allowance,
        account,
        at_least=context.state.height,
        other=consent is not None,
    )
    if theirs.value != number:
        raise fault("MACHINE_ID_DISAGREES", ours=number, theirs=theirs.value)
    if owner.value and await recognise(context, owner.value, block=height):
        return None
    standing.check()
    if paused.value:
        raise fault("ACTIVATION_PAUSED", what="this machine")
    required = bond.value
    if isinstance(required, Revert):
        raise refused_price(context, required, tier)
    terms = Price(tier, required, voucher.value)
    await note_allowance(context, allowance.value, height)
    check_agreed(context, terms.net, allowance.value, consent=consent, accepted=accepted)
    fees = context.transactions.fee_limit.within(now, context.address, anew=consent is None)
    ready = _Ready(
        tier=tier,
        net=terms.net,
        allowance=allowance.value,
        account=account.value,
        fees=fees,
        block=height,
        terms=terms,
        minted=bool(owner.value),
    )
    # An estimate of a poor account looks like a revert; what is asked for is what measuring asks
    # for, so that the amount stays the same.
    wanted = requirement_for(terms.net, fees.cap).total
    least = terms.net + (42_000 if ready.approves else 21_000) * fees.cap
    await require(context, needed=least, held=account.value.balance, wanted=wanted)
    return ready


async def _activate(context: Context, key: Key, ready: _Ready) -> bool:
    """Simulate the very call, send it, and record what its events and the chain show; False where
    the machine turns out to be minted without a subscription, so that another call is needed.
    """
    unsigned = _call(context, ready)
    gas = await simulate(context, unsigned, ready)
    if isinstance(gas, Revert):
        if gas.name in TAKEN:
            return await _taken(context, ready.block)
        raise explained(context, gas, unsigned, ready)
    fees = context.transactions.fee_limit.within(
        ready.fees, context.address, purpose=unsigned.purpose, gas=gas
    )
    needed = ready.net + gas * fees.cap
    await require(context, needed=needed, held=ready.account.balance)
    tx, receipt = await context.transactions.send(
        unsigned.with_gas(gas), key, ready.account, ready.fees
    )
    payment = payment_of(context, tx, receipt)
    number, asks = identity_of(context).machine_id, asks_of(context)
    owner, subscription = asks.owner(number), asks.subscription(number)
    await context.chain.read(owner, subscription, at_least=receipt.block)
    period = subscription.value
    for what, expected, found in (
        ("the owner of the machine", context.address, owner.value),
        ("the tier", str(ready.tier), str(period.tier)),
        ("the bond", str(payment.bond), str(period.bonded)),
        ("the end of the period", str(payment.period_end), str(period.period_end)),
    ):
        if expected.lower() != found.lower():
            raise mismatch(what, expected, found or "nobody")
    await record(context, period, payment, receipt.block, way="sent")
    return True


def _call(context: Context, ready: _Ready) -> UnsignedTransaction:
    deployment, identity = deployment_in(context), identity_of(context)
    if ready.minted:
        number = identity.machine_id
        return calls.late_activation(deployment, context.address, number, ready.tier)
    return calls.activation(deployment, context.address, identity, ready.tier)


async def _taken(context: Context, block: int) -> bool:
    """Read a machine that the contract calls activated or minted; whether it is active now, and so
    recorded.
    """
    owner = asks_of(context).owner(identity_of(context).machine_id)
    height = await context.chain.read(owner, at_least=block, other=True)
    if not owner.value:
        raise behind(context)
    return await recognise(context, owner.value, block=height)
