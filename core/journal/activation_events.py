"""Journal records that only an activation has.

Amounts are wei, periods are POSIX seconds; otherwise as in `core.journal.events`.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.journal.events import Event, OnboardingStarted


@dataclass(frozen=True)
class ActivationStarted(OnboardingStarted):
    """The first record of an activation: binds the journal to this protocol and deployment."""

    deployment: str
    record_sha256: str
    """Digest of the deployment record in the release that started the activation."""


@dataclass(frozen=True)
class TierChosen(Event):
    """The chosen tier and the funds that it requires; the last record counts."""

    tier: int
    net_wei: int
    gas_wei: int
    head_room_wei: int
    held_wei: int
    block: int


@dataclass(frozen=True)
class IdentityRecorded(Event):
    """The identity for the network to store, and the id derived from it. The last record counts,
    and none follows after an approval or an activation was signed.
    """

    machine_type: str
    subject: str
    """0x-hex."""
    manufacturer: str
    controller: str
    document: str
    """The DID document in its canonical form (`core.protocols.activation.document`)."""
    document_sha256: str
    machine_id: int


@dataclass(frozen=True)
class QuoteAccepted(Event):
    """Consent to this amount, and to at most one approval of it."""

    machine_id: int
    tier: int
    bond_wei: int
    credit_wei: int
    """The part of the bond that a voucher covers."""
    net_wei: int
    price_wei: int
    """Maximum wei per gas."""
    block: int
    """Block at which the quote was read."""


@dataclass(frozen=True)
class AllowanceSeen(Event):
    """The amount that MachineSubscription may take from the wallet, as read from the network."""

    allowance_wei: int
    block: int


@dataclass(frozen=True)
class MachineActivated(Event):
    """The network shows the machine as ours and active, as read back."""

    machine_id: int
    tier: int
    bond_wei: int
    paid_wei: int
    """The bond minus the part that a voucher paid; 0 for a machine found on the chain."""
    period_start: int
    period_end: int
    block: int
    way: str
    """`sent` by this onboarding, or `found` on the chain."""


@dataclass(frozen=True)
class MachineReadBack(Event):
    """Owner, controller, subscription, home and document match when read back."""

    owner: str
    controller: str
    tier: int
    period_end: int
    document_sha256: str
    block: int


@dataclass(frozen=True)
class MachineRenewed(Event):
    """The network shows a later end of the subscription, as read back."""

    machine_id: int
    tier: int
    bond_wei: int
    paid_wei: int
    period_end: int
    block: int
