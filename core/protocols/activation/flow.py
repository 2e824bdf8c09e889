"""Activation as the shared steps and the engine ask for it, and what only activation has."""

from __future__ import annotations

from core.protocols.activation.allowance import revoke
from core.protocols.activation.environment import check_contracts, read_snapshot, started
from core.protocols.activation.machine import check_final, read_back, reconcile
from core.protocols.activation.quote import USUAL_GAS, gas_left
from core.protocols.activation.receipt import machine_facts
from core.protocols.activation.registration import quote, register
from core.protocols.activation.renewal import quote_renewal, renew
from core.protocols.activation.requirement import choose_tier, describe, prices, requirement

ABIS = (
    "activation/info_desk",
    "activation/machine_registry",
    "activation/machine_state_and_sync",
    "activation/machine_subscription",
    "activation/cross_chain_mirror",
    "activation/peaq_token",
)
"""Contract interfaces, parsed when the engine loads rather than at their first use."""

__all__ = [
    "ABIS",
    "USUAL_GAS",
    "check_contracts",
    "check_final",
    "choose_tier",
    "describe",
    "gas_left",
    "machine_facts",
    "prices",
    "quote",
    "quote_renewal",
    "read_back",
    "read_snapshot",
    "reconcile",
    "register",
    "renew",
    "requirement",
    "revoke",
    "started",
]
