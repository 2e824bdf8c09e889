"""Step 6 of activation: quote, consent, approval, activation, each of them once.

One consent covers one approval of one amount. What was approved is quoted again before the
activation is signed, and nothing is signed above what was accepted.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.amounts import format_peaq
from core.chain.abi import Revert
from core.chain.fee_limit import price_to_agree
from core.chain.transaction_manager import Reorganised
from core.chain.types import Account, Fees
from core.chain.unsigned import UnsignedTransaction
from core.errors.problem import OnboardingError, fault
from core.journal import activation_events as av
from core.keys.private_key import Key
from core.protocols.activation import calls, evidence
from core.protocols.activation.environment import refused_price
from core.protocols.activation.machine import note_allowance, payment_of, recognise, record
from core.protocols.activation.quote import (
    ActivationQuote,
    Price,
    needed_approval,
    requirement_for,
)
from core.protocols.activation.refusals import TAKEN, explain
from core.protocols.activation.requirement import activation_of, identity_of
from core.protocols.activation.standing import Standing, asks_of, deployment_in
from core.steps.context import Context
from core.steps.funding import require
from core.steps.reverts import behind, mismatch, simulate_again


async def quote(context: Context, *, accepted: int | None = None) -> ActivationQuote | None:
    """What activating takes now; None where the machine is active already, which is recorded.

    `accepted`: the highest net amount (wei) that was agreed to in advance; None: none was. Raises
    OnboardingError: QUOTE_NOT_ACCEPTED, INSUFFICIENT_BALANCE (back to funding), MACHINE_TAKEN,
    MACHINE_DIFFERS, PRICE_NOT_AVAILABLE, PEER_…, FEE_…, RPC_….
    """
    await context.transactions.settle(context.memory.key)
    context.memory.quoted = None
    ready = await _prepare(context, accepted=accepted)
    if ready is None:
        return None
    network = context.settings.network
    found = ActivationQuote(
        price=ready.price,
        allowance=ready.allowance,
        held=ready.account.balance,
        price_per_gas=0,
        block=ready.block,
        at=context.clock.monotonic(),
        machine_id=identity_of(context).machine_id,
        contract=_call(context, ready).to,
        network=network.title,
        minted=ready.minted,
    )
    found = found.agreed_at(
        price_to_agree(ready.fees, network, gas=found.gas, spare=found.held - found.net)
    )
    context.memory.quoted = found
    return found


async def register(context: Context, *, agreed_bond: int) -> None:
    """Approve what is missing of `agreed_bond` (the quote's net amount in wei), activate, and read
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
    while True:
        with context.store.waiting("The network is asked about this machine"):
            ready = await _prepare(context, consent=consent)
        if ready is None:
            return
        try:
            if not ready.approves:
                await _activate(context, key, ready)
                return
            await _approve(context, key, ready)
        except Reorganised:
            return  # what is open again comes first


@dataclass(frozen=True)
class _Ready:
    """What the chain says now. Amounts in wei."""

    price: Price
    allowance: int
    account: Account
    fees: Fees
    block: int
    minted: bool
    """Whether the machine is minted already, without a subscription."""

    @property
    def approves(self) -> int:
        return needed_approval(self.price.net, self.allowance)


async def _consent(context: Context, net: int) -> av.QuoteAccepted:
    """The consent to `net` wei: to the quote that was just read, or the recorded one."""
    quoted, recorded = context.memory.quoted, activation_of(context).accepted
    context.memory.quoted = None
    if isinstance(quoted, ActivationQuote) and quoted.net == net:
        recorded = av.QuoteAccepted(
            machine_id=quoted.machine_id,
            tier=quoted.price.tier,
            bond_wei=quoted.price.bond,
            credit_wei=quoted.price.credit,
            net_wei=net,
            price_wei=quoted.price_per_gas,
            block=quoted.block,
        )
        await context.store.record(recorded)
    if recorded is None or recorded.net_wei != net:
        raise RuntimeError("nobody agreed to that amount")
    return recorded


async def _prepare(
    context: Context, *, consent: av.QuoteAccepted | None = None, accepted: int | None = None
) -> _Ready | None:
    """Read everything that a signature hangs on; None where the machine turns out to be active,
    which is recorded.

    With `consent`, something is about to be signed. That the machine is not minted is then asked
    for the second time, elsewhere where that is known: one "absent" of one node is not enough.
    """
    chain, asks, standing = context.chain, asks_of(context), Standing(context)
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
    price = Price(tier, required, voucher.value)
    await note_allowance(context, allowance.value, height)
    _check_amount(context, price, allowance.value, consent, accepted)
    fees = context.transactions.fee_limit.within(now, context.address, anew=consent is None)
    ready = _Ready(price, allowance.value, account.value, fees, height, bool(owner.value))
    # An estimate of a poor account looks like a revert; what is asked for is what measuring asks
    # for, so that the amount stays the same.
    wanted = requirement_for(price.net, fees.cap).total
    least = price.net + (42_000 if ready.approves else 21_000) * fees.cap
    await require(context, needed=least, held=account.value.balance, wanted=wanted)
    return ready


def _check_amount(
    context: Context,
    price: Price,
    allowance: int,
    consent: av.QuoteAccepted | None,
    accepted: int | None,
) -> None:
    """Raises OnboardingError (QUOTE_CHANGED, ALLOWANCE_SHORT, QUOTE_NOT_ACCEPTED) where more is
    taken now than was agreed.
    """
    net, token = price.net, context.token
    if consent is not None and net > consent.net_wei:
        if activation_of(context).approval_used and allowance < net:
            raise _short(context, net, allowance)
        raise fault(
            "QUOTE_CHANGED",
            quoted=format_peaq(consent.net_wei, up=True),
            now=format_peaq(net, up=True),
            token=token,
        )
    if accepted is not None and net > accepted:
        raise fault(
            "QUOTE_NOT_ACCEPTED",
            net=format_peaq(net, up=True),
            accepted=format_peaq(accepted),
            token=token,
        )


async def _approve(context: Context, key: Key, ready: _Ready) -> None:
    """Approve exactly the net amount, and read the allowance back.

    Raises OnboardingError (ALLOWANCE_SHORT) where this consent has had its approval.
    """
    if activation_of(context).approval_used:
        raise _short(context, ready.price.net, ready.allowance)
    deployment = deployment_in(context)
    unsigned = calls.approval(deployment, context.address, ready.approves)
    gas = await _simulated(context, unsigned, ready)
    if isinstance(gas, Revert):
        raise await _explained(context, gas, unsigned, ready)
    needed = ready.price.net + gas * ready.fees.cap
    await require(context, needed=needed, held=ready.account.balance)
    _, receipt = await context.transactions.send(
        unsigned.with_gas(gas), key, ready.account, ready.fees
    )
    evidence.approved(deployment, receipt, owner=context.address, amount=ready.approves)
    allowance = asks_of(context).allowance(context.address)
    height = await context.chain.read(allowance, at_least=receipt.block)
    await note_allowance(context, allowance.value, height)


async def _activate(context: Context, key: Key, ready: _Ready) -> None:
    """Simulate the very call, send it, and record what its events and the chain show."""
    unsigned = _call(context, ready)
    gas = await _simulated(context, unsigned, ready)
    if isinstance(gas, Revert):
        if gas.name in TAKEN and await _taken(context, ready.block):
            return
        raise await _explained(context, gas, unsigned, ready)
    fees = context.transactions.fee_limit.within(
        ready.fees, context.address, purpose=unsigned.purpose, gas=gas
    )
    needed = ready.price.net + gas * fees.cap
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
        ("the owner of the machine", context.address.lower(), owner.value.lower()),
        ("the tier", str(ready.price.tier), str(period.tier)),
        ("the bond", str(payment.bond), str(period.bonded)),
        ("the end of the period", str(payment.period_end), str(period.period_end)),
    ):
        if expected != found:
            raise mismatch(what, expected, found or "nobody")
    await record(context, period, payment, receipt.block, way="sent")


def _call(context: Context, ready: _Ready) -> UnsignedTransaction:
    deployment, identity, tier = deployment_in(context), identity_of(context), ready.price.tier
    if ready.minted:
        return calls.late_activation(deployment, context.address, identity.machine_id, tier)
    return calls.activation(deployment, context.address, identity, tier)


async def _simulated(
    context: Context, unsigned: UnsignedTransaction, ready: _Ready
) -> int | Revert:
    """The gas with its margin, or why the call would fail: it is called and estimated."""
    failure = context.chain.failure(unsigned.as_call())
    gas = context.chain.gas(unsigned.as_call())
    await context.chain.read(failure, gas, at_least=ready.block)
    held = ready.account.balance
    gas = await simulate_again(
        context, unsigned, gas, held=held, fees=ready.fees, height=ready.block
    )
    if failure.value and not failure.value.poor:
        return failure.value
    return gas.value


async def _taken(context: Context, block: int) -> bool:
    """Whether the machine that the contract calls activated or minted is active and recorded."""
    owner = asks_of(context).owner(identity_of(context).machine_id)
    height = await context.chain.read(owner, at_least=block, other=True)
    if not owner.value:
        raise behind(context)
    return await recognise(context, owner.value, block=height)


async def _explained(
    context: Context, revert: Revert, unsigned: UnsignedTransaction, ready: _Ready
) -> OnboardingError:
    if revert.poor or revert.name in TAKEN:
        # The balance and the allowance are there, or the machine is not: a node lags.
        return behind(context)
    network = context.settings.network
    return explain(
        revert,
        purpose=unsigned.purpose,
        network=network.title,
        token=network.token,
        tier=ready.price.tier,
    )


def _short(context: Context, net: int, allowance: int) -> OnboardingError:
    return fault(
        "ALLOWANCE_SHORT",
        net=format_peaq(net, up=True),
        allowance=format_peaq(allowance),
        token=context.token,
    )
