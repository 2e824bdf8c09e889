"""Parse JSON-RPC parameters; InvalidParams reports those that are invalid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from eth_typing import Address

from app.rehearsal.node.evm import ZERO_ADDRESS, Call, MinedBlock, Override, Overrides
from app.rehearsal.node.node import Node


class InvalidParams(Exception):
    """The parameters of a call are wrong (JSON-RPC code -32602)."""


class UnknownBlock(Exception):
    """The requested block does not exist (yet)."""


def octets(value: Any, what: str = "data") -> bytes:
    """Return bytes from hex."""
    if not isinstance(value, str) or not re.fullmatch(r"0x([0-9a-fA-F]{2})*", value):
        raise InvalidParams(f"{what}: expected 0x and an even number of hex digits")
    return bytes.fromhex(value[2:])


def word(value: Any, what: str = "hash") -> bytes:
    """Return thirty-two bytes from hex."""
    data = octets(value, what)
    if len(data) != 32:
        raise InvalidParams(f"{what}: expected 32 bytes")
    return data


def address(value: Any, what: str = "address") -> Address:
    """Return an address from hex in any case."""
    data = octets(value, what)
    if len(data) != 20:
        raise InvalidParams(f"{what}: expected 20 bytes")
    return Address(data)


def quantity(value: Any, what: str = "quantity") -> int:
    """Return a number from hex."""
    if not isinstance(value, str) or not re.fullmatch(r"0x[0-9a-fA-F]{1,64}", value):
        raise InvalidParams(f"{what}: expected a hex quantity")
    return int(value, 16)


def block(node: Node, value: Any = "latest") -> MinedBlock:
    """Return the block of a tag, a number or an EIP-1898 object. Raises UnknownBlock."""
    blocks = node.chain.blocks
    if isinstance(value, dict):
        if "blockHash" in value:
            return block_by_hash(node, word(value["blockHash"], "blockHash"))
        value = value.get("blockNumber", "latest")
    tags = {
        "latest": len(blocks) - 1,
        "pending": len(blocks) - 1,
        "safe": node.finalized,
        "finalized": node.finalized,
        "earliest": 0,
    }
    value = "latest" if value is None else value
    known = isinstance(value, str) and value in tags
    number = tags[value] if known else quantity(value, "block")
    if number >= len(blocks):
        raise UnknownBlock("header not found")
    return blocks[number]


def block_by_hash(node: Node, block_hash: bytes) -> MinedBlock:
    """Return the block with a hash. Raises UnknownBlock."""
    for found in reversed(node.chain.blocks):
        if found.hash == block_hash:
            return found
    raise UnknownBlock("header not found")


def call(value: Any) -> Call:
    """Return the transaction object of eth_call and eth_estimateGas."""
    if not isinstance(value, dict):
        raise InvalidParams("expected a transaction object")
    data = value.get("input", value.get("data"))
    price = value.get("maxFeePerGas", value.get("gasPrice"))
    return Call(
        sender=ZERO_ADDRESS if value.get("from") is None else address(value["from"], "from"),
        to=None if value.get("to") is None else address(value["to"], "to"),
        data=b"" if data is None else octets(data),
        value=0 if value.get("value") is None else quantity(value["value"], "value"),
        gas=None if value.get("gas") is None else quantity(value["gas"], "gas"),
        gas_price=0 if price is None else quantity(price, "gas price"),
    )


def overrides(value: Any) -> Overrides:
    """Return the state override set of eth_call: balance, nonce, code and stateDiff."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidParams("expected a state override set")
    return {address(key): _override(fields) for key, fields in value.items()}


def _override(fields: Any) -> Override:
    if not isinstance(fields, dict) or set(fields) - {"balance", "nonce", "code", "stateDiff"}:
        raise InvalidParams("state overrides: balance, nonce, code and stateDiff are supported")
    slots = fields.get("stateDiff") or {}
    return Override(
        balance=quantity(fields["balance"], "balance") if "balance" in fields else None,
        nonce=quantity(fields["nonce"], "nonce") if "nonce" in fields else None,
        code=octets(fields["code"], "code") if "code" in fields else None,
        slots={
            int.from_bytes(word(slot, "slot"), "big"): int.from_bytes(word(content, "slot"), "big")
            for slot, content in slots.items()
        },
    )


def topic_filter(value: Any) -> list[set[str] | None]:
    """Return the topics of eth_getLogs: for each position None for any, or those that match."""
    if value is None:
        return []
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InvalidParams("topics: expected a list")
    return [
        None
        if choice is None
        else {
            "0x" + word(topic, "topic").hex()
            for topic in (choice if isinstance(choice, list) else [choice])
        }
        for choice in value
    ]
