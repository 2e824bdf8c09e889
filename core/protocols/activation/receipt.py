"""What the machine received by activation."""

from __future__ import annotations

import json

from core.clock import stamp_of
from core.journal.state import State
from core.receipt.document import MachineFacts


def machine_facts(state: State) -> MachineFacts:
    """Return the protocol's part of the receipt, from the journal alone.

    The machine id is a decimal string, because a JSON number of 256 bits loses digits in most
    readers. Raises ValueError before the machine is read back.
    """
    activation = state.activation
    if not (activation and activation.identity and activation.activated and activation.read_back):
        raise ValueError("the onboarding is not finished")
    identity, activated = activation.identity, activation.activated
    return MachineFacts(
        peaq_id=f"did:peaq:{activated.machine_id}",
        ids={"protocol": "activation", "machine_id": str(activated.machine_id)},
        bond_wei=activated.bond_wei,
        description={
            "activation": {
                "deployment": getattr(state.started, "deployment", ""),
                "tier": activated.tier,
                "paid_wei": str(activated.paid_wei),
                "activated_at": stamp_of(activated.period_start),
                "renew_before": stamp_of(activated.period_end),
                "machine_type": identity.machine_type,
                "credential_subject": identity.subject,
                "manufacturer": identity.manufacturer,
                "controller": identity.controller,
                "document": json.loads(identity.document),
                "document_sha256": identity.document_sha256,
                "allowance_left_wei": str(activation.allowance_left),
            }
        },
    )
