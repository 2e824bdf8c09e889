"""After step 7: what the machine received can be read at once, on 80x24."""

from __future__ import annotations

from core.journal.next_action import Action
from tests.screens.driver import at_step, at_the_wizard
from tests.support.machine import Machine


async def test_the_receipt_names_everything_and_enter_leaves_with_0(machine: Machine) -> None:
    async with at_step(machine, Action.NOTHING) as technician:
        await technician.sees("The machine is onboarded")
        state = technician.state
        assert state.registered
        assert state.minted
        for words in (
            f"did:peaq:{machine.address}",
            f"Machine {state.registered.machine_id} (Identity NFT",
            f"Machine NFT {state.minted.token_id})",
            "Bond 1 PEAQ",
            "Funded by the Gas Station",
            "MCR Provisioned",
            "Key backup keystore copied",
            *(tx.hash for tx in state.transactions),
        ):
            assert words in technician.words, words
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
