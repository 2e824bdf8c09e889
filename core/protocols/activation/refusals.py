"""The refusals of the activation contracts, by name, in words."""

from __future__ import annotations

from core.chain.abi import Revert
from core.chain.unsigned import TITLES
from core.errors.problem import OnboardingError, fault
from core.protocols.activation.quote import TIERS

TAKEN = ("AlreadyActivated", "ERC721InvalidSender")
"""The machine exists already, in whole or in part: its state decides, not the refusal."""

_WORDS = {
    "AlreadyTerminated": "The subscription of this machine was terminated.",
    "MachineRelocating": "The machine is being moved to another chain.",
    "CredentialSubjectMismatch": "The machine was minted with another credential subject.",
    "InvalidAuthenticationIndex": "The DID document names a verification method that it lacks.",
    "InvalidDIDFormat": "The DID document does not have the form that the contract expects.",
    "InvalidAddress": "One of the addresses is refused, such as the zero address.",
    "NotOwnerOrController": "This wallet neither owns nor controls the machine.",
    "NotMachineOwner": "This wallet does not own the machine.",
    "NotMachineStateAndSync": "The contracts do not know each other. They may be changing.",
    "NotMachineSubscription": "The contracts do not know each other. They may be changing.",
    "NotActivated": "The machine has no subscription yet.",
    "NotActive": "The machine's subscription is not active.",
    "AlreadyRegistered": "The machine is homed on some chain already.",
    "HomeChainConflict": "The machine is homed on another chain.",
    "LocalMachineExists": "The machine exists on this chain already.",
    "ChainNotRegistered": "The network does not know this chain as a home of machines.",
    "NotSubscriptionChain": "Another chain keeps the subscriptions now.",
    "ProvisionPoolNotConfigured": "The network has no provision pool now.",
    "TierChangeWhileActive": "The tier cannot change while the subscription is active.",
    "SafeERC20FailedOperation": "The bond could not be taken from the wallet.",
    "ERC721InvalidReceiver": "The wallet cannot receive the machine's token.",
    "ERC721NonexistentToken": "There is no such machine.",
    "FailedCall": "A call inside the transaction failed.",
}
KNOWN = frozenset(_WORDS) | {
    *TAKEN,
    "PriceNotAvailable",
    "InvalidTier",
    "TechnicallyPaused",
}
"""Every error of the contracts that has words here or a code of its own."""


def explain(
    revert: Revert, *, purpose: str, network: str, token: str, tier: int
) -> OnboardingError:
    """Return the fault behind a refused simulation of `purpose`, apart from money and TAKEN."""
    match revert.name:
        case "PriceNotAvailable":
            return fault("PRICE_NOT_AVAILABLE", network=network, token=token)
        case "InvalidTier":
            return tier_invalid(tier)
        case "TechnicallyPaused":
            return fault("ACTIVATION_PAUSED", what="activation")
    return fault(
        "CONTRACT_REFUSED",
        name=revert.name or "no name",
        purpose=TITLES[purpose],
        reason=_WORDS.get(revert.name, revert.reason),
    )


def tier_invalid(tier: int) -> OnboardingError:
    names = ", ".join(f"{number} ({name})" for number, name in TIERS.items())
    return fault("TIER_INVALID", tier=tier, tiers=names)
