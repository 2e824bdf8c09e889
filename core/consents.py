"""What people agreed to in this run: foreign contracts, prices per gas, a bond in advance."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.amounts import format_peaq
from core.config.networks import Contracts
from core.config.settings import Settings
from core.errors.problem import fault


@dataclass
class Consents:
    """Nothing of it is written by itself: a signed transaction records its price."""

    contracts: Contracts | None = None
    """The addresses in force when the foreign ones were accepted."""
    prices: dict[str, int] = field(default_factory=dict)
    """Wei per gas, by the address that pays."""

    def contracts_to_accept(self, settings: Settings) -> dict[str, str]:
        """Variable and address of each foreign contract that still needs consent: with real money
        nothing is signed before.
        """
        if not settings.network.real_money or self.contracts == settings.contracts:
            return {}
        return settings.foreign_contracts


def check_accepted(token: str, bond: int, accepted: int | None) -> None:
    """Raises OnboardingError (BOND_NOT_ACCEPTED). Amounts in wei; None: no limit was given."""
    if accepted is not None and bond > accepted:
        raise fault(
            "BOND_NOT_ACCEPTED",
            bond=format_peaq(bond, up=True),
            accepted=format_peaq(accepted),
            token=token,
        )
