"""The journal of an activation: what comes next follows from its records, and consent is spent."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.config.deployments import AGUNG_2026_08_28, PEAQ_MAINNET
from core.config.networks import AGUNG
from core.config.settings import Settings, load_settings
from core.errors.problem import OnboardingError
from core.journal import activation_events as av
from core.journal import events as ev
from core.journal.activation_state import ActivationState
from core.journal.file import ACTIVATION_FORMAT, FORMAT, Journal, Record, read_records
from core.journal.narrative import in_words, with_steps
from core.journal.next_action import Action, next_action, step_statuses
from core.journal.reducer import fold
from core.journal.state import State
from core.session import check_belongs, open_session
from core.step import StepStatus
from tests.core.journal.test_file import sample
from tests.support.clock import START, FakeClock

PEAQ = 10**18
WALLET = "0x" + "ab" * 20
CLASSES = sorted(
    (cls for cls in vars(av).values() if isinstance(cls, type) and issubclass(cls, ev.Event)),
    key=lambda cls: cls.__name__,
)
CLASSES = [cls for cls in CLASSES if cls not in (ev.Event, ev.OnboardingStarted)]
GOLDEN = Path(__file__).parent / "vectors" / "journal-format-2.jsonl"

STARTED = av.ActivationStarted(
    network="mainnet",
    chain_id=3338,
    contracts=PEAQ_MAINNET.contracts.as_dict(),
    version="1",
    deployment="peaq-mainnet",
    record_sha256=PEAQ_MAINNET.digest,
)
BEGUN = (
    STARTED,
    ev.EnvironmentPassed(PEAQ, 5),
    ev.DetailsRecorded("https://a.example", "https://b.example", "public"),
)
KEYED = (
    *BEGUN,
    ev.KeypairStored(WALLET, "generated", "scrypt", "00"),
    ev.KeypairBackedUp("copied"),
)
MEASURED = (
    *KEYED,
    ev.FundingWayChosen("gas-station"),
    ev.NeedMeasured(PEAQ, 10**16, 9 * 10**16, 0, 6),
)
CONFIRMED = (
    *MEASURED,
    ev.EnrolmentIssued(WALLET),
    ev.EnrolmentShown(WALLET),
    ev.EnrolmentConfirmed(WALLET, "2FA_ACTIVATED"),
)
TIER = av.TierChosen(0, PEAQ, 10**16, 5 * 10**16, 0, 6)
FUNDED = (*CONFIRMED, TIER, ev.WalletFunded("gas-station", 2 * PEAQ, PEAQ, 7))
IDENTITY = av.IdentityRecorded("Sensor", "0x" + "01" * 32, WALLET, WALLET, "{}", "00", 77)
DESCRIBED = (*FUNDED, IDENTITY)
ACCEPTED = av.QuoteAccepted(77, 0, PEAQ, 0, PEAQ, 10, 8)


def signed(tx_hash: str, purpose: str, nonce: int) -> ev.TransactionSigned:
    return ev.TransactionSigned(
        purpose, WALLET, "0xcc", nonce, 0, 100, 2, 0, False, "0x", tx_hash, "0xraw"
    )


APPROVED = (
    *DESCRIBED,
    ACCEPTED,
    signed("0x1", "approve", 0),
    ev.TransactionBroadcast("0x1", "accepted"),
    ev.TransactionIncluded("0x1", 9, "0xb9", True, 5),
    av.AllowanceSeen(PEAQ, 9),
)
SENT = (
    *APPROVED,
    signed("0x2", "activate", 1),
    ev.TransactionIncluded("0x2", 10, "0xb10", True, 5),
)
ACTIVATED = (*SENT, av.MachineActivated(77, 0, PEAQ, PEAQ, 1_000, 2_000, 10, "sent"))
READ = (*ACTIVATED, av.MachineReadBack(WALLET, WALLET, 0, 2_000, "00", 11))


def folded(*events: ev.Event) -> State:
    return fold(Record(number, START, event) for number, event in enumerate(events, 1))


def activation(*events: ev.Event) -> ActivationState:
    state = folded(*events).activation
    assert state is not None
    return state


# What comes next


@pytest.mark.parametrize(
    ("events", "action"),
    [
        (BEGUN[:1], Action.CHECK_ENVIRONMENT),
        (BEGUN, Action.CREATE_KEYPAIR),
        (KEYED[:-1], Action.BACK_UP_KEYPAIR),
        (KEYED, Action.MEASURE_NEED),
        (MEASURED, Action.ENROL),
        (CONFIRMED[:-1], Action.CONFIRM),
        (CONFIRMED, Action.CHOOSE_TIER),
        ((*CONFIRMED, TIER), Action.FUND),
        ((*KEYED, ev.WalletFunded("already", 2 * PEAQ, PEAQ, 7)), Action.CHOOSE_TIER),
        (FUNDED, Action.DESCRIBE),
        (DESCRIBED, Action.ACTIVATE),
        (APPROVED, Action.ACTIVATE),
        (SENT, Action.ACTIVATE),
        (ACTIVATED, Action.READ_BACK),
        (READ, Action.FINISH),
        ((*READ, ev.OnboardingFinished("")), Action.NOTHING),
        ((*READ, ev.TransactionReorganised("0x2")), Action.ACTIVATE),
        ((*DESCRIBED, ev.FundingReopened(3 * PEAQ, PEAQ)), Action.FUND),
        ((*DESCRIBED, replace(TIER, tier=1, net_wei=3 * PEAQ)), Action.FUND),
    ],
)
def test_what_comes_next(events: tuple[ev.Event, ...], action: Action) -> None:
    assert next_action(folded(*events)) is action


def test_no_record_of_a_whole_run_ever_leads_back_to_an_earlier_step() -> None:
    run = (*READ, ev.OnboardingFinished(""))
    steps = [next_action(folded(*run[:count])).step for count in range(1, len(run))]
    numbers = [step.value for step in steps if step]
    assert numbers == sorted(numbers)
    assert numbers[-1] == 7


def test_the_steps_of_an_activation_are_the_seven_of_the_guide() -> None:
    statuses = step_statuses(folded(*DESCRIBED), START)
    assert [status.value for status in statuses.values()] == [
        *["done"] * 5,
        "current",
        "todo",
    ]
    assert set(step_statuses(folded(*READ, ev.OnboardingFinished("")), START).values()) == {
        StepStatus.DONE
    }


# Consent


def test_a_consent_covers_one_approval_and_no_second_one() -> None:
    assert not activation(*DESCRIBED, ACCEPTED).approval_used
    assert activation(*APPROVED).approval_used
    assert not activation(*APPROVED, replace(ACCEPTED, block=12)).approval_used


@pytest.mark.parametrize(
    "event",
    [
        ev.TransactionReorganised("0x1"),
        ev.TransactionDisplaced("0x1", 0),
        ev.TransactionIncluded("0x1", 9, "0xb9", False, 5),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_approval_that_is_lost_gives_no_consent_back(event: ev.Event) -> None:
    assert activation(*APPROVED, event).approval_used


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        (TIER, True),
        (replace(TIER, tier=1), False),
        (IDENTITY, True),
        (replace(IDENTITY, machine_id=78), False),
    ],
)
def test_a_consent_ends_with_the_tier_or_the_identity_that_it_was_for(
    event: ev.Event, kept: bool
) -> None:
    assert (activation(*DESCRIBED, ACCEPTED, event).accepted is not None) is kept


def test_the_identity_is_fixed_from_the_first_signature_on() -> None:
    assert not activation(*DESCRIBED, ACCEPTED).fixed
    assert activation(*DESCRIBED, ACCEPTED, signed("0x1", "approve", 0)).fixed
    assert activation(*DESCRIBED, ACCEPTED, signed("0x1", "activate", 0)).fixed
    assert not activation(*CONFIRMED, signed("0x1", "funding", 0)).fixed


# Money


def test_a_tier_brings_its_own_need_in_the_same_record() -> None:
    state = folded(*FUNDED, replace(TIER, tier=1, net_wei=3 * PEAQ, held_wei=2 * PEAQ))
    assert state.need is not None
    assert state.need.bond == 3 * PEAQ
    assert state.need.total == 3 * PEAQ + 6 * 10**16
    assert state.funded is None


def test_the_bond_that_the_token_took_is_off_the_balance_once() -> None:
    before, after = folded(*SENT).held, folded(*ACTIVATED).held
    assert before is not None
    assert after == before - PEAQ
    found = replace(ACTIVATED[-1], way="found", paid_wei=0)  # type: ignore[type-var]
    assert folded(*DESCRIBED, found).held == folded(*DESCRIBED).held


def test_an_allowance_counts_as_read_until_a_transaction_changes_it() -> None:
    assert activation(*APPROVED).allowance_left == PEAQ
    assert activation(*SENT).allowance is None
    assert activation(*APPROVED, ev.TransactionReorganised("0x1")).allowance is None
    assert activation(*READ, av.AllowanceSeen(5, 12)).allowance_left == 5


def test_the_renewal_date_is_that_of_the_newest_period() -> None:
    assert activation(*DESCRIBED).renew_before is None
    assert activation(*ACTIVATED).renew_before == 2_000
    renewed = (*READ, signed("0x3", "renew", 2), av.MachineRenewed(77, 0, PEAQ, PEAQ, 3_000, 20))
    assert activation(*renewed).renew_before == 3_000
    assert activation(*renewed, ev.TransactionReorganised("0x3")).renew_before == 2_000


# One journal, one protocol


def settings(tmp_path: Path, network: str = "mainnet") -> Settings:
    return load_settings(environ={}, env_file=tmp_path / ".env", network=network)


def test_the_guide_s_journal_says_guide_and_an_activation_s_says_activation() -> None:
    guide = ev.OnboardingStarted("mainnet", 3338, {}, "1")
    assert folded().protocol is None
    assert folded(guide).protocol == "guide"
    assert folded(guide).activation is None
    assert folded(STARTED).protocol == "activation"


def test_a_journal_is_opened_by_its_own_protocol_and_deployment_only(tmp_path: Path) -> None:
    guide = settings(tmp_path)
    chosen = replace(guide, deployment=PEAQ_MAINNET)
    check_belongs(folded(STARTED), chosen)
    own = ev.OnboardingStarted("mainnet", 3338, guide.contracts.as_dict(), "1")
    check_belongs(folded(own), guide)
    other = replace(settings(tmp_path, "agung"), deployment=AGUNG_2026_08_28)
    assert other.network is AGUNG
    for started, now, code in (
        (STARTED, guide, "PROTOCOL_MISMATCH"),
        (own, chosen, "PROTOCOL_MISMATCH"),
        (STARTED, other, "JOURNAL_MISMATCH"),
        (replace(STARTED, deployment="peaq-mainnet-2"), chosen, "JOURNAL_MISMATCH"),
        (replace(STARTED, record_sha256="00"), chosen, "JOURNAL_MISMATCH"),
        (replace(STARTED, contracts={}), chosen, "JOURNAL_MISMATCH"),
        (replace(STARTED, chain_id=3339), chosen, "JOURNAL_MISMATCH"),
    ):
        with pytest.raises(OnboardingError) as refused:
            check_belongs(folded(started), now)
        assert refused.value.code == code


def test_a_folder_of_an_activation_is_not_opened_by_the_guide(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    journal = Journal(tmp_path / "journal.jsonl", lambda: START)
    journal.open()
    for event in DESCRIBED:
        journal.append(event)
    journal.close()
    before = journal.path.read_bytes()
    with pytest.raises(OnboardingError) as refused:
        open_session(tmp_path, settings(tmp_path), FakeClock())
    assert refused.value.code == "PROTOCOL_MISMATCH"
    assert journal.path.read_bytes() == before
    chosen = replace(settings(tmp_path), deployment=PEAQ_MAINNET)
    session = open_session(tmp_path, chosen, FakeClock())
    assert next_action(session.store.state) is Action.ACTIVATE
    session.close()


# The file


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_kind_of_event_reads_back_as_it_was(tmp_path: Path, cls: type[ev.Event]) -> None:
    event = sample(cls)
    events = [event] if cls is av.ActivationStarted else [STARTED, event]
    journal = Journal(tmp_path / "journal.jsonl", lambda: START)
    journal.open()
    for each in events:
        journal.append(each)
    journal.close()
    assert [record.event for record in read_records(journal.path)] == events


def test_an_older_wizard_calls_an_activation_s_journal_newer_and_a_guide_s_stays_as_it_was(
    tmp_path: Path,
) -> None:
    for started, number in ((STARTED, ACTIVATION_FORMAT), (sample(ev.OnboardingStarted), FORMAT)):
        path = tmp_path / f"{number}.jsonl"
        journal = Journal(path, lambda: START)
        journal.open()
        journal.append(started)
        journal.close()
        assert json.loads(path.read_bytes())["format"] == number
    assert (FORMAT, ACTIVATION_FORMAT) == (1, 2)


def test_a_journal_of_an_earlier_version_reads_as_it_was_written() -> None:
    """Made by make_journal. Else an update would call a machine's journal damaged."""
    records = read_records(GOLDEN)
    lines = [json.loads(line) for line in GOLDEN.read_text(encoding="ascii").splitlines()]
    assert {type(record.event) for record in records} >= set(CLASSES)
    for record, line in zip(records, lines, strict=True):
        assert type(record.event).__name__ == line["event"]
        data = record.event.to_data()
        assert {name: data[name] for name in line["data"]} == line["data"]


# In words


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_record_has_a_step_and_a_sentence(cls: type[ev.Event]) -> None:
    event = sample(cls)
    said = in_words(event, "PEAQ")
    assert said.endswith(".")
    assert said != f"{cls.__name__}."
    assert with_steps([Record(1, START, event)])[0][1] is not None


def test_the_transactions_of_an_activation_stand_at_their_step() -> None:
    records = [
        Record(number, START + timedelta(seconds=number), event)
        for number, event in enumerate(SENT, 1)
    ]
    steps = {
        type(record.event).__name__: step.value if step else None
        for record, step in with_steps(records)
    }
    assert steps["TransactionSigned"] == steps["TransactionIncluded"] == 6
    said = in_words(signed("0x1", "approve", 0), "PEAQ")
    assert said.startswith("Signed the approval of the bond")


def test_the_samples_try_every_field() -> None:
    assert {len(fields(cls)) for cls in CLASSES} > {2, 6}
