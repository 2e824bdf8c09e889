"""The protocol's part of the receipt, chosen by the journal. Imports no web3."""

from __future__ import annotations

from core.journal.state import State
from core.protocols.activation import receipt as activation
from core.protocols.guide import receipt as guide
from core.receipt.document import MachineFacts


def machine_facts(state: State) -> MachineFacts:
    """Return what the machine received. Raises ValueError before the onboarding is finished."""
    if state.protocol == "activation":
        return activation.machine_facts(state)
    return guide.machine_facts(state)
