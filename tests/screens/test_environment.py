"""Step 1: what is wrong is said here, before any money moves, and can be mended here."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import pytest
from textual import events

from core.http import Http
from core.journal.next_action import Action
from core.journal.state import Details
from screens.environment import EnvironmentScreen
from screens.widgets.choice import Choice
from tests.screens.driver import ALL_PASSED, ESSENTIAL_PASSED, Technician, at_the_wizard
from tests.support.machine import DETAILS, Machine
from tests.support.transports import Tampering, answering, plain_connect
from tests.support.words import title


async def checked(technician: Technician) -> None:
    """Waits until every line of the list is known."""
    await technician.until(
        lambda: not technician.app.busy and "Checking this machine" not in technician.text,
        "the list",
    )


async def look_again(technician: Technician) -> None:
    """Enter on a red list asks everything once more."""
    before = sum(technician.machine.network.requests.values())
    await technician.press("enter")
    await technician.until(
        lambda: sum(technician.machine.network.requests.values()) > before, "a second look"
    )
    await checked(technician)


async def test_the_list_turns_green_line_by_line(machine: Machine) -> None:
    async with at_the_wizard(machine) as technician:
        await checked(technician)
        await technician.sees(ALL_PASSED)
        for line in (
            "✓ Settings",
            "✓ RPC endpoint",
            "✓ Contracts all six found",
            "✓ Bond 1 PEAQ",
            "✓ Gas Station",
            "✓ MCR API",
            "✓ Clock",
            "✓ State directory",
        ):
            assert line in technician.words, line
        assert technician.machine.state.started is None, "something was recorded before Enter"


async def test_focus_starts_where_typing_is_needed_and_tab_goes_round(machine: Machine) -> None:
    async with at_the_wizard(machine) as technician:
        await technician.until(lambda: technician.app.focused is not None)
        seen = []
        for _ in range(5):
            focused = technician.app.focused
            seen.append(focused.id if focused else None)
            await technician.press("tab")
        assert seen == ["documentation-url", "data-api", "data-visibility", "primary", seen[0]]


async def test_enter_goes_from_field_to_field_and_then_on(machine: Machine) -> None:
    async with at_the_wizard(machine) as technician:
        await checked(technician)
        await technician.paste(DETAILS.documentation_url)
        await technician.press("enter")
        assert technician.app.focused is technician.field("#data-api")
        await technician.paste(DETAILS.data_api)
        await technician.press("enter")
        # Who may see the data becomes public with it: nobody passes over that unasked.
        assert technician.app.focused is technician.app.screen.query_one("#data-visibility")
        await technician.sees("Enter continue Up Down choose")
        await technician.press("enter")
        await technician.on("KeypairScreen")
        assert technician.state.details == DETAILS


async def test_enter_before_the_list_is_full_is_remembered(machine: Machine) -> None:
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await technician.press("enter")
        await technician.on("KeypairScreen")


@pytest.mark.parametrize("wanted", ["public", "private", "onchain"])
async def test_the_visibility_is_chosen_by_its_first_letter(machine: Machine, wanted: str) -> None:
    async with at_the_wizard(machine, details=DETAILS) as technician:
        technician.app.screen.query_one("#data-visibility").focus()
        await technician.press(*wanted[:2])
        assert technician.app.screen.query_one("#data-visibility", Choice).value == wanted
        await technician.press("enter")
        await technician.on("KeypairScreen")
        assert technician.state.details
        assert technician.state.details.data_visibility == wanted


BAD_URL_CODES = {
    "documentation-url": "DOCUMENTATION_URL_INVALID",
    "data-api": "DATA_API_INVALID",
}
BAD_URLS = {
    "": "The value is empty.",
    "ftp://example.com/a": "The URL does not start with https:// or http://.",
    "example.com/arm": "The URL does not start with https:// or http://.",
    "https://": "The URL has no host.",
    "https://exämple.com/": "The value contains non-ASCII characters.",
    "https://example.com/a b": "The value contains spaces or invisible characters.",
    "https://example.com/" + "a" * 2560: "The value has 2580 bytes. The limit is 2560.",
    "https://exa[mple.com/": "The value is not a URL.",
}


@pytest.mark.parametrize(
    ("name", "code"),
    [("documentation-url", "DOCUMENTATION_URL_INVALID"), ("data-api", "DATA_API_INVALID")],
)
async def test_an_address_that_cannot_be_written_later_is_refused_now(
    machine: Machine, name: str, code: str
) -> None:
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await checked(technician)
        for url, sentence in BAD_URLS.items():
            technician.field(f"#{name}").value = url
            await technician.press("enter")
            await technician.reads_problem(code)
            await technician.sees(sentence)
            assert "https://example.com/" in technician.words
            assert technician.app.focused is technician.field(f"#{name}")
            assert technician.visible("#primary")
        assert technician.state.started is None
        other = "data-api" if name == "documentation-url" else "documentation-url"
        assert technician.field(f"#{other}").value, "what was right is lost"
        await technician.fill(f"#{name}", "https://example.com/right")
        await technician.press("enter")
        if name == "data-api":
            await technician.press("enter")  # who may see the data
        await technician.on("KeypairScreen")


async def test_an_unknown_visibility_given_ahead_is_never_taken_over(machine: Machine) -> None:
    odd = Details(DETAILS.documentation_url, DETAILS.data_api, "everybody")
    async with at_the_wizard(machine, details=odd) as technician:
        assert technician.app.screen.query_one("#data-visibility", Choice).value == "public"


@pytest.mark.parametrize(
    ("fault", "code", "remedy"),
    [
        ("rpc-down", "RPC_UNREACHABLE", "press Enter"),
        (
            "rpc-html",
            "RPC_NOT_A_NODE",
            "PEAQOS_RPC_URL",
        ),
    ],
)
async def test_a_dead_line_is_red_says_what_to_do_and_mends_by_itself(
    machine: Machine, fault: str, code: str, remedy: str
) -> None:
    machine.network.fault(fault)
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await checked(technician)
        await technician.sees("1 problem to fix before you continue:")
        await technician.sees(title(code))
        assert remedy in technician.words
        await look_again(technician)
        assert technician.place == "EnvironmentScreen", "went on over a red line"
        machine.network.fault(fault, 0)
        await technician.press("enter")
        await technician.on("KeypairScreen")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("gas-station-down", f"! Gas Station {title('GAS_STATION_UNREACHABLE')}"),
        ("gas-station-html", f"! Gas Station {title('GAS_STATION_NOT_ITSELF')}"),
        ("mcr-down", f"! MCR API {title('MCR_SILENT')}"),
    ],
)
async def test_what_is_not_essential_is_amber_and_holds_nobody_up(
    machine: Machine, fault: str, words: str
) -> None:
    machine.network.fault(fault)
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await checked(technician)
        await technician.sees(ESSENTIAL_PASSED)
        assert words in technician.words
        await technician.press("enter")
        await technician.on("KeypairScreen")


@pytest.mark.parametrize(
    ("variable", "value", "sentences"),
    [
        ("PEAQOS_RPC_URL", "ftp://node.example", "A URL looks like this: https://host"),
        ("PEAQOS_RPC_URL", "http://node.example", "http:// works only for this machine itself"),
        ("PEAQOS_RPC_URL", "", "The rehearsal network is not running It runs inside the wizard"),
        ("IDENTITY_REGISTRY_ADDRESS", "0x123", "An address is 0x and 40 hex digits."),
        (
            "MACHINE_NFT_ADDRESS",
            "0x2943f80e9DdB11B9Dd275499C661Df78F5F691F9",
            "The checksum does not match.",
        ),
        ("PEAQOS_GAS_STATION_URL", "nonsense", "A URL looks like this: https://host"),
        ("PEAQOS_MCR_API_URL", "https://me:pw@mcr.example", "must not contain a user name"),
    ],
)
async def test_a_variable_that_cannot_be_used_is_named_with_its_remedy(
    machine: Machine, variable: str, value: str, sentences: str
) -> None:
    machine.environ[variable] = value
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await checked(technician)
        await technician.sees(sentences)
        assert variable in technician.words
        assert "press F2" in technician.words
        assert "✗ Settings" in technician.words
        await look_again(technician)
        assert technician.place == "EnvironmentScreen"
        assert technician.visible("#primary")


async def test_an_address_without_code_is_red(machine: Machine) -> None:
    machine.environ["IDENTITY_STAKING_ADDRESS"] = "0x" + "00" * 19 + "99"
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await checked(technician)
        await technician.sees(title("NO_CODE_AT_ADDRESS", variable="IDENTITY_STAKING_ADDRESS"))
        assert "holds no contract code on rehearsal" in technician.words


async def test_a_node_of_another_network_is_red(machine: Machine) -> None:
    """Money would be sent on a network that nobody meant."""

    def other(request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
        if not request.url.path.endswith("/rpc"):
            return None
        text = response.text.replace(hex(machine.network.chain_id), "0x1")
        return httpx.Response(200, json=json.loads(text))

    machine.connect = Tampering(after=other).connect
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await checked(technician)
        await technician.sees(title("CHAIN_ID_WRONG"))
        assert "serves chain 1; rehearsal is chain 131277322940537" in technician.words
        await look_again(technician)
        assert technician.place == "EnvironmentScreen"


async def test_a_node_that_answers_nonsense_leaves_the_screen_standing(machine: Machine) -> None:
    def connect(url: str) -> Http:
        if not url.endswith("/rpc"):
            return plain_connect(url)
        return answering(url, lambda _: httpx.Response(200, json=["what?"]))

    machine.connect = connect
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await checked(technician)
        await technician.sees("1 problem to fix before you continue:")
        assert technician.visible("#primary")


async def test_an_env_file_that_others_can_read_is_a_warning(machine: Machine) -> None:
    path = machine.folder.parent / ".env"
    path.write_text("# ours\n")
    path.chmod(0o644)
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await checked(technician)
        await technician.sees(ESSENTIAL_PASSED)
        assert "! Settings" in technician.words


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
async def test_an_env_file_that_cannot_be_read_is_red(machine: Machine) -> None:
    path = machine.folder.parent / ".env"
    path.write_text("X=1\n")
    path.chmod(0)
    await _env_file_refused(machine)


async def test_an_env_file_that_is_no_text_is_red(machine: Machine) -> None:
    (machine.folder.parent / ".env").write_bytes(b"\xff\xfe\x00")
    await _env_file_refused(machine)


async def _env_file_refused(machine: Machine) -> None:
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await checked(technician)
        await technician.sees(title("ENV_FILE_UNREADABLE"))
        assert "chmod 600" in technician.words


async def test_f5_checks_again_and_escape_does_nothing(machine: Machine) -> None:
    machine.network.fault("mcr-down")
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await checked(technician)
        await technician.sees(ESSENTIAL_PASSED)
        machine.network.fault("mcr-down", 0)
        await technician.press("escape")
        await technician.press("f5")
        await technician.sees(ALL_PASSED)
        assert isinstance(technician.app.screen, EnvironmentScreen)


async def test_what_was_typed_survives_going_on_and_back(machine: Machine) -> None:
    async with at_the_wizard(machine) as technician:
        await technician.describe(Details("https://a.example/1", "https://a.example/2"))
        await technician.on("KeypairScreen")
        await technician.press("escape")
        await technician.on("EnvironmentScreen")
        assert technician.field("#documentation-url").value == "https://a.example/1"
        assert technician.field("#data-api").value == "https://a.example/2"
        await technician.press("enter")
        await technician.on("KeypairScreen")
    assert machine.state.started is not None


async def test_a_paste_with_line_breaks_fills_the_field(machine: Machine) -> None:
    async with at_the_wizard(machine) as technician:
        await technician.fill("#documentation-url", "\r\n  https://a.example/1 \n")
        assert technician.field("#documentation-url").value == "https://a.example/1"


async def test_a_state_folder_deleted_under_the_wizard_is_said_and_nothing_is_lost(
    machine: Machine, tmp_path: Path
) -> None:
    """The first record cannot be written: the screen says so instead of going on without it."""
    async with at_the_wizard(machine, details=DETAILS) as technician:
        await checked(technician)

        def full(*_: object) -> int:
            raise OSError(28, "No space left on device")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "fsync", full)
            await technician.press("enter")
            await technician.reads_problem("DISK_FULL")
            assert "press Enter" in technician.words
        await technician.press("enter")
        await technician.on("KeypairScreen")
    assert machine.now_open.action is Action.CREATE_KEYPAIR


@pytest.mark.parametrize("name", ["documentation-url", "data-api"])
async def test_enter_stays_in_a_field_that_is_wrong_until_it_is_typed_right(
    machine: Machine, name: str
) -> None:
    async with at_the_wizard(machine) as technician:
        await checked(technician)
        technician.app.screen.set_focus(technician.field(f"#{name}"))
        # All at once, as on a slow line: the card must not go with the signs typed before it.
        for sign in "ftp://x":
            technician.app.post_message(events.Key(sign, sign))
        technician.app.post_message(events.Key("enter", None))
        await technician.reads_problem(BAD_URL_CODES[name])
        await technician.sees("The URL does not start with https:// or http://.")
        await technician.pilot.pause(0.6)
        assert technician.card, "the card went by itself"
        assert technician.app.focused is technician.field(f"#{name}")
        assert technician.visible("#primary")
        await technician.press("backspace")
        await technician.until(lambda: not technician.card, "the card to go")
        await technician.fill(f"#{name}", "https://example.com/right")
        await technician.press("enter")
        other = "data-api" if name == "documentation-url" else "documentation-url"
        assert technician.app.focused is technician.field(f"#{other}")


async def test_who_may_see_the_data_is_asked_once(machine: Machine) -> None:
    async with at_the_wizard(machine) as technician:
        await checked(technician)
        await technician.details()
        await technician.press("enter")
        visibility = technician.app.screen.query_one("#data-visibility", Choice)
        assert technician.app.focused is visibility
        await technician.press("right")
        technician.app.screen.set_focus(technician.field("#data-api"))
        await technician.press("enter")
        await technician.on("KeypairScreen")
        assert technician.state.details
        assert technician.state.details.data_visibility == "private"
