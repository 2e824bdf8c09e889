"""The rehearsal network as an object: start it, connect clients, inspect it.

Heavy imports (an EVM) happen in the server's thread at its start, not with this module.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from app.rehearsal.errors import RehearsalError
from app.rehearsal.faults import Fault
from app.rehearsal.node import genesis
from app.rehearsal.options import RehearsalOptions
from app.rehearsal.services.policy import GasStationPolicy

if TYPE_CHECKING:
    from app.rehearsal.node.node import SentTransaction
    from app.rehearsal.parts import Parts
    from app.rehearsal.services.gas_station import Transfer

__all__ = ["GasStationPolicy", "RehearsalError", "RehearsalNetwork"]

T = TypeVar("T")

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
SLOW_BLOCK_SECONDS = 12.0
# Blocks behind the head that count as final, if there is a block time.
FINALITY_DEPTH = 2
# Seconds to wait for the server's thread. It responds in milliseconds; the limit detects a dead
# network.
ANSWER_SECONDS = 60.0


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


class PackageMissing(RehearsalError):
    """A package of the rehearsal extra is not installed; the text is its name."""


_EXTRA = ("aiohttp", "cached_property", "eth", "eth_bloom", "lru", "sortedcontainers", "trie")
"""Import names that only the rehearsal extra provides."""


def not_importable(error: ImportError) -> Exception:
    """Return PackageMissing if the extra is missing; any other import error unchanged."""
    package = (error.name or "").partition(".")[0]
    missing = isinstance(error, ModuleNotFoundError) and error.name == package
    return PackageMissing(package) if missing and package in _EXTRA else error


class RehearsalNetwork:
    """Chain, Gas Station and MCR API on loopback, in a separate thread.

    `block_time` in seconds; 0 makes a block at once for each transaction. With a `store`, the
    network continues from its last state, even after its process was killed. All methods may be
    called from any thread while it runs.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        block_time: float = 0.0,
        faults: Sequence[Fault] = (),
        store: Path | None = None,
        policy: GasStationPolicy = GasStationPolicy(),  # noqa: B008 - frozen
        now: Callable[[], datetime] | None = None,
        finality_depth: int | None = None,
    ) -> None:
        if any(fault.name == "slow-blocks" for fault in faults):
            block_time = SLOW_BLOCK_SECONDS
        if finality_depth is None:
            finality_depth = FINALITY_DEPTH if block_time else 0
        self.options = RehearsalOptions(
            block_time, finality_depth, tuple(faults), store, policy, now or _utc_now
        )
        self._port = port
        self._counter: Counter[str] = Counter()
        self._snapshots: list[int] = []
        self._parts: Parts | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None

    # Running

    def start(self) -> None:
        """Start the server thread and return once it listens. Raises RehearsalError."""
        if self._thread is not None:
            raise RehearsalError("the rehearsal network is already running")
        started: Future[int] = Future()
        self._thread = threading.Thread(
            target=self._serve, args=(started,), name="rehearsal-network", daemon=True
        )
        self._thread.start()
        try:
            self._port = started.result()
        except Exception:
            self._thread.join()
            self._thread = None
            raise

    def stop(self) -> None:
        """Stop the server and wait for its thread. A stored network can be started again."""
        if self._thread is None or self._loop is None or self._stopping is None:
            return
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = self._loop = self._parts = None

    def __enter__(self) -> RehearsalNetwork:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self, started: Future[int]) -> None:
        try:
            asyncio.run(self._serve_until_stopped(started))
        except Exception as error:  # start() raises it in the caller's thread
            if started.done():
                log.exception("the rehearsal network stopped")
            else:
                started.set_exception(error)

    async def _serve_until_stopped(self, started: Future[int]) -> None:
        try:
            from app.rehearsal.parts import Parts, listening
        except ImportError as error:
            raise not_importable(error) from error
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        parts = Parts(
            self.options,
            counter=self._counter,
            port=lambda: self._port,
            gas_station_url=lambda: self.gas_station_url,
        )
        try:
            async with listening(parts.server.application(), HOST, self._port) as port:
                self._port, self._parts = port, parts
                started.set_result(port)
                await self._make_blocks(parts, self._stopping)
        finally:
            parts.node.store.close()

    async def _make_blocks(self, parts: Parts, stopping: asyncio.Event) -> None:
        """Make a block every `block_time` seconds until the network stops."""
        while True:
            try:
                await asyncio.wait_for(stopping.wait(), self.options.block_time or None)
            except asyncio.TimeoutError:
                parts.node.mine()
            else:
                return

    def _ask(self, question: Callable[[Parts], T]) -> T:
        """Run a function in the server's thread, the only one that may use the chain."""
        if self._loop is None or self._parts is None:
            raise RehearsalError("the rehearsal network is not running")
        parts = self._parts

        async def asked() -> T:
            return question(parts)

        return asyncio.run_coroutine_threadsafe(asked(), self._loop).result(ANSWER_SECONDS)

    # Addresses

    @property
    def deployment_id(self) -> str:
        """Return the PEAQOS_DEPLOYMENT_ID that selects the activation contracts."""
        return genesis.DEPLOYMENT_ID

    @property
    def activation_contracts(self) -> dict[str, str]:
        """Return addresses by name: the seven activation contracts, and the ERC-20 interface of the
        coin.
        """
        return {**genesis.ACTIVATION_CONTRACTS, "PeaqToken": genesis.ERC20_PRECOMPILE}

    @property
    def chain_id(self) -> int:
        return genesis.CHAIN_ID

    @property
    def rpc_url(self) -> str:
        return f"http://{HOST}:{self._port}/rpc"

    @property
    def gas_station_url(self) -> str:
        return f"http://{HOST}:{self._port}/gas-station"

    @property
    def mcr_url(self) -> str:
        return f"http://{HOST}:{self._port}/mcr"

    def environment(self) -> dict[str, str]:
        """Return the variables (protocol.md, section 2) that point a client here."""
        return {
            "PEAQOS_NETWORK": "rehearsal",
            "PEAQOS_RPC_URL": self.rpc_url,
            **genesis.ADDRESS_VARIABLES,
            "PEAQOS_GAS_STATION_URL": self.gas_station_url,
            "PEAQOS_MCR_API_URL": self.mcr_url,
        }

    # The simulated owner and the simulated authenticator

    @property
    def owner_key(self) -> str:
        """Return the private key of the simulated owner's wallet, which holds a few
        thousand PEAQ.
        """
        return "0x" + genesis.account_key("owner").hex()

    def current_code(self, owner: str) -> tuple[str, float] | None:
        """Return the code that the owner's authenticator shows, and for how many more seconds.

        None before the owner's enrolment has begun.
        """
        at = self.options.now().timestamp()
        return self._ask(lambda parts: parts.gas_station.enrolments.code(owner.lower(), at))

    def send(self, address: str, wei: int) -> str:
        """Pay from a rich account, as an owner does by hand. Returns the transaction's hash."""
        return "0x" + self._ask(lambda parts: parts.send(address, wei)).hex()

    # For tests

    def balance(self, address: str) -> int:
        """Return the wei at the newest block."""
        return self._ask(lambda parts: parts.balance(address))

    def mine(self, n: int = 1) -> None:
        """Make blocks; the first one includes the transactions in the pool."""
        self._ask(lambda parts: [parts.node.mine() for _ in range(n)])

    @property
    def head(self) -> int:
        """Return the number of the newest block."""
        return self._ask(lambda parts: parts.node.chain.head.number)

    @property
    def requests(self) -> Counter[str]:
        """Return the counts of HTTP requests ("POST /rpc") and JSON-RPC calls ("eth_call")."""
        return self._ask(lambda _: Counter(self._counter))

    def transfers(self) -> list[Transfer]:
        """Return the Gas Station's payments, oldest first."""
        return self._ask(lambda parts: list(parts.gas_station.transfers.values()))

    def sent_transactions(self) -> list[SentTransaction]:
        """Return every transaction received over RPC, oldest first."""
        return self._ask(lambda parts: list(parts.node.sent))

    def registrations(self, owner: str) -> list[int]:
        """Return the machine ids registered for an owner, from the chain's events."""
        return self._ask(lambda parts: parts.registrations(owner))

    def activations(self, owner: str) -> list[int]:
        """Return the machine ids minted for an owner by activation, from the chain's events."""
        return self._ask(lambda parts: parts.activations_of(owner))

    def set_peaq_price(self, price: int) -> None:
        """Set the USD price of one PEAQ (18 decimals), in a separate block; 0 restores the default,
        0.05 USD.
        """
        self._ask(lambda parts: parts.set_peaq_price(price))

    def give_voucher(self, address: str, wei: int) -> None:
        """Give a wallet a voucher for activations, in a separate block."""
        self._ask(lambda parts: parts.give_voucher(address, wei))

    def pause_machine(self, machine_id: int, paused: bool) -> None:
        """Pause one machine technically, or end its pause, in a separate block."""
        self._ask(lambda parts: parts.pause_machine(machine_id, paused))

    def set_min_bond(self, wei: int) -> None:
        """Set the bond, in a separate block; 0 restores the default."""
        self._ask(lambda parts: parts.set_min_bond(wei))

    def set_base_fee(self, wei: int) -> None:
        """Set the price of gas from the next block on."""
        self._ask(lambda parts: parts.set_base_fee(wei))

    def pause(self, paused: bool) -> None:
        """Pause or resume registering and minting, in separate blocks."""
        self._ask(lambda parts: parts.pause(paused))

    def release_bond(self, machine_id: int) -> None:
        """Remove a machine's bond, in a separate block."""
        self._ask(lambda parts: parts.release_bond(machine_id))

    def fault(self, name: str, times: int | None = None) -> None:
        """Arm a fault from now on; `times=0` disarms it. slow-blocks only works from the start."""
        self._ask(lambda parts: parts.arm(name, times))

    def snapshot(self) -> int:
        """Remember the newest block; return an id for `revert`."""
        self._snapshots.append(self.head)
        return len(self._snapshots) - 1

    def revert(self, snapshot: int, *, repool: bool = False) -> None:
        """Return to a snapshot, as a reorganization does.

        Transactions of the removed blocks are forgotten, or with `repool` wait in the pool for the
        next block.
        """
        number = self._snapshots[snapshot]
        self._ask(lambda parts: parts.node.revert(number, repool=repool))
