"""Schedules of trouble: which fault comes when, made from a seed, and carried out on a machine."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from app.rehearsal.network import RehearsalNetwork
from core.journal.events import Event
from core.journal.file import Journal, Record
from tests.support import proxy as line
from tests.support.chain_handle import ChainHandle
from tests.support.clock import FakeClock
from tests.support.proxy import Asked, Fate

SERVICE_FAULTS = (
    "invalid-code",
    "expired-code",
    "rate-limited",
    "locked",
    "2fa-not-configured",
    "duplicate-request",
    "transfer-failed",
    "lost-answer",
    "qr-failed",
    "gas-station-down",
    "gas-station-html",
    "mcr-down",
    "did-text-error",
    "did-bare-error",
)
GARBAGE = (
    b"",
    b"[]",
    b"null",
    b"7",
    b'{"jsonrpc":"2.0"',
    b'{"status":{}}',
    b"[" * 3000,
    b"\xff\xfe",
)
FATES: dict[str, Callable[[random.Random], Fate]] = {
    "drop before": lambda _: line.DROP_BEFORE,
    "drop after": lambda _: line.DROP_AFTER,
    "arrives late": lambda _: line.ARRIVES_LATE,
    "cut short": lambda _: line.CUT,
    "portal": lambda _: Fate(forwarded=False, reply=line.PORTAL),
    "429": lambda chance: line.status(
        429, forwarded=False, Retry_After=chance.choice(["0", "7", "nonsense"])
    ),
    "429 bare": lambda _: line.status(429, forwarded=False),
    "5xx": lambda chance: line.status(
        chance.choice([500, 502, 503, 504]), forwarded=chance.random() < 0.5
    ),
    "garbage": lambda chance: line.garbage(chance.choice(GARBAGE), forwarded=chance.random() < 0.5),
}
RPC_FATES: dict[str, Callable[[random.Random], Fate]] = {
    "nulls": lambda _: line.nulls(),
    "node error": lambda chance: line.node_errors(
        chance.choice(["already known", "nonce too low", "Internal error", "header not found"])
    ),
    "node busy": lambda _: line.node_errors("limit exceeded", -32005),
}


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong. `after` so many requests (or records) of its kind, it does so
    `times` times in a row.
    """

    kind: str
    where: str
    """`rpc`, `send`, `gas-station`, `fund`, `chain`, `journal` or `service`."""
    after: int
    times: int
    seed: int


def schedule(seed: int) -> list[Trouble]:
    """One to eight troubles in a row, always the same ones for the same seed."""
    chance = random.Random(f"trouble {seed}")
    return [_trouble(chance) for _ in range(chance.randint(1, 8))]


def _trouble(chance: random.Random) -> Trouble:
    where = chance.choice(
        ["rpc", "rpc", "send", "gas-station", "fund", "chain", "chain", "journal", "service"]
    )
    after = chance.randint(0, {"send": 1, "fund": 0, "gas-station": 1}.get(where, 12))
    times = chance.choice([1, 1, 1, 2, 4, 9])
    match where:
        case "journal":
            kind = chance.choice(["killed before", "killed after"])
        case "chain":
            kind = chance.choice(
                ["delay", "stale", "reorganised", "forgotten", "no blocks", "fees", "stranger"]
            )
        case "service":
            kind = chance.choice(SERVICE_FAULTS)
        case "rpc" | "send":
            kind = chance.choice([*FATES, *RPC_FATES])
        case _:
            kind = chance.choice([*FATES])
    return Trouble(kind, where, after, times, chance.randrange(2**31))


class Killed(BaseException):
    """As SIGKILL: nothing of ours may catch it."""


@dataclass
class Troublemaker:
    """Carries out one trouble after the other. `address`: the machine's, once it has one."""

    troubles: list[Trouble]
    network: RehearsalNetwork
    chain: ChainHandle
    clock: FakeClock
    address: Callable[[], str | None]
    key: Callable[[], str | None]
    late: Callable[[], int]
    """Delivers the requests that were kept."""
    strangers: int = 0
    done: list[str] = field(default_factory=list)
    _seen: int = 0
    _times: int = 0
    _blocks_again: float = 0.0

    @property
    def over(self) -> bool:
        return not self.troubles

    def stop(self) -> None:
        """Nothing more goes wrong."""
        self.troubles.clear()
        self._blocks_again = 0.0
        for name in SERVICE_FAULTS:
            self.network.fault(name, 0)
        self.network.set_base_fee(10 * 10**9)
        self.late()

    def pass_time(self, seconds: float) -> None:
        """For `FakeClock.while_asleep`: blocks come, unless they are withheld."""
        if self.clock.monotonic() >= self._blocks_again:
            self.network.mine()

    def _due(self, where: bool) -> Trouble | None:
        """The trouble at hand, where it is its turn; it counts as one of its times."""
        if not self.troubles or not where:
            return None
        trouble = self.troubles[0]
        self._seen += 1
        if self._seen <= trouble.after:
            return None
        self._times += 1
        self.done.append(trouble.kind)
        if self._times >= trouble.times or trouble.where in ("chain", "journal", "service"):
            self.troubles.pop(0)
            self._seen = self._times = 0
        return trouble

    # On the line

    def plan(self, asked: Asked) -> Fate | None:
        """For `Proxy.plan`."""
        if not self.troubles:
            return None
        where = self.troubles[0].where
        methods = asked.methods
        fits = {
            "rpc": bool(methods),
            "send": "eth_sendRawTransaction" in methods,
            "gas-station": "/gas-station/" in asked.path,
            "fund": asked.path.endswith("/faucet/fund"),
            "chain": bool(methods),
            "service": True,
        }.get(where, False)
        trouble = self._due(fits)
        if trouble is None:
            return None
        if trouble.where == "service":
            self.network.fault(trouble.kind, 1)
            return None
        if trouble.where == "chain":
            return self._on_chain(trouble)
        chance = random.Random(trouble.seed)
        return {**FATES, **RPC_FATES}[trouble.kind](chance)

    def _on_chain(self, trouble: Trouble) -> Fate | None:
        address = self.address()
        match trouble.kind:
            case "delay":
                self.clock.advance(20)
            case "stale":
                return line.stale(max(self.network.head - 2, 0))
            case "reorganised":
                self.chain.reorganise(1 + trouble.seed % 2)
            case "forgotten" if address:
                self.chain.forget_pool(address)
            case "no blocks":
                self._blocks_again = self.clock.monotonic() + 30 * (1 + trouble.seed % 4)
            case "fees":
                self.network.set_base_fee(18 * 10**9)
            case "stranger" if address and self.network.balance(address) > 10**17:
                key = self.key()
                if key:
                    self.chain.displace(key)
                    self.strangers += 1
        return None

    # On the disk

    def append(self, append: Callable[[Journal, Event], Record]) -> Callable[..., Record]:
        """In place of `Journal.append`: the process dies there."""

        def deadly(journal: Journal, event: Event) -> Record:
            at_hand = bool(self.troubles) and self.troubles[0].where == "journal"
            trouble = self._due(at_hand)
            if trouble and trouble.kind == "killed before":
                raise Killed
            record = append(journal, event)
            if trouble:
                raise Killed
            return record

        return deadly
