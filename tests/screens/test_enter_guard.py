"""What is signed is read before Enter takes it: a key meant for the screen before does nothing."""

from __future__ import annotations

import pytest

from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from screens.base import step_screen
from screens.widgets.choice import Choice
from tests.screens.driver import Technician, at_step, at_the_wizard
from tests.support.machine import Machine, check_once


def last_row(technician: Technician) -> str:
    return technician.text.splitlines()[-1]


async def let_pass(technician: Technician, seconds: float) -> None:
    await technician.pilot.pause(seconds)


@pytest.mark.parametrize(
    ("action", "what", "following"),
    [
        (Action.REGISTER, "sign and register", "MachineNftScreen"),
        (Action.MINT, "mint and write", "ReceiptScreen"),
        (Action.WRITE_DID, "write", "ReceiptScreen"),
    ],
    ids=["register", "mint", "did"],
)
async def test_an_enter_in_the_first_moment_signs_nothing(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, action: Action, what: str, following: str
) -> None:
    monkeypatch.setattr(step_screen, "READ_SECONDS", 1.0)
    async with at_step(machine, action) as technician:
        sent = len(machine.network.sent_transactions())
        if action is Action.REGISTER:
            await technician.until(lambda: technician.step_screen.quote, "the quote")
        place = technician.place
        assert not last_row(technician).startswith(" Enter "), "it promises what it does not do"
        await technician.pilot.press("enter")
        await let_pass(technician, 0.2)
        assert technician.place == place
        assert len(machine.network.sent_transactions()) == sent
        await technician.sees(f"Enter {what}")
        await technician.press("enter")
        await technician.on(following)
        monkeypatch.setattr(step_screen, "READ_SECONDS", 0.0)
        if following == "MachineNftScreen":
            assert not last_row(technician).startswith(" Enter "), "the next one is read as well"
            await technician.sees("Enter mint and write")
        await technician.finish()
    check_once(machine)


async def test_whoever_keeps_hitting_enter_never_signs(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two seconds here, so that a slow tester's hand is fast enough."""
    monkeypatch.setattr(step_screen, "READ_SECONDS", 2.0)
    async with at_step(machine, Action.REGISTER) as technician:
        await technician.until(lambda: technician.step_screen.quote, "the quote")
        for _ in range(12):
            await technician.pilot.press("enter")
            await let_pass(technician, 0.25)
        assert technician.place == "RegistrationScreen"
        assert not last_row(technician).startswith(" Enter ")
        assert technician.state.transactions == ()
        await technician.sees("Enter sign and register")
        await technician.press("enter")
        await technician.on("MachineNftScreen")
    assert len(machine.network.registrations(machine.address)) == 1


async def test_a_quote_that_is_asked_for_again_is_read_again(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await machine.drive(until=Action.REGISTER)
    monkeypatch.setattr(step_screen, "READ_SECONDS", 1.0)
    async with at_the_wizard(machine) as technician:
        await technician.on("RegistrationScreen")
        await technician.sees("Enter sign and register")
        technician.step_screen._discard_quote()
        await technician.sees("Enter check again")
        await technician.press("enter")
        await technician.until(lambda: technician.step_screen.quote, "the quote")
        assert not last_row(technician).startswith(" Enter ")
        await technician.sees("Enter sign and register")
        assert technician.state.transactions == ()


async def test_the_last_row_says_how_an_answer_is_chosen(machine: Machine) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        assert "Left Right" not in last_row(technician)
        technician.app.screen.set_focus(technician.app.screen.query_one("#way", Choice))
        await technician.sees("Up Down choose")
        technician.app.screen.set_focus(technician.field("#passphrase"))
        await technician.until(lambda: "Left Right" not in last_row(technician), "it to go")


@pytest.mark.parametrize("action", [Action.MEASURE_NEED, Action.REGISTER])
async def test_what_only_looks_has_a_button_once_that_has_failed(
    machine: Machine, action: Action
) -> None:
    await machine.drive(until=action)
    machine.network.fault("rpc-down")
    async with at_the_wizard(machine) as technician:
        await technician.reads_problem("RPC_UNREACHABLE")
        assert technician.visible("#primary")
        await technician.sees("Enter retry")
        machine.network.fault("rpc-down", 0)
        await technician.press("enter")
        await technician.until(lambda: technician.place != "ResumeScreen", "the next screen")


async def test_a_wallet_that_could_not_be_looked_at_is_looked_at_by_itself(
    machine: Machine,
) -> None:
    """Else there would be a screen without a button, a card or a key that does something."""
    await machine.drive(until=Action.MEASURE_NEED)
    machine.network.fault("rpc-html")
    with pytest.raises(OnboardingError):
        await machine.step()
    machine.network.fault("rpc-html", 0)
    async with at_the_wizard(machine, engine=machine.now_open) as technician:
        await technician.on("EnrolmentScreen")
