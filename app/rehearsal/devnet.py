"""The rehearsal network as a standalone server: `peaq-onboard devnet`."""

from __future__ import annotations

import shlex
import signal
import threading
from collections.abc import Sequence
from typing import TextIO

from app.rehearsal.faults import Fault
from app.rehearsal.network import RehearsalNetwork


def run_devnet(*, port: int, block_time: float, faults: Sequence[Fault], out: TextIO) -> int:
    """Print the variables that point clients here, then run a network until SIGINT or SIGTERM.

    The deployment id is printed as a comment, because exporting it selects the activation protocol.

    `block_time` in seconds. Returns the exit code. Call it from the main thread, which is where
    Python handles signals.
    """
    ended = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: ended.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with RehearsalNetwork(port=port, block_time=block_time, faults=faults) as network:
            for name, value in network.environment().items():
                print(f"export {name}={shlex.quote(value)}", file=out)
            print("# The activation protocol, on the same chain:", file=out)
            print(f"# export PEAQOS_DEPLOYMENT_ID={network.deployment_id}", file=out)
            for name, address in network.activation_contracts.items():
                print(f"# {name} {address}", file=out)
            print("# A funded wallet. Its key is worthless on other networks:", file=out)
            print(f"# {network.owner_key}", file=out, flush=True)
            ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0
