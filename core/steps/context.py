"""The settings, clients and memory that every step shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from core.chain.queries import Chain
from core.chain.transaction_manager import TransactionManager
from core.chain.types import NetworkSnapshot
from core.clock import Clock
from core.config.settings import Settings
from core.errors.problem import fault
from core.journal.event_store import EventStore
from core.journal.events import OnboardingStarted
from core.journal.state import Balance, FundingRequirement, Quote, State
from core.keys.private_key import Key
from core.preflight.check import CheckResult
from core.receipt.document import MachineFacts
from core.secrets import Secret
from core.services.gas_station import GasStation
from core.services.mcr import Mcr
from core.services.otpauth import Enrolment


@dataclass
class Memory:
    """What lives only as long as this process: nothing of it is ever written."""

    key: Key | None = None
    passphrases_tried: int = 0
    enrolment: Enrolment | None = None
    older_enrolments: list[Enrolment] = field(default_factory=list)
    """Entries that were given out before in this run: the app may still show them."""
    image_url: str = ""
    image_expires: float = 0.0
    """Monotonic seconds."""
    quoted: object | None = None
    """The protocol's own newest quote, until people agree to it."""
    used_codes: set[Secret] = field(default_factory=set)
    shown_until: dict[Secret, float] = field(default_factory=dict)
    """Of each code that was sent: monotonic seconds at which the app shows the next one."""
    snapshot: tuple[float, NetworkSnapshot] | None = None
    """The network as step 1 last read it, and when (monotonic seconds)."""
    promise_seen: float | None = None
    """Monotonic seconds at which this run first met a settled, unseen payment."""


class OnboardingProtocol(Protocol):
    """The interface of one of the network's flows to the shared steps and the engine, which never
    ask its contracts themselves.

    Implemented by a module of `core/protocols/`. Everything raises OnboardingError. A function with
    an outside effect first settles the transactions of an earlier run.
    """

    @property
    def ABIS(self) -> tuple[str, ...]:  # noqa: N802 # constants of a module
        """Contract interfaces to parse in advance, while nobody waits for them."""
        ...

    @property
    def USUAL_GAS(self) -> Mapping[str, int]:  # noqa: N802
        """Gas with room to spare, by purpose of a transaction."""
        ...

    def gas_left(self, state: State) -> int:
        """Return the gas of everything that the machine still has to sign."""
        ...

    def started(self, settings: Settings, version: str) -> OnboardingStarted:
        """Return the first record of a journal: it binds it to this protocol and its contracts."""
        ...

    async def read_snapshot(self, context: Context, *, patience: float) -> NetworkSnapshot:
        """Read everything on the chain that later steps call, within `patience` seconds per
        endpoint. Raises OnboardingError (RPC_…, CHAIN_ID_WRONG).
        """
        ...

    def check_contracts(self, context: Context, snapshot: NetworkSnapshot) -> list[CheckResult]:
        """Return the results `contracts` and `bond`. Step 1 cannot be passed while one of them
        failed; a missing price is a failure.
        """
        ...

    async def requirement(self, context: Context) -> tuple[FundingRequirement, Balance]:
        """Read what is needed until the end, and what the wallet holds."""
        ...

    async def quote(self, context: Context, *, accepted: int | None) -> Quote | None:
        """Return what registering costs; None where the machine turns out to be registered, which
        is then recorded.

        `accepted`: the highest bond (wei) that was agreed to in advance; None: none was.
        """
        ...

    async def register(self, context: Context, *, agreed_bond: int) -> None:
        """Pay at most `agreed_bond` wei, register or activate, read back. Has an outside effect."""
        ...

    async def reconcile(self, context: Context) -> None:
        """Compare the machine of the journal with the chain. Signs nothing."""
        ...

    async def check_final(self, context: Context) -> None:
        """Check the machine one last time, at final blocks, before the receipt is written."""
        ...

    def machine_facts(self, state: State) -> MachineFacts:
        """Return the protocol's part of the receipt, from the journal alone. Raises ValueError."""
        ...


@dataclass
class Context:
    settings: Settings
    folder: Path
    clock: Clock
    store: EventStore
    chain: Chain
    protocol: OnboardingProtocol
    transactions: TransactionManager
    gas_station: GasStation | None
    mcr: Mcr | None
    available_memory: Callable[[], int]
    single_transaction: bool = False
    """Whether all that is on the chain is to be done in one transaction, where it can be."""
    memory: Memory = field(default_factory=Memory)

    @property
    def state(self) -> State:
        return self.store.state

    @property
    def address(self) -> str:
        """The machine's address. Raises RuntimeError before there is one."""
        address = self.store.state.address
        if address is None:
            raise RuntimeError("there is no keypair yet")
        return address

    @property
    def token(self) -> str:
        return self.settings.network.token

    def key(self) -> Key:
        """The unlocked key. Raises OnboardingError (LOCKED_KEY)."""
        if self.memory.key is None:
            raise fault("LOCKED_KEY")
        return self.memory.key
