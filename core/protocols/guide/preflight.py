"""Step 1's checks of the guide's contracts: presence, ownership and bond."""

from __future__ import annotations

from core.chain import presence
from core.chain.types import NetworkSnapshot
from core.preflight import contracts
from core.preflight.check import CheckResult
from core.steps.context import Context


async def read_snapshot(context: Context, *, patience: float) -> NetworkSnapshot:
    """Read every contract that onboarding calls, within `patience` seconds per endpoint.

    Raises OnboardingError (RPC_…, CHAIN_ID_WRONG).
    """
    return await presence.read_snapshot(context.chain, patience=patience)


def check_contracts(context: Context, snapshot: NetworkSnapshot) -> list[CheckResult]:
    """Return the results `contracts` and `bond`."""
    return contracts.check_contracts(context.settings, snapshot)
