"""What the tests of activation share: its addresses, its calls, and one machine to activate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from eth_abi import decode, encode
from eth_utils import keccak

from app.rehearsal.node.genesis import ACTIVATION_CONTRACTS, ERC20_PRECOMPILE
from tests.app.rehearsal.client import MACHINE, PEAQ, Client, calldata

INFO_DESK = ACTIVATION_CONTRACTS["InfoDesk"]
REGISTRY = ACTIVATION_CONTRACTS["MachineRegistry"]
SYNC = ACTIVATION_CONTRACTS["MachineStateAndSync"]
SUBSCRIPTION = ACTIVATION_CONTRACTS["MachineSubscription"]
MIRROR = ACTIVATION_CONTRACTS["CrossChainMirror"]
ADAPTER = ACTIVATION_CONTRACTS["MachineBridgeAdapter"]
POOL = ACTIVATION_CONTRACTS["SubscriptionTokenProvisionPool"]
ERC20 = ERC20_PRECOMPILE

DOCUMENT = "(string,address,(string,string,address,string)[],uint256[],(string,string,string)[])"
_ARGUMENTS = [DOCUMENT, "string", "bytes", "address", "uint8"]
ACTIVATE = f"activateMachine({','.join(_ARGUMENTS)})"
SUBSCRIPTION_STATE = ["uint8", "uint64", "uint64", "uint256", "uint256"]

ENTRY = 4 * PEAQ // 10
"""The bond of the lowest tier in wei."""
DAY = 86_400
PERIOD, GRACE, RUNOFF = 30 * DAY, 7 * DAY, 30 * DAY
ENDPOINTS = (
    ("#docs", "DocumentationService", "https://example.com/docs"),
    ("#data", "DataService", "https://example.com/events"),
)


def topic(signature: str) -> str:
    return "0x" + keccak(text=signature).hex()


@dataclass(frozen=True)
class Identity:
    """The arguments of activateMachine, in the order of the form."""

    machine_type: str = "peaq-onboard/v1"
    subject: bytes = b"\xde\xad\xbe\xef"
    manufacturer: str = "0x" + "22" * 20
    controller: str = MACHINE.address
    methods: tuple = ()
    authentication: tuple[int, ...] = ()
    endpoints: tuple[tuple[str, str, str], ...] = ENDPOINTS
    tier: int = 0

    @property
    def machine_id(self) -> int:
        subject = encode(["string", "bytes"], [self.machine_type, self.subject])
        return int.from_bytes(keccak(subject), "big")

    @property
    def document(self) -> tuple:
        return ("", self.controller, self.methods, self.authentication, self.endpoints)

    @property
    def data(self) -> bytes:
        arguments = [
            self.document,
            self.machine_type,
            self.subject,
            self.manufacturer,
            self.tier,
        ]
        return keccak(text=ACTIVATE)[:4] + encode(_ARGUMENTS, arguments)

    def but(self, **changes: Any) -> Identity:
        return replace(self, **changes)


SENSOR = Identity()


def approve(value: int, spender: str = SUBSCRIPTION) -> bytes:
    return calldata("approve(address,uint256)", spender, value)


def quote(client: Client, tier: int = 0) -> int:
    return client.call(SUBSCRIPTION, "requiredPeaqAmount(uint8)", tier)


def allowance(client: Client, owner=MACHINE) -> int:
    return client.call(ERC20, "allowance(address,address)", owner.address, SUBSCRIPTION)


def pay(client: Client, value: int = ENTRY, sender=MACHINE) -> dict:
    """The approval; its receipt."""
    receipt = client.transact(ERC20, approve(value), sender=sender)
    assert receipt["status"] == "0x1"
    return receipt


def activate(client: Client, identity: Identity = SENSOR, sender=MACHINE) -> dict:
    """Approval and activation; the receipt of the second."""
    pay(client, quote(client, identity.tier), sender)
    return client.transact(SYNC, identity.data, sender=sender)


def simulate(client: Client, identity: Identity = SENSOR, sender=MACHINE) -> str:
    """eth_call of the very transaction; the result."""
    call = {"from": sender.address, "to": SYNC, "data": "0x" + identity.data.hex()}
    return client.rpc("eth_call", call, "latest")


def subscription(client: Client, machine_id: int = SENSOR.machine_id) -> tuple:
    """Tier, start, end, bond in wei, points."""
    data = "0x" + calldata("subscriptions(uint256)", machine_id).hex()
    result = client.rpc("eth_call", {"to": SUBSCRIPTION, "data": data}, "latest")
    assert len(result) == 2 + 5 * 64
    return decode(SUBSCRIPTION_STATE, bytes.fromhex(result[2:]))


def owner_of(client: Client, machine_id: int = SENSOR.machine_id) -> str:
    return client.call(REGISTRY, "ownerOf(uint256)", machine_id, returns="address")


def status(client: Client, machine_id: int = SENSOR.machine_id) -> int:
    return client.call(SUBSCRIPTION, "subscriptionStatus(uint256)", machine_id)


def logs(receipt: dict, emitter: str, signature: str) -> list[dict]:
    """The logs of one event by one contract."""
    return [
        log
        for log in receipt["logs"]
        if log["address"].lower() == emitter.lower() and log["topics"][0] == topic(signature)
    ]


def words(data: str) -> list[int]:
    raw = bytes.fromhex(data[2:])
    return [int.from_bytes(raw[at : at + 32], "big") for at in range(0, len(raw), 32)]
