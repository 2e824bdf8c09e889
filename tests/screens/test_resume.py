"""Coming back: the wizard stands where it was, with what was wrong and what is left to wait."""

from __future__ import annotations

import pytest

from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from tests.screens.driver import ACTIVATION, SCREEN_OF, at_the_wizard, protocol_of
from tests.support.machine import Machine, check_once

# What is left when all is written needs nobody: it has a test of its own.
_PASSED = (Action.FINISH, Action.NOTHING, Action.READ_BACK)
PLACES = [action for action in SCREEN_OF if action not in _PASSED]


@pytest.mark.parametrize("action", PLACES, ids=lambda action: action.name.lower())
async def test_a_new_start_stands_where_the_last_one_stopped(
    machine: Machine, action: Action
) -> None:
    machine.protocol = protocol_of(action)
    await machine.drive(until=action)
    sent = len(machine.network.sent_transactions())
    async with at_the_wizard(machine) as technician:
        await technician.on(SCREEN_OF[action])
        assert technician.app.engine.action is action
        assert len(machine.network.sent_transactions()) == sent, "starting sent something"
        await technician.press("ctrl+q")
        await technician.until(lambda: technician.app.return_value is not None)
        assert technician.app.return_value == 1


async def test_it_is_left_and_started_on_every_screen_and_nothing_is_done_twice(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.CHECK_ENVIRONMENT)
    guide = [action for action in PLACES if action not in ACTIVATION]
    for action in [*guide[1:], Action.NOTHING]:
        screen = SCREEN_OF[action]
        async with at_the_wizard(machine) as technician:
            await technician.until(
                lambda: technician.place != "ResumeScreen" and not technician.app.busy
            )
            if technician.place == "ReceiptScreen":
                break
            await technician.go_on_to(screen)
    check_once(machine)


@pytest.mark.parametrize(
    ("action", "fault", "code", "left"),
    [
        (Action.ENROL, "qr-failed", "QR_GENERATION_FAILED", None),
        (Action.CONFIRM, "locked", "2FA_LOCKED", 20),
        (Action.CONFIRM, "invalid-code", "INVALID_2FA", None),
        (Action.FUND, "rate-limited", "RATE_LIMITED", 30),
        (Action.FUND, "owner-cap", "CAP_EXCEEDED_OWNER", None),
        (Action.FUND, "underfunded", "FUNDING_TOO_SMALL", None),
        (Action.FUND, "skipped-but-poor", "SKIPPED_BUT_POOR", None),
        (Action.FUND, "transfer-failed", "TRANSFER_FAILED", None),
    ],
)
async def test_a_failed_step_is_still_explained_and_its_wait_goes_on_counting(
    machine: Machine, action: Action, fault: str, code: str, left: int | None
) -> None:
    await machine.drive(until=action)
    machine.network.fault(fault, 1)
    with pytest.raises(OnboardingError):
        await machine.step()
    await machine.close()
    machine.clock.advance(7)  # the program is not running
    async with at_the_wizard(machine) as technician:
        await technician.on(SCREEN_OF[action])
        await technician.reads_problem(code)
        assert "…" in technician.text.splitlines()[1] or left is None, "the rail shows no wait"
        if left:
            await technician.sees(f"retry in 00:{left - 7:02}")
            await technician.press("ctrl+q")
            await technician.until(lambda: technician.app.return_value is not None)
            assert technician.app.return_value == 75, "it waits; that is no stop"
        else:
            machine.clock.advance(86_400)
            if code in ("FUNDING_TOO_SMALL", "SKIPPED_BUT_POOR"):
                await technician.fund_by_hand()
            await technician.finish()


async def test_a_line_that_is_down_at_the_start_is_said_and_tried_again(machine: Machine) -> None:
    await machine.drive(until=Action.REGISTER)
    machine.network.fault("rpc-down")
    async with at_the_wizard(machine) as technician:
        await technician.reads_problem("RPC_UNREACHABLE")
        assert "Welcome back" in technician.text
        assert technician.visible("#primary")
        machine.network.fault("rpc-down", 0)
        await technician.press("enter")
        await technician.on("RegistrationScreen")


async def test_a_finished_machine_shows_its_receipt_and_sends_nothing(machine: Machine) -> None:
    await machine.drive()
    sent = len(machine.network.sent_transactions())
    asked = sum(machine.network.requests.values())
    async with at_the_wizard(machine) as technician:
        await technician.on("ReceiptScreen")
        await technician.press("enter")
        await technician.until(lambda: technician.app.return_value is not None)
        assert technician.app.return_value == 0
    assert len(machine.network.sent_transactions()) == sent
    assert sum(machine.network.requests.values()) == asked, "the network was asked for nothing"
