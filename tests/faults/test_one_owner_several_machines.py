"""One owner's wallet pays several machines at once: each is paid once, and none fails."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.answers import Answers
from app.plain.console import Console
from app.plain.wizard import PlainWizard
from app.rehearsal.network import RehearsalNetwork
from core.errors.exit_codes import EXIT_DONE, EXIT_WAITING
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.journal.state import TxStatus
from core.steps.owner_wallet import PENDING_PATIENCE
from tests.support.chain_handle import ChainHandle
from tests.support.clock import FakeClock
from tests.support.judge import chain_ledger
from tests.support.machine import Machine
from tests.support.plain import unattended_answers
from tests.support.transports import Tampering, methods_in, plain_connect
from tests.support.words import title

SEND = "eth_sendRawTransaction"


@pytest.fixture
async def machines(
    final_network: RehearsalNetwork,
    chain: ChainHandle,
    shared_clock: FakeClock,
    tmp_path: Path,
    quick_keystore: None,
) -> AsyncIterator[list[Machine]]:
    """Five machines of one owner, on a network that makes a block every two seconds."""
    chain.hold()
    environ = {"PEAQOS_PRIVATE_KEY": final_network.owner_key}
    made = [
        Machine(final_network, shared_clock, tmp_path / f"arm-{n}" / "state", environ=environ)
        for n in range(5)
    ]
    for machine in made:
        machine.way = "owner"
        machine.folder.parent.mkdir()
    yield made
    for machine in made:
        await machine.close()


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    return unattended_answers(tmp_path, fund="owner")


async def run(machine: Machine, answers: Answers) -> int:
    return await PlainWizard(machine.now_open, answers, Console(no_input=True)).run()


def check_paid_once(machine: Machine, tally: Counter[str]) -> None:
    mine = machine.address.lower()
    arrived = [done.value for done in chain_ledger(machine.network) if done.to == mine]
    assert machine.state.need is not None
    assert arrived == [machine.state.need.total]
    transfers = [tx for tx in machine.state.transactions if tx.purpose == "funding"]
    assert [tx.status.counts for tx in transfers].count(True) == 1
    tally.update({"faults": 1, "double fundings": len(arrived) - 1})


class Together(Tampering):
    """Holds back the first transfer of each machine until all of them are signed."""

    def __init__(self, parties: int) -> None:
        super().__init__()
        self._parties = parties
        self._waiting = 0
        self._all = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if SEND in methods_in(request) and not self._all.is_set():
            self._waiting += 1
            if self._waiting == self._parties:
                self._all.set()
            await self._all.wait()
        return await super().handle_async_request(request)


async def test_five_wizards_beside_each_other_all_end_funded(
    machines: list[Machine], answers: Answers, tally: Counter[str]
) -> None:
    codes = await asyncio.gather(*(run(machine, answers) for machine in machines))
    assert codes == [EXIT_DONE] * 5
    for machine in machines:
        check_paid_once(machine, tally)


async def test_transfers_that_were_signed_with_one_nonce_are_each_made_once(
    machines: list[Machine], answers: Answers, tally: Counter[str]
) -> None:
    """All have read the same nonce: one is included, the others are signed again."""
    together = Together(len(machines))
    for machine in machines:
        await machine.drive(until=Action.FUND)
        await machine.close()
        machine.connect = together.connect
    codes = await asyncio.gather(*(run(machine, answers) for machine in machines))
    assert codes == [EXIT_DONE] * 5
    for machine in machines:
        check_paid_once(machine, tally)
    first = [
        next(tx for tx in machine.state.transactions if tx.purpose == "funding")
        for machine in machines
    ]
    assert len({tx.nonce for tx in first}) == 1, "they did not meet"
    assert [tx.status for tx in first].count(TxStatus.DISPLACED) >= 1


async def test_a_transfer_that_was_displaced_while_the_wizard_was_away_is_signed_anew(
    machines: list[Machine], answers: Answers, chain: ChainHandle, tally: Counter[str]
) -> None:
    machine = machines[0]
    await machine.drive(until=Action.FUND)

    def overtake(request: httpx.Request) -> None:
        if SEND in methods_in(request):
            machine.connect = plain_connect
            raise asyncio.CancelledError

    machine.connect = Tampering(before=overtake).connect
    await machine.restart()
    with pytest.raises(asyncio.CancelledError):
        await machine.step()
    await machine.close()
    chain.displace(machine.network.owner_key)
    assert await run(machine, answers) == EXIT_DONE
    check_paid_once(machine, tally)


async def test_another_transfer_that_is_pending_for_some_blocks_is_waited_for(
    machines: list[Machine],
    answers: Answers,
    chain: ChainHandle,
    shared_clock: FakeClock,
    tally: Counter[str],
) -> None:
    machine = machines[0]
    await machine.drive(until=Action.FUND)
    began = shared_clock.monotonic()
    chain.leave_waiting(chain.strangers(machine.network.owner_key))

    def pass_time(_: float) -> None:
        if shared_clock.monotonic() >= began + PENDING_PATIENCE / 2:
            chain.network.mine()

    shared_clock.while_asleep = pass_time
    await machine.step()
    assert machine.state.funded is not None
    check_paid_once(machine, tally)


async def test_another_transfer_that_stays_pending_ends_with_75_and_the_right_words(
    machines: list[Machine],
    answers: Answers,
    chain: ChainHandle,
    shared_clock: FakeClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    machine = machines[0]
    await machine.drive(until=Action.FUND)
    shared_clock.while_asleep = None  # no block comes
    chain.leave_waiting(chain.strangers(machine.network.owner_key))
    began = shared_clock.monotonic()
    assert await run(machine, answers) == EXIT_WAITING
    assert (
        PENDING_PATIENCE <= shared_clock.monotonic() - began <= answers.wait + PENDING_PATIENCE * 3
    )
    said = " ".join(capsys.readouterr().err.split())
    assert title("OWNER_PENDING") in said
    assert "stop it" not in said
    assert "No money was spent" in said
    assert not machine.state.transactions, "nothing is signed while it is pending"
    problem = machine.now_open.problem
    assert problem is not None
    assert problem.params["owner"] in said


async def test_a_transfer_of_the_owner_that_is_displaced_again_and_again_ends_as_waiting(
    machines: list[Machine], chain: ChainHandle
) -> None:
    machine = machines[0]
    await machine.drive(until=Action.FUND)

    def overtake(request: httpx.Request) -> None:
        if SEND in methods_in(request):
            chain.displace(machine.network.owner_key)

    machine.connect = Tampering(before=overtake).connect
    await machine.restart()
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "OWNER_PENDING"
    assert refused.value.problem.until is not None
    assert not machine.state.open_transactions
