"""The real process is killed at every record, whatever the chain does meanwhile: paid once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.journal.file import read_records
from tests.support.chain_handle import ChainHandle
from tests.support.clock import FakeClock
from tests.support.judge import PURPOSES, read_state
from tests.support.meanwhile import (
    MOMENTS,
    Case,
    Outcome,
    as_it_was,
    displaced,
    dropped,
    finish,
    mined,
    original_mined,
)
from tests.support.process import FreshLauncher, Technician
from tests.support.world import World

BEFORE = [
    "OnboardingStarted",
    "EnvironmentPassed",
    "DetailsRecorded",
    "KeypairStored",
    "KeypairBackedUp",
    "FundingWayChosen",
    "NeedMeasured",
    "EnrolmentRequested",
    "EnrolmentIssued",
    "EnrolmentShown",
    "EnrolmentConfirmed",
    "FundingRequested",
    "FundingAnswered",
    "WalletFunded",
]
SENDING = ["TransactionSigned", "TransactionBroadcast", "TransactionIncluded"]
RUN = [
    *BEFORE,
    *(*SENDING, "MachineRegistered"),
    *(*SENDING, "NftMinted"),
    *(*SENDING, "DidWritten"),
    *["TransactionFinal"] * 3,
    "OnboardingFinished",
]
SIGNED = {
    purpose: len(BEFORE) + 4 * index + 1
    for index, purpose in enumerate(("register", "mint", "did"))
}
"""The number of the record that a transaction is signed."""
TO = {purpose: address for address, purpose in PURPOSES.items()}
CROSSED = [
    pytest.param(
        SIGNED[purpose] + offset, written, outcome, id=f"{purpose}-{moment}-{outcome.__name__}"
    )
    for purpose in SIGNED
    for moment, (offset, written, outcomes) in MOMENTS.items()
    for outcome in outcomes
]
ONCE = [
    pytest.param(number, True, as_it_was, id=f"{number}-{name}")
    for number, name in enumerate(RUN, 1)
    if name not in SENDING and name not in ("MachineRegistered", "NftMinted", "DidWritten")
]


@pytest.fixture
def case(technician: Technician, chain: ChainHandle, shared_clock: FakeClock) -> Case:
    chain.hold()
    return Case(technician, chain, shared_clock)


@pytest.mark.parametrize(("number", "written", "outcome"), [*ONCE, *CROSSED])
def test_a_killed_process_is_finished_by_the_next_one_whatever_the_chain_did(
    *,
    case: Case,
    shared_world: World,
    tally: Counter[str],
    number: int,
    written: bool,
    outcome: Outcome,
) -> None:
    assert case.technician.run(kill_at=number, written=written).killed
    records = [type(record.event).__name__ for record in records_of(case)]
    assert records == RUN[: number if written else number - 1]
    outcome(case)
    tally.update({"crash points": 1, "outcomes": 1})
    finish(case, shared_world, tally)


@pytest.mark.parametrize("outcome", [mined, original_mined, dropped, displaced])
@pytest.mark.parametrize("offset", [2, 3], ids=["raised-signed", "raised-broadcast"])
@pytest.mark.parametrize("purpose", list(SIGNED))
def test_a_process_killed_while_it_raises_the_fees_leaves_one_nonce_and_one_effect(
    *,
    case: Case,
    shared_world: World,
    tally: Counter[str],
    purpose: str,
    offset: int,
    outcome: Outcome,
) -> None:
    """No block takes the first one for longer than people wait."""
    usual = case.clock.while_asleep
    assert usual

    def pass_time(seconds: float) -> None:
        if not withheld(case.chain, TO[purpose]):
            usual(seconds)

    case.clock.while_asleep = pass_time
    assert case.technician.run(kill_at=SIGNED[purpose] + offset).killed
    first, second = read_state(case.technician.folder).replacements(case.tx)
    assert first.nonce == second.nonce
    assert second.max_fee_wei >= first.max_fee_wei * 110 // 100
    case.clock.while_asleep = usual
    outcome(case)
    tally.update({"crash points": 1, "outcomes": 1})
    finish(case, shared_world, tally)


@pytest.mark.parametrize(
    ("number", "written", "outcome"),
    [
        pytest.param(RUN.index("KeypairStored") + 1, False, as_it_was, id="key-not-recorded"),
        pytest.param(RUN.index("FundingRequested") + 1, True, as_it_was, id="funding-requested"),
        pytest.param(SIGNED["register"], True, as_it_was, id="register-signed"),
        pytest.param(SIGNED["register"] + 1, False, mined, id="register-sent-mined"),
        pytest.param(SIGNED["did"] + 1, True, dropped, id="did-broadcast-dropped"),
    ],
)
def test_a_process_that_was_started_from_nothing_dies_and_is_finished_likewise(
    *,
    shared_world: World,
    final_network: RehearsalNetwork,
    chain: ChainHandle,
    shared_clock: FakeClock,
    tmp_path: Path,
    tally: Counter[str],
    number: int,
    written: bool,
    outcome: Outcome,
) -> None:
    """The others are forked from one that has imported everything: it must not hide anything."""
    shared_world.new_phone()
    with FreshLauncher() as fresh:
        technician = Technician(fresh, shared_world, tmp_path, final_network.environment())
        chain.hold()
        case = Case(technician, chain, shared_clock)
        assert technician.run(kill_at=number, written=written).killed
        outcome(case)
        tally.update({"crash points": 1, "outcomes": 1})
        finish(case, shared_world, tally)


def test_a_whole_run_has_the_records_that_are_killed_at(case: Case) -> None:
    assert case.technician.run().code == 0
    assert [type(record.event).__name__ for record in records_of(case)] == RUN


def records_of(case: Case) -> list:
    return read_records(case.technician.folder / "journal.jsonl")


def withheld(chain: ChainHandle, to: str) -> bool:
    """Whether something waits for the contract `to`."""
    return chain.ask(lambda parts: any("0x" + item.to.hex() == to for item in parts.node.pool))
