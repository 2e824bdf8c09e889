"""The state that `fold` computes from the journal's records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from core.errors.problem import Problem
from core.journal import events as ev
from core.journal.activation_state import ActivationState
from core.journal.heights import Heights
from core.step import Step


class TxStatus(str, Enum):
    SIGNED = "signed"
    SENT = "sent"
    INCLUDED = "included"
    FINAL = "final"
    REVERTED = "reverted"
    REPLACED = "replaced"
    """Our other transaction with the same nonce was executed instead."""
    DISPLACED = "displaced"

    @property
    def open(self) -> bool:
        """Whether a block may still include it."""
        return self in (TxStatus.SIGNED, TxStatus.SENT)

    @property
    def counts(self) -> bool:
        """Whether it has taken effect."""
        return self in (TxStatus.INCLUDED, TxStatus.FINAL)


@dataclass(frozen=True)
class Tx:
    purpose: str
    sender: str
    to: str
    nonce: int
    value_wei: int
    gas: int
    max_fee_wei: int
    tip_wei: int
    legacy: bool
    data: str
    hash: str
    raw: str
    signed_at: datetime
    status: TxStatus = TxStatus.SIGNED
    block: int | None = None
    block_hash: str = ""
    fee_wei: int = 0
    agreed_price_wei: int = 0

    @property
    def price(self) -> int:
        """Return the wei that a node requires the sender to hold before it includes the
        transaction.
        """
        return self.value_wei + self.gas * self.max_fee_wei


@dataclass(frozen=True)
class Details:
    documentation_url: str = ""
    data_api: str = ""
    data_visibility: str = "public"


@dataclass(frozen=True)
class FundingRequirement:
    """Required funds, in wei."""

    bond: int
    gas: int
    safety_margin: int
    basis: str = "usual"
    """Whether the registration's gas was `simulated`, or all gas figures are the `usual` ones."""

    @property
    def total(self) -> int:
        return self.bond + self.gas + self.safety_margin


@dataclass(frozen=True)
class Balance:
    """The balance and its parts, in wei."""

    held: int
    needed: int
    height: int

    @property
    def missing(self) -> int:
        return max(self.needed - self.held, 0)


@dataclass(frozen=True)
class OwnerQuote:
    """The transfer that the owner's wallet would send. Amounts in wei."""

    owner: str
    amount: int
    fee: int
    """Maximum fee, at `price`."""
    held: int
    price: int
    """Wei per gas."""


@dataclass(frozen=True)
class Quote:
    """The cost and effect of the registration, before anything is signed. Amounts in wei."""

    bond: int
    price: int
    """Maximum wei per gas, to which the user agrees."""
    fee: int
    """Maximum fee at `price`, for this transaction and all that follow, replacements included."""
    held: int
    contract: str
    network: str
    gas: int
    single: bool = False
    """Whether one transaction does everything that remains."""
    refused: str = ""
    """Why a requested single transaction is not possible."""

    @property
    def after(self) -> int:
        """Return the least that remains afterwards."""
        return self.held - self.bond - self.fee


@dataclass(frozen=True)
class PendingPayment:
    """A funding request that the Gas Station has settled but whose payment may still be pending."""

    held_before: int
    """Wei."""
    amount: int
    """Wei; 0 if the Gas Station did not say."""
    transaction_hash: str
    at: datetime

    @property
    def arrived_at_wei(self) -> int:
        """Return the balance that shows that the payment has arrived."""
        return self.held_before + max(self.amount, 1)

    def arrived(self, held: int | None) -> bool:
        """Return whether a wallet that holds `held` wei has received it."""
        return held is not None and held >= self.arrived_at_wei


@dataclass(frozen=True)
class Failure:
    step: Step
    problem: Problem
    at: datetime


@dataclass(frozen=True)
class State:
    started: ev.OnboardingStarted | None = None
    details: Details | None = None
    environment_passed: bool = False
    bond_quoted: int | None = None
    """Wei, as read in the environment step."""
    keypair: ev.KeypairStored | None = None
    backup: str | None = None
    need: FundingRequirement | None = None
    held: int | None = None
    """Wei in the machine's wallet, as last recorded."""
    way: str | None = None
    enrolment_requested: bool = False
    enrolment_issued: bool = False
    enrolment_shown: bool = False
    enrolment_confirmed: bool = False
    invalid_codes: int = 0
    """Codes refused by the Gas Station since it last accepted one."""
    open_request: ev.FundingRequested | None = None
    last_request: ev.FundingRequested | None = None
    answered: tuple[ev.FundingAnswered, ...] = ()
    pending_payment: PendingPayment | None = None
    funded: ev.WalletFunded | None = None
    transactions: tuple[Tx, ...] = ()
    registered: ev.MachineRegistered | None = None
    minted: ev.NftMinted | None = None
    did: ev.DidWritten | None = None
    activation: ActivationState | None = None
    """None in a journal of the guide's protocol."""
    finished: ev.OnboardingFinished | None = None
    failure: Failure | None = None
    """The newest failure that no later record has cleared."""
    since: dict[Step, datetime] = field(default_factory=dict)
    """When each step was completed or skipped."""
    heights: Heights = field(default_factory=Heights)
    """Block heights in the records."""

    @property
    def protocol(self) -> str | None:
        """The journal's protocol: `guide`, `activation`, or None before it starts."""
        if self.started is None:
            return None
        return "guide" if self.activation is None else "activation"

    @property
    def machine_id(self) -> int | None:
        """The machine's number on the network, once it is registered or activated."""
        if self.activation is not None and self.activation.activated is not None:
            return self.activation.activated.machine_id
        return self.registered.machine_id if self.registered else None

    @property
    def height(self) -> int:
        """Return the highest block that the records confirm: no read below it is trusted."""
        return self.heights.believed

    @property
    def address(self) -> str | None:
        return self.keypair.address if self.keypair else None

    @property
    def open_transactions(self) -> tuple[Tx, ...]:
        return tuple(tx for tx in self.transactions if tx.status.open)

    def replacements(self, tx: Tx) -> tuple[Tx, ...]:
        """Return all our transactions that share this one's nonce, oldest first."""
        return tuple(
            other
            for other in self.transactions
            if other.nonce == tx.nonce and other.sender == tx.sender
        )

    def next_nonce(self, sender: str) -> int:
        """Return the lowest possible nonce of `sender`'s next transaction, from our own
        transactions.
        """
        used = [
            tx.nonce
            for tx in self.transactions
            if tx.sender == sender and tx.status is not TxStatus.DISPLACED
        ]
        return max(used, default=-1) + 1

    def agreed_price(self, payer: str) -> int | None:
        """Return the wei per gas agreed when `payer` last signed; None if there was no
        agreement.
        """
        prices = (tx.agreed_price_wei for tx in reversed(self.transactions) if tx.sender == payer)
        return next((price for price in prices if price), None)

    @property
    def gas_spent(self) -> int:
        """Return the wei that the machine's own transactions have paid in fees."""
        return sum(tx.fee_wei for tx in self.transactions if tx.sender == self.address)

    @property
    def bonded(self) -> int:
        if self.activation is not None and self.activation.activated is not None:
            return self.activation.activated.bond_wei
        return self.registered.bond_wei if self.registered else 0
