"""The records of an activation, beyond those that both protocols share.

Amounts are wei, periods POSIX seconds; the rest is as in `core.journal.events`.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.journal.events import Event, OnboardingStarted


@dataclass(frozen=True)
class ActivationStarted(OnboardingStarted):
    """The first record of an activation: the journal belongs to this protocol and deployment."""

    deployment: str
    record_sha256: str
    """Digest of the deployment record, as the release had it."""


@dataclass(frozen=True)
class TierChosen(Event):
    """The tier, and the need that it brings; the last one counts."""

    tier: int
    net_wei: int
    gas_wei: int
    head_room_wei: int
    held_wei: int
    block: int


@dataclass(frozen=True)
class IdentityRecorded(Event):
    """The identity that the network is to store, and the id that follows from it; the last one
    counts, and none comes after an approval or an activation was signed.
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
    """Consent: to this amount, and to at most one approval of it."""

    machine_id: int
    tier: int
    bond_wei: int
    credit_wei: int
    """The part of the bond that a voucher pays."""
    net_wei: int
    price_wei: int
    """Wei per gas, at most."""
    block: int
    """At which the quote was read."""


@dataclass(frozen=True)
class AllowanceSeen(Event):
    """The amount that MachineSubscription may take from the wallet, read from the network."""

    allowance_wei: int
    block: int


@dataclass(frozen=True)
class MachineActivated(Event):
    """The network shows the machine as ours and active; read back, not assumed."""

    machine_id: int
    tier: int
    bond_wei: int
    paid_wei: int
    """The bond without the part that a voucher paid; 0 for a machine that was found."""
    period_start: int
    period_end: int
    block: int
    way: str
    """`sent` by this onboarding, or `found` on the chain."""


@dataclass(frozen=True)
class MachineReadBack(Event):
    """Owner, controller, subscription, home and document were read back as they should be."""

    owner: str
    controller: str
    tier: int
    period_end: int
    document_sha256: str
    block: int


@dataclass(frozen=True)
class MachineRenewed(Event):
    """The network shows a later end of the subscription; read back, not assumed."""

    machine_id: int
    tier: int
    bond_wei: int
    paid_wei: int
    period_end: int
    block: int
