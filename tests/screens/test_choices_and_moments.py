"""Answers that can be seen, a footer that tells the truth, and the moments worth a pause."""

from __future__ import annotations

import pytest

from core.journal.next_action import Action
from screens import machine_nft
from screens.base import step_screen
from screens.widgets.choice import Choice
from screens.widgets.phases import Phases
from tests.screens.driver import Technician, at_step
from tests.support.machine import PASSPHRASE, Machine


def footer(technician: Technician) -> str:
    return technician.text.splitlines()[-1]


async def test_all_sources_of_a_key_are_shown_and_arrows_choose(machine: Machine) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        choice = technician.app.screen.query_one("#way", Choice)
        assert choice.region.height == 3
        choice.focus()
        await technician.press("down")
        assert choice.value == "import"
        assert technician.visible("#private-key")
        await technician.pilot.resize_terminal(80, 23)
        await technician.until(lambda: choice.region.height == 1, "one line in a small window")
        await technician.sees("2 of 3")


async def test_the_footer_names_where_enter_leads(machine: Machine) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        await technician.fill("#passphrase", PASSPHRASE.reveal())
        await technician.until(lambda: "Enter next field" in footer(technician), "next field")
        await technician.press("enter")
        assert technician.app.focused is technician.field("#passphrase-again")
        await technician.until(lambda: "Enter save the key" in footer(technician), "submit")


async def test_an_empty_repetition_is_named_and_keeps_the_first(machine: Machine) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        await technician.fill("#passphrase", PASSPHRASE.reveal())
        await technician.press("enter", "enter")
        await technician.sees("Repeat the passphrase.")
        assert technician.step_screen.problem is None
        assert technician.field("#passphrase").value == PASSPHRASE.reveal()


async def test_a_mistake_in_a_url_is_named_when_its_field_is_left(machine: Machine) -> None:
    async with at_step(machine, Action.CHECK_ENVIRONMENT) as technician:
        await technician.fill("#documentation-url", "not a url")
        await technician.press("tab")
        await technician.reads_problem("DOCUMENTATION_URL_INVALID")
        assert technician.app.focused is technician.field("#data-api")


async def test_the_owners_wallet_is_listed_with_what_to_do(machine: Machine) -> None:
    async with at_step(machine, Action.FUND) as technician:
        choice = technician.app.screen.query_one("#way", Choice)
        choice.focus()
        await technician.press("down")
        assert choice.value == "owner"
        await technician.sees("set PEAQOS_PRIVATE_KEY in the environment")
        assert technician.step_screen.primary.disabled
        assert technician.state.way == "gas-station", "nothing was recorded"


async def test_a_request_that_cannot_help_leads_to_a_manual_transfer(machine: Machine) -> None:
    async with at_step(machine, Action.FUND) as technician:
        machine.network.fault("skipped-but-poor")
        await technician.code()
        await technician.reads_problem("SKIPPED_BUT_POOR")
        await technician.until(lambda: technician.state.way == "manual", "the manual transfer")
        await technician.sees(machine.address)


async def test_a_card_names_its_code_at_the_right_end_of_the_title(machine: Machine) -> None:
    async with at_step(machine, Action.CONFIRM) as technician:
        await technician.code("1234")
        await technician.reads_problem("CODE_MALFORMED")
        await technician.until(
            lambda: any(row.endswith("CODE_MALFORMED") for row in technician.text.splitlines()),
            "the code at the right edge",
        )


async def test_a_retry_is_shown_and_the_card_counts_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_screen, "RETRY_SEEN", 0.5)
    async with at_step(machine, Action.ENROL) as technician:
        machine.network.fault("gas-station-html", 5)
        await technician.press("f5")
        await technician.until(lambda: technician.step_screen.problem, "a problem")
        await technician.press("enter")
        await technician.sees("(attempt 2)")
        await technician.until(lambda: technician.step_screen.problem, "the problem again")
        assert technician.step_screen.card.attempt == 2
        machine.network.fault("gas-station-html", 0)


async def test_registering_is_a_moment_and_a_key_ends_it_without_signing(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_nft, "MOMENT_SECONDS", 60.0)
    async with at_step(machine, Action.REGISTER) as technician:
        await technician.sees("Enter sign and register")
        await technician.press("enter")
        await technician.on("MachineNftScreen")
        registered = technician.state.registered
        assert registered is not None
        await technician.sees(f"Registered: machine {registered.machine_id}")
        assert technician.state.transactions[-1].hash in technician.text
        await technician.press("enter")
        await technician.sees("Enter mint and write")
        assert technician.state.minted is None
        phases = technician.app.screen.query_one("#phases", Phases)
        assert "1 of 3" in str(phases.render())
