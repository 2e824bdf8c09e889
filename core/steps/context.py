"""What every step works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.chain.queries import Chain
from core.chain.transaction_manager import TransactionManager
from core.chain.types import NetworkSnapshot
from core.clock import Clock
from core.config.settings import Settings
from core.errors.problem import fault
from core.journal.event_store import EventStore
from core.journal.state import State
from core.keys.private_key import Key
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
    survey: tuple[float, NetworkSnapshot] | None = None
    """What the first screen found, and when (monotonic seconds)."""
    promise_seen: float | None = None
    """Monotonic seconds at which this run first met a settled, unseen payment."""


@dataclass
class Context:
    settings: Settings
    folder: Path
    clock: Clock
    store: EventStore
    chain: Chain
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
