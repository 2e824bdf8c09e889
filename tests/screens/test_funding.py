"""Step 5: every refusal in words, and from each a way to the money."""

from __future__ import annotations

import pytest
from textual.widgets import Button

from app.answers import Answers
from core.amounts import format_peaq
from core.journal.next_action import Action
from screens.widgets.choice import Choice
from screens.widgets.qr import QrCode
from tests.screens.driver import TIME_IS_OVER, Technician, at_step, at_the_wizard, journalled
from tests.support.machine import Machine, check_once
from tests.support.words import title

FUND = "POST /gas-station/faucet/fund"


def asked(machine: Machine) -> int:
    return machine.network.requests[FUND]


def missing_in(technician: Technician) -> str:
    need = technician.state.need
    assert need is not None
    held = technician.machine.network.balance(technician.machine.address)
    return format_peaq(need.total - held, up=True)


async def test_a_rate_limit_counts_down_holds_enter_back_and_then_pays(machine: Machine) -> None:
    async with at_step(machine, Action.FUND) as technician:
        machine.network.fault("rate-limited", 1)
        await technician.code()
        await technician.reads_problem("RATE_LIMITED")
        assert "No money was spent." in technician.words
        assert "press F3" in technician.words
        await technician.sees("retry in 00:30")
        assert journalled(machine) == ["RATE_LIMITED"]

        before = asked(machine)
        await technician.code("123456")
        assert asked(machine) == before, "Enter asked again although the time was not over"
        machine.clock.advance(12)
        await technician.sees("retry in 00:18")
        machine.clock.advance(18)
        await technician.sees(TIME_IS_OVER)
        await technician.finish()
    check_once(machine)


@pytest.mark.parametrize(
    ("fault", "code"),
    [("owner-cap", "CAP_EXCEEDED_OWNER"), ("wallet-cap", "CAP_EXCEEDED_WALLET")],
)
async def test_a_daily_cap_leaves_paying_by_hand_open(
    machine: Machine, fault: str, code: str
) -> None:
    async with at_step(machine, Action.FUND) as technician:
        machine.network.fault(fault, 1)
        await technician.code()
        await technician.reads_problem(code)
        assert "Press F3" in technician.words
        await technician.sees("retry in ")
        assert journalled(machine)[0].startswith("CAP_EXCEEDED_")
        await technician.press("f3")
        await technician.sees(machine.address)
        assert title(code) not in technician.words, "the cap is no hindrance to paying by hand"
        await technician.finish()
    check_once(machine, transfers=0)


async def test_the_gas_stations_cap_still_counts_after_a_look_at_the_other_way(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.FUND) as technician:
        machine.network.fault("rate-limited", 1)
        await technician.code()
        await technician.reads_problem("RATE_LIMITED")
        await technician.press("f3")
        await technician.sees("to this address")
        machine.clock.advance(5)
        await technician.press("f3")
        await technician.reads_problem("RATE_LIMITED")
        await technician.sees("retry in 00:25")


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("underfunded", "0.55 PEAQ arrived. The shortfall is still 0.55 PEAQ."),
        ("skipped-but-poor", "It considers 0.6 PEAQ enough, but bond and gas require"),
    ],
)
async def test_too_little_money_says_how_much_is_missing_and_where_to_send_it(
    machine: Machine, fault: str, cause: str
) -> None:
    async with at_step(machine, Action.FUND) as technician:
        machine.network.fault(fault, 1)
        await technician.code()
        await technician.reads_problem(
            "FUNDING_TOO_SMALL" if fault == "underfunded" else "SKIPPED_BUT_POOR"
        )
        await technician.sees(cause)
        missing = missing_in(technician)
        assert f"{missing} PEAQ to {machine.address}" in technician.words
        assert machine.address in technician.text, "the address is broken over two lines"
        await technician.fund_by_hand()
        machine.clock.advance(3)
        await technician.sees(f"shortfall {missing}")
        await technician.pay_by_hand()
        await technician.on("RegistrationScreen")
        await technician.finish()
    check_once(machine, transfers=1 if fault == "underfunded" else 0)


async def test_a_bond_that_rose_leads_back_to_funding_with_the_amount_missing(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.REGISTER) as technician:
        machine.network.set_min_bond(2 * 10**18)
        try:
            # What was agreed to no longer covers it: the first Enter says so, the second asks.
            await technician.press("enter")
            await technician.until(lambda: technician.card or technician.place == "FundingScreen")
            if technician.place != "FundingScreen":
                assert title("BOND_CHANGED") in technician.card
                await technician.press("enter")
            await technician.on("FundingScreen")
            await technician.reads_problem("INSUFFICIENT_BALANCE")
            assert machine.address in technician.text
            assert "INSUFFICIENT_BALANCE" in journalled(machine)
            await technician.press("f3")
            await technician.sees("to this address")
            await technician.pay_by_hand()
            await technician.finish()
        finally:
            machine.network.set_min_bond(0)
    check_once(machine)


async def test_the_code_of_step_4_is_waited_out_without_a_red_card(machine: Machine) -> None:
    machine.five_seconds_into_a_code()
    async with at_step(machine, Action.FUND) as technician:
        before, used = asked(machine), machine.codes[-1]
        await technician.sees("Next code in 25 s")
        machine.clock.advance(7)
        await technician.sees("Next code in 18 s")
        await technician.code(used)
        await technician.sees("so it was not sent. Wait for the next code.")
        assert technician.card == ""
        assert technician.field("#code").value == ""
        assert technician.app.focused is technician.field("#code")
        assert technician.visible("#primary")
        machine.clock.advance(18)
        await technician.sees("so it was not sent. Enter the code your app shows now.")
        assert "Next code in" not in technician.words
        await technician.code(used)
        await technician.sees("Enter the code your app shows now.")
        assert asked(machine) == before, "an attempt was spent"
        assert journalled(machine) == [], "a slip of typing is no failure of the step"
        await technician.finish()
    check_once(machine)


async def test_a_fresh_code_is_taken_while_the_count_still_runs(machine: Machine) -> None:
    """The phone's clock may be a little ahead."""
    machine.five_seconds_into_a_code()
    async with at_step(machine, Action.FUND) as technician:
        await technician.sees("Next code in 25 s")
        await technician.code(machine.codes[-1])
        await technician.sees("Wait for the next code.")
        enrolment = technician.app.engine.enrolment
        assert enrolment is not None
        await technician.code(enrolment.code_at(machine.clock.now(), 1))
        await technician.on("RegistrationScreen")


async def test_a_code_command_is_asked_after_the_used_code_is_over(
    machine: Machine,
) -> None:
    machine.five_seconds_into_a_code()
    await machine.drive(until=Action.FUND)
    enrolment = machine.now_open.enrolment
    assert enrolment is not None
    fresh = enrolment.code_at(machine.clock.now(), 1)
    given = Answers(code_command=f"echo {fresh}")
    async with at_step(machine, Action.FUND, given=given) as technician:
        await technician.sees("Next code in 25 s")
        await technician.press("enter")
        await technician.on("RegistrationScreen")
        assert 25 in machine.clock.slept


async def test_the_count_fits_the_smallest_window(machine: Machine) -> None:
    machine.five_seconds_into_a_code()
    async with at_step(machine, Action.FUND, size=(40, 24)) as technician:
        await technician.sees("Next code in 25 s")


NO_CODES = {
    "": "no digits",
    "12345": "5 digits",
    "1234567": "7 digits",
    "12a456": "other characters",
    "".join(chr(0xFF10 + digit) for digit in range(6)): "other characters",
}


async def test_what_cannot_be_a_code_costs_no_attempt(machine: Machine) -> None:
    async with at_step(machine, Action.FUND) as technician:
        before = asked(machine)
        for typed, found in NO_CODES.items():
            await technician.code(typed)
            await technician.sees(f"Codes have 6 digits. You entered {found}.")
            await technician.reads_problem("CODE_MALFORMED")
        assert asked(machine) == before


@pytest.mark.parametrize("form", ["{}-{}", "\n {} {} \r\n"])
async def test_a_code_pasted_as_the_phone_shows_it_is_taken(machine: Machine, form: str) -> None:
    async with at_step(machine, Action.FUND) as technician:
        code = technician.fresh_code()
        await technician.code(form.format(code[:3], code[3:]))
        await technician.on("RegistrationScreen")


async def test_money_sent_by_hand_is_noticed_without_a_key(machine: Machine) -> None:
    async with at_step(machine, Action.FUND) as technician:
        await technician.press("f3")
        await technician.sees("to this address")
        need = technician.state.need
        assert need is not None
        machine.network.send(machine.address, 10**17)
        machine.clock.advance(3)
        await technician.sees("balance 0.100000")
        await technician.sees("required 1.1 balance 0.1 bonded 0")
        assert technician.place == "FundingScreen"
        machine.network.send(machine.address, need.total - 10**17)
        machine.clock.advance(3)
        await technician.on("RegistrationScreen")
        await technician.finish()
    assert technician.state.funded is not None
    check_once(machine, transfers=0)


async def test_a_line_that_is_down_while_the_balance_is_watched_is_survived(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.FUND) as technician:
        await technician.press("f3")
        await technician.sees("to this address")
        machine.network.fault("rpc-down")
        for _ in range(3):
            slept = technician.app.engine.clock.now()
            machine.clock.advance(60)
            await technician.until(
                lambda slept=slept: technician.app.engine.clock.now() > slept, "a look"
            )
        machine.network.fault("rpc-down", 0)
        await technician.pay_by_hand()
        await technician.until(
            lambda: machine.clock.advance(2) or technician.place == "RegistrationScreen",
            "the payment to be noticed",
        )


async def test_enter_looks_again_where_money_comes_by_hand(machine: Machine) -> None:
    async with at_step(machine, Action.FUND) as technician:
        await technician.press("f3")
        await technician.sees("Enter check again")
        await technician.until(lambda: technician.app.focused is not None, "a focus")
        assert technician.app.focused is technician.app.screen.query_one("#primary")
        assert str(technician.app.screen.query_one("#primary", Button).label) == "Check again"
        machine.network.send(machine.address, 10**16)
        await technician.press("enter")
        await technician.sees("balance 0.010000")


async def test_the_address_can_be_scanned(machine: Machine) -> None:
    async with at_step(machine, Action.FUND) as technician:
        await technician.press("f3")
        await technician.sees("F4 address as QR")
        await technician.press("f4")
        await technician.until(lambda: technician.place == "QrScreen")
        code = technician.app.screen.query_one("#qr-large", QrCode)
        await technician.until(lambda: technician.visible("#qr-large"), "all of the code")
        single = code.columns, code.rows
        await technician.pilot.resize_terminal(120, 40)
        await technician.until(lambda: code.columns == 2 * single[0], "it twice as large")
        await technician.until(lambda: technician.visible("#qr-large"), "all of the code")
        await technician.pilot.resize_terminal(80, 24)
        await technician.until(lambda: (code.columns, code.rows) == single, "it as it was")
        await technician.until(lambda: technician.visible("#qr-large"), "all of the code")
        await technician.press("escape")
        await technician.until(lambda: technician.place == "FundingScreen")


async def test_a_rehearsal_has_somebody_who_pays(machine: Machine) -> None:
    async with at_step(machine, Action.FUND, pretend=True) as technician:
        await technician.sees("Simulated authenticator: ")
        await technician.press("f3")
        await technician.sees("press F8 to simulate the payment.")
        await technician.press("f8")
        machine.clock.advance(3)
        await technician.on("RegistrationScreen")


async def test_outside_a_rehearsal_nobody_pays_by_f8(machine: Machine) -> None:
    async with at_step(machine, Action.FUND) as technician:
        await technician.press("f3")
        await technician.sees("to this address")
        await technician.press("f8")
        assert "press F8" not in technician.words
        assert machine.network.balance(machine.address) == 0


async def test_escape_does_not_leave_funding_and_the_way_is_kept(machine: Machine) -> None:
    async with at_step(machine, Action.FUND) as technician:
        await technician.press("escape")
        assert technician.place == "FundingScreen"
        await technician.press("f3")
        await technician.until(lambda: technician.state.way == "manual")
    async with at_the_wizard(machine) as technician:
        await technician.on("FundingScreen")
        assert technician.app.screen.query_one("#way", Choice).value == "manual"
        await technician.sees("to this address")


async def test_without_a_gas_station_only_paying_by_hand_is_offered(machine: Machine) -> None:
    del machine.environ["PEAQOS_GAS_STATION_URL"]
    async with at_the_wizard(machine) as technician:
        await technician.go_on_to("FundingScreen")
        await technician.sees("to this address")
        assert "F3" not in technician.text.splitlines()[-1]
        await technician.finish()
    check_once(machine, transfers=0)


async def test_after_a_restart_it_is_said_that_no_code_is_checked_here(machine: Machine) -> None:
    words = "After a restart, the wizard cannot check codes first."
    async with at_step(machine, Action.FUND) as technician:
        await technician.sees("Each code works once.")
        assert words not in technician.words
    async with at_the_wizard(machine) as technician:
        await technician.on("FundingScreen")
        await technician.sees(words)
        assert technician.visible("#primary")
