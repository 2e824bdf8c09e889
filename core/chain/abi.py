"""Contract calls, results, events and reverts, encoded and decoded with web3.

No function here uses the network.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_utils.abi import event_abi_to_log_topic, function_abi_to_4byte_selector
from web3 import Web3
from web3.contract import Contract

import abis
from core.chain.json_rpc import RpcError
from core.text import RECURSION_LIMIT, clean

sys.setrecursionlimit(RECURSION_LIMIT)  # importing web3 has raised it

_ERROR_STRING = "08c379a0"
_PANIC = "4e487b71"
_LONGEST = 65_536
"""Maximum bytes of a result. The longest one, a DID attribute, has 2848."""
_GUIDE = ("identity_registry", "identity_staking", "machine_nft", "did_registry", "batch")
_ACTIVATION = (
    "activation/machine_registry",
    "activation/machine_state_and_sync",
    "activation/machine_subscription",
    "activation/cross_chain_mirror",
)
_HEX = re.compile(r"0x([0-9a-fA-F]{8}(?:[0-9a-fA-F]{64})*)(?![0-9a-fA-F])")
# Pallet errors reach the EVM as text, e.g. `message: Some("AttributeAlreadyExist")`.
_PALLET = re.compile(r'message:\s*Some\(\\*"([A-Za-z0-9_]+)\\*"\)')
_POOR = (
    "insufficient funds",
    "insufficientbalance",
    "balancelow",
    "exceeds allowance",
    "fundsunav",
    "outoffund",
)


@dataclass(frozen=True)
class Revert:
    """The reason why a call would fail: the name of a custom error, or a text."""

    name: str
    reason: str
    poor: bool = False
    """True if the account cannot pay for the call; the node then never ran the contract."""


class ContractCodec:
    """The codec of one contract interface in `abis/`."""

    def __init__(self, name: str) -> None:
        self._web3 = _offline_web3()
        self.abi = abis.load(name)
        self._contract: type[Contract] = self._web3.eth.contract(abi=self.abi)

    def encode(self, function: str, *arguments: Any) -> str:
        """Return the call data, 0x-hex."""
        return str(self._contract.encode_abi(function, args=list(arguments)))

    def decode(self, function: str, data: Any) -> tuple[Any, ...]:
        """Return the outputs of a call. Raises ValueError if `data` does not fit."""
        entry = self._entry("function", function)
        types = [_type_of(output) for output in entry["outputs"]]
        try:
            raw = bytes.fromhex(str(data).removeprefix("0x"))
            if len(raw) > _LONGEST:
                raise ValueError("the value is too long")
            return tuple(self._web3.codec.decode(types, raw))
        except (ValueError, DecodingError, OverflowError) as error:
            raise ValueError(f"{function} returned an unexpected value") from error

    def arguments(self, function: str, data: str) -> tuple[Any, ...]:
        """Return the arguments in call data that `encode` made."""
        types = [_type_of(entry) for entry in self._entry("function", function)["inputs"]]
        return tuple(self._web3.codec.decode(types, bytes.fromhex(data[10:])))

    def find_event(
        self, event: str, logs: list[dict[str, Any]], address: str
    ) -> dict[str, Any] | None:
        """Return the first `event` that `address` emitted: its indexed uint256 and address
        arguments.

        Reads only indexed arguments, because onboarding needs no others. Skips logs that cannot be
        decoded.
        """
        entry = self._entry("event", event)
        topic = bytes(event_abi_to_log_topic(entry)).hex()  # type: ignore[arg-type]
        indexed = [part for part in entry["inputs"] if part["indexed"]]
        for log in logs:
            found = log.get("topics")
            topics = [str(part).lower() for part in found] if isinstance(found, list) else []
            emitter = str(log.get("address", "")).lower()
            if emitter != address.lower() or topics[:1] != [f"0x{topic}"]:
                continue
            with suppress(ValueError, DecodingError, OverflowError):
                raw = bytes.fromhex("".join(part.removeprefix("0x") for part in topics[1:]))
                if len(raw) != 32 * len(indexed):
                    continue
                values = self._web3.codec.decode([part["type"] for part in indexed], raw)
                return dict(zip((part["name"] for part in indexed), values, strict=True))
        return None

    def find_events(
        self, event: str, logs: Sequence[dict[str, Any]], address: str
    ) -> list[dict[str, Any]]:
        """Return every `event` that `address` emitted, with all its arguments, in the order of the
        logs.

        The types of indexed arguments must fit into a topic. Raises ValueError if a log has the
        event's topic and emitter but cannot be decoded.
        """
        entry = self._entry("event", event)
        topic = "0x" + bytes(event_abi_to_log_topic(entry)).hex()  # type: ignore[arg-type]
        indexed = [part for part in entry["inputs"] if part["indexed"]]
        others = [part for part in entry["inputs"] if not part["indexed"]]
        found = []
        for log in logs:
            given = log.get("topics")
            topics = [str(part).lower() for part in given] if isinstance(given, list) else []
            emitter = str(log.get("address", "")).lower()
            if emitter != address.lower() or topics[:1] != [topic]:
                continue
            packed = "".join(part.removeprefix("0x") for part in topics[1:])
            try:
                raw = bytes.fromhex(packed)
                if len(raw) != 32 * len(indexed):
                    raise ValueError("it has other topics")
                data = bytes.fromhex(str(log.get("data", "")).removeprefix("0x"))
                if len(data) > _LONGEST:
                    raise ValueError("it is far too long")
                values = [
                    *self._web3.codec.decode([_type_of(part) for part in indexed], raw),
                    *self._web3.codec.decode([_type_of(part) for part in others], data),
                ]
            except (ValueError, DecodingError, OverflowError) as error:
                raise ValueError(f"the event {event} cannot be read") from error
            names = [part["name"] for part in (*indexed, *others)]
            found.append(dict(zip(names, values, strict=True)))
        return found

    def _entry(self, kind: str, name: str) -> dict[str, Any]:
        return next(e for e in self.abi if e["type"] == kind and e["name"] == name)


@cache
def codec(name: str) -> ContractCodec:
    return ContractCodec(name)


@cache
def _offline_web3() -> Web3:
    return Web3()


@cache
def _error_selectors() -> dict[str, dict[str, Any]]:
    return {
        bytes(function_abi_to_4byte_selector(entry)).hex(): entry  # type: ignore[arg-type]
        for name in (*_GUIDE, *_ACTIVATION)
        for entry in codec(name).abi
        if entry["type"] == "error"
    }


def read_revert(error: RpcError) -> Revert | None:
    """Return the revert in a node's error, in the shape of geth or Frontier; None if it is no
    revert.

    Ignores the error's code, because Frontier returns -32603 for everything.
    """
    text = f"{error.message} {_text_of(error.data)}"
    for digits in _HEX.findall(text):
        revert = _from_data(digits.lower())
        if revert:
            return revert
    pallet = _PALLET.search(text)
    if pallet:
        return Revert(pallet.group(1), pallet.group(1))
    low = text.lower().replace(" ", "")
    if any(sign.replace(" ", "") in low for sign in _POOR):
        return Revert("", clean(error.message), poor=True)
    if "revert" in low or "cannotfindtheitem" in low or "vmexception" in low:
        reason = re.sub(r"(?i)^.*?revert(ed)?:?\s*", "", error.message).strip()
        return Revert("", clean(reason) or "no reason given")
    return None


def _text_of(data: Any) -> str:
    if isinstance(data, str):
        return data
    if isinstance(data, dict):
        return " ".join(_text_of(value) for value in data.values())
    return ""


def _from_data(digits: str) -> Revert | None:
    selector, arguments = digits[:8], digits[8:]
    if selector == _ERROR_STRING:
        try:
            (reason,) = _offline_web3().codec.decode(["string"], bytes.fromhex(arguments))
        except (DecodingError, ValueError, OverflowError):
            return Revert("", "no reason given")
        pallet = _PALLET.search(reason)
        return Revert(pallet.group(1) if pallet else "", clean(reason))
    if selector == _PANIC:
        return Revert("Panic", f"Panic {int(arguments[:64] or '0', 16)}")
    entry = _error_selectors().get(selector)
    return Revert(entry["name"], entry["name"]) if entry else None


def _type_of(output: dict[str, Any]) -> str:
    if output["type"].startswith("tuple"):
        inner = ",".join(_type_of(part) for part in output["components"])
        return f"({inner}){output['type'].removeprefix('tuple')}"
    return str(output["type"])
