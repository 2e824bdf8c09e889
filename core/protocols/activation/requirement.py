"""The need of an activation by tier, and the choice of the tier and of the identity."""

from __future__ import annotations

from core.chain.abi import Revert
from core.errors.problem import fault
from core.journal import activation_events as av
from core.journal import events as ev
from core.journal.activation_state import ActivationState
from core.journal.state import Balance, FundingRequirement
from core.protocols.activation.document import parse_document
from core.protocols.activation.environment import CHEAPEST, refused_price
from core.protocols.activation.identity import Entries, Identity, identity_from
from core.protocols.activation.quote import TIERS, Price, requirement_for
from core.protocols.activation.refusals import tier_invalid
from core.protocols.activation.standing import asks_of
from core.steps import funding
from core.steps.context import Context


def activation_of(context: Context) -> ActivationState:
    """The activation's part of the state. Raises RuntimeError in another protocol's journal."""
    activation = context.state.activation
    if activation is None:
        raise RuntimeError("the journal is not that of an activation")
    return activation


def identity_of(context: Context) -> Identity:
    """The recorded identity. Raises RuntimeError before there is one."""
    recorded = activation_of(context).identity
    if recorded is None:
        raise RuntimeError("the machine is not described yet")
    return Identity(
        machine_type=recorded.machine_type,
        subject=bytes.fromhex(recorded.subject[2:]),
        manufacturer=recorded.manufacturer,
        document=parse_document(recorded.document),
    )


async def prices(context: Context) -> dict[int, Price]:
    """Read the price of each tier for this wallet. Raises OnboardingError (PRICE_NOT_AVAILABLE)."""
    asks = asks_of(context)
    asked = {tier: asks.price(tier) for tier in TIERS}
    voucher = asks.voucher(context.address)
    await context.chain.read(*asked.values(), voucher, at_least=context.state.height)
    found: dict[int, Price] = {}
    for tier, price in asked.items():
        value = price.value
        if isinstance(value, Revert):
            if value.name != "InvalidTier":
                raise refused_price(context, value, tier)
        else:
            found[tier] = Price(tier, value, voucher.value)
    return found


async def requirement(context: Context) -> tuple[FundingRequirement, Balance]:
    """Read what is needed for the chosen tier, or for the cheapest, and what the wallet holds.

    A machine that is active already needs nothing. Raises OnboardingError (PRICE_NOT_AVAILABLE,
    FEE_IMPLAUSIBLE, RPC_…).
    """
    activation = activation_of(context)
    tier = CHEAPEST if activation.tier is None else activation.tier
    return await _requirement(context, tier)


async def _requirement(context: Context, tier: int) -> tuple[FundingRequirement, Balance]:
    asks, chain = asks_of(context), context.chain
    price, voucher = asks.price(tier), asks.voucher(context.address)
    balance = chain.balance(context.address)
    now, height = await chain.read_with_fees(price, voucher, balance, at_least=context.state.height)
    fees = context.transactions.fee_limit.within(now, context.address, anew=True)
    bond = price.value
    if isinstance(bond, Revert):
        raise refused_price(context, bond, tier)
    need = requirement_for(Price(tier, bond, voucher.value).net, fees.cap)
    return need, Balance(balance.value, need.total, height)


async def choose_tier(context: Context, tier: int) -> None:
    """Record the tier with what it needs, and the wallet as funded where it holds that.

    Raises OnboardingError: TIER_INVALID, IDENTITY_FIXED, PRICE_NOT_AVAILABLE, RPC_….
    """
    activation = activation_of(context)
    if tier not in TIERS:
        raise tier_invalid(tier)
    if activation.fixed and tier != activation.tier:
        raise fault("IDENTITY_FIXED", what="tier", journal=activation.tier, now=tier)
    need, balance = await _requirement(context, tier)
    if balance.missing and context.state.way is None:
        way = "gas-station" if context.gas_station else "manual"
        await context.store.record(ev.FundingWayChosen(way))
    await context.store.record(
        av.TierChosen(tier, need.bond, need.gas, need.safety_margin, balance.held, balance.height)
    )
    if not balance.missing:
        await funding.read_balance(context)


async def describe(context: Context, entries: Entries) -> Identity:
    """Check and record the machine's identity; its permanent id follows.

    Raises OnboardingError: MACHINE_TYPE_INVALID and the like, IDENTITY_FIXED.
    """
    identity = identity_from(entries, context.address)
    activation = activation_of(context)
    event = av.IdentityRecorded(
        machine_type=identity.machine_type,
        subject="0x" + identity.subject.hex(),
        manufacturer=identity.manufacturer,
        controller=identity.controller,
        document=identity.document.canonical,
        document_sha256=identity.document.digest,
        machine_id=identity.machine_id,
    )
    recorded = activation.identity
    if recorded == event:
        return identity
    if activation.fixed and recorded is not None:
        raise fault(
            "IDENTITY_FIXED", what="machine", journal=recorded.machine_id, now=event.machine_id
        )
    await context.store.record(event)
    return identity
