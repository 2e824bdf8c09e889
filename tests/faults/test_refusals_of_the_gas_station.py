"""Every refusal that people meet at the Gas Station, and the way on from it to a receipt."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.errors.problem import Again, OnboardingError
from core.journal.next_action import Action, step_statuses
from core.secrets import Secret
from core.step import Step, StepStatus
from tests.support.clock import FakeClock
from tests.support.machine import PASSPHRASE, Machine, check_once


async def refused_at(machine: Machine, action: Action, fault: str) -> OnboardingError:
    """Drives to `action`, lets `fault` happen once, and checks that what is shown is whole."""
    await machine.drive(until=action)
    machine.network.fault(fault, 1)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    found = refused.value.problem
    for text in (found.title, found.cause, found.remedy(), found.money):
        assert text, f"{found.code} has an empty part"
        assert "?" not in text, f"{found.code}: a word is missing in {text!r}"
    kept = machine.now_open.problem
    assert kept is not None, "the failure would be forgotten by a restart"
    assert (kept.code, kept.until) == (found.code, found.until)
    return refused.value


# Fault, step at which it happens, code.
ROWS = [
    ("invalid-code", Action.CONFIRM, "INVALID_2FA"),
    ("invalid-code", Action.FUND, "INVALID_2FA"),
    ("locked", Action.CONFIRM, "2FA_LOCKED"),
    ("locked", Action.FUND, "2FA_LOCKED"),
    ("rate-limited", Action.FUND, "RATE_LIMITED"),
    ("owner-cap", Action.FUND, "CAP_EXCEEDED_OWNER"),
    ("wallet-cap", Action.FUND, "CAP_EXCEEDED_WALLET"),
    ("expired-code", Action.FUND, "CODE_EXPIRED"),
    ("qr-failed", Action.ENROL, "QR_GENERATION_FAILED"),
    ("2fa-not-configured", Action.CONFIRM, "2FA_NOT_CONFIGURED"),
    ("2fa-not-configured", Action.FUND, "2FA_NOT_CONFIGURED"),
    ("duplicate-request", Action.FUND, "DUPLICATE_REQUEST"),
    ("transfer-failed", Action.FUND, "TRANSFER_FAILED"),
    ("gas-station-down", Action.ENROL, "GAS_STATION_UNREACHABLE"),
    ("gas-station-down", Action.FUND, "GAS_STATION_NO_ANSWER"),
    ("gas-station-html", Action.ENROL, "GAS_STATION_NOT_ITSELF"),
    ("gas-station-html", Action.FUND, "GAS_STATION_NO_ANSWER"),
]


@pytest.mark.parametrize(("fault", "action", "code"), ROWS)
async def test_after_a_refusal_the_machine_is_onboarded_all_the_same(
    machine: Machine, fault: str, action: Action, code: str
) -> None:
    error = await refused_at(machine, action, fault)
    assert error.code == code
    await machine.drive_stubbornly()
    check_once(machine)
    assert machine.now_open.problem is None


@pytest.mark.parametrize(
    ("fault", "seconds"), [("rate-limited", 30), ("locked", 20), ("owner-cap", None)]
)
async def test_a_cooldown_goes_on_counting_while_the_wizard_is_away(
    machine: Machine, fault: str, seconds: int | None
) -> None:
    error = await refused_at(machine, Action.FUND, fault)
    until = error.problem.until
    assert until is not None
    assert error.problem.again is Again.LATER
    if seconds:
        assert error.problem.remaining(machine.clock.now()) == timedelta(seconds=seconds)
    wizard = await machine.restart()
    assert wizard.action is Action.FUND
    assert wizard.problem is not None
    assert wizard.problem.until == until, "a restart began the wait anew"
    rail = step_statuses(wizard.state, machine.clock.now())
    assert rail[Step.FUNDING] is StepStatus.WAITING
    rail = step_statuses(wizard.state, until)
    assert rail[Step.FUNDING] is StepStatus.FAILED


async def test_the_same_request_id_is_asked_again_until_it_is_answered(machine: Machine) -> None:
    await machine.drive(until=Action.FUND)
    for fault in ("rate-limited", "transfer-failed", "expired-code"):
        machine.network.fault(fault, 1)
        with pytest.raises(OnboardingError):
            await machine.step()
        machine.clock.advance(60)
        await machine.restart()
    request = machine.state.open_request
    assert request is not None
    await machine.step()
    (transfer,) = machine.network.transfers()
    assert transfer.request_id == request.request_id
    assert machine.state.open_request is None


async def test_a_lost_answer_is_never_paid_twice(machine: Machine) -> None:
    """The Gas Station paid, and the line broke: the balance decides."""
    await machine.drive(until=Action.FUND)
    machine.network.fault("lost-answer", 1)
    await machine.step()
    assert machine.state.funded is not None
    await machine.drive()
    check_once(machine)


async def test_a_lost_answer_to_a_payment_that_comes_late_is_never_paid_twice(
    machine: Machine,
) -> None:
    """The request id is kept while nobody knows, and its second use pays nothing."""
    await refused_at(machine, Action.FUND, "gas-station-down")
    first = machine.state.open_request
    await machine.restart()
    assert machine.state.open_request == first
    machine.network.fault("lost-answer", 1)
    await machine.drive()
    check_once(machine)
    assert first is not None
    assert machine.network.transfers()[0].request_id == first.request_id


async def test_a_wallet_called_sufficient_that_cannot_pay_the_bond_says_what_is_missing(
    machine: Machine,
) -> None:
    error = await refused_at(machine, Action.FUND, "skipped-but-poor")
    assert error.code == "SKIPPED_BUT_POOR"
    assert machine.address in error.problem.remedy()
    assert "0.5 PEAQ" in error.problem.remedy()
    await machine.now_open.choose_funding_method("manual")
    await machine.drive()
    check_once(machine, transfers=0)


async def test_a_payment_that_is_too_small_says_what_is_missing(machine: Machine) -> None:
    error = await refused_at(machine, Action.FUND, "underfunded")
    assert error.code == "FUNDING_TOO_SMALL"
    assert "0.55 PEAQ" in error.problem.cause
    assert "0.55 PEAQ" in error.problem.remedy()
    await machine.now_open.choose_funding_method("manual")
    await machine.drive()
    check_once(machine)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("", "SKIPPED_BUT_POOR"),
        ("owner-cap", "CAP_EXCEEDED_OWNER"),
        ("rate-limited", "RATE_LIMITED"),
        ("invalid-code", "INVALID_2FA"),
    ],
)
async def test_a_refusal_after_a_partial_payment_does_not_say_that_nothing_was_paid(
    machine: Machine, fault: str, code: str
) -> None:
    """Without a fault the Gas Station calls what it has paid sufficient."""
    await refused_at(machine, Action.FUND, "underfunded")
    if fault:
        machine.network.fault(fault, 1)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == code
    words = "This request paid nothing. The balance is 0.55 PEAQ."
    assert refused.value.problem.money == words
    await machine.restart()
    assert machine.now_open.problem is not None
    assert machine.now_open.problem.money == words, "a restart would forget it"


async def test_a_refusal_before_any_payment_says_that_nothing_was_paid(machine: Machine) -> None:
    error = await refused_at(machine, Action.FUND, "transfer-failed")
    assert error.problem.money == "No money was spent."


async def test_an_owner_over_the_daily_cap_pays_by_hand_at_once(machine: Machine) -> None:
    await refused_at(machine, Action.FUND, "owner-cap")
    await machine.now_open.choose_funding_method("manual")
    assert machine.now_open.problem is not None, "the cap does not end by paying otherwise"
    await machine.drive()
    assert machine.now_open.problem is None
    check_once(machine, transfers=0)


async def test_five_wrong_codes_lock_and_the_lock_opens_by_itself(machine: Machine) -> None:
    """After a restart the secret is gone from memory, so wrong codes do reach the service."""
    await machine.drive(until=Action.CONFIRM)
    await machine.restart()
    for attempt in range(1, 6):
        with pytest.raises(OnboardingError) as refused:
            await machine.now_open.confirm(machine.old_code())
        assert refused.value.code == "INVALID_2FA"
        assert machine.state.invalid_codes == attempt
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "2FA_LOCKED"
    await machine.drive_stubbornly()
    check_once(machine)
    assert machine.state.invalid_codes == 0


async def test_an_owner_who_is_enrolled_already_goes_straight_to_funding(machine: Machine) -> None:
    """The confirmation arrived, but the machine died before it could be recorded; then the
    enrolment is asked for once more, from a copy of the key on a new folder.
    """
    await machine.drive(until=Action.FUND)
    key = (machine.folder / "keystore.json").read_bytes()
    await machine.close()
    machine.folder = machine.folder.with_name("anew")
    machine.folder.mkdir(mode=0o700)
    (machine.folder / "keystore.json").write_bytes(key)
    await machine.drive(until=Action.FUND)
    assert machine.state.enrolment_confirmed
    assert not machine.now_open.enrolment
    await machine.drive()
    check_once(machine)


async def test_a_code_that_was_used_is_held_back(machine: Machine) -> None:
    await machine.drive(until=Action.FUND)
    before = machine.network.requests["POST /gas-station/faucet/fund"]
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.ask_gas_station(machine.codes[-1])
    assert refused.value.code == "CODE_USED"
    assert machine.network.requests["POST /gas-station/faucet/fund"] == before
    assert machine.now_open.problem is None, "a slip of typing is no failure of the step"
    assert machine.state.open_request is None


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "CODE_MALFORMED"),
        ("12345", "CODE_MALFORMED"),
        ("1234567", "CODE_MALFORMED"),
        ("12345a", "CODE_MALFORMED"),
        ("\uff11\uff12\uff13\uff14\uff15\uff16", "CODE_MALFORMED"),
        ("wrong", "CODE_MALFORMED"),
    ],
)
async def test_no_attempt_is_spent_on_what_cannot_be_a_code(
    machine: Machine, typed: str, code: str
) -> None:
    await machine.drive(until=Action.CONFIRM)
    for wrong in (typed, machine.old_code()):
        with pytest.raises(OnboardingError) as refused:
            await machine.now_open.confirm(wrong)
        assert refused.value.code in (code, "CODE_MISTYPED")
    assert machine.network.requests["POST /gas-station/2fa/confirm"] == 0


async def test_a_code_typed_with_spaces_and_dashes_counts(machine: Machine) -> None:
    await machine.drive(until=Action.CONFIRM)
    code = machine.fresh_code()
    await machine.now_open.confirm(f" {code[:3]} - {code[3:]}\n")
    assert machine.state.enrolment_confirmed


@pytest.mark.parametrize("days", [365, -365, 0.01])
async def test_a_machine_with_a_wrong_clock_is_judged_by_the_service_s_time(
    clock: FakeClock, tmp_path: Path, quick_keystore: None, days: float
) -> None:
    """No battery behind the clock: the machine is a year off, and is onboarded all the same."""
    with RehearsalNetwork(now=lambda: clock.now() + timedelta(days=days)) as network:
        machine = Machine(network, clock, tmp_path / "state")
        await machine.drive()
        check_once(machine)
        await machine.close()


async def test_a_phone_that_is_minutes_off_is_told_so_and_no_attempt_is_spent(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.CONFIRM)
    enrolment = machine.now_open.enrolment
    assert enrolment is not None
    for steps, words in (
        (10, "300 s ahead of the correct time"),
        (-10, "300 s behind"),
    ):
        with pytest.raises(OnboardingError) as refused:
            await machine.now_open.confirm(enrolment.code_at(machine.clock.now(), steps))
        assert refused.value.code == "CODE_SKEWED"
        assert words in refused.value.problem.cause
    assert machine.network.requests["POST /gas-station/2fa/confirm"] == 0


async def test_setting_up_twice_makes_the_old_entry_worthless(machine: Machine) -> None:
    await machine.drive(until=Action.ENROL)
    first = await machine.now_open.enrol()
    second = await machine.now_open.enrol()
    assert first is not None
    assert second is not None
    assert first.secret != second.secret
    await machine.now_open.enrolment_shown()
    machine.clock.advance(30)
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.confirm(first.code_at(machine.clock.now()))
    assert refused.value.code == "CODE_OF_OLD_ENTRY"
    assert machine.network.requests["POST /gas-station/2fa/confirm"] == 0
    await machine.drive()
    check_once(machine)


async def test_confirming_a_day_later_after_a_restart_works(machine: Machine) -> None:
    await machine.drive(until=Action.CONFIRM)
    machine.clock.advance(86_400)
    wizard = await machine.restart()
    assert wizard.action is Action.CONFIRM
    await machine.drive()
    check_once(machine)


async def test_a_network_without_a_gas_station_is_funded_by_hand(machine: Machine) -> None:
    await machine.drive(until=Action.CREATE_KEYPAIR)
    await machine.close()
    del machine.environ["PEAQOS_GAS_STATION_URL"]
    wizard = await machine.restart()
    await machine.drive(until=Action.FUND)
    assert wizard.state.way == "manual"
    with pytest.raises(OnboardingError) as refused:
        await wizard.choose_funding_method("gas-station")
    assert refused.value.code == "NO_GAS_STATION"
    await machine.drive()
    check_once(machine, transfers=0)


async def test_the_passphrase_may_be_wrong_any_number_of_times(machine: Machine) -> None:
    await machine.drive(until=Action.ENROL)
    await machine.close()
    wizard = machine.open()
    for attempt in range(1, 6):
        with pytest.raises(OnboardingError) as refused:
            await wizard.unlock(Secret(f"no {attempt}"))
        assert refused.value.code == "PASSPHRASE_WRONG"
        assert str(attempt) in refused.value.problem.cause
    await wizard.unlock(PASSPHRASE)
    assert wizard.unlocked
