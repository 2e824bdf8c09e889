"""What has happened, as past-tense facts: the records of the journal.

Amounts are wei as int (decimal strings on disk, since JSON readers elsewhere lose digits), hashes
and addresses are 0x-hex, times stand on the record, not in the event. No event holds a secret;
`TransactionSigned.raw` is public as soon as it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from core.secrets import Secret

_REGISTRY: dict[str, type[Event]] = {}


@dataclass(frozen=True)
class Event:
    def __init_subclass__(cls) -> None:
        _REGISTRY[cls.__name__] = cls

    def to_data(self) -> dict[str, Any]:
        """JSON-ready fields. Raises TypeError for a secret, which must never come here."""
        return {entry.name: _plain(getattr(self, entry.name)) for entry in fields(self)}


def event_from(name: str, data: dict[str, Any]) -> Event:
    """The event of a record. Raises ValueError for an unknown name or unfitting fields."""
    cls = _REGISTRY.get(name)
    if cls is None:
        raise ValueError(f"unknown event {name!r}")
    values: dict[str, Any] = {}
    for entry in fields(cls):
        if entry.name not in data:
            continue
        value = data[entry.name]
        values[entry.name] = _checked(str(entry.type), value, f"{name}.{entry.name}")
    try:
        return cls(**values)
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        raise TypeError("a secret does not go into the journal")
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    raise TypeError(f"{type(value).__name__} does not go into the journal")


def _checked(kind: str, value: Any, where: str) -> Any:
    if value is None and "None" in kind:
        return None
    wanted = kind.split(" | ", 1)[0]
    if wanted == "int" and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    if wanted == "str" and isinstance(value, str):
        return value
    if wanted == "bool" and isinstance(value, bool):
        return value
    if (
        wanted == "dict[str, str]"
        and isinstance(value, dict)
        and all(isinstance(k, str) and isinstance(v, str) for k, v in value.items())
    ):
        return dict(value)
    raise ValueError(f"{where} is not {wanted}")


@dataclass(frozen=True)
class OnboardingStarted(Event):
    """Always the first record: what this journal belongs to."""

    network: str
    chain_id: int
    contracts: dict[str, str]
    version: str


@dataclass(frozen=True)
class DetailsRecorded(Event):
    """What the technician said of the machine; the last one counts."""

    documentation_url: str
    data_api: str
    data_visibility: str


@dataclass(frozen=True)
class EnvironmentPassed(Event):
    """Nothing essential was red when the technician went on."""

    bond_wei: int
    height: int


@dataclass(frozen=True)
class KeypairStored(Event):
    """The keystore is on disk, was read back and decrypted to this address."""

    address: str
    way: str
    """`generated`, `imported`, `environment` or `kept` (a keystore that was there already)."""
    kdf: str
    keystore_sha256: str


@dataclass(frozen=True)
class KeypairBackedUp(Event):
    """How the key is backed up, as stated or as done by `backup`; the last one counts."""

    way: str
    """`copied`, `revealed` or `none`."""


@dataclass(frozen=True)
class KeyWrittenToEnv(Event):
    """On request, the key was written unencrypted into this file."""

    path: str


@dataclass(frozen=True)
class NeedMeasured(Event):
    """What register, mint and DID write need together, and what was there."""

    bond_wei: int
    gas_wei: int
    head_room_wei: int
    held_wei: int
    block: int
    basis: str = "usual"
    """`simulated`: the registration's gas was estimated by the node; `usual`: known figures."""


@dataclass(frozen=True)
class FundingWayChosen(Event):
    """How the wallet is to be funded; the last one counts."""

    way: str
    """`gas-station`, `owner` or `manual`."""


@dataclass(frozen=True)
class EnrolmentRequested(Event):
    """The Gas Station is about to be asked for an entry for the authenticator."""

    owner: str


@dataclass(frozen=True)
class EnrolmentIssued(Event):
    """The Gas Station gave an otpauth URI; it stays in memory only."""

    owner: str


@dataclass(frozen=True)
class EnrolmentShown(Event):
    """The technician says that the authenticator has the entry."""

    owner: str


@dataclass(frozen=True)
class EnrolmentConfirmed(Event):
    """The Gas Station took the first code: 2FA is set up."""

    owner: str
    code: str
    """The Gas Station's code: 2FA_ACTIVATED, or 2FA_ALREADY_CONFIGURED for one from before."""


@dataclass(frozen=True)
class EnrolmentLost(Event):
    """The Gas Station does not know the enrolment (any more): it has to be made again."""

    owner: str
    code: str


@dataclass(frozen=True)
class FundingRequested(Event):
    """Before the Gas Station is asked; the id is reused until there is a terminal answer."""

    request_id: str
    wallet: str
    needed_wei: int
    held_wei: int


@dataclass(frozen=True)
class FundingAnswered(Event):
    """A terminal answer: this request id will not pay (again)."""

    request_id: str
    code: str
    transaction_hash: str = ""
    amount_wei: int = 0


@dataclass(frozen=True)
class BalanceChanged(Event):
    """Another balance than before was seen while the wallet is being funded."""

    held_wei: int
    block: int


@dataclass(frozen=True)
class FundingReopened(Event):
    """A later step found less than it needs."""

    needed_wei: int
    held_wei: int


@dataclass(frozen=True)
class WalletFunded(Event):
    """The wallet was seen to hold enough."""

    way: str
    """`gas-station`, `owner`, `manual` or `already` (it held enough before anything was asked)."""
    held_wei: int
    needed_wei: int
    block: int


@dataclass(frozen=True)
class TransactionSigned(Event):
    """Before a broadcast: the handle with which it is settled, and the only bytes ever sent."""

    purpose: str
    """`funding` (from the owner's wallet), `register`, `mint`, `did`, or `single` for all three."""
    sender: str
    to: str
    nonce: int
    value_wei: int
    gas: int
    max_fee_wei: int
    """The most that is paid per gas (maxFeePerGas, or gasPrice of a legacy transaction)."""
    tip_wei: int
    legacy: bool
    data: str
    hash: str
    raw: str
    agreed_price_wei: int = 0
    """The most per gas that was agreed to, for this and what follows; 0: the network's limit."""


@dataclass(frozen=True)
class TransactionBroadcast(Event):
    """The bytes were handed to the network; what it answered decides nothing."""

    hash: str
    answer: str


@dataclass(frozen=True)
class TransactionIncluded(Event):
    """It was seen in a block; `succeeded` says whether it had its effect."""

    hash: str
    block: int
    block_hash: str
    succeeded: bool
    fee_wei: int


@dataclass(frozen=True)
class TransactionReorganised(Event):
    """Its block is no longer part of the chain: it is only sent again, as the same bytes."""

    hash: str


@dataclass(frozen=True)
class TransactionDisplaced(Event):
    """Its nonce was used by a transaction that is not ours: it can never be executed."""

    hash: str
    nonce: int


@dataclass(frozen=True)
class TransactionFinal(Event):
    """Its block is final: the network cannot take it back any more."""

    hash: str
    block: int


@dataclass(frozen=True)
class MachineRegistered(Event):
    """The network shows this owner's machine; read back, not assumed."""

    machine_id: int
    bond_wei: int
    block: int
    way: str
    """`sent` by this onboarding, or `found` on the chain (AlreadyRegistered)."""


@dataclass(frozen=True)
class NftMinted(Event):
    """The network shows the machine's token; read back, not assumed."""

    token_id: int
    block: int
    way: str


@dataclass(frozen=True)
class DidWritten(Event):
    """All six attributes were read back as they should be."""

    attributes: dict[str, str]
    block: int


@dataclass(frozen=True)
class StepFailed(Event):
    """A step could not be done: why, and from when on it may be tried again."""

    step: str
    code: str
    params: dict[str, str] = field(default_factory=dict)
    detail: str = ""
    until: str | None = None
    """Stamp from which it may be tried again; None: at once, or not by waiting."""


@dataclass(frozen=True)
class OnboardingFinished(Event):
    """Everything is final and the receipt is written. Older journals have `mcr` only."""

    mcr: str
    """The MCR API's rating at that time; empty if it did not know the machine yet."""
    finished_at: str = ""
    """Stamp."""
    host: str = ""
    """Name of the machine that the wizard ran on."""
    endpoints: dict[str, str] = field(default_factory=dict)
    """`rpc`, `gas_station` and `mcr`, without query strings; empty if not set."""
    versions: dict[str, str] = field(default_factory=dict)
    """Of the wizard, of Python and of the libraries that sign and show."""
