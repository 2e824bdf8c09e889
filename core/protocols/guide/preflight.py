"""Step 1's checks of the guide's contracts: presence, ownership and bond."""

from __future__ import annotations

from core.chain import presence
from core.chain.types import NetworkSnapshot
from core.config.settings import Settings
from core.preflight import contracts
from core.preflight.check import CheckResult
from core.preflight.essentials import ContractChecks
from core.steps.context import Context


async def read_snapshot(context: Context, *, patience: float) -> NetworkSnapshot:
    """Read every contract that onboarding calls, within `patience` seconds per endpoint.

    Raises OnboardingError (RPC_…, CHAIN_ID_WRONG).
    """
    return await presence.read_snapshot(context.chain, patience=patience)


def contract_checks(settings: Settings) -> ContractChecks:
    """Return the checks for doctor."""
    return ContractChecks(
        read_snapshot=lambda chain, patience: presence.read_snapshot(chain, patience=patience),
        check_contracts=lambda snapshot: contracts.check_contracts(settings, snapshot),
        check_registration=contracts.check_registration,
    )


def check_contracts(context: Context, snapshot: NetworkSnapshot) -> list[CheckResult]:
    """Return the results `contracts` and `bond`."""
    return contracts.check_contracts(context.settings, snapshot)
