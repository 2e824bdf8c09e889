"""F2: a wrong variable is corrected in place, saved for this user only, and in force at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from core.config import env_file as env_file_module
from core.http import Http
from core.journal.state import Details
from tests.screens.driver import ALL_PASSED, Technician, at_the_wizard
from tests.screens.test_environment import checked
from tests.support.machine import DETAILS, Machine
from tests.support.transports import Tampering, answering, plain_connect
from tests.support.words import title


@pytest.fixture
def env_file(machine: Machine) -> Path:
    """The variables stand in .env instead of in the environment, beside a stranger's line."""
    path = machine.folder.parent / ".env"
    lines = [f"{name}={value}" for name, value in machine.environ.items()]
    path.write_text("# of the plant\nOTHER='keep me'\n" + "\n".join(lines) + "\n")
    path.chmod(0o644)
    machine.environ = {}
    return path


async def open_settings(technician: Technician) -> None:
    await checked(technician)
    await technician.press("f2")
    await technician.until(lambda: technician.place == "SettingsScreen")


async def test_a_corrected_variable_is_saved_and_taken(machine: Machine, env_file: Path) -> None:
    text = env_file.read_text()
    good = machine.network.rpc_url
    env_file.write_text(text.replace(good, "https://nowhere.invalid/rpc"))
    machine.connect = _nowhere_is_a_login_page()
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await checked(technician)
        await technician.sees("1 problem to fix before you continue:")
        await open_settings(technician)
        await technician.fill("#set-peaqos-rpc-url", good)
        await technician.press("enter")
        await technician.on("EnvironmentScreen")
        await checked(technician)
        await technician.sees(ALL_PASSED)
        assert technician.app.engine.settings.rpc_url == good
        assert technician.field("#documentation-url").value == DETAILS.documentation_url
        await technician.press("enter")
        await technician.on("KeypairScreen")
    saved = env_file.read_text()
    assert f"PEAQOS_RPC_URL={good}" in saved
    assert saved.startswith("# of the plant\nOTHER='keep me'\n")
    assert env_file.stat().st_mode & 0o777 == 0o600
    assert "PEAQOS_PRIVATE_KEY" not in saved


def _nowhere_is_a_login_page() -> Callable[[str], Http]:
    def connect(url: str) -> Http:
        if "nowhere.invalid" in url:
            return answering(url, lambda _: httpx.Response(200, text="<html>login</html>"))
        return plain_connect(url)

    return connect


async def test_a_value_that_cannot_be_used_is_said_in_place(
    machine: Machine, env_file: Path
) -> None:
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await open_settings(technician)
        await technician.fill("#set-machine-nft-address", "0x123")
        await technician.press("enter")
        await technician.sees("An address is 0x and 40 hex digits.")
        assert technician.place == "SettingsScreen", "closed although it cannot be used"
        right = technician.app.engine.settings.network.contracts.machine_nft
        await technician.fill("#set-machine-nft-address", right)
        await technician.press("enter")
        await technician.on("EnvironmentScreen")
        await checked(technician)
        await technician.sees(ALL_PASSED)


async def test_escape_changes_nothing(machine: Machine, env_file: Path) -> None:
    before = env_file.read_text()
    async with at_the_wizard(machine) as technician:
        await technician.fill("#documentation-url", "https://typed.example/x")
        await open_settings(technician)
        await technician.fill("#set-peaqos-mcr-api-url", "https://other.example")
        await technician.press("escape")
        await technician.on("EnvironmentScreen")
        assert technician.field("#documentation-url").value == "https://typed.example/x"
    assert env_file.read_text() == before


async def test_what_the_terminal_s_environment_sets_is_closed(machine: Machine) -> None:
    async with at_the_wizard(machine, details=Details()) as technician:
        await open_settings(technician)
        assert technician.field("#set-peaqos-rpc-url").disabled
        await technician.press("escape")
        await technician.on("EnvironmentScreen")


async def test_a_private_key_is_never_offered_for_editing(machine: Machine) -> None:
    machine.environ["PEAQOS_PRIVATE_KEY"] = "0x" + "ab" * 32
    async with at_the_wizard(machine) as technician:
        await open_settings(technician)
        assert "PRIVATE_KEY" not in technician.text
        assert "abababab" not in technician.app.export_screenshot()


async def test_a_file_that_cannot_be_written_is_said_and_keeps_its_content(
    machine: Machine, env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    before = env_file.read_text()
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await open_settings(technician)
        monkeypatch.setattr(env_file_module, "replace_file", refused)
        await technician.fill("#set-peaqos-mcr-api-url", machine.network.mcr_url + "/x")
        await technician.press("enter")
        await technician.sees(title("ENV_FILE_UNWRITABLE"))
        await technician.sees("Read-only file system")
    assert env_file.read_text() == before


async def test_a_rehearsal_has_its_settings_too(machine: Machine) -> None:
    async with at_the_wizard(machine, pretend=True) as technician:
        await checked(technician)
        assert "F2 settings" in technician.text
        await technician.press("f2")
        await technician.until(lambda: technician.place == "SettingsScreen")


class Silent(Tampering):
    """A network that lets everybody wait until it `answers`."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self.answers.wait()
        return await super().handle_async_request(request)


async def test_what_has_to_be_set_can_be_set_while_the_network_does_not_answer(
    machine: Machine, env_file: Path
) -> None:
    silent = Silent()
    machine.connect = silent.connect
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await technician.until(lambda: technician.app.busy, "the checks")
        await technician.press("enter", "f2")
        await technician.until(lambda: technician.place == "SettingsScreen")
        await technician.fill("#set-peaqos-mcr-api-url", "https://mcr.example")
        await technician.press("enter")
        await technician.sees("A check is still running.")
        silent.answers.set()
        await technician.until(lambda: not technician.app.busy, "the checks to be over")
        assert technician.place == "SettingsScreen", "an Enter from before took it away"
        await technician.press("enter")
        await technician.on("EnvironmentScreen")
    assert "PEAQOS_MCR_API_URL=https://mcr.example" in env_file.read_text()
