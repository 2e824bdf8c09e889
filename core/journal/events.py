"""Events: past-tense facts that the journal records.

Amounts are int wei (decimal strings on disk, because other JSON readers lose digits). Hashes and
addresses are 0x-hex. The record has the time, not the event. No event holds a secret;
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
        """Return JSON-ready fields. Raises TypeError for a secret, which must never get here."""
        return {entry.name: _plain(getattr(self, entry.name)) for entry in fields(self)}


def event_from(name: str, data: dict[str, Any]) -> Event:
    """Return the event of a record. Raises ValueError for an unknown name or invalid fields."""
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
    """Always the first record: binds the journal to a network and its contracts."""

    network: str
    chain_id: int
    contracts: dict[str, str]
    version: str


@dataclass(frozen=True)
class DetailsRecorded(Event):
    """The machine's details as entered; the last record counts."""

    documentation_url: str
    data_api: str
    data_visibility: str


@dataclass(frozen=True)
class EnvironmentPassed(Event):
    """No required check failed when the user continued."""

    bond_wei: int
    height: int


@dataclass(frozen=True)
class KeypairStored(Event):
    """The keystore is on disk, and was read back and decrypted to this address."""

    address: str
    way: str
    """`generated`, `imported`, `environment` or `kept` (a keystore that already existed)."""
    kdf: str
    keystore_sha256: str


@dataclass(frozen=True)
class KeypairBackedUp(Event):
    """The backup of the key, as stated by the user or made by `backup`; the last record counts."""

    way: str
    """`copied`, `revealed` or `none`."""


@dataclass(frozen=True)
class KeyWrittenToEnv(Event):
    """At the user's request, the key was written unencrypted into this file."""

    path: str


@dataclass(frozen=True)
class NeedMeasured(Event):
    """The funds required for registration, mint and DID, and the balance."""

    bond_wei: int
    gas_wei: int
    head_room_wei: int
    held_wei: int
    block: int
    basis: str = "usual"
    """`simulated`: the node estimated the registration's gas; `usual`: known figures."""


@dataclass(frozen=True)
class FundingWayChosen(Event):
    """How the wallet is to be funded; the last record counts."""

    way: str
    """`gas-station`, `owner` or `manual`."""


@dataclass(frozen=True)
class EnrolmentRequested(Event):
    """The wizard is about to request an entry for the authenticator from the Gas Station."""

    owner: str


@dataclass(frozen=True)
class EnrolmentIssued(Event):
    """The Gas Station returned an otpauth URI, which stays in memory only."""

    owner: str


@dataclass(frozen=True)
class EnrolmentShown(Event):
    """The user confirms that the authenticator has the entry."""

    owner: str


@dataclass(frozen=True)
class EnrolmentConfirmed(Event):
    """The Gas Station accepted the first code: 2FA is set up."""

    owner: str
    code: str
    """The Gas Station's code: 2FA_ACTIVATED, or 2FA_ALREADY_CONFIGURED for an earlier enrolment."""


@dataclass(frozen=True)
class EnrolmentLost(Event):
    """The Gas Station does not know the enrolment (any more): it must be repeated."""

    owner: str
    code: str


@dataclass(frozen=True)
class FundingRequested(Event):
    """Written before a request to the Gas Station. Its id is reused until a terminal answer."""

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
    """The balance changed while the wallet was being funded."""

    held_wei: int
    block: int


@dataclass(frozen=True)
class FundingReopened(Event):
    """A later step found less than it requires."""

    needed_wei: int
    held_wei: int


@dataclass(frozen=True)
class WalletFunded(Event):
    """The wallet holds the required amount."""

    way: str
    """`gas-station`, `owner`, `manual` or `already` (it was sufficient without funding)."""
    held_wei: int
    needed_wei: int
    block: int


@dataclass(frozen=True)
class TransactionSigned(Event):
    """Written before a broadcast: the hash and nonce that settle the transaction, and the only
    bytes ever sent.
    """

    purpose: str
    """`funding` (from the owner's wallet), `register`, `mint`, `did`, or `single` for all three."""
    sender: str
    to: str
    nonce: int
    value_wei: int
    gas: int
    max_fee_wei: int
    """Maximum wei per gas (maxFeePerGas, or gasPrice of a legacy transaction)."""
    tip_wei: int
    legacy: bool
    data: str
    hash: str
    raw: str
    agreed_price_wei: int = 0
    """Maximum wei per gas agreed for this and later transactions; 0: the network's limit."""


@dataclass(frozen=True)
class TransactionBroadcast(Event):
    """The bytes were sent to the network; its reply decides nothing."""

    hash: str
    answer: str


@dataclass(frozen=True)
class TransactionIncluded(Event):
    """A block includes the transaction; `succeeded` says whether it took effect."""

    hash: str
    block: int
    block_hash: str
    succeeded: bool
    fee_wei: int


@dataclass(frozen=True)
class TransactionReorganised(Event):
    """A reorganization removed the transaction's block: only the same bytes are sent again."""

    hash: str


@dataclass(frozen=True)
class TransactionDisplaced(Event):
    """Another program's transaction used the nonce: this one can never be executed."""

    hash: str
    nonce: int


@dataclass(frozen=True)
class TransactionFinal(Event):
    """The transaction's block is finalized: the network can no longer undo it."""

    hash: str
    block: int


@dataclass(frozen=True)
class MachineRegistered(Event):
    """The network shows this owner's machine, as read back."""

    machine_id: int
    bond_wei: int
    block: int
    way: str
    """`sent` by this onboarding, or `found` on the chain (AlreadyRegistered)."""


@dataclass(frozen=True)
class NftMinted(Event):
    """The network shows the machine's token, as read back."""

    token_id: int
    block: int
    way: str


@dataclass(frozen=True)
class DidWritten(Event):
    """All six attributes match when read back."""

    attributes: dict[str, str]
    block: int


@dataclass(frozen=True)
class StepFailed(Event):
    """A step failed: why, and when it may be retried."""

    step: str
    code: str
    params: dict[str, str] = field(default_factory=dict)
    detail: str = ""
    until: str | None = None
    """Earliest time of a retry, as a stamp; None: at once, or waiting does not help."""


@dataclass(frozen=True)
class OnboardingFinished(Event):
    """Everything is finalized and the receipt is written. Older journals have `mcr` only."""

    mcr: str
    """The MCR API's rating at that time; empty if the API did not know the machine yet."""
    finished_at: str = ""
    """Stamp."""
    host: str = ""
    """Name of the machine that ran the wizard."""
    endpoints: dict[str, str] = field(default_factory=dict)
    """`rpc`, `gas_station` and `mcr`, without query strings; empty if not set."""
    versions: dict[str, str] = field(default_factory=dict)
    """Versions of the wizard, Python, and the libraries that sign and display."""
