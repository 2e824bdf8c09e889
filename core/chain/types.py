"""Plain data that reads of the chain return."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.config.networks import Network
from core.errors.problem import fault

GAS_MARGIN_PERCENT = 125
"""Percent of a gas estimate to sign for: web3 adds no margin, and the state may change before the
block.
"""


@dataclass(frozen=True)
class Fees:
    """Fees in wei per gas: what would be signed now, and `base`, the least that a block accepts."""

    cap: int
    tip: int
    base: int


@dataclass(frozen=True)
class Account:
    balance: int
    """Wei."""
    nonce: int
    """Next nonce, counting blocks only."""
    pending: int
    """Next nonce, counting also transactions in the node's pool."""


@dataclass(frozen=True)
class NetworkSnapshot:
    """The state of the network as one endpoint reports it."""

    host: str
    height: int
    seconds: float
    server_time: datetime | None
    alive: dict[str, bool]
    """By variable of each address: whether the expected contract exists."""
    bond: int | None


@dataclass(frozen=True)
class Receipt:
    hash: str
    block: int
    block_hash: str
    succeeded: bool
    fee: int
    logs: list[dict[str, Any]]


def with_margin(estimate: int, network: Network, host: str) -> int:
    """Return the gas to sign for: the estimate with a margin, at most the gas limit of a block.

    Raises OnboardingError (RPC_ERROR) for an estimate that no block could hold: it is wrong, and
    must not become a request for money.
    """
    most = network.block_gas_limit
    if estimate > most:
        reason = f"it estimates {estimate} gas, but a block holds only {most}"
        raise fault("RPC_ERROR", host=host, reason=reason)
    return min(estimate * GAS_MARGIN_PERCENT // 100, most)


_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")


def number(value: Any) -> int | None:
    """Return a hex quantity of at most 256 bits, or None for anything else."""
    quantity = isinstance(value, str) and _QUANTITY.fullmatch(value)
    return int(quantity[0], 16) if quantity else None


def block_number(block: Any) -> int | None:
    """Return the block's number; None if the node has none: `finalized` can be null for a while."""
    return number(block.get("number")) if isinstance(block, dict) else None


def read_receipt(entry: Any, hashes: Sequence[str]) -> Receipt | None:
    """Return the receipt of one of `hashes`; None for null, a pending one, or another hash."""
    if not isinstance(entry, dict):
        return None
    block = number(entry.get("blockNumber"))
    if block is None:
        return None
    tx_hash = str(entry.get("transactionHash", "")).lower()
    if tx_hash not in hashes:
        return None
    used = number(entry.get("gasUsed")) or 0
    price = number(entry.get("effectiveGasPrice")) or 0
    logs = entry.get("logs")
    return Receipt(
        hash=tx_hash,
        block=block,
        block_hash=str(entry.get("blockHash", "")),
        succeeded=entry.get("status") == "0x1",
        fee=used * price,
        logs=[log for log in logs if isinstance(log, dict)] if isinstance(logs, list) else [],
    )


def history_fees(history: Any) -> Fees | None:
    """Return fees from the newest block's `eth_feeHistory`: twice the higher of its base fee and
    the next one's, plus the tip paid in it. None if the chain has no base fee, or the result is
    empty.
    """
    if not isinstance(history, dict):
        return None
    bases = [number(entry) or 0 for entry in _list(history.get("baseFeePerGas"))]
    base = max(bases, default=0)
    if base <= 0:
        return None
    rewards = [number(entry) or 0 for row in _list(history.get("reward")) for entry in _list(row)]
    tip = min(max(rewards, default=0), base)
    return Fees(cap=2 * base + tip, tip=tip, base=base)


def block_fees(block: Any, gas_price: int) -> Fees | None:
    """Return fees from the newest block and the node's gas price (wei): twice the base fee plus the
    node's tip, which is usually 0 on peaq. None if the block shows no base fee, because the wizard
    would then pay any price that the node names in full.
    """
    base = number(block.get("baseFeePerGas")) if isinstance(block, dict) else None
    if base is None:
        return None
    tip = min(max(gas_price - base, 0), max(base, 1))
    # The fee may be about to jump after the newest block, so the node's own price is the minimum.
    return Fees(cap=max(2 * base + tip, gas_price), tip=tip, base=base)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
