"""What a look at the chain tells: plain data, each with the height at which it was true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Fees:
    """Wei per gas. `legacy` where the chain has no base fee: `cap` is then the gas price."""

    cap: int
    tip: int
    legacy: bool


@dataclass(frozen=True)
class Account:
    height: int
    balance: int
    """Wei."""
    nonce: int
    """Of the next transaction, counting blocks only."""
    pending: int
    """The same, counting what waits in the node's pool."""
    fees: Fees


@dataclass(frozen=True)
class Survey:
    """What one look at the endpoint says about the network."""

    host: str
    height: int
    seconds: float
    server_time: datetime | None
    code: dict[str, bool]
    """By variable: is there a contract?"""
    bond: int | None
    did_answers: bool
    batch_answers: bool
    fees: Fees


@dataclass(frozen=True)
class Receipt:
    hash: str
    block: int
    block_hash: str
    succeeded: bool
    fee: int
    logs: list[dict[str, Any]]


@dataclass(frozen=True)
class Sighting:
    """One look at a nonce: whether one of its transactions has come into a block."""

    height: int
    nonce: int
    receipt: Receipt | None
    known: bool
    """The node has at least one of them, in its pool or in a block."""
    finalized: int | None
