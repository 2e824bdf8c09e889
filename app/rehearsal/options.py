"""Behaviour of a rehearsal network, passed down to its parts, which do not know the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.rehearsal.faults import Fault
from app.rehearsal.services.policy import GasStationPolicy


@dataclass(frozen=True)
class RehearsalOptions:
    block_time: float
    """Seconds between blocks; 0 makes a block at once for each transaction."""
    finality_depth: int
    """Blocks behind the head that count as final."""
    faults: tuple[Fault, ...]
    store: Path | None
    """Directory of the saved network; None: it is not saved."""
    policy: GasStationPolicy
    now: Callable[[], datetime]
