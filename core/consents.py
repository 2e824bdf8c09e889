"""The user's consents in this run: foreign contracts, prices per gas, a bond limit."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.amounts import format_peaq
from core.config.networks import Contracts
from core.config.settings import Settings
from core.errors.problem import fault

TWO_FLOWS = (
    "On 2026-09-01, peaq introduced another flow for new machines, activation. The guide's flow "
    "locks a bond of 1 PEAQ, and there is no documented way to get it back.",
    "To use activation instead, quit and start again with --protocol activation.",
)
"""Said on mainnet before a journal starts; the choice is final for the machine."""


@dataclass
class Consents:
    """Consents held in memory. Only a signed transaction records the price that was agreed."""

    contracts: Contracts | None = None
    """The effective addresses when the user accepted the foreign ones."""
    protocol: bool = False
    """Whether the user chose the guide's flow on a network with real money."""
    prices: dict[str, int] = field(default_factory=dict)
    """Agreed wei per gas, by paying address."""

    def contracts_to_accept(self, settings: Settings) -> dict[str, str]:
        """Return variable and address of each foreign contract that still needs consent. With real
        money, nothing is signed before.
        """
        if not settings.network.real_money or self.contracts == settings.contracts:
            return {}
        return settings.foreign_contracts

    def protocol_to_accept(self, settings: Settings, *, started: bool) -> bool:
        """Return whether the user still has to choose the guide's flow in words: its bond has no
        documented way back, and peaq has another flow now. Only before a journal is `started`.
        """
        chosen = self.protocol or settings.deployment is not None or started
        return settings.network.real_money and not chosen


def check_accepted(token: str, bond: int, accepted: int | None) -> None:
    """Raise OnboardingError (BOND_NOT_ACCEPTED) if `bond` exceeds `accepted`. Amounts in wei; None:
    no limit was set.
    """
    if accepted is not None and bond > accepted:
        raise fault(
            "BOND_NOT_ACCEPTED",
            bond=format_peaq(bond, up=True),
            accepted=format_peaq(accepted),
            token=token,
        )
