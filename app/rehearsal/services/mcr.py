"""The rehearsal's MCR API (protocol.md, section 6), computed from the chain at each request.

The guide's machines are found by address, activated ones by decimal id.
"""

from __future__ import annotations

import re
from typing import Any

from eth_typing import Address
from eth_utils.address import to_checksum_address

from app.rehearsal.node.activation_calls import Activations
from app.rehearsal.node.contract_calls import Contracts

Answer = tuple[int, dict[str, Any]]
"""HTTP status and body."""

NOT_REGISTERED = {"detail": "Machine not registered"}
HOMED_ELSEWHERE = {
    "detail": {
        "code": "MACHINE_HOMED_ELSEWHERE",
        "home_protocol_chain_id": 5,
        "message": "The machine is registered on a chain that this server cannot read",
    }
}
_MALFORMED = {"detail": {"code": "INVALID_DID", "message": "Expected a canonical machine id"}}
_ACCOUNT = re.compile(r"(?:did:peaq:)?0x([0-9a-fA-F]{40})")
_MACHINE = re.compile(r"did:peaq:([0-9]+)")
_TERMINATED = 4
MOST_MACHINES = 100
"""Maximum machines of an operator in one response."""


class Mcr:
    """Machine cards. Unlike the real index, this one never lags."""

    def __init__(self, contracts: Contracts, activations: Activations) -> None:
        self._contracts = contracts
        self._activations = activations

    def machine(self, text: str) -> Answer:
        """Return the card for a DID or an address."""
        activated = _MACHINE.fullmatch(text)
        if activated:
            return self._activated(activated.group(1))
        match = _ACCOUNT.fullmatch(text)
        if match is None:
            return 404, NOT_REGISTERED
        owner = Address(bytes.fromhex(match.group(1)))
        machine_id = self._contracts.machine_id_of(owner)
        return self._card(machine_id, owner) if machine_id else (404, NOT_REGISTERED)

    def rating(self, text: str) -> Answer:
        """Return the rating for a DID or an address; the official SDK's `query_mcr`."""
        status, card = self.machine(text)
        if status != 200:
            return status, card
        known = card["peaqos"]
        copied = ("did", "machine_id", "mcr", "mcr_score", "bond_status", "negative_flag")
        return 200, {
            **{name: known[name] for name in copied},
            "event_count": 0,
            "revenue_event_count": 0,
            "activity_event_count": 0,
            "revenue_trend": "insufficient",
            "total_revenue": 0,
            "average_revenue_per_event": 0,
            "last_updated": None,
            "mcr_degraded": False,
        }

    def by_machine_id(self, text: str) -> Answer:
        """Return the card for a machine id of the guide's protocol."""
        if not re.fullmatch(r"[0-9]{1,18}", text):
            return 404, NOT_REGISTERED
        owner = self._contracts.owner_of(int(text))
        return (404, NOT_REGISTERED) if owner is None else self._card(int(text), owner)

    def operated_by(self, text: str, offset: int, limit: int) -> Answer:
        """Return the activated machines of an operator, who is named by a DID with an address."""
        match = _ACCOUNT.fullmatch(text)
        if match is None or not text.startswith("did:peaq:"):
            return 400, _MALFORMED
        owner = Address(bytes.fromhex(match.group(1)))
        found = self._activations.minted_for(owner)
        cards = [self._activated_card(each, owner) for each in found[offset : offset + limit]]
        copied = ("did", "machine_id", "mcr_score", "mcr", "negative_flag")
        return 200, {
            "operator_did": text,
            "machines": [{name: card["peaqos"][name] for name in copied} for card in cards],
            "pagination": {"offset": offset, "limit": limit, "total": len(found)},
        }

    def _card(self, machine_id: int, owner: Address) -> Answer:
        def attribute(name: str) -> str | None:
            return self._contracts.attribute(owner, name)

        return 200, {
            "schema_version": "1.0",
            "name": f"Machine {machine_id}",
            "peaqos": {
                "machine_id": machine_id,
                "did": f"did:peaq:{to_checksum_address(owner)}",
                "operator": attribute("operator") or None,
                "mcr": "Provisioned",
                "mcr_score": None,
                "bond_status": "bonded" if self._contracts.is_bonded(machine_id) else "unbonded",
                "negative_flag": False,
                "event_count": 0,
                "data_visibility": attribute("data_visibility"),
                "documentation_url": attribute("documentation_url"),
            },
        }

    def _activated(self, digits: str) -> Answer:
        # Python refuses to convert thousands of digits; 78 hold every 256-bit number.
        if len(digits) > 78 or (digits[0] == "0" and digits != "0") or int(digits) >= 2**256:
            return 400, _MALFORMED
        owner = self._activations.owner_of(int(digits))
        if owner is None:
            return 404, NOT_REGISTERED
        return 200, self._activated_card(int(digits), owner)

    def _activated_card(self, machine_id: int, owner: Address) -> dict[str, Any]:
        """Return the card of an activated machine, with ids as decimal strings.

        Omits owner and controller, as the index does for a machine whose home is peaq: the official
        SDK refuses responses with hex addresses there.
        """
        bonded = 0 < self._activations.status(machine_id) < _TERMINATED
        return {
            "schema_version": "1.0",
            "name": f"Machine {machine_id}",
            "peaqos": {
                "machine_id": str(machine_id),
                "did": f"did:peaq:{machine_id}",
                "operator": to_checksum_address(owner),
                "mcr": "Provisioned",
                "mcr_score": 0,
                "bond_status": "bonded" if bonded else "unbonded",
                "negative_flag": False,
                "event_count": 0,
                "data_visibility": "public",
                "documentation_url": self._activations.endpoint(machine_id, "DocumentationService"),
                "data_api": self._activations.endpoint(machine_id, "DataService") or "",
            },
        }
