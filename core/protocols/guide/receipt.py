"""What the machine received by the guide's flow."""

from __future__ import annotations

from core.chain.did import peaq_id
from core.journal.state import State
from core.receipt.document import MachineFacts


def machine_facts(state: State) -> MachineFacts:
    """Return the protocol's part of the receipt, from the journal alone.

    Raises ValueError before the machine is registered, minted and described.
    """
    if not (state.keypair and state.registered and state.minted and state.did):
        raise ValueError("the onboarding is not finished")
    return MachineFacts(
        peaq_id=peaq_id(state.keypair.address),
        ids={
            "machine_id": state.registered.machine_id,
            "identity_nft_token_id": state.registered.machine_id,
            "machine_nft_token_id": state.minted.token_id,
        },
        bond_wei=state.registered.bond_wei,
        description={"did_attributes": dict(state.did.attributes)},
    )
