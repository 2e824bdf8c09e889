"""Step 1 of activation: the contracts, and the price of each tier. Read only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.amounts import format_peaq
from core.chain.abi import Revert
from core.chain.queries import Chain
from core.chain.query import Doubts, Query, hand_out
from core.chain.types import NetworkSnapshot
from core.config.deployments import Deployment
from core.config.networks import Network
from core.config.settings import Settings
from core.errors.problem import OnboardingError, Problem
from core.journal import activation_events as av
from core.preflight.check import CheckResult, of_problem, passed
from core.preflight.essentials import ContractChecks
from core.protocols.activation.queries import ActivationQueries
from core.protocols.activation.quote import TIERS
from core.protocols.activation.refusals import explain
from core.protocols.activation.standing import Standing, deployment_in, deployment_of_run
from core.steps.context import Context

CHEAPEST = min(TIERS)
"""The tier to assume until the user chooses one."""


@dataclass(frozen=True)
class Survey(NetworkSnapshot):
    """The network as activation needs it; `bond` is that of the cheapest tier, in wei."""

    prices: Mapping[int, int] = field(default_factory=dict)
    """Wei by tier, without vouchers; a tier that the network does not have now is missing."""
    problem: Problem | None = None
    """Why nobody can be activated now: a contract, a peer, the authority, a pause."""
    no_price: Problem | None = None


async def read_snapshot(context: Context, *, patience: float) -> Survey:
    """Read everything that activation calls, within `patience` seconds per endpoint.

    Raises OnboardingError (RPC_…, CHAIN_ID_WRONG); the survey holds a problem of the contracts.
    """
    return await _survey(context.chain, deployment_in(context), patience)


def contract_checks(settings: Settings) -> ContractChecks:
    """Return the checks for doctor. Pauses are a part of the survey, so nothing else is checked."""
    deployment = deployment_of_run(settings)

    async def nothing_else(_chain: Chain, _bond: int | None) -> Sequence[CheckResult]:
        return ()

    return ContractChecks(
        read_snapshot=lambda chain, patience: _survey(chain, deployment, patience),
        check_contracts=lambda snapshot: _check_survey(settings, snapshot),
        check_registration=nothing_else,
    )


async def _survey(chain: Chain, deployment: Deployment, patience: float) -> Survey:
    standing, asks = Standing(chain, deployment), ActivationQueries(chain, deployment)
    prices = {tier: asks.price(tier) for tier in TIERS}
    queries = [*standing.queries, *prices.values()]
    calls = [call for query in queries for call in query.calls]
    rpc = chain.rpc
    answers = await rpc.read(calls, patience=patience, doubt=Doubts(queries))
    hand_out(queries, answers.results)
    found: dict[int, int] = {}
    problem = no_price = None
    try:
        standing.check()
        found, no_price = _prices(chain.network, prices)
    except OnboardingError as error:
        if error.code.startswith("RPC_"):
            raise
        problem = error.problem
    return Survey(
        host=rpc.host,
        height=answers.height,
        seconds=answers.seconds,
        server_time=answers.server_time,
        alive={},
        bond=found.get(CHEAPEST),
        prices=found,
        problem=problem,
        no_price=no_price,
    )


def _prices(
    network: Network, asked: Mapping[int, Query[int | Revert]]
) -> tuple[dict[int, int], Problem | None]:
    """The price of each tier that has one, and why the cheapest has none."""
    found: dict[int, int] = {}
    missing = None
    for tier, query in asked.items():
        price = query.value
        if not isinstance(price, Revert):
            found[tier] = price
        elif tier == CHEAPEST:
            missing = _refused_price(network, price, tier).problem
    return found, missing


def check_contracts(context: Context, snapshot: NetworkSnapshot) -> list[CheckResult]:
    """Return the results `contracts` and `bond`."""
    return _check_survey(context.settings, snapshot)


def _check_survey(settings: Settings, snapshot: NetworkSnapshot) -> list[CheckResult]:
    if not isinstance(snapshot, Survey):
        raise TypeError("it is the survey of another protocol")
    problem, no_price = snapshot.problem, snapshot.problem or snapshot.no_price
    if problem:
        contracts = of_problem("contracts", problem)
    else:
        said = (
            f"all seven answer, and InfoDesk names them ({deployment_of_run(settings).provenance})"
        )
        contracts = passed("contracts", said)
    if no_price:
        bond = of_problem("bond", no_price)
    else:
        amounts = ", ".join(
            f"{TIERS[tier]} {format_peaq(price, up=True)}"
            for tier, price in snapshot.prices.items()
        )
        bond = passed("bond", f"{amounts} {settings.network.token}")
    return [contracts, bond]


def refused_price(context: Context, revert: Revert, tier: int) -> OnboardingError:
    """Return the fault for a tier without a price."""
    return _refused_price(context.settings.network, revert, tier)


def _refused_price(network: Network, revert: Revert, tier: int) -> OnboardingError:
    return explain(
        revert, purpose="activate", network=network.title, token=network.token, tier=tier
    )


def started(settings: Settings, version: str) -> av.ActivationStarted:
    """Return the first record of an activation. Raises RuntimeError for another protocol."""
    network, deployment = settings.network, deployment_of_run(settings)
    return av.ActivationStarted(
        network=network.name,
        chain_id=network.chain_id,
        contracts=deployment.contracts.as_dict(),
        version=version,
        deployment=deployment.id,
        record_sha256=deployment.digest,
    )
