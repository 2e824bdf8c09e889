"""The machines, errors and logs of the scripted activation contracts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import encode
from eth_utils.abi import event_abi_to_log_topic, function_abi_to_4byte_selector

from core.chain.abi import codec


class Refused(Exception):
    """A contract's custom error, with its arguments."""

    def __init__(self, contract: str, name: str, *arguments: Any) -> None:
        super().__init__(name)
        entry = codec(f"activation/{contract}")._entry("error", name)
        selector = bytes(function_abi_to_4byte_selector(entry))  # type: ignore[arg-type]
        types = [part["type"] for part in entry["inputs"]]
        self.data = "0x" + (selector + encode(types, arguments)).hex()


class NodeError(Exception):
    """A JSON-RPC error of the node itself."""


@dataclass
class Held:
    """A minted machine."""

    owner: str
    controller: str
    machine_type: str
    subject: bytes
    manufacturer: str
    document: tuple[Any, ...]
    tier: int = 0
    start: int = 0
    end: int = 0
    bonded: int = 0
    status: int = 0
    home: bool = True


@dataclass
class Contracts:
    """What a reorganization takes back."""

    balance: int = 2 * 10**18
    nonce: int = 0
    allowance: int = 0
    voucher: int = 0
    reward: int = 0
    machines: dict[int, Held] = field(default_factory=dict)


def log(contract: str, event: str, address: str, **values: Any) -> dict[str, Any]:
    """A log of `event`, as a node shows it."""
    entry = codec(f"activation/{contract}")._entry("event", event)
    topic = "0x" + bytes(event_abi_to_log_topic(entry)).hex()  # type: ignore[arg-type]
    parts = entry["inputs"]
    topics = [
        "0x" + encode([part["type"]], [values[part["name"]]]).hex()
        for part in parts
        if part["indexed"]
    ]
    others = [part for part in parts if not part["indexed"]]
    data = encode([part["type"] for part in others], [values[part["name"]] for part in others])
    return {"address": address, "topics": [topic, *topics], "data": "0x" + data.hex()}
