"""The stand-ins of a rehearsal: a phone that scanned the code, and an owner who pays by hand."""

from __future__ import annotations

import math

from app.rehearsal.network import RehearsalNetwork


class PretendPeople:
    def __init__(self, network: RehearsalNetwork) -> None:
        self._network = network

    def code(self, address: str) -> tuple[str, int] | None:
        """The current code of the pretend authenticator and the seconds that it lasts."""
        shown = self._network.current_code(address)
        if shown is None:
            return None
        code, left = shown
        return code, math.ceil(left)

    def pay(self, address: str, wei: int) -> None:
        """Sends `wei` to the machine from the pretend owner's wallet."""
        self._network.send(address, wei)
