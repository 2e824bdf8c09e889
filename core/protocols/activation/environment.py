"""Step 1 of activation: the contracts, and what each tier takes. Read only."""

from __future__ import annotations

from dataclasses import dataclass

from core.chain.abi import Revert
from core.chain.json_rpc import READ_PATIENCE
from core.errors.problem import OnboardingError
from core.journal import activation_events as av
from core.journal import events as ev
from core.protocols.activation.quote import TIERS
from core.protocols.activation.refusals import explain
from core.protocols.activation.standing import Standing, asks_of, deployment_in
from core.steps.context import Context

CHEAPEST = min(TIERS)
"""It stands for the tier until one is chosen."""


@dataclass(frozen=True)
class Survey:
    """What the first screen shows of activation."""

    prices: dict[int, int | None]
    """Wei by tier, without vouchers; None: the network has no such tier now."""
    provenance: str
    """Which deployment record this is."""
    block: int


async def survey(context: Context, *, patience: float = READ_PATIENCE) -> Survey:
    """Look at everything that activation calls.

    Raises OnboardingError as `Standing.check` does, and PRICE_NOT_AVAILABLE.
    """
    standing, asks = Standing(context), asks_of(context)
    prices = {tier: asks.price(tier) for tier in TIERS}
    height = await context.chain.read(
        *standing.queries, *prices.values(), at_least=context.state.height, patience=patience
    )
    standing.check()
    found: dict[int, int | None] = {}
    for tier, price in prices.items():
        value = price.value
        if isinstance(value, Revert):
            if value.name != "InvalidTier" or tier == CHEAPEST:
                raise refused_price(context, value, tier)
            found[tier] = None
        else:
            found[tier] = value
    return Survey(found, deployment_in(context).provenance, height)


def refused_price(context: Context, revert: Revert, tier: int) -> OnboardingError:
    """What it means that a tier has no price."""
    network = context.settings.network
    return explain(
        revert, purpose="activate", network=network.title, token=network.token, tier=tier
    )


async def pass_environment(context: Context, version: str, found: Survey) -> None:
    """Record that nothing essential was missing; the first thing that is recorded at all."""
    network, deployment = context.settings.network, deployment_in(context)
    if context.state.started is None:
        await context.store.record(
            av.ActivationStarted(
                network=network.name,
                chain_id=network.chain_id,
                contracts=deployment.contracts.as_dict(),
                version=version,
                deployment=deployment.id,
                record_sha256=deployment.digest,
            )
        )
    bond = found.prices[CHEAPEST] or 0
    await context.store.record(ev.EnvironmentPassed(bond, found.block))
