"""Step 2, second half: nobody goes on without knowing what would be lost."""

from __future__ import annotations

import hashlib

from core.journal.next_action import Action
from screens.widgets.choice import Choice
from tests.screens.driver import Technician, at_step, at_the_wizard
from tests.support.machine import PASSPHRASE, Machine


async def answer(technician: Technician, way: str) -> None:
    choice = technician.app.screen.query_one("#backup", Choice)
    choice.focus()
    for _ in range(4):
        if choice.value == way:
            break
        await technician.press("down")
    assert choice.value == way
    await technician.press("enter")


async def test_file_address_and_checksum_can_be_copied_from_the_screen(machine: Machine) -> None:
    async with at_step(machine, Action.BACK_UP_KEYPAIR) as technician:
        content = (machine.folder / "keystore.json").read_bytes()
        assert hashlib.sha256(content).hexdigest() in technician.text
        assert machine.address in technician.text
        await answer(technician, "copied")
        await technician.on("EnrolmentScreen")
        assert technician.state.backup == "copied"


async def test_a_backup_is_never_assumed(machine: Machine) -> None:
    async with at_step(machine, Action.BACK_UP_KEYPAIR) as technician:
        choice = technician.app.screen.query_one("#backup", Choice)
        assert choice.value == ""
        assert technician.step_screen.primary.disabled, "the button would refuse"
        assert "Enter" not in technician.text.splitlines()[-1]
        await technician.press("enter")
        assert technician.place == "BackupScreen"
        assert technician.state.backup is None
        assert technician.visible("#primary")


async def test_no_backup_is_taken_only_when_it_is_typed_out(machine: Machine) -> None:
    async with at_step(machine, Action.BACK_UP_KEYPAIR) as technician:
        await answer(technician, "none")
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.sees("Continue without a backup?")
        await technician.press("escape")
        await technician.on("BackupScreen")
        assert technician.state.backup is None
        await answer(technician, "none")
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.paste("no backup")
        await technician.press("enter")
        await technician.on("EnrolmentScreen")
        assert technician.state.backup == "none"


async def test_the_key_is_shown_once_on_request_and_its_end_is_typed_back(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.BACK_UP_KEYPAIR) as technician:
        key = (await technician.app.engine.reveal_key()).reveal()
        assert key[2:10] not in technician.text
        await answer(technician, "revealed")
        await technician.until(lambda: technician.place == "RevealScreen")
        assert key[2:].lower() in technician.text.replace(" ", "").replace("\n", "")
        await technician.paste("000000")
        await technician.press("enter")
        assert technician.place == "RevealScreen"
        await technician.paste(key[-6:])
        await technician.press("enter")
        await technician.on("EnrolmentScreen")
        assert technician.state.backup == "revealed"
        assert key[2:10] not in technician.app.export_screenshot()


async def test_a_later_start_shows_the_key_only_for_its_passphrase(machine: Machine) -> None:
    await machine.drive(until=Action.BACK_UP_KEYPAIR)
    async with at_the_wizard(machine) as technician:
        await technician.on("BackupScreen")
        await answer(technician, "revealed")
        await technician.until(lambda: technician.place == "UnlockScreen")
        await technician.paste(PASSPHRASE.reveal())
        await technician.press("enter")
        await technician.until(lambda: technician.place == "RevealScreen")
        await technician.press("escape")
        await technician.on("BackupScreen")
        assert technician.state.backup is None


async def test_the_key_goes_into_env_only_when_it_is_typed_out(machine: Machine) -> None:
    path = machine.folder.parent / ".env"
    async with at_step(machine, Action.BACK_UP_KEYPAIR) as technician:
        await technician.press("f12")
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.press("enter")
        assert technician.place == "ConsentScreen"
        await technician.press("escape")
        await technician.on("BackupScreen")
        assert not path.exists()
        await technician.press("f12")
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.press(*"write", "enter")
        await technician.until(path.exists, "the key to be written")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "PEAQOS_PRIVATE_KEY=0x" in path.read_text()
