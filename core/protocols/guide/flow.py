"""The guide's flow, as `core.steps.context.OnboardingProtocol` requires it: register, mint, DID."""

from __future__ import annotations

from core.config.settings import Settings
from core.journal.events import OnboardingStarted
from core.protocols.guide.machine_nft import mint, write_did
from core.protocols.guide.preflight import check_contracts, read_snapshot
from core.protocols.guide.read_back import check_final, reconcile
from core.protocols.guide.receipt import machine_facts
from core.protocols.guide.registration import quote, register
from core.protocols.guide.requirement import USUAL_GAS, gas_left, requirement

ABIS = ("identity_registry", "identity_staking", "machine_nft", "did_registry")
"""Contract interfaces to parse in advance, while nobody waits for them."""


def started(settings: Settings, version: str) -> OnboardingStarted:
    """Return the first record of a journal of the guide's flow."""
    return OnboardingStarted(
        network=settings.network.name,
        chain_id=settings.network.chain_id,
        contracts=settings.contracts.as_dict(),
        version=version,
    )


__all__ = [
    "ABIS",
    "USUAL_GAS",
    "check_contracts",
    "check_final",
    "gas_left",
    "machine_facts",
    "mint",
    "quote",
    "read_snapshot",
    "reconcile",
    "register",
    "requirement",
    "started",
    "write_did",
]
