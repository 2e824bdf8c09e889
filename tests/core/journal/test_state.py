"""state = fold(events): what comes next follows from the records alone, and never goes back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from core.clock import stamp
from core.errors.catalogue import CATALOGUE
from core.journal import events as ev
from core.journal.file import Record
from core.journal.next_action import Action, next_action, step_statuses
from core.journal.reducer import fold
from core.journal.state import State, TxStatus
from core.step import Step, StepStatus
from tests.support.machine import ORDER, Machine

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
OWNER = "0xAb"
PEAQ = 10**18


def folded(*events: ev.Event) -> State:
    return fold(Record(number, NOW, event) for number, event in enumerate(events, 1))


BEGUN = (
    ev.OnboardingStarted("rehearsal", 1, {}, "1"),
    ev.EnvironmentPassed(PEAQ, 5),
    ev.DetailsRecorded("https://a.example", "https://b.example", "public"),
)
KEYED = (
    *BEGUN,
    ev.KeypairStored(OWNER, "generated", "scrypt", "00"),
    ev.KeypairBackedUp("copied"),
)
MEASURED = (
    *KEYED,
    ev.FundingWayChosen("gas-station"),
    ev.NeedMeasured(PEAQ, 10**16, 9 * 10**16, 0, 6),
)
SHOWN = (*MEASURED, ev.EnrolmentIssued(OWNER), ev.EnrolmentShown(OWNER))
CONFIRMED = (*SHOWN, ev.EnrolmentConfirmed(OWNER, "2FA_ACTIVATED"))
FUNDED = (*CONFIRMED, ev.WalletFunded("gas-station", 2 * PEAQ, PEAQ, 7))


def signed(tx_hash: str, purpose: str = "register", nonce: int = 0, value: int = PEAQ) -> ev.Event:
    return ev.TransactionSigned(
        purpose, OWNER, "0xcc", nonce, value, 100, 2, 0, False, "0x", tx_hash, "0xraw"
    )


REGISTERED = (
    *FUNDED,
    signed("0x1"),
    ev.TransactionBroadcast("0x1", "accepted"),
    ev.TransactionIncluded("0x1", 8, "0xb8", True, 5),
    ev.MachineRegistered(1001, PEAQ, 8, "sent"),
)


@pytest.mark.parametrize(
    ("events", "action"),
    [
        ((), Action.CHECK_ENVIRONMENT),
        (BEGUN[:1], Action.CHECK_ENVIRONMENT),
        (BEGUN[:2], Action.CHECK_ENVIRONMENT),
        (BEGUN, Action.CREATE_KEYPAIR),
        (KEYED[:-1], Action.BACK_UP_KEYPAIR),
        (KEYED, Action.MEASURE_NEED),
        (MEASURED[:-1], Action.MEASURE_NEED),
        (MEASURED, Action.ENROL),
        (SHOWN[:-1], Action.ENROL),
        (SHOWN, Action.CONFIRM),
        (CONFIRMED, Action.FUND),
        ((*MEASURED, ev.FundingWayChosen("manual")), Action.FUND),
        ((*CONFIRMED, ev.EnrolmentLost(OWNER, "2FA_NOT_CONFIGURED")), Action.ENROL),
        ((*CONFIRMED, ev.EnrolmentLost(OWNER, "2FA_NOT_ACTIVE")), Action.CONFIRM),
        ((*SHOWN, ev.EnrolmentIssued(OWNER)), Action.ENROL),
        (FUNDED, Action.REGISTER),
        ((*FUNDED, ev.FundingReopened(2 * PEAQ, PEAQ)), Action.FUND),
        (REGISTERED, Action.MINT),
        ((*REGISTERED, ev.TransactionReorganised("0x1")), Action.REGISTER),
        ((*REGISTERED, ev.NftMinted(7, 9, "sent")), Action.WRITE_DID),
        ((*REGISTERED, ev.NftMinted(7, 9, "sent"), ev.DidWritten({}, 10)), Action.FINISH),
        ((*REGISTERED, ev.OnboardingFinished("")), Action.NOTHING),
    ],
)
def test_what_comes_next(events: tuple[ev.Event, ...], action: Action) -> None:
    assert next_action(folded(*events)) is action


async def test_no_record_of_a_whole_run_ever_leads_back_to_an_earlier_step(
    machine: Machine,
) -> None:
    await machine.drive()
    records = machine.records
    steps = [ORDER.index(next_action(fold(records[:count]))) for count in range(len(records) + 1)]
    assert steps == sorted(steps)
    assert steps[-1] == ORDER.index(Action.NOTHING)


async def test_the_state_in_memory_is_the_state_on_disk_at_every_record(machine: Machine) -> None:
    """Disk first, listener second: a screen never shows what the disk does not hold."""

    class Listener:
        def on_record(self, record: Record, state: State) -> None:
            on_disk = machine.records
            assert on_disk[-1] == record
            assert fold(on_disk) == state
            self.count = record.number

        def on_wait(self, wait: object) -> None:
            pass

    listener = Listener()
    machine.open().session.store.listener = listener
    await machine.drive()
    assert listener.count == len(machine.records)


# Failures


def failed(code: str, until: datetime | None = None, step: Step = Step.FUNDING) -> ev.StepFailed:
    return ev.StepFailed(step.name, code, {}, "", stamp(until) if until else None)


def test_a_failure_is_kept_with_its_end_until_something_overcomes_it() -> None:
    until = NOW + timedelta(seconds=30)
    state = folded(*CONFIRMED, failed("RATE_LIMITED", until))
    assert state.failure is not None
    assert state.failure.problem.until == until
    assert next_action(state) is Action.FUND, "what was achieved is kept"
    state = folded(*CONFIRMED, failed("RATE_LIMITED", until), FUNDED[-1])
    assert state.failure is None


OVERCOMING = [
    ev.KeypairStored(OWNER, "generated", "scrypt", "00"),
    ev.FundingWayChosen("manual"),
    ev.EnrolmentIssued(OWNER),
    ev.NftMinted(7, 9, "sent"),
    ev.TransactionIncluded("0x1", 8, "0xb8", True, 5),
]


@pytest.mark.parametrize("event", OVERCOMING, ids=lambda event: type(event).__name__)
def test_a_failure_that_is_overcome_goes(event: ev.Event) -> None:
    assert folded(*CONFIRMED, failed("TRANSFER_FAILED"), event).failure is None


def test_a_record_that_overcomes_nothing_leaves_the_failure() -> None:
    state = folded(*CONFIRMED, failed("TRANSFER_FAILED"), ev.BalanceChanged(1, 6))
    assert state.failure is not None


def test_a_cooldown_that_still_runs_survives_the_choice_of_another_way() -> None:
    until = NOW + timedelta(seconds=30)
    waits = folded(*CONFIRMED, failed("RATE_LIMITED", until), ev.FundingWayChosen("manual"))
    assert waits.failure is not None
    assert waits.failure.problem.until == until
    over = folded(*CONFIRMED, failed("RATE_LIMITED", NOW), ev.FundingWayChosen("manual"))
    assert over.failure is None


def test_a_failure_of_another_version_s_code_is_still_a_failure() -> None:
    state = folded(*CONFIRMED, failed("FROM_THE_FUTURE"))
    assert state.failure is not None
    assert state.failure.problem.code == "UNEXPECTED"


def test_refused_codes_are_counted_until_one_is_taken() -> None:
    wrong = failed("INVALID_2FA", step=Step.CONFIRMATION)
    assert folded(*SHOWN, wrong, wrong, failed("RATE_LIMITED")).invalid_codes == 2
    assert folded(*SHOWN, wrong, CONFIRMED[-1]).invalid_codes == 0


# The rail


@pytest.mark.parametrize(
    ("events", "rail"),
    [
        ((), "current todo todo todo todo todo todo"),
        (KEYED, "done current todo todo todo todo todo"),
        (SHOWN, "done done done current todo todo todo"),
        ((*MEASURED, ev.FundingWayChosen("manual")), "done done skipped skipped current todo todo"),
        (
            (*KEYED, ev.NeedMeasured(1, 0, 0, 2, 6), ev.WalletFunded("already", 2, 1, 6)),
            "done done skipped skipped skipped current todo",
        ),
        (REGISTERED, "done done done done done done current"),
        (
            (*CONFIRMED, failed("RATE_LIMITED", NOW + timedelta(5))),
            "done done done done waiting todo todo",
        ),
        ((*CONFIRMED, failed("RATE_LIMITED", NOW)), "done done done done failed todo todo"),
        ((*CONFIRMED, failed("TRANSFER_FAILED")), "done done done done failed todo todo"),
    ],
)
def test_the_rail_tells_the_truth(events: tuple[ev.Event, ...], rail: str) -> None:
    assert " ".join(status.value for status in step_statuses(folded(*events), NOW).values()) == rail


def test_a_skipped_step_is_not_called_done() -> None:
    state = folded(*KEYED, ev.NeedMeasured(1, 0, 0, 2, 6), ev.WalletFunded("already", 2, 1, 6))
    assert step_statuses(state, NOW)[Step.FUNDING] is StepStatus.SKIPPED


# Transactions


def test_a_replacement_wins_or_loses_as_one_with_its_rival() -> None:
    both = (*FUNDED, signed("0x1"), ev.TransactionBroadcast("0x1", ""), signed("0x2"))
    state = folded(*both, ev.TransactionIncluded("0x2", 8, "0xb8", True, 5))
    assert [tx.status for tx in state.transactions] == [TxStatus.REPLACED, TxStatus.INCLUDED]
    assert not state.open_transactions
    assert state.gas_spent == 5
    state = folded(*both, ev.TransactionDisplaced("0x1", 0))
    assert {tx.status for tx in state.transactions} == {TxStatus.DISPLACED}
    state = folded(
        *both,
        ev.TransactionIncluded("0x2", 8, "0xb8", True, 5),
        ev.TransactionReorganised("0x2"),
    )
    assert all(tx.status.open for tx in state.transactions), "either may come back"
    assert state.gas_spent == 0


@pytest.mark.parametrize("purpose", ["register", "mint", "did"])
def test_what_a_reorganisation_took_back_has_to_be_looked_at_anew(purpose: str) -> None:
    done = (
        *REGISTERED,
        ev.NftMinted(7, 9, "sent"),
        ev.DidWritten({}, 10),
        signed("0x9", purpose, nonce=5),
    )
    state = folded(*done, ev.TransactionReorganised("0x9"))
    assert (state.registered is None) is (purpose == "register")
    assert (state.minted is None) is (purpose == "mint")
    assert (state.did is None) is (purpose == "did")


def test_no_read_below_the_highest_known_block_is_believed() -> None:
    assert folded(*BEGUN).height == 0, "nothing confirms the first one yet"
    assert folded(*REGISTERED).height == 8
    assert folded(*REGISTERED, ev.NeedMeasured(1, 0, 0, 0, 3)).height == 8


def test_every_code_that_can_be_recorded_is_in_the_catalogue() -> None:
    for code in CATALOGUE:
        state = folded(*CONFIRMED, failed(code))
        assert state.failure is not None
        assert state.failure.problem.code == code
