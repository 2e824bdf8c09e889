"""What a transaction that would fail means, and what reads back otherwise than it was written."""

from __future__ import annotations

from core.chain_facts import Fees
from core.context import Context
from core.contracts import Revert
from core.errors import OnboardingError, fault
from core.funding import require
from core.intent import TITLES, Intent

_PAUSED = "EnforcedPause"


def odd(what: str, expected: str, found: str) -> OnboardingError:
    """What was written reads back otherwise."""
    return fault("READ_BACK_FAILED", what=what, expected=expected, found=found)


async def refusal(
    context: Context, revert: Revert, intent: Intent, held: int, fees: Fees
) -> OnboardingError:
    """What a simulated transaction that would fail means; `held` in wei. Raises OnboardingError
    (INSUFFICIENT_BALANCE) where it is only the money.
    """
    if revert.poor:
        needed = intent.value + 500_000 * fees.cap
        await require(context, needed=max(needed, held + 1), held=held)
    if revert.name == _PAUSED:
        return fault("CONTRACT_PAUSED", name=revert.name)
    return fault(
        "CONTRACT_REFUSED",
        name=revert.name or "no name",
        purpose=TITLES[intent.purpose],
        reason=revert.reason,
    )
