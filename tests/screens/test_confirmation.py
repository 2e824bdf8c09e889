"""Step 4: a wrong code says why, and costs no attempt where that can be known here."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from app.rehearsal.services.policy import GasStationPolicy
from core.journal.next_action import Action
from tests.screens.driver import TIME_IS_OVER, at_step, at_the_wizard, journalled
from tests.support.clock import FakeClock
from tests.support.machine import Machine, check_once

CONFIRM = "POST /gas-station/2fa/confirm"


def sent(machine: Machine) -> int:
    return machine.network.requests[CONFIRM]


async def test_the_field_waits_for_the_code_and_enter_sends_it(machine: Machine) -> None:
    async with at_step(machine, Action.CONFIRM) as technician:
        await technician.until(lambda: technician.app.focused is technician.field("#code"))
        code = technician.fresh_code()
        await technician.press(*code[:3], "space", *code[3:], "enter")
        await technician.on("FundingScreen")


async def test_a_mistyped_code_is_not_sent_and_names_the_entry(machine: Machine) -> None:
    async with at_step(machine, Action.CONFIRM) as technician:
        before = sent(machine)
        await technician.code(machine.old_code())
        await technician.reads_problem("CODE_MISTYPED")
        enrolment = technician.app.engine.enrolment
        assert enrolment is not None
        assert enrolment.label in technician.words
        assert "no attempt was used" in technician.words
        assert sent(machine) == before
        assert journalled(machine) == []
        assert technician.field("#code").value == ""
        await technician.finish()
    check_once(machine)


async def test_a_phone_that_is_off_is_told_by_how_much(machine: Machine) -> None:
    async with at_step(machine, Action.CONFIRM) as technician:
        enrolment = technician.app.engine.enrolment
        assert enrolment is not None
        await technician.code(enrolment.code_at(machine.clock.now(), 10))
        await technician.reads_problem("CODE_SKEWED")
        assert "300 s" in technician.card
        await technician.finish()


async def test_a_right_code_that_the_gas_station_refuses_is_recorded_and_counted(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.CONFIRM) as technician:
        machine.network.fault("invalid-code", 1)
        await technician.code()
        await technician.reads_problem("INVALID_2FA")
        assert journalled(machine) == ["INVALID_2FA"]
        await technician.sees("has rejected a code once")
        await technician.finish()
    check_once(machine)


async def test_the_code_just_refused_is_not_sent_twice(machine: Machine) -> None:
    async with at_step(machine, Action.CONFIRM) as technician:
        machine.network.fault("invalid-code", 1)
        code = technician.fresh_code()
        await technician.code(code)
        await technician.reads_problem("INVALID_2FA")
        before = sent(machine)
        await technician.code(code)
        await technician.sees("so it was not sent. Wait for the next code.")
        assert technician.card == ""
        assert sent(machine) == before


async def test_after_a_refusal_the_next_code_is_counted_down(machine: Machine) -> None:
    machine.five_seconds_into_a_code()
    async with at_step(machine, Action.CONFIRM) as technician:
        assert "Next code" not in technician.words
        machine.network.fault("invalid-code", 1)
        await technician.code()
        await technician.sees("Next code in 25 s")
        machine.clock.advance(25)
        await technician.until(lambda: "Next code" not in technician.words, "the count to end")


async def test_the_phone_of_a_rehearsal_and_the_count_agree(machine: Machine) -> None:
    machine.five_seconds_into_a_code()
    async with at_step(machine, Action.FUND, pretend=True) as technician:
        machine.clock.advance(7)
        await technician.sees("Next code in 18 s")
        await technician.sees(" 18 s left")


@pytest.mark.usefixtures("typing_by_paste", "quick_keystore")
async def test_codes_of_an_80_bit_secret_are_taken(shared_clock: FakeClock, tmp_path: Path) -> None:
    """Many services give out 16 base32 characters."""
    policy = GasStationPolicy(secret_bits=80)
    with RehearsalNetwork(now=shared_clock.now, policy=policy) as network:
        machine = Machine(network, shared_clock, tmp_path / "state")
        async with at_step(machine, Action.ENROL) as technician:
            await technician.until(lambda: technician.app.engine.enrolment, "a secret")
            enrolment = technician.app.engine.enrolment
            assert enrolment is not None
            assert len(enrolment.secret.reveal()) == 16
            await technician.finish()
        check_once(machine)
        await machine.close()


async def test_a_lock_counts_down_and_opens(machine: Machine) -> None:
    async with at_step(machine, Action.CONFIRM) as technician:
        machine.network.fault("locked", 1)
        await technician.code()
        await technician.reads_problem("2FA_LOCKED")
        await technician.sees("retry in 00:20")
        assert "Enter" not in technician.text.splitlines()[-1], "it would do nothing"
        assert journalled(machine) == ["2FA_LOCKED"]
        before = sent(machine)
        await technician.code("123456")
        assert sent(machine) == before, "sent although the lock is closed"
        machine.clock.advance(20)
        await technician.sees(TIME_IS_OVER)
        await technician.finish()
    check_once(machine)


async def test_five_wrong_codes_after_a_restart_lock_and_a_lock_survives_another(
    machine: Machine,
) -> None:
    """Without the secret in memory nothing can be judged here: the Gas Station counts."""
    await machine.drive(until=Action.CONFIRM)
    async with at_the_wizard(machine) as technician:
        await technician.on("ConfirmationScreen")
        await technician.sees("After a restart, the wizard cannot check codes first.")
        for attempt in range(1, 6):
            await technician.code(machine.old_code())
            await technician.until(
                lambda attempt=attempt: technician.state.invalid_codes == attempt, "the count"
            )
            counted = "rejected a code once" if attempt == 1 else f"rejected a code {attempt} times"
            await technician.sees(counted)
            assert ("Press Esc for a new QR code" in technician.words) == (attempt > 1)
        await technician.code()
        await technician.reads_problem("2FA_LOCKED")
        await technician.until(lambda: "rejected a code" not in technician.words, "the count to go")
        await technician.sees("retry in 0")
    until = machine.now_open.problem and machine.now_open.problem.until
    async with at_the_wizard(machine) as technician:
        await technician.on("ConfirmationScreen")
        await technician.reads_problem("2FA_LOCKED")
        assert technician.app.engine.problem
        assert technician.app.engine.problem.until == until
        machine.clock.advance(300)
        await technician.finish()
    check_once(machine)


async def test_an_enrolment_that_was_forgotten_leads_to_a_new_qr_code_with_enter(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.CONFIRM) as technician:
        machine.network.fault("2fa-not-configured", 1)
        await technician.code()
        await technician.reads_problem("2FA_NOT_CONFIGURED")
        assert "new QR code" in technician.card
        await technician.press("enter")
        await technician.on("EnrolmentScreen")
        await technician.finish()
    check_once(machine)


async def test_escape_shows_the_qr_code_again_and_enter_comes_back(machine: Machine) -> None:
    async with at_step(machine, Action.CONFIRM) as technician:
        await technician.press("escape")
        await technician.on("EnrolmentScreen")
        await technician.sees("Or enter this secret:")
        await technician.press("enter")
        await technician.on("ConfirmationScreen")


async def test_without_the_secret_in_memory_escape_gets_a_new_one(machine: Machine) -> None:
    await machine.drive(until=Action.CONFIRM)
    async with at_the_wizard(machine) as technician:
        await technician.on("ConfirmationScreen")
        await technician.press("escape")
        await technician.on("EnrolmentScreen")
        await technician.sees("Or enter this secret:")
        await technician.finish()
    check_once(machine)


async def test_f3_funds_otherwise(machine: Machine) -> None:
    async with at_step(machine, Action.CONFIRM) as technician:
        await technician.press("f3")
        await technician.on("FundingScreen")
        await technician.sees("to this address")
        await technician.finish()
    check_once(machine, transfers=0)


async def test_a_rehearsal_shows_what_the_phone_shows(machine: Machine) -> None:
    async with at_step(machine, Action.CONFIRM, pretend=True) as technician:
        shown = machine.network.current_code(machine.address)
        assert shown
        code = shown[0]
        await technician.sees(f"Simulated authenticator: {code[:3]} {code[3:]}")


async def test_outside_a_rehearsal_no_code_is_ever_shown(machine: Machine) -> None:
    async with at_step(machine, Action.CONFIRM) as technician:
        shown = machine.network.current_code(machine.address)
        assert shown
        assert shown[0][:3] + " " + shown[0][3:] not in technician.text
        assert "Pretend" not in technician.text
