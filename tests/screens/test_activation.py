"""Activation on the screens: tier, identity, price, read-back, and the choice of the flow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.answers import Answers
from core.journal.next_action import Action
from core.receipt.document import read_receipt
from screens.widgets.choice import Choice
from tests.screens.driver import SIZE, at_step, at_the_wizard
from tests.support.machine import ENTRIES, Machine, go_on_with
from tests.support.words import title


@pytest.fixture
def activating(machine: Machine) -> Machine:
    machine.protocol = "activation"
    return machine


async def test_a_machine_is_activated_by_typing_through_the_screens(activating: Machine) -> None:
    async with at_the_wizard(activating) as technician:
        for screen in (
            "EnvironmentScreen",
            "KeypairScreen",
            "BackupScreen",
            "EnrolmentScreen",
            "ConfirmationScreen",
            "TierScreen",
            "FundingScreen",
            "IdentityScreen",
            "ActivationScreen",
        ):
            await technician.go_on_to(screen)
        await technician.finish()
    receipt = read_receipt(activating.folder)
    assert receipt is not None
    assert receipt["activation"]["machine_type"] == ENTRIES.machine_type
    assert [row["purpose"] for row in receipt["transactions"]] == ["approve", "activate"]


@pytest.mark.parametrize("action", [Action.CHOOSE_TIER, Action.DESCRIBE, Action.ACTIVATE])
async def test_after_a_restart_each_screen_goes_on_to_one_activation(
    activating: Machine, action: Action
) -> None:
    await activating.drive(until=action)
    async with at_the_wizard(activating) as technician:
        await technician.finish()
    purposes = [tx.purpose for tx in activating.state.transactions]
    assert purposes == ["approve", "activate"]


async def test_no_tier_is_chosen_for_the_user(activating: Machine) -> None:
    async with at_step(activating, Action.CHOOSE_TIER) as technician:
        await technician.sees("2 Pro")
        await technician.press("enter")
        await technician.sees("Choose a tier with the arrow keys")
        assert technician.place == "TierScreen"
        activation = technician.state.activation
        assert activation is not None
        assert activation.tier is None


async def test_presets_fill_in_tier_and_identity(activating: Machine) -> None:
    given = Answers(
        tier="pro",
        machine_type="robot-leg",
        subject="0x" + bytes(range(40, 72)).hex(),
        manufacturer=ENTRIES.manufacturer,
    )
    async with at_step(activating, Action.CHOOSE_TIER, given=given) as technician:
        await technician.sees("2 Pro")
        assert technician.app.screen.query_one(Choice).value == "2"
    await activating.drive(until=Action.DESCRIBE)
    async with at_the_wizard(activating, given=given) as technician:
        await technician.go_on_to("IdentityScreen")
        assert technician.field("#machine-type").value == "robot-leg"
        assert technician.field("#subject").value == given.subject
        assert technician.field("#controller").value == activating.address


async def test_the_price_and_the_id_are_shown_before_the_signature(activating: Machine) -> None:
    async with at_step(activating, Action.ACTIVATE) as technician:
        await technician.sees("read just now")
        identity = technician.state.activation and technician.state.activation.identity
        assert identity
        digits = str(identity.machine_id)
        assert digits[:40] in technician.text
        assert digits[40:] in technician.text
        assert not technician.state.transactions


async def test_the_identity_can_be_corrected_until_something_is_signed(
    activating: Machine,
) -> None:
    async with at_step(activating, Action.ACTIVATE) as technician:
        await technician.sees("read just now")
        await technician.press("escape")
        await technician.on("IdentityScreen")
        await technician.fill("#machine-type", "robot-leg")
        await technician.press("enter")
        await technician.on("ActivationScreen")
        identity = technician.state.activation and technician.state.activation.identity
        assert identity
        assert identity.machine_type == "robot-leg"
        await technician.finish()


async def test_after_a_signature_there_is_no_way_back_to_the_identity(activating: Machine) -> None:
    await activating.drive(until=Action.ACTIVATE)
    activating.network.fault("activation-reverts", 1)
    with pytest.raises(Exception):  # noqa: B017, PT011 - whichever refusal it is
        await activating.drive()
    async with at_the_wizard(activating) as technician:
        await technician.go_on_to("ActivationScreen")
        await technician.press("escape")
        assert technician.place == "ActivationScreen"
        assert "Esc back" not in technician.text


async def test_an_unusable_manufacturer_is_named_at_its_field(activating: Machine) -> None:
    async with at_step(activating, Action.DESCRIBE) as technician:
        await technician.fill("#machine-type", "robot-arm")
        await technician.fill("#manufacturer", "0x12")
        await technician.press("enter")
        await technician.sees(title("MANUFACTURER_INVALID"))
        assert technician.app.screen.focused is technician.field("#manufacturer")


@pytest.mark.parametrize("size", [SIZE, (120, 40), (60, 20)])
async def test_the_receipt_of_an_activation_shows_the_whole_id(
    activating: Machine, size: tuple[int, int]
) -> None:
    await activating.drive()
    digits = str(activating.state.machine_id)
    async with at_the_wizard(activating, size=size) as technician:
        await technician.on("ReceiptScreen")
        shown = "".join(technician.text.split())
        assert digits[:40] in shown
        assert digits[40:] in shown


async def test_an_allowance_that_is_left_is_shown_and_set_back(activating: Machine) -> None:
    await activating.drive(until=Action.ACTIVATE)
    quote = await activating.now_open.quote()
    assert quote is not None
    activating.network.fault("activation-reverts", 1)
    with pytest.raises(Exception):  # noqa: B017, PT011 - whichever refusal it is
        await activating.now_open.register(agreed_bond=quote.bond, agreed_price=quote.price)
    activating.network.fault("voucher-full", 1)
    async with at_step(activating, Action.READ_BACK) as technician:
        await technician.sees("may still take")
        technician.app.screen.query_one("#revoke", Choice).value = "revoke"
        await technician.press("enter")
        await technician.on("ReceiptScreen")
        assert technician.state.activation is not None
        assert technician.state.activation.allowance_left == 0


async def test_on_real_money_the_flow_is_chosen_in_words(machine: Machine) -> None:
    async with at_the_wizard(machine) as technician:
        engine = technician.app.engine
        network = replace(engine.settings.network, real_money=True)
        await go_on_with(engine, replace(engine.settings, network=network))
        await technician.describe()
        await technician.sees("2026-09-01")
        await technician.press("enter")
        assert technician.place == "ConsentScreen"
        assert machine.records == []
        await technician.paste("guide")
        await technician.press("enter")
        await technician.on("KeypairScreen")
    assert type(machine.records[0].event).__name__ == "OnboardingStarted"
