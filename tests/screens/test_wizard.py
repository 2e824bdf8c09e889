"""All seven screens in one go, and coming back to each of them."""

from __future__ import annotations

import json

from tests.screens.driver import at_the_wizard
from tests.support.machine import Machine, check_once


async def test_a_machine_is_onboarded_by_typing_through_seven_screens(machine: Machine) -> None:
    async with at_the_wizard(machine) as technician:
        seen = []
        for screen in (
            "EnvironmentScreen",
            "KeypairScreen",
            "BackupScreen",
            "EnrolmentScreen",
            "ConfirmationScreen",
            "FundingScreen",
            "RegistrationScreen",
            "MachineNftScreen",
            "ReceiptScreen",
        ):
            await technician.go_on_to(screen)
            seen.append(technician.place)
        await technician.finish()
    check_once(machine)
    receipt = json.loads((machine.folder / "receipt.json").read_text())
    assert receipt["machine_id"] == machine.network.registrations(machine.address)[0]
