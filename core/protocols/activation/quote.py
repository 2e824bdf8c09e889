"""The price of an activation before anything is signed: bond, voucher, net, reserve, in wei."""

from __future__ import annotations

from dataclasses import dataclass

from core.journal.state import FundingRequirement, Quote, State

TIERS = {0: "Entry", 1: "Basic", 2: "Pro"}
"""Tiers by number, named as the official SDK (0.12.1) names them. 0 is a tier like the others."""
APPROVE_GAS = 100_000
ACTIVATE_GAS = 1_200_000
USUAL_GAS = {
    "approve": APPROVE_GAS,
    "revoke": APPROVE_GAS,
    "activate": ACTIVATE_GAS,
    "renew": 400_000,
}
"""Gas with room to spare, by purpose: the maximum fee is shown for it. An activation can be
estimated only once its approval is in a block."""
RESERVE = 5 * 10**16
"""Wei kept above the net amount for the fees of both transactions: what the official CLI keeps."""
DEPOSIT_MARGIN = 10**16
"""Wei above that: the chain hides an existential deposit, whose size it does not tell."""


@dataclass(frozen=True)
class Price:
    """The price of one tier for one wallet now, in wei."""

    tier: int
    bond: int
    voucher: int
    """Credited to the wallet; it may be more than the bond."""

    @property
    def credit(self) -> int:
        """The part of the bond that the voucher pays."""
        return min(self.voucher, self.bond)

    @property
    def net(self) -> int:
        """The part of the bond that the wallet pays."""
        return self.bond - self.credit


@dataclass(frozen=True, kw_only=True)
class ActivationQuote(Quote):
    """The activation as it would be signed now. Amounts in wei.

    `bond` is the net amount, which leaves the wallet: the user agrees to it.
    """

    terms: Price
    allowance: int
    """Wei that MachineSubscription may already take."""
    block: int
    """Block at which it was read."""
    at: float
    """Monotonic seconds at which it was read: its age is shown."""
    machine_id: int
    minted: bool = False
    """Whether the machine is minted already, so that only its subscription is activated."""

    @property
    def approves(self) -> int:
        """Return the wei to approve first; 0 if the allowance is sufficient."""
        return needed_approval(self.terms.net, self.allowance)


def needed_approval(net: int, allowance: int) -> int:
    """Wei to approve: exactly the net amount, and only if the allowance is below it."""
    return net if allowance < net else 0


def requirement_for(net: int, price_per_gas: int) -> FundingRequirement:
    """Return the need of `net` wei, of its fees, and of the deposit that the chain keeps.

    The fees are a reserve, not an estimate: an activation can be estimated only once its approval
    is in a block.
    """
    gas = (APPROVE_GAS + ACTIVATE_GAS) * price_per_gas
    return FundingRequirement(
        bond=net, gas=gas, safety_margin=max(RESERVE - gas, 0) + DEPOSIT_MARGIN, basis="reserve"
    )


def gas_left(state: State) -> int:
    """Return the gas of everything that the machine still has to sign."""
    activation = state.activation
    if activation is None or activation.activated is not None:
        return APPROVE_GAS + USUAL_GAS["renew"]
    approved = activation.approval_used and not activation.allowance_short
    return ACTIVATE_GAS + (0 if approved else APPROVE_GAS)
