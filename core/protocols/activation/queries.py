"""Typed questions to the activation contracts, asked together with others by `Chain.read`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from core.chain.abi import Revert, codec, read_revert
from core.chain.json_rpc import Call, RpcError
from core.chain.queries import Chain
from core.chain.query import Query, no_answer
from core.config.deployments import Deployment
from core.errors.problem import OnboardingError, fault
from core.protocols.activation.document import Document, document_from

T = TypeVar("T")

PEERS = (
    "machine_registry",
    "machine_subscription",
    "machine_state_and_sync",
    "cross_chain_mirror",
    "machine_bridge_adapter",
    "subscription_token_provision_pool",
)
"""The contracts that InfoDesk names; the key of each is the hash of its name in capitals."""
ABSENT = "ERC721NonexistentToken"
_NOBODY = "0x" + "0" * 40
_TITLES = {
    "info_desk": "InfoDesk",
    "machine_registry": "MachineRegistry",
    "machine_state_and_sync": "MachineStateAndSync",
    "machine_subscription": "MachineSubscription",
    "cross_chain_mirror": "CrossChainMirror",
    "machine_bridge_adapter": "MachineBridgeAdapter",
    "subscription_token_provision_pool": "SubscriptionTokenProvisionPool",
    "peaq_token": "The PEAQ token",
}


def title_of(contract: str) -> str:
    """The contract's own name, such as MachineRegistry."""
    return _TITLES[contract]


def peer_key(contract: str) -> bytes:
    """The key under which InfoDesk knows a contract: keccak256 of its name in capitals."""
    return bytes(keccak(text=contract.upper()))


@dataclass(frozen=True)
class Subscription:
    """A machine's entry in MachineSubscription. Times in POSIX seconds, the bond in wei."""

    tier: int
    period_start: int
    """0: not activated. Tier 0 is a real tier, so the tier never tells."""
    period_end: int
    bonded: int
    points: int

    @property
    def active(self) -> bool:
        return self.period_start != 0 and self.period_end != 0


class ActivationQueries:
    """The questions that activation asks, of the contracts of one deployment."""

    def __init__(self, chain: Chain, deployment: Deployment) -> None:
        self._chain = chain
        self.deployment = deployment

    # The deployment

    def code(self, contract: str) -> Query[bool]:
        """Whether the contract's address has code. "None" counts once it is repeated."""
        address = getattr(self.deployment.contracts, contract)

        def understand(results: Sequence[Any]) -> bool:
            result = results[0]
            if isinstance(result, RpcError):
                raise no_answer(result, self._host)
            if not isinstance(result, str) or not result.startswith("0x"):
                raise unexpected(contract, "its code is not hex")
            return len(result) > 2

        def at_first(results: Sequence[Any]) -> None:
            if not understand(results):
                raise unexpected(contract, "no code")

        return Query([("eth_getCode", [address, "latest"])], understand, at_first=at_first)

    def peer(self, contract: str) -> Query[str]:
        """The address that InfoDesk names for one of PEERS; empty where it names none.

        Another answer than the record's counts once it is repeated.
        """
        expected = getattr(self.deployment.contracts, contract).lower()
        call = self._call("info_desk", "peer", peer_key(contract))

        def understand(results: Sequence[Any]) -> str:
            found = _address(self._value("info_desk", "peer", results[0]))
            return "" if found == _NOBODY else found

        def at_first(results: Sequence[Any]) -> None:
            if understand(results).lower() != expected:
                raise unexpected("info_desk", f"another {title_of(contract)}")

        return Query([call], understand, at_first=at_first)

    def token(self) -> Query[str]:
        """`peaqToken()`: the ERC-20 face of the native coin."""
        return self._one("info_desk", "peaqToken", _address)

    def is_authority(self) -> Query[bool]:
        """Whether this chain keeps the subscriptions. "No" counts once it is repeated."""
        return self._sure("machine_subscription", "isEconomicAuthority", expected=True)

    def is_paused(self) -> Query[bool]:
        """Whether activation is paused for everybody."""
        return self._sure("machine_state_and_sync", "isTechnicalPausedGlobal", expected=False)

    def is_machine_paused(self, machine_id: int) -> Query[bool]:
        return self._sure("machine_state_and_sync", "isTechnicalPaused", machine_id, expected=False)

    def period_length(self) -> Query[int]:
        """Seconds of one subscription period."""
        return self._one("info_desk", "subscriptionPeriodLength", int)

    # Money, all in wei

    def price(self, tier: int) -> Query[int | Revert]:
        """`requiredPeaqAmount(tier)`, or why there is none: PriceNotAvailable, InvalidTier.

        Zero counts once it is repeated.
        """
        call = self._call("machine_subscription", "requiredPeaqAmount", tier)

        def understand(results: Sequence[Any]) -> int | Revert:
            revert = self._revert(results[0])
            if revert and revert.name in ("PriceNotAvailable", "InvalidTier"):
                return revert
            return int(self._value("machine_subscription", "requiredPeaqAmount", results[0]))

        def at_first(results: Sequence[Any]) -> None:
            if not understand(results):
                raise unexpected("machine_subscription", "requiredPeaqAmount: 0")

        return Query([call], understand, at_first=at_first)

    def voucher(self, address: str) -> Query[int]:
        """`pendingVoucherCredit`: paid by the network towards this wallet's bond."""
        return self._one("machine_subscription", "pendingVoucherCredit", int, address)

    def reward(self, address: str) -> Query[int]:
        """`pendingBondingReward`: paid by the network towards this wallet's renewals."""
        return self._one("machine_subscription", "pendingBondingReward", int, address)

    def allowance(self, owner: str) -> Query[int]:
        """Wei that MachineSubscription may take from `owner`."""
        spender = self.deployment.contracts.machine_subscription
        return self._one("peaq_token", "allowance", int, owner, spender)

    def token_balance(self, address: str) -> Query[int]:
        """The native balance as the token shows it: without what the chain keeps."""
        return self._one("peaq_token", "balanceOf", int, address)

    # One machine

    def machine_id(self, machine_type: str, subject: bytes) -> Query[int]:
        """`computeTokenId`, to be compared with our own."""
        return self._one("machine_registry", "computeTokenId", int, machine_type, subject)

    def owner(self, machine_id: int) -> Query[str]:
        """The machine's owner; empty where the id is not minted (ERC721NonexistentToken, and no
        other refusal).
        """
        return self._unless_absent("ownerOf", machine_id, _address, "")

    def controller(self, machine_id: int) -> Query[str]:
        """The DID's controller; empty where the id is not minted."""
        return self._unless_absent("controllerOf", machine_id, _address, "")

    def machine_type(self, machine_id: int) -> Query[str]:
        return self._unless_absent("machineTypeOf", machine_id, str, "")

    def subject(self, machine_id: int) -> Query[bytes]:
        return self._unless_absent("credentialSubjectOf", machine_id, bytes, b"")

    def manufacturer(self, machine_id: int) -> Query[str]:
        return self._unless_absent("manufacturerOf", machine_id, _address, "")

    def document(self, machine_id: int) -> Query[Document | None]:
        """The DID document as it is stored; None where the id is not minted."""
        return self._unless_absent("didDocument", machine_id, document_from, None)

    def subscription(self, machine_id: int) -> Query[Subscription]:
        call = self._call("machine_subscription", "subscriptions", machine_id)
        return Query(
            [call],
            lambda results: Subscription(
                *map(int, self._values("machine_subscription", "subscriptions", results[0]))
            ),
        )

    def status(self, machine_id: int) -> Query[int]:
        """`subscriptionStatus`: 0 not activated, 1 active, 2 grace, 3 runoff, 4 terminated.

        Another number is refused (ACTIVATION_UNEXPECTED).
        """

        def understand(value: Any) -> int:
            if value not in range(5):
                raise unexpected("machine_subscription", f"subscriptionStatus: {value}")
            return int(value)

        return self._one("machine_subscription", "subscriptionStatus", understand, machine_id)

    def is_homed_here(self, machine_id: int) -> Query[bool]:
        return self._one("cross_chain_mirror", "isHomedLocally", bool, machine_id)

    def home_chain(self, machine_id: int) -> Query[int]:
        return self._one("cross_chain_mirror", "homeChainOf", int, machine_id)

    # How they are asked

    @property
    def _host(self) -> str:
        return self._chain.rpc.host

    def _call(self, contract: str, function: str, *arguments: Any) -> Call:
        deployment = self.deployment
        to = (
            deployment.token
            if contract == "peaq_token"
            else getattr(deployment.contracts, contract)
        )
        data = codec(f"activation/{contract}").encode(function, *arguments)
        return "eth_call", [{"to": to, "data": data}, "latest"]

    def _one(
        self, contract: str, function: str, understand: Callable[[Any], T], *arguments: Any
    ) -> Query[T]:
        return Query(
            [self._call(contract, function, *arguments)],
            lambda results: understand(self._value(contract, function, results[0])),
        )

    def _sure(self, contract: str, function: str, *arguments: Any, expected: bool) -> Query[bool]:
        """A flag that stops everything unless it is `expected`: asked again before it counts."""

        def understand(results: Sequence[Any]) -> bool:
            return bool(self._value(contract, function, results[0]))

        def at_first(results: Sequence[Any]) -> None:
            if understand(results) is not expected:
                raise unexpected(contract, f"{function}: {not expected}")

        call = self._call(contract, function, *arguments)
        return Query([call], understand, at_first=at_first)

    def _unless_absent(
        self, function: str, machine_id: int, understand: Callable[[Any], T], absent: T
    ) -> Query[T]:
        def found(results: Sequence[Any]) -> T:
            revert = self._revert(results[0])
            if revert and revert.name == ABSENT:
                return absent
            return understand(self._value("machine_registry", function, results[0]))

        return Query([self._call("machine_registry", function, machine_id)], found)

    def _revert(self, result: Any) -> Revert | None:
        return read_revert(result) if isinstance(result, RpcError) else None

    def _value(self, contract: str, function: str, result: Any) -> Any:
        return self._values(contract, function, result)[0]

    def _values(self, contract: str, function: str, result: Any) -> tuple[Any, ...]:
        """The outputs of a view. Raises OnboardingError: RPC_ERROR, and ACTIVATION_UNEXPECTED where
        the contract itself reverts or answers something else.
        """
        revert = self._revert(result)
        if isinstance(result, RpcError):
            if revert is None or revert.poor:
                raise no_answer(result, self._host)
            raise unexpected(contract, f"{function}: {revert.reason}")
        try:
            return codec(f"activation/{contract}").decode(function, result)
        except ValueError as error:
            raise unexpected(contract, str(error)) from error


def _address(value: Any) -> str:
    """With its checksum: it is shown to people, who compare it."""
    return str(to_checksum_address(value))


def unexpected(contract: str, reason: str) -> OnboardingError:
    """A verdict about one of the contracts."""
    return fault("ACTIVATION_UNEXPECTED", contract=title_of(contract), reason=reason)
