"""Reorganizations while the wizard runs: it notices them, and continues without a restart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from eth_utils.crypto import keccak

from core.errors.catalogue import Kind
from core.errors.problem import OnboardingError
from core.journal.events import DidWritten, Event, NftMinted, StepFailed, TransactionReorganised
from core.journal.file import read_records
from core.journal.next_action import Action
from core.journal.state import TxStatus
from tests.support.chain_handle import ChainHandle
from tests.support.clock import FakeClock
from tests.support.judge import STEPS, judge, read_state
from tests.support.machine import PASSPHRASE, Machine
from tests.support.meanwhile import Case, finish
from tests.support.process import Ended, Technician
from tests.support.world import World

if TYPE_CHECKING:
    from app.rehearsal.parts import Parts

BLOCK = 2.0
"""Seconds between two blocks, as the wizard expects them of a rehearsal network."""
MINUTE = 60.0


class Blocks:
    """Makes a block every two seconds of the clock, and lets a test act once in between."""

    def __init__(self, chain: ChainHandle, clock: FakeClock) -> None:
        chain.hold()
        self._chain = chain
        self._clock = clock
        self._waited = 0.0
        self._acts: list[tuple[Callable[[], bool], Callable[[], object]]] = []
        clock.while_asleep = self._pass_time

    def once(self, due: Callable[[], bool], act: Callable[[], object]) -> None:
        """Call `act()` after the first sleep at which `due()` holds."""
        self._acts.append((due, act))

    def _pass_time(self, slept: float) -> None:
        for due, act in [*self._acts]:
            if due():
                self._acts.remove((due, act))
                act()
        self._waited += slept
        while self._waited >= BLOCK:
            self._waited -= BLOCK
            self._chain.network.mine()


@pytest.fixture
def blocks(chain: ChainHandle, shared_clock: FakeClock) -> Blocks:
    return Blocks(chain, shared_clock)


@pytest.fixture
def case(technician: Technician, chain: ChainHandle, shared_clock: FakeClock) -> Case:
    return Case(technician, chain, shared_clock)


def pending(case: Case, purpose: str) -> bool:
    """Whether the newest transaction of the journal is `purpose`, and not in a block yet."""
    if not (case.technician.folder / "journal.jsonl").exists():
        return False
    transactions = read_state(case.technician.folder).transactions
    return (
        bool(transactions)
        and transactions[-1].purpose == purpose
        and transactions[-1].status is TxStatus.SENT
    )


def journal_has(case: Case, event: type[Event]) -> bool:
    path = case.technician.folder / "journal.jsonl"
    return path.exists() and any(isinstance(one.event, event) for one in read_records(path))


def undo(case: Case, purpose: str) -> None:
    """A reorganization removes `purpose` and every later block, and forgets their transactions."""
    block = next(
        tx.block
        for tx in read_state(case.technician.folder).transactions
        if tx.purpose == purpose and tx.block
    )
    case.chain.reorganise(case.chain.network.head - block + 1, repool=False)


def undo_payment(chain: ChainHandle, address: str) -> str:
    """A reorganization removes the payment to the machine and every later block.

    Returns the signed bytes of the payment.
    """
    paid = [item.hash for item in chain.network.transfers() if item.target == address.lower()]

    def depth(parts: Parts) -> int:
        blocks = parts.node.chain.blocks
        return next(
            len(blocks) - number
            for number, block in enumerate(blocks)
            if paid[-1] in ["0x" + transaction.hash.hex() for transaction in block.transactions]
        )

    dropped = chain.reorganise(chain.ask(depth), repool=False)
    return next(raw for raw in dropped if "0x" + keccak(hexstr=raw).hex() == paid[-1])


def runs_through(case: Case) -> Ended:
    """Run one process; it has to finish and may record no failure, such as a late transaction."""
    ended = case.technician.run()
    assert ended.code == 0, ended.stderr
    records = read_records(case.technician.folder / "journal.jsonl")
    failures = [record.event.code for record in records if isinstance(record.event, StepFailed)]
    assert not failures
    return ended


@pytest.mark.parametrize("later", ["mint", "did"])
def test_a_registration_undone_below_a_pending_transaction_is_settled_without_a_restart(
    case: Case, blocks: Blocks, shared_world: World, tally: Counter[str], later: str
) -> None:
    undone: list[datetime] = []

    def act() -> None:
        undo(case, "register")
        undone.append(case.clock.now())

    blocks.once(lambda: pending(case, later), act)
    runs_through(case)
    assert undone, "no reorganization happened"
    assert (case.clock.now() - undone[0]).total_seconds() < 2 * MINUTE
    noticed = next(
        record.at
        for record in read_records(case.technician.folder / "journal.jsonl")
        if isinstance(record.event, TransactionReorganised)
    )
    assert (noticed - undone[0]).total_seconds() <= 5 * BLOCK
    tally["outcomes"] += 1
    finish(case, shared_world, tally)


@pytest.mark.parametrize("moment", ["register", "mint", "single", "did written"])
def test_a_payment_that_is_undone_is_waited_for_and_the_wizard_continues(
    case: Case, blocks: Blocks, shared_world: World, tally: Counter[str], moment: str
) -> None:
    if moment == "single":
        case.technician.arguments.append("--single-transaction")
    undone: list[tuple[float, str]] = []
    blocks.once(
        lambda: journal_has(case, DidWritten) if moment == "did written" else pending(case, moment),
        lambda: undone.append((case.clock.monotonic(), undo_payment(case.chain, case.address))),
    )
    blocks.once(
        lambda: bool(undone) and case.clock.monotonic() >= undone[0][0] + MINUTE,
        lambda: case.chain.leave_waiting(undone[0][1]),
    )
    ended = runs_through(case)
    assert undone, "no reorganization happened"
    assert "... Waiting for the missing payment to return" in ended.stderr
    tally["outcomes"] += 1
    finish(case, shared_world, tally, steps=["single", "did"] if moment == "single" else STEPS)


def test_a_single_transaction_that_moves_to_another_block_is_read_again(
    case: Case, blocks: Blocks, shared_world: World, tally: Counter[str]
) -> None:
    case.technician.arguments.append("--single-transaction")
    moved: list[int] = []

    def act() -> None:
        depth = case.chain.network.head - (case.tx.block or 0) + 1
        case.chain.reorganise(depth)
        moved.append(depth)

    blocks.once(lambda: journal_has(case, NftMinted), act)
    runs_through(case)
    assert moved, "no reorganization happened"
    tally["outcomes"] += 1
    finish(case, shared_world, tally, steps=["single", "did"])


async def test_a_payment_that_is_undone_between_two_steps_is_no_reason_to_ask_for_money(
    paced_machine: Machine, chain: ChainHandle, tally: Counter[str]
) -> None:
    machine = paced_machine
    await machine.drive(until=Action.MINT)
    payment = undo_payment(chain, machine.address)
    with pytest.raises(OnboardingError) as late:
        await machine.step()
    assert late.value.problem.kind is Kind.WAITING
    assert [tx.status for tx in machine.state.transactions] == [TxStatus.SENT]
    chain.leave_waiting(payment)
    await machine.drive()
    await machine.close()
    verdict = judge(machine.network, machine.folder, passphrase=PASSPHRASE.reveal(), secrets={})
    tally.update({**verdict.counts, "faults": 1})
    assert not verdict.faults
