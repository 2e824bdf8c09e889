"""What the chain does while a killed process is dead, and how the next ones make it good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from core.journal.state import Tx
from core.keys.keystore import open_file
from core.secrets import Secret
from tests.support.chain_handle import ChainHandle
from tests.support.clock import FakeClock
from tests.support.judge import judge, read_state
from tests.support.process import PASSPHRASE, Technician
from tests.support.words import title
from tests.support.world import World

DISPLACED, FAILED = title("TRANSACTION_DISPLACED"), title("TRANSACTION_REVERTED")


class Case:
    """One process that was killed, the chain behind it, and the processes that finish."""

    def __init__(self, technician: Technician, chain: ChainHandle, clock: FakeClock) -> None:
        self.technician = technician
        self.chain = chain
        self.clock = clock
        self.strangers = 0
        self.reverted = 0
        self.expected: list[str] = []
        """Titles that the next process has to end with, one a process."""

    @property
    def tx(self) -> Tx:
        """The newest transaction of the journal."""
        return read_state(self.technician.folder).transactions[-1]

    @property
    def address(self) -> str:
        """The machine's."""
        return read_state(self.technician.folder).address or ""

    @property
    def key(self) -> str:
        stored = open_file(self.technician.folder / "keystore.json", Secret(PASSPHRASE))
        return stored.key.private_hex().reveal()

    @property
    def senders_key(self) -> str:
        """Of whoever sends the newest transaction: the machine, or its owner."""
        return self.chain.network.owner_key if self.tx.purpose == "funding" else self.key

    def overtaken(self) -> None:
        """Another transaction has the nonce. The owner's wallet may pay other machines: there the
        next process signs anew.
        """
        own = self.senders_key == self.key
        self.strangers = int(own)
        self.expected = [DISPLACED] if own else []

    def take_back(self, *, repool: bool) -> None:
        """A reorganisation drops the block of the newest transaction."""
        depth = self.chain.network.head - (self.tx.block or 0) + 1
        self.chain.reorganise(depth, repool=repool)


def as_it_was(case: Case) -> None: ...


def mined(case: Case) -> None:
    case.chain.network.mine()


def dropped(case: Case) -> None:
    case.chain.forget_pool()


def late(case: Case) -> None:
    """No block for a minute after the next start, longer than until the bytes are sent again."""
    ends = case.clock.monotonic() + 60

    def pass_time(_: float) -> None:
        if case.clock.monotonic() >= ends:
            case.chain.network.mine()

    case.clock.while_asleep = pass_time


def reverted(case: Case) -> None:
    with case.chain.paused():
        case.chain.network.mine()
    case.reverted = 1
    case.expected = [FAILED]


def displaced(case: Case) -> None:
    case.chain.displace(case.senders_key)
    case.overtaken()


def outbid(case: Case) -> None:
    """A stranger's transaction with the same key and nonce waits in the pool, and pays more."""
    case.chain.leave_waiting(case.chain.strangers(case.senders_key))
    case.overtaken()


def reorganised(case: Case) -> None:
    case.take_back(repool=True)


def reorganised_and_forgotten(case: Case) -> None:
    case.take_back(repool=False)


def reorganised_and_displaced(case: Case) -> None:
    case.take_back(repool=False)
    displaced(case)


def original_mined(case: Case) -> None:
    """The replacement was too late: what it was to replace came into a block."""
    first = read_state(case.technician.folder).replacements(case.tx)[0]
    case.chain.include(first.raw)


Outcome = Callable[[Case], None]
IN_FLIGHT: list[Outcome] = [mined, dropped, late, displaced, reverted]
# Records from the one that a transaction is signed on, whether killed after they are on disk,
# and what the chain does then.
MOMENTS: dict[str, tuple[int, bool, list[Outcome]]] = {
    "signed": (0, True, [as_it_was, displaced, outbid]),
    "sent": (1, False, IN_FLIGHT),
    "broadcast": (1, True, IN_FLIGHT),
    "included": (2, True, [as_it_was, reorganised, reorganised_and_displaced]),
    "done": (3, True, [as_it_was, reorganised, reorganised_and_forgotten]),
}


def finish(case: Case, world: World, tally: Counter[str], **expected: Any) -> None:
    """Starts the program until it is done, and judges what has become of it."""
    technician = case.technician
    for wanted in case.expected:
        ended = technician.run()
        assert ended.code in (1, 2), ended
        assert wanted in ended.stderr, ended
    ended = technician.run()
    assert ended.code == 0, ended
    secrets = {
        "the passphrase": PASSPHRASE,
        "the key": case.key[2:],
        "the owner's key": case.chain.network.owner_key[2:],
        **{f"the 2FA secret {n}": secret for n, secret in enumerate(world.secrets)},
        **{f"the code {n}": code for n, code in enumerate(world.codes)},
    }
    verdict = judge(
        case.chain.network,
        technician.folder,
        passphrase=PASSPHRASE,
        secrets=secrets,
        said=technician.said,
        strangers=case.strangers,
        reverted=case.reverted,
        **expected,
    )
    tally.update(verdict.counts)
    assert not verdict.faults, verdict.faults
