"""Stand-ins of a rehearsal: a phone that scanned the code, and an owner who pays by hand."""

from __future__ import annotations

import math

from app.rehearsal.network import RehearsalNetwork


class PretendPeople:
    def __init__(self, network: RehearsalNetwork) -> None:
        self._network = network

    def code(self, address: str) -> tuple[str, int] | None:
        """Return the simulated authenticator's code and its remaining seconds."""
        shown = self._network.current_code(address)
        if shown is None:
            return None
        code, left = shown
        return code, math.ceil(left)

    def pay(self, address: str, wei: int) -> None:
        """Send `wei` to the machine from the simulated owner's wallet."""
        self._network.send(address, wei)
