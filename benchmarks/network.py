"""The rehearsal network that is measured against, with a clock of its blocks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.rehearsal.network import RehearsalNetwork

DETAILS = {
    "MACHINE_DOCUMENTATION_URL": "https://a.example/docs",
    "MACHINE_DATA_API": "https://a.example/data",
}
_LOOK = 0.02
"""Seconds between two looks at the head: the exactness of a block's time."""


@dataclass
class Traffic:
    """What reached the RPC endpoint."""

    requests: int = 0
    """HTTP requests; a JSON-RPC batch is one."""


@dataclass
class Measured:
    """A running network. `block_time` in seconds, 0: a block at once."""

    network: RehearsalNetwork
    block_time: float
    blocks: list[float] = field(default_factory=list)
    """When each new block was seen, in seconds since the epoch."""

    def traffic(self) -> Traffic:
        return Traffic(self.network.requests["POST /rpc"])

    def since(self, before: Traffic) -> Traffic:
        return Traffic(self.traffic().requests - before.requests)

    def beyond_blocks(self, start: float, end: float, transactions: int) -> float:
        """Seconds from `start` to `end` that the chain is not to blame for.

        The least that the chain takes is the wait for the first block after `start`, and then one
        block interval for each further transaction, since each needs what the one before wrote.
        """
        first = next((block for block in self.blocks if block >= start), start)
        return end - first - (transactions - 1) * self.block_time


@contextmanager
def measured_network(block_time: float) -> Iterator[Measured]:
    ended = threading.Event()
    with RehearsalNetwork(block_time=block_time) as network:
        network.fault("did-text-error")  # the one answer of nodes that the official CLI knows
        measured = Measured(network, block_time)

        def watch() -> None:
            head = network.head
            while not ended.wait(_LOOK):
                now = network.head
                if now > head:
                    measured.blocks.append(time.time())
                head = now

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield measured
        finally:
            ended.set()
            watcher.join()
