"""Renewing the subscription of an activated machine: quote, consent, and one more period, once.

A renewal takes the price of the stored tier, less a bonding reward that the network credits to the
owner. It adds one period to the stored end, and its bond to the stored one (official SDK 0.12.1,
`renew_machine`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.chain.abi import Revert
from core.chain.fee_limit import price_to_agree
from core.chain.transaction_manager import Reorganised
from core.errors.problem import fault
from core.journal import activation_events as av
from core.keys.private_key import Key
from core.protocols.activation import calls, evidence
from core.protocols.activation.environment import refused_price
from core.protocols.activation.machine import note_allowance
from core.protocols.activation.queries import Subscription
from core.protocols.activation.quote import USUAL_GAS, Price, needed_approval, requirement_for
from core.protocols.activation.requirement import activation_of
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
from core.steps.reverts import mismatch

STATUS = ("not activated", "active", "in grace", "in runoff", "terminated")
"""The standing of a subscription, by the network's number."""


@dataclass(frozen=True)
class RenewalQuote:
    """The renewal as it would be signed now. Amounts in wei, times in POSIX seconds."""

    terms: Price
    """The credit is the bonding reward."""
    allowance: int
    held: int
    price: int
    """Wei per gas, at most; people agree to this."""
    block: int
    machine_id: int
    status: str
    period_end: int
    next_end: int

    @property
    def bond(self) -> int:
        """The net amount, which leaves the wallet: people agree to this."""
        return self.terms.net

    @property
    def approves(self) -> int:
        return needed_approval(self.terms.net, self.allowance)

    @property
    def gas(self) -> int:
        return USUAL_GAS["renew"] + (USUAL_GAS["approve"] if self.approves else 0)

    @property
    def fee(self) -> int:
        """At most, of all transactions, replacements included."""
        return self.gas * self.price


async def quote_renewal(context: Context, *, accepted: int | None = None) -> RenewalQuote:
    """Read the price of a renewal. One that is on the chain already is recorded first.

    `accepted`: the highest net amount (wei) that was agreed to in advance. Raises OnboardingError:
    SUBSCRIPTION_ENDED, MACHINE_TAKEN, QUOTE_NOT_ACCEPTED, INSUFFICIENT_BALANCE, FEE_…, RPC_….
    """
    await context.transactions.settle(context.memory.key)
    context.memory.quoted = None
    ready = await _prepare(context, accepted=accepted)
    network, stored = context.settings.network, ready.stored
    found = RenewalQuote(
        terms=ready.terms,
        allowance=ready.allowance,
        held=ready.account.balance,
        price=0,
        block=ready.block,
        machine_id=_machine_id(context),
        status=ready.status,
        period_end=stored.period_end,
        next_end=stored.period_end + ready.period,
    )
    price = price_to_agree(ready.fees, network, gas=found.gas, spare=found.held - found.bond)
    found = replace(found, price=price)
    context.memory.quoted = found
    return found


async def renew(context: Context, *, agreed_bond: int) -> None:
    """Approve `agreed_bond` (the quote's net amount in wei) if necessary, renew by one period
    and read it back. Has an outside effect: at most one approval and one renewal.

    Only right after `quote_renewal`, which is what people agree to: without a new quote, nothing is
    signed. Raises OnboardingError: LOCKED_KEY, QUOTE_CHANGED, ALLOWANCE_SHORT, FEE_…,
    TRANSACTION_…, CONTRACT_REFUSED, READ_BACK_FAILED, RPC_….
    """
    key = context.key()
    quoted = context.memory.quoted
    context.memory.quoted = None
    if not isinstance(quoted, RenewalQuote) or quoted.bond != agreed_bond:
        raise RuntimeError("this amount was not accepted")
    await context.transactions.settle(key)
    consent = acceptance_of(quoted)
    await context.store.record(consent)
    try:
        while True:
            with context.store.waiting("Asking the network about the subscription"):
                ready = await _prepare(context, consent=consent)
            if ready.stored.period_end != quoted.period_end:
                return  # it was renewed meanwhile: that is recorded, and nobody agreed to more
            if not ready.approves:
                await _renew(context, key, ready)
                return
            await approve(context, key, ready)
    except Reorganised:
        return  # what is open again comes first


@dataclass(frozen=True)
class _Ready(Offer):
    terms: Price
    stored: Subscription
    status: str
    period: int
    """Seconds that a renewal adds."""


def _machine_id(context: Context) -> int:
    activated = activation_of(context).activated
    if activated is None:
        raise RuntimeError("the machine is not activated yet")
    return activated.machine_id


async def _prepare(
    context: Context, *, consent: av.QuoteAccepted | None = None, accepted: int | None = None
) -> _Ready:
    chain, asks, standing = context.chain, asks_of(context), standing_of(context)
    number = _machine_id(context)
    recorded = activation_of(context).activated
    tier = recorded.tier if recorded else 0
    owner, paused = asks.owner(number), asks.is_machine_paused(number)
    subscription, status = asks.subscription(number), asks.status(number)
    bond, reward, period = asks.price(tier), asks.reward(context.address), asks.period_length()
    allowance, account = asks.allowance(context.address), chain.account(context.address)
    now, height = await chain.read_with_fees(
        *standing.queries,
        owner,
        paused,
        subscription,
        status,
        bond,
        reward,
        period,
        allowance,
        account,
        at_least=context.state.height,
        other=consent is not None,
    )
    standing.check()
    stored, said = subscription.value, STATUS[status.value]
    _check_machine(context, number, owner.value, said, paused=paused.value)
    if stored.tier != tier:
        raise fault("MACHINE_DIFFERS", what="Its tier", expected=tier, found=stored.tier)
    await _note_renewal(context, number, stored, height)
    required = bond.value
    if isinstance(required, Revert):
        raise refused_price(context, required, tier)
    terms = Price(tier, required, reward.value)
    await note_allowance(context, allowance.value, height)
    check_agreed(context, terms.net, allowance.value, consent=consent, accepted=accepted)
    fees = context.transactions.fee_limit.within(now, context.address, anew=consent is None)
    wanted = requirement_for(terms.net, fees.cap).total
    held = account.value.balance
    await require(context, needed=terms.net + 42_000 * fees.cap, held=held, wanted=wanted)
    return _Ready(
        tier=tier,
        net=terms.net,
        allowance=allowance.value,
        account=account.value,
        fees=fees,
        block=height,
        terms=terms,
        stored=stored,
        status=said,
        period=period.value,
    )


def _check_machine(context: Context, number: int, owner: str, status: str, *, paused: bool) -> None:
    if owner.lower() != context.address.lower():
        raise fault(
            "MACHINE_TAKEN", machine_id=number, owner=owner or "nobody", address=context.address
        )
    if status in (STATUS[0], STATUS[-1]):
        raise fault("SUBSCRIPTION_ENDED", machine_id=number, status=status)
    if paused:
        raise fault("ACTIVATION_PAUSED", what="this machine")


async def _note_renewal(context: Context, number: int, stored: Subscription, block: int) -> None:
    """Record renewals that the chain shows and the journal does not have: ours, whose run was cut
    before it looked, and those of other wallets, which cost this wallet nothing.
    """
    activation = activation_of(context)
    since = activation.renewed.block if activation.renewed else 0
    ours = [
        tx
        for tx in context.state.transactions
        if tx.purpose == "renew" and tx.status.counts and (tx.block or 0) > since
    ]
    for tx in ours:
        receipt = context.chain.receipt(tx.hash)
        height = await context.chain.read(receipt, at_least=block)
        if receipt.value is None:
            needed = tx.block or height + 1
            raise fault("RPC_BEHIND", host=context.chain.rpc.host, height=height, needed=needed)
        payment = evidence.renewed(
            deployment_in(context),
            receipt.value,
            machine_id=number,
            sender=context.address,
            tier=stored.tier,
        )
        await _record(context, number, stored.tier, payment, receipt.value.block)
    known = activation_of(context).renew_before or 0
    if stored.period_end > known:
        elsewhere = evidence.Payment(0, 0, 0, stored.period_end)
        await _record(context, number, stored.tier, elsewhere, block)


async def _record(
    context: Context, number: int, tier: int, payment: evidence.Payment, block: int
) -> None:
    await context.store.record(
        av.MachineRenewed(
            machine_id=number,
            tier=tier,
            bond_wei=payment.bond,
            paid_wei=payment.paid,
            period_end=payment.period_end,
            block=block,
        )
    )


async def _renew(context: Context, key: Key, ready: _Ready) -> None:
    """Simulate the very call, send it, and record what its events and the chain show."""
    number = _machine_id(context)
    unsigned = calls.renewal(deployment_in(context), context.address, number)
    gas = await simulate(context, unsigned, ready)
    if isinstance(gas, Revert):
        raise explained(context, gas, unsigned, ready)
    needed = ready.net + gas * ready.fees.cap
    await require(context, needed=needed, held=ready.account.balance)
    _, receipt = await context.transactions.send(
        unsigned.with_gas(gas), key, ready.account, ready.fees
    )
    payment = evidence.renewed(
        deployment_in(context), receipt, machine_id=number, sender=context.address, tier=ready.tier
    )
    subscription = asks_of(context).subscription(number)
    await context.chain.read(subscription, at_least=receipt.block)
    expected = ready.stored.period_end + ready.period
    for what, wanted, found in (
        ("the end of the period", expected, subscription.value.period_end),
        ("the end of the period in the event", expected, payment.period_end),
        ("the bond", ready.stored.bonded + payment.bond, subscription.value.bonded),
    ):
        if wanted != found:
            raise mismatch(what, str(wanted), str(found))
    await _record(context, number, ready.tier, payment, receipt.block)
