"""After step 7: what the machine received can be read at once, on 80x24."""

from __future__ import annotations

from core.journal.next_action import Action
from screens.widgets.line import Line
from tests.screens.driver import at_step, at_the_wizard
from tests.support.machine import Machine


async def test_the_receipt_names_everything_and_enter_leaves_with_0(machine: Machine) -> None:
    async with at_step(machine, Action.NOTHING) as technician:
        await technician.sees("The machine is onboarded")
        state = technician.state
        assert state.registered
        assert state.minted
        card = technician.app.screen.query_one("#receipt-facts", Line)
        shown = " ".join(str(card.render()).split())
        for words in (
            f"Machine {state.registered.machine_id} Identity NFT",
            f"Machine NFT {state.minted.token_id}",
            "Bond 1 PEAQ",
            "MCR Provisioned",
            *(f"block {tx.block} {tx.hash[:8]}…{tx.hash[-6:]}" for tx in state.transactions),
        ):
            assert words in shown, words
        for words in (f"did:peaq:{machine.address}", "peaq-onboard receipt --verify"):
            assert words in technician.words, words
        assert technician.visible("#receipt-qr"), "a phone reads the peaqID"
        assert technician.visible("#primary")
        await technician.press("enter")
        await technician.until(lambda: technician.app.return_value is not None)
        assert technician.app.return_value == 0


async def test_a_receipt_that_was_deleted_does_not_stop_a_finished_machine(
    machine: Machine,
) -> None:
    await machine.drive()
    (machine.folder / "receipt.json").unlink()
    async with at_the_wizard(machine) as technician:
        await technician.on("ReceiptScreen")
        await technician.sees("The receipt is not in")
        await technician.press("ctrl+q")
        await technician.until(lambda: technician.app.return_value is not None)
        assert technician.app.return_value == 0


async def test_where_the_code_does_not_fit_the_receipt_is_text_with_whole_hashes(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.NOTHING, size=(80, 23)) as technician:
        text = technician.app.screen.query_one("#done", Line)
        assert text.display
        assert not technician.app.screen.query_one("#receipt-card").display
        assert all(tx.hash in str(text.render()) for tx in technician.state.transactions)
