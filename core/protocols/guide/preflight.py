"""Step 1's lines about the guide's contracts: are they there, whose are they, what is the bond?"""

from __future__ import annotations

from core.amounts import format_peaq
from core.chain.presence import read_snapshot
from core.chain.types import NetworkSnapshot
from core.config.settings import Settings
from core.preflight.check import TITLES, Check, Light
from core.preflight.contracts import bond_fault, contract_fault
from core.steps.context import Context


async def survey(context: Context, *, patience: float) -> NetworkSnapshot:
    """Call everything that onboarding will call, within `patience` seconds an endpoint.

    Raises OnboardingError (RPC_…, CHAIN_ID_WRONG).
    """
    return await read_snapshot(context.chain, patience=patience)


def check_contracts(context: Context, snapshot: NetworkSnapshot) -> list[Check]:
    """Return the lines `contracts` and `bond`."""
    found = contract_fault(context.settings, snapshot)
    light, text = (Light.RED, found.title) if found else _whose(context.settings)
    contracts = Check("contracts", TITLES["contracts"], light, text, found)
    return [contracts, _bond(snapshot.bond, context.token)]


def _bond(wei: int | None, token: str) -> Check:
    if wei is None:
        found = bond_fault()
        return Check("bond", TITLES["bond"], Light.RED, found.title, found)
    return Check("bond", TITLES["bond"], Light.GREEN, f"{format_peaq(wei, up=True)} {token}")


def _whose(settings: Settings) -> tuple[Light, str]:
    """Any contract has code: one that is not the network's own is worth a second look."""
    others = settings.foreign_contracts
    if others:
        return Light.AMBER, f"all six answer; not the network's own: {', '.join(others)}"
    return Light.GREEN, "all six answer"
