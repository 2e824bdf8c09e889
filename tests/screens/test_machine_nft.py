"""Step 7: the description is shown once more, and what is written is what was shown."""

from __future__ import annotations

import json

import pytest

from core.chain.did import ATTRIBUTE_NAMES
from core.journal.next_action import Action
from core.journal.state import Details, TxStatus
from tests.screens.driver import at_step, at_the_wizard, journalled
from tests.support.chain_handle import ChainHandle
from tests.support.machine import DETAILS, Machine, check_once


async def test_the_details_of_the_first_screen_are_shown_and_can_be_changed(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.MINT) as technician:
        (number,) = machine.network.registrations(machine.address)
        await technician.sees(f"The machine is registered: machine {number}.")
        assert technician.field("#documentation-url").value == DETAILS.documentation_url
        assert technician.field("#data-api").value == DETAILS.data_api
        await technician.fill("#data-api", "https://api.example.com/changed")
        technician.app.screen.query_one("#data-visibility").focus()
        await technician.press(*"on")
        await technician.finish()
    receipt = json.loads((machine.folder / "receipt.json").read_text())
    assert tuple(receipt["did_attributes"]) == ATTRIBUTE_NAMES
    assert receipt["did_attributes"]["data_api"] == "https://api.example.com/changed"
    assert receipt["did_attributes"]["data_visibility"] == "onchain"
    check_once(machine)


async def test_a_change_that_cannot_be_written_is_refused_before_anything_is_sent(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.MINT) as technician:
        before = len(technician.state.transactions)
        await technician.fill("#documentation-url", "ftp://x.example")
        await technician.press("enter")
        await technician.reads_problem("DOCUMENTATION_URL_INVALID")
        assert technician.app.focused is technician.field("#documentation-url")
        assert technician.visible("#primary")
        assert len(technician.state.transactions) == before
        await technician.fill("#documentation-url", "https://x.example")
        await technician.press("enter")
        await technician.on("ReceiptScreen")


@pytest.mark.parametrize("fault", ["did-text-error", "did-bare-error", "mcr-down"])
async def test_odd_answers_on_the_way_hold_nobody_up(machine: Machine, fault: str) -> None:
    async with at_step(machine, Action.MINT) as technician:
        machine.network.fault(fault)
        await technician.finish()
    check_once(machine)
    if fault == "mcr-down":
        assert "not indexed yet" in (machine.folder / "receipt.txt").read_text()


@pytest.mark.parametrize("action", [Action.MINT, Action.WRITE_DID])
async def test_a_later_start_goes_on_with_what_is_left(machine: Machine, action: Action) -> None:
    await machine.drive(until=action)
    async with at_the_wizard(machine) as technician:
        await technician.on("MachineNftScreen")
        lines = technician.text
        assert ("✓ Machine NFT" in lines) == (action is Action.WRITE_DID)
        assert "✓ DID attributes" not in lines
        await technician.finish()
    check_once(machine)


async def test_what_is_written_already_is_finished_without_anybody(machine: Machine) -> None:
    await machine.drive(until=Action.FINISH)
    async with at_the_wizard(machine) as technician:
        await technician.on("ReceiptScreen")
        await technician.finish()
    check_once(machine)


async def test_paused_minting_is_said_and_tried_again(machine: Machine) -> None:
    async with at_step(machine, Action.MINT) as technician:
        machine.network.pause(True)
        try:
            await technician.press("enter")
            await technician.reads_problem("CONTRACT_PAUSED")
            assert technician.visible("#primary")
        finally:
            machine.network.pause(False)
        await technician.finish()
    check_once(machine)


async def test_what_a_wallet_lacks_for_the_rest_leads_back_to_funding(machine: Machine) -> None:
    """Fees rose fiftyfold after the registration: first the new fee is agreed to, and then the
    way back is the funding screen.
    """
    async with at_step(machine, Action.MINT) as technician:
        machine.network.set_base_fee(500 * 10**9)
        try:
            await technician.press("enter")
            await technician.reads_problem("FEE_TOO_HIGH")
            await technician.sees("Enter show the new fee")
            await technician.press("enter")
            await technician.until(lambda: technician.place == "ConsentScreen")
            await technician.sees("Maximum fee 1.75 PEAQ for all remaining transactions")
            await technician.press("enter")
            await technician.on("FundingScreen")
            await technician.reads_problem("INSUFFICIENT_BALANCE")
            assert machine.address in technician.text
            await technician.press("f3")
            await technician.sees("to this address")
            machine.network.send(machine.address, 10**18)
            machine.clock.advance(10)
            await technician.on("MachineNftScreen")
            machine.network.set_base_fee(10**9)
            await technician.finish()
        finally:
            machine.network.set_base_fee(10**9)
    check_once(machine)


async def test_a_higher_fee_for_what_is_left_is_agreed_to_with_one_key(machine: Machine) -> None:
    async with at_step(machine, Action.MINT) as technician:
        await technician.sees("Mint and write")
        machine.network.set_base_fee(45 * 10**9)
        try:
            await technician.press("enter")
            await technician.reads_problem("FEE_TOO_HIGH")
            assert len(technician.state.transactions) == 1
            await technician.until(lambda: technician.visible("#primary"), "the button")
            await technician.press("enter")
            await technician.until(lambda: technician.place == "ConsentScreen")
            await technician.press("escape")
            await technician.on("MachineNftScreen")
            assert len(technician.state.transactions) == 1
            await technician.press("enter")
            await technician.until(lambda: technician.place == "ConsentScreen")
            await technician.press("enter")
            await technician.on("ReceiptScreen")
        finally:
            machine.network.set_base_fee(10 * 10**9)
    check_once(machine)


async def test_answers_given_ahead_for_an_old_journal_do_not_replace_what_was_recorded(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.MINT)
    ahead = Details("https://other.example", "https://other.example/api", "private")
    async with at_the_wizard(machine, details=ahead) as technician:
        await technician.on("MachineNftScreen")
        assert technician.field("#documentation-url").value == DETAILS.documentation_url


async def test_a_registration_undone_below_the_pending_mint_ends_in_the_receipt_all_the_same(
    machine: Machine,
) -> None:
    chain = ChainHandle(machine.network)
    undone: list[int] = []
    async with at_step(machine, Action.MINT) as technician:
        chain.hold()

        def pass_time(_: float) -> None:
            first, newest = technician.state.transactions[0], technician.state.transactions[-1]
            if not undone and newest.purpose == "mint" and newest.status is TxStatus.SENT:
                undone.append(machine.network.head - (first.block or 0) + 1)
                chain.reorganise(undone[0], repool=False)
            machine.network.mine()

        machine.clock.while_asleep = pass_time
        await technician.finish()
    assert undone, "no reorganization happened"
    assert not journalled(machine)
    state = machine.state
    assert len(machine.network.registrations(machine.address)) == 1
    assert [tx.status for tx in state.transactions] == [TxStatus.FINAL] * 3
