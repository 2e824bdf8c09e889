"""Register, mint and DID in one transaction: killed at every record, foretold wrong, refused."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from core.errors.problem import OnboardingError
from core.journal.file import read_records
from core.journal.next_action import Action
from core.journal.state import TxStatus
from tests.support.chain_handle import ChainHandle
from tests.support.clock import FakeClock
from tests.support.judge import judge
from tests.support.machine import DETAILS, PASSPHRASE, Machine
from tests.support.meanwhile import MOMENTS, Case, Outcome, finish, reverted
from tests.support.node_errors import calls_of
from tests.support.process import Technician
from tests.support.transports import Tampering, changing_results
from tests.support.world import World

BEFORE = 14
"""Records until the wallet is funded."""
RUN = [
    *("TransactionSigned", "TransactionBroadcast", "TransactionIncluded"),
    *("MachineRegistered", "NftMinted"),
    *("TransactionSigned", "TransactionBroadcast", "TransactionIncluded", "DidWritten"),
    *("TransactionFinal", "TransactionFinal", "OnboardingFinished"),
]
SINGLE = ("single", "did")
"""The rehearsal does not count its tokens from 1: the token's number is put right afterwards."""
CROSSED = [
    pytest.param(BEFORE + 1 + offset, written, outcome, id=f"{moment}-{outcome.__name__}")
    for moment, (offset, written, outcomes) in MOMENTS.items()
    for outcome in outcomes
]
BETWEEN = [
    pytest.param(BEFORE + number, True, None, id=f"{number}-{RUN[number - 1]}")
    for number in range(4, len(RUN) + 1)
]


@pytest.fixture
def case(technician: Technician, chain: ChainHandle, shared_clock: FakeClock) -> Case:
    technician.arguments.append("--single-transaction")
    chain.hold()
    return Case(technician, chain, shared_clock)


@pytest.mark.parametrize(("number", "written", "outcome"), [*CROSSED, *BETWEEN])
def test_a_process_killed_around_the_one_transaction_is_finished_and_pays_one_bond(
    *,
    case: Case,
    shared_world: World,
    tally: Counter[str],
    number: int,
    written: bool,
    outcome: Outcome | None,
) -> None:
    assert case.technician.run(kill_at=number, written=written).killed
    if outcome is not None:
        outcome(case)
    tally.update({"crash points": 1, "outcomes": 1})
    # One that failed in its block is not tried again: the three transactions follow.
    steps = ("register", "mint", "did") if outcome is reverted else SINGLE
    finish(case, shared_world, tally, steps=steps)


def test_a_whole_run_has_the_records_that_are_killed_at(case: Case) -> None:
    assert case.technician.run().code == 0
    records = read_records(case.technician.folder / "journal.jsonl")
    assert [type(record.event).__name__ for record in records][BEFORE:] == RUN


# In one process


@pytest.fixture
def machine(paced_machine: Machine) -> Machine:
    paced_machine.single = True
    return paced_machine


@pytest.fixture
def once(machine: Machine, tally: Counter[str]) -> Any:
    def check(**expected: Any) -> None:
        secrets = {f"the code {n}": code for n, code in enumerate(machine.codes)}
        verdict = judge(
            machine.network,
            machine.folder,
            passphrase=PASSPHRASE.reveal(),
            secrets=secrets,
            **expected,
        )
        tally.update({**verdict.counts, "faults": 1})
        assert not verdict.faults

    return check


def counting_from_one() -> Tampering:
    """A contract that seems to have minted as many tokens as the next one's number says."""
    asked = calls_of("machine_nft", "totalMinted")

    def change(method: str, params: list[Any], result: Any) -> Any:
        if not asked(method, params):
            return result
        return "0x" + (7000 + 3 * int(result, 16)).to_bytes(32, "big").hex()

    return changing_results(change)


async def test_everything_is_there_after_one_transaction_and_the_papers_say_so(
    machine: Machine, once: Any
) -> None:
    """Where counting foretells the token's number."""
    machine.connect = counting_from_one().connect
    await machine.drive()
    await machine.close()
    once(steps=("single",))
    receipt = json.loads((machine.folder / "receipt.json").read_text())
    assert receipt["bond_wei"] == str(10**18)
    assert [row["purpose"] for row in receipt["transactions"]] == ["single"]
    assert receipt["did_attributes"]["nftTokenId"] == str(receipt["machine_nft_token_id"])
    assert receipt["did_attributes"]["documentation_url"] == DETAILS.documentation_url


async def test_the_balance_that_is_shown_knows_of_the_bond_inside(machine: Machine) -> None:
    await machine.drive(until=Action.FINISH)
    assert machine.state.held == machine.network.balance(machine.address)
    assert machine.state.bonded == 10**18


async def test_a_token_that_was_foretold_wrong_is_put_right_by_one_more_batch(
    machine: Machine, once: Any
) -> None:
    await machine.drive()
    await machine.close()
    once(steps=SINGLE)
    state = machine.state
    assert state.did
    assert state.minted
    assert state.did.attributes["nftTokenId"] == str(state.minted.token_id)


async def test_a_run_that_ends_before_the_token_was_put_right_is_gone_on_with(
    machine: Machine, once: Any
) -> None:
    await machine.drive(until=Action.WRITE_DID)
    assert machine.state.did is None
    await machine.restart()
    await machine.drive()
    await machine.close()
    once(steps=SINGLE)


async def test_a_description_that_is_there_already_makes_three_transactions_and_says_why(
    machine: Machine, chain: ChainHandle, once: Any
) -> None:
    """An attribute of that name makes the batch fail in the simulation; nothing is spent on it."""
    await machine.drive(until=Action.REGISTER)
    context = (await machine.now_open.load()).context
    did = context.settings.contracts.did_registry
    written = (context.address, b"data_api", b"https://elsewhere.example", 0)
    data = context.chain.call_data("did_registry", "addAttribute", *written)
    key = context.key().private_hex().reveal()
    chain.include(chain.strangers(key, to=did, data=data))
    quote = await machine.now_open.quote()
    assert quote is not None
    assert not quote.single
    assert quote.refused
    await machine.drive()
    await machine.close()
    once(strangers=1)


async def test_one_that_fails_in_its_block_is_followed_by_three(
    machine: Machine, chain: ChainHandle, shared_clock: FakeClock, once: Any
) -> None:
    await machine.drive(until=Action.REGISTER)
    chain.hold()

    def pause_and_mine(_: float) -> None:
        with chain.paused():
            chain.network.mine()

    shared_clock.while_asleep = pause_and_mine
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "TRANSACTION_REVERTED"
    assert machine.state.transactions[-1].status is TxStatus.REVERTED
    chain.blocks_every(shared_clock, 2.0)
    await machine.drive()
    await machine.close()
    once(reverted=1)


async def test_a_bond_that_rose_after_it_was_agreed_is_not_paid_inside_either(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.REGISTER)
    quote = await machine.now_open.quote()
    assert quote is not None
    assert quote.single
    machine.network.set_min_bond(2 * 10**18)
    try:
        with pytest.raises(OnboardingError) as refused:
            await machine.now_open.register(agreed_bond=quote.bond, agreed_price=quote.price)
    finally:
        machine.network.set_min_bond(0)
    assert refused.value.code == "BOND_CHANGED"
    assert not machine.state.transactions
