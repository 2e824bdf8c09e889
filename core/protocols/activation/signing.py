"""The part that activation and renewal share: one consent, one approval of exactly that amount, and
a simulation of the very call before it is signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from core.amounts import format_peaq
from core.chain.abi import Revert
from core.chain.types import Account, Fees
from core.chain.unsigned import UnsignedTransaction
from core.errors.problem import OnboardingError, fault
from core.journal import activation_events as av
from core.keys.private_key import Key
from core.protocols.activation import calls, evidence
from core.protocols.activation.machine import note_allowance
from core.protocols.activation.quote import Price, needed_approval
from core.protocols.activation.refusals import TAKEN, explain
from core.protocols.activation.requirement import activation_of
from core.protocols.activation.standing import asks_of, deployment_in
from core.steps.context import Context
from core.steps.funding import require
from core.steps.reverts import behind, simulate_again

_TOO_MUCH = "spend more than allowed"
"""Part of the coin's answer where the allowance is too small (the ERC-20 precompile of peaq)."""


@dataclass(frozen=True)
class Offer:
    """The payment that would be made now, and the account that makes it. Amounts in wei."""

    tier: int
    net: int
    allowance: int
    account: Account
    fees: Fees
    block: int

    @property
    def approves(self) -> int:
        return needed_approval(self.net, self.allowance)


class Quoted(Protocol):
    """A quote of an activation or a renewal, as far as people agree to it."""

    @property
    def machine_id(self) -> int: ...
    @property
    def terms(self) -> Price: ...
    @property
    def price(self) -> int: ...
    @property
    def block(self) -> int: ...


def acceptance_of(quote: Quoted) -> av.QuoteAccepted:
    """Return the record of the consent to `quote`."""
    return av.QuoteAccepted(
        machine_id=quote.machine_id,
        tier=quote.terms.tier,
        bond_wei=quote.terms.bond,
        credit_wei=quote.terms.credit,
        net_wei=quote.terms.net,
        price_wei=quote.price,
        block=quote.block,
    )


def check_agreed(
    context: Context,
    net: int,
    allowance: int,
    *,
    consent: av.QuoteAccepted | None,
    accepted: int | None = None,
) -> None:
    """Raises OnboardingError (QUOTE_CHANGED, ALLOWANCE_SHORT, QUOTE_NOT_ACCEPTED) where more is
    taken now than was agreed.
    """
    token = context.token
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


async def approve(context: Context, key: Key, offer: Offer) -> None:
    """Approve exactly the net amount, and read the allowance back. Has an outside effect.

    Raises Reorganised, and OnboardingError: ALLOWANCE_SHORT where this consent has had its
    approval, INSUFFICIENT_BALANCE, FEE_…, TRANSACTION_…, CONTRACT_REFUSED, READ_BACK_FAILED, RPC_….
    """
    if activation_of(context).approval_used:
        raise _short(context, offer.net, offer.allowance)
    deployment = deployment_in(context)
    unsigned = calls.approval(deployment, context.address, offer.approves)
    gas = await simulate(context, unsigned, offer)
    if isinstance(gas, Revert):
        raise explained(context, gas, unsigned, offer)
    needed = offer.net + gas * offer.fees.cap
    await require(context, needed=needed, held=offer.account.balance)
    _, receipt = await context.transactions.send(
        unsigned.with_gas(gas), key, offer.account, offer.fees
    )
    evidence.approved(deployment, receipt, owner=context.address, amount=offer.approves)
    allowance = asks_of(context).allowance(context.address)
    height = await context.chain.read(allowance, at_least=receipt.block)
    await note_allowance(context, allowance.value, height)


async def simulate(context: Context, unsigned: UnsignedTransaction, offer: Offer) -> int | Revert:
    """Return the gas with its margin, or why the call would fail: it is called and estimated."""
    failure = context.chain.failure(unsigned.as_call())
    gas = context.chain.gas(unsigned.as_call())
    await context.chain.read(failure, gas, at_least=offer.block)
    held = offer.account.balance
    gas = await simulate_again(
        context, unsigned, gas, held=held, fees=offer.fees, height=offer.block
    )
    if failure.value and not failure.value.poor:
        return failure.value
    return gas.value


def explained(
    context: Context, revert: Revert, unsigned: UnsignedTransaction, offer: Offer
) -> OnboardingError:
    """Return the fault behind a refused simulation."""
    if revert.poor or revert.name in TAKEN or _TOO_MUCH in revert.reason:
        # The balance and the allowance are there, or the machine is not: a node lags.
        return behind(context)
    network = context.settings.network
    return explain(
        revert,
        purpose=unsigned.purpose,
        network=network.title,
        token=network.token,
        tier=offer.tier,
    )


def _short(context: Context, net: int, allowance: int) -> OnboardingError:
    return fault(
        "ALLOWANCE_SHORT",
        net=format_peaq(net, up=True),
        allowance=format_peaq(allowance),
        token=context.token,
    )
