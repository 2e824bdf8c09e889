"""Errors for transactions that would fail, and for values that read back differently than
written.
"""

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
    """Return the error for a value that reads back differently than written."""
    return fault("READ_BACK_FAILED", what=what, expected=expected, found=found)


def behind(context: Context) -> OnboardingError:
    """Return the error for a node whose simulation lags behind a balance just read."""
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
    """Repeat a gas estimate that finds the wallet too poor although it holds enough.

    The estimating node may lag behind the one that returned the balance, so this uses another
    endpoint if one is known. `held` in wei, read at `height`. Raises OnboardingError (RPC_…).
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
    """Return the maximum wei that the transaction costs."""
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
    """Return the error for a simulated transaction that would fail.

    `held` and `wanted` (as for `require`) in wei. Raises OnboardingError (INSUFFICIENT_BALANCE) if
    only the funds are insufficient.
    """
    if revert.poor:
        await require(context, needed=_most(unsigned, fees), held=held, wanted=wanted)
        return behind(
            context
        )  # the balance is sufficient: the node that says otherwise lags behind
    if revert.name == _PAUSED:
        return fault("CONTRACT_PAUSED", name=revert.name)
    return fault(
        "CONTRACT_REFUSED",
        name=revert.name or "no name",
        purpose=TITLES[unsigned.purpose],
        reason=revert.reason,
    )
