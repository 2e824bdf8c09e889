"""What a look at the chain tells: plain data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.config.networks import Network
from core.errors.problem import fault

GAS_MARGIN_PERCENT = 125
"""web3 adds none, and the state may move between estimate and block."""


@dataclass(frozen=True)
class Fees:
    """Wei per gas: what would be signed now, and the `base` fee that a block takes at least."""

    cap: int
    tip: int
    base: int


@dataclass(frozen=True)
class Account:
    balance: int
    """Wei."""
    nonce: int
    """Of the next transaction, counting blocks only."""
    pending: int
    """The same, counting what waits in the node's pool."""


@dataclass(frozen=True)
class NetworkSnapshot:
    """What one look at the endpoint says about the network."""

    host: str
    height: int
    seconds: float
    server_time: datetime | None
    alive: dict[str, bool]
    """By variable of each address: is there what is to be there?"""
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
    """Gas to sign for: the estimate with a margin, at most what a block holds.

    Raises OnboardingError (RPC_ERROR) for an estimate that no block could hold: it is no need of
    ours, and nobody is asked for the money.
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
    """None where the node does not say: `finalized` can be null for a while."""
    return number(block.get("number")) if isinstance(block, dict) else None


def read_receipt(entry: Any, hashes: Sequence[str]) -> Receipt | None:
    """The receipt of one of `hashes`; None for null, for a pending one, and for anybody else's."""
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
    """Fees from `eth_feeHistory` of the newest block: twice the higher of its base fee and the
    next one's, and the tip that was paid in it. None where the chain has no base fee, or the
    answer is none.
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
    """Fees from the newest block and the node's own gas price (wei): twice the base fee and the
    tip that the node suggests, which is usually 0 on peaq. None where the block shows no base fee:
    a price that a node dictates would be paid in full.
    """
    base = number(block.get("baseFeePerGas")) if isinstance(block, dict) else None
    if base is None:
        return None
    tip = min(max(gas_price - base, 0), max(base, 1))
    # The newest block's fee may be about to jump: the node's own price is the least.
    return Fees(cap=max(2 * base + tip, gas_price), tip=tip, base=base)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
