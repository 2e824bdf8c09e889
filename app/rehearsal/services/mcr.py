"""The rehearsal's MCR API (protocol.md, section 6), computed from the chain at each request."""

from __future__ import annotations

import re
from typing import Any

from eth_typing import Address
from eth_utils.address import to_checksum_address

from app.rehearsal.node.contract_calls import Contracts

NOT_REGISTERED = {"detail": "Machine not registered"}


class Mcr:
    """Machine cards. Unlike the real index this one never lags."""

    def __init__(self, contracts: Contracts) -> None:
        self._contracts = contracts

    def by_account(self, text: str) -> tuple[int, dict[str, Any]]:
        """HTTP status and body for a DID or an address."""
        match = re.fullmatch(r"(?:did:peaq:)?0x([0-9a-fA-F]{40})", text)
        if match is None:
            return 404, NOT_REGISTERED
        owner = Address(bytes.fromhex(match.group(1)))
        machine_id = self._contracts.machine_id_of(owner)
        return self._card(machine_id, owner) if machine_id else (404, NOT_REGISTERED)

    def rating(self, text: str) -> tuple[int, dict[str, Any]]:
        """HTTP status and body for the rating of a DID or an address; the official SDK's
        `query_mcr`.
        """
        status, card = self.by_account(text)
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

    def by_machine_id(self, text: str) -> tuple[int, dict[str, Any]]:
        """HTTP status and body for a machine id."""
        if not re.fullmatch(r"[0-9]{1,18}", text):
            return 404, NOT_REGISTERED
        owner = self._contracts.owner_of(int(text))
        return (404, NOT_REGISTERED) if owner is None else self._card(int(text), owner)

    def _card(self, machine_id: int, owner: Address) -> tuple[int, dict[str, Any]]:
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
