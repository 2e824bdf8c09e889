"""What a transaction that would fail means, and what reads back otherwise than it was written."""

from __future__ import annotations

from core.chain.abi import Revert
from core.chain.query import Query
from core.chain.types import Fees
from core.chain.unsigned import TITLES, UnsignedTransaction
from core.errors.problem import OnboardingError, fault
from core.steps.context import Context
from core.steps.funding import require

_PAUSED = "EnforcedPause"


def mismatch(what: str, expected: str, found: str) -> OnboardingError:
    """What was written reads back otherwise."""
    return fault("READ_BACK_FAILED", what=what, expected=expected, found=found)


def behind(context: Context) -> OnboardingError:
    """A node's simulation does not know the balance yet that was just read."""
    height = context.state.height
    return fault("RPC_BEHIND", host=context.chain.rpc.host, height=height, needed=height + 1)


async def simulate_again(
    context: Context,
    unsigned: UnsignedTransaction,
    gas: Query[int | Revert],
    *,
    held: int,
    fees: Fees,
    height: int,
) -> Query[int | Revert]:
    """Asks again, elsewhere where that is known, for a gas estimate that finds the wallet too poor
    although it holds enough: the node that estimates may be behind the one that told the balance.

    `held` in wei, read at `height`. Raises OnboardingError (RPC_…).
    """
    for _ in range(3):
        if not _contradicts(gas, unsigned, held, fees):
            break
        await context.clock.sleep(context.settings.network.block_seconds / 2)
        gas = context.chain.gas(unsigned.as_call())
        await context.chain.read(gas, at_least=height, other=True)
    return gas


def _contradicts(
    gas: Query[int | Revert], unsigned: UnsignedTransaction, held: int, fees: Fees
) -> bool:
    return isinstance(gas.value, Revert) and gas.value.poor and held >= _most(unsigned, fees)


def _most(unsigned: UnsignedTransaction, fees: Fees) -> int:
    """Wei that the transaction takes at most."""
    return unsigned.value + 500_000 * fees.cap


async def explain_revert(
    context: Context,
    revert: Revert,
    unsigned: UnsignedTransaction,
    held: int,
    fees: Fees,
    *,
    wanted: int = 0,
) -> OnboardingError:
    """What a simulated transaction that would fail means; `held` and `wanted` (as for `require`)
    in wei. Raises OnboardingError (INSUFFICIENT_BALANCE) where it is only the money.
    """
    if revert.poor:
        await require(context, needed=_most(unsigned, fees), held=held, wanted=wanted)
        return behind(context)  # it holds enough: a node that says otherwise lags
    if revert.name == _PAUSED:
        return fault("CONTRACT_PAUSED", name=revert.name)
    return fault(
        "CONTRACT_REFUSED",
        name=revert.name or "no name",
        purpose=TITLES[unsigned.purpose],
        reason=revert.reason,
    )
