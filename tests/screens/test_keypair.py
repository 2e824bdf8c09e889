"""Step 2: no slip here may cost the key, and nothing of it may be seen."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from eth_account import Account
from textual import events

from core.journal.next_action import Action
from core.secrets import Secret
from screens.widgets.choice import Choice
from tests.screens.driver import Technician, at_step, at_the_wizard, journalled
from tests.support.machine import PASSPHRASE, Machine, check_once
from tests.support.words import title

KEY = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
ADDRESS = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
ORDER = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"


async def choose(technician: Technician, letter: str) -> None:
    way = technician.app.screen.query_one("#way", Choice)
    technician.app.screen.set_focus(way)
    await technician.press(letter)
    await technician.pilot.pause()


async def test_a_new_key_is_stored_before_its_address_is_shown(machine: Machine) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        assert "no key yet" in technician.text
        assert str(machine.folder)[:30] in technician.text
        await technician.passphrase()
        await technician.on("BackupScreen")
        keystore = json.loads((machine.folder / "keystore.json").read_text())
        assert "0x" + keystore["address"] == machine.address.lower()
        assert machine.address in technician.text
        assert (machine.folder / "keystore.json").stat().st_mode & 0o777 == 0o600


async def test_escape_goes_back_to_the_first_screen_and_focus_is_on_the_passphrase(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        await technician.until(lambda: technician.app.focused is technician.field("#passphrase"))
        await technician.press("escape")
        await technician.on("EnvironmentScreen")


BAD_PASSPHRASES = [
    ("", "", "PASSPHRASE_EMPTY"),
    ("correct horse 1", "correct horse 2", "PASSPHRASES_DIFFER"),
    ("x" * 3000, "x" * 3000, "PASSPHRASE_LONG"),
    # What the terminal's driver makes of bytes that are no UTF-8.
    ("Z\ufffdrich 2026!!", "Z\ufffdrich 2026!!", "PASSPHRASE_UNREADABLE"),
]


async def test_a_passphrase_that_would_lose_the_key_is_refused(machine: Machine) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        for first, again, code in BAD_PASSPHRASES:
            await technician.fill("#passphrase", first)
            await technician.fill("#passphrase-again", again)
            technician.app.screen.set_focus(technician.app.screen.query_one("#primary"))
            await technician.press("enter")
            await technician.reads_problem(code)
            assert technician.field("#passphrase").value == ""
            assert technician.field("#passphrase-again").value == ""
            assert technician.app.focused is technician.field("#passphrase")
            await technician.fill("#passphrase", "something else")
            await technician.until(lambda: not technician.card, "the card to go")
        assert not (machine.folder / "keystore.json").exists()
        await technician.passphrase()
        await technician.on("BackupScreen")


async def test_a_short_passphrase_is_taken_only_on_purpose(machine: Machine) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        await technician.passphrase("short")
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.press("enter")
        assert technician.place == "ConsentScreen"
        await technician.press("escape")
        await technician.on("KeypairScreen")
        assert not (machine.folder / "keystore.json").exists()
        technician.app.screen.set_focus(technician.field("#passphrase-again"))
        await technician.press("enter")
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.press(*"weak", "enter")
        await technician.on("BackupScreen")


async def test_using_the_wallet_of_an_environment_that_has_none_says_so(machine: Machine) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        await choose(technician, "u")
        await technician.passphrase()
        await technician.reads_problem("PRIVATE_KEY_REQUIRED")
        assert journalled(machine) == [], "a choice is no failure"
        assert technician.visible("#primary")
        await choose(technician, "c")
        await technician.finish()
    check_once(machine)


async def test_the_wallet_of_the_environment_is_used_after_a_look_at_its_address(
    machine: Machine,
) -> None:
    machine.environ["PEAQOS_PRIVATE_KEY"] = KEY
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        await choose(technician, "u")
        await technician.passphrase()
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.sees("Is this the right key?")
        assert ADDRESS in technician.text
        assert not (machine.folder / "keystore.json").exists()
        await technician.press("enter")
        await technician.on("BackupScreen")
        assert machine.address == ADDRESS


BAD_KEYS = {
    "": "Nothing was entered.",
    KEY[:-1]: "It has 63 digits instead of 64.",
    KEY + "ab": "It has 66 digits instead of 64.",
    "0x" + "0" * 64: "It is all zeros.",
    ORDER: "It is larger than any key can be.",
    KEY[:-1] + "g": "It has characters that are no hex digits.",
}


async def test_a_pasted_key_that_is_none_is_refused_and_never_echoed(machine: Machine) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        await choose(technician, "i")
        for pasted in BAD_KEYS:
            await technician.fill("#private-key", pasted)
            await technician.passphrase()
            await technician.reads_problem("PRIVATE_KEY_INVALID")
            assert not pasted or pasted[4:24] not in technician.app.export_screenshot()
            assert technician.visible("#primary")
        assert not (machine.folder / "keystore.json").exists()
        await technician.fill("#private-key", KEY)
        await technician.passphrase()
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.sees(ADDRESS)


GOOD_KEYS = [
    KEY,
    KEY[2:],
    f"  {KEY}\r\n",
    f"{KEY[:34]} {KEY[34:]}\n",
    f'"{KEY}"',
    KEY.upper(),
]


async def test_a_key_is_taken_however_it_was_copied(machine: Machine) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        await choose(technician, "i")
        for pasted in GOOD_KEYS:
            await technician.fill("#private-key", pasted)
            await technician.passphrase()
            await technician.until(lambda: technician.place == "ConsentScreen")
            await technician.sees(ADDRESS)
            await technician.press("escape")
            await technician.on("KeypairScreen")
        assert not (machine.folder / "keystore.json").exists(), "stored although refused"


async def test_a_keystore_of_another_tool_is_imported_with_its_passphrase(
    machine: Machine, tmp_path: Path
) -> None:
    path = tmp_path / "geth.json"
    path.write_text(
        json.dumps(Account.encrypt(KEY, PASSPHRASE.reveal(), kdf="pbkdf2", iterations=10))
    )
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        await choose(technician, "i")
        await technician.fill("#key-file", str(path))
        await technician.passphrase("wrong wrong wrong")
        await technician.reads_problem("PASSPHRASE_WRONG")
        assert technician.field("#passphrase").value == ""
        await technician.passphrase()
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.sees(ADDRESS)
        await technician.press("enter")
        await technician.on("BackupScreen")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file or directory"),
        (b"{}", title("KEYSTORE_UNREADABLE")),
        (b"\xff\xfe", "it is not a text file"),
        (b"hello", title("PRIVATE_KEY_INVALID")),
    ],
)
async def test_a_file_that_holds_no_key_is_refused_in_words(
    machine: Machine, tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        await choose(technician, "i")
        await technician.fill("#key-file", str(path))
        await technician.passphrase()
        await technician.until(lambda: technician.card, "a problem")
        await technician.sees(words)
        assert technician.place == "KeypairScreen"


async def test_a_keystore_that_lies_there_is_opened_not_overwritten(machine: Machine) -> None:
    """Killed between storing the key and recording it: the same key goes on."""
    await machine.drive(until=Action.CREATE_KEYPAIR)
    stored = Account.encrypt(KEY, PASSPHRASE.reveal(), kdf="pbkdf2", iterations=10)
    (machine.folder / "keystore.json").write_text(json.dumps(stored))
    before = (machine.folder / "keystore.json").read_bytes()
    async with at_the_wizard(machine) as technician:
        await technician.on("KeypairScreen")
        assert technician.app.screen.query_one("#way", Choice).value == "keep"
        await technician.fill("#passphrase", "not that one")
        await technician.press("enter")
        await technician.reads_problem("PASSPHRASE_WRONG")
        await technician.paste(PASSPHRASE.reveal())
        await technician.press("enter")
        await technician.on("BackupScreen")
        assert machine.address == ADDRESS
    assert (machine.folder / "keystore.json").read_bytes() == before


async def test_making_a_new_key_never_overwrites_the_one_that_lies_there(machine: Machine) -> None:
    await machine.drive(until=Action.CREATE_KEYPAIR)
    stored = Account.encrypt(KEY, PASSPHRASE.reveal(), kdf="pbkdf2", iterations=10)
    (machine.folder / "keystore.json").write_text(json.dumps(stored))
    async with at_the_wizard(machine) as technician:
        await technician.on("KeypairScreen")
        await choose(technician, "c")
        await technician.passphrase()
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.sees(title("KEYSTORE_EXISTS"))
        await technician.press("escape")
        await technician.on("KeypairScreen")
        assert json.loads((machine.folder / "keystore.json").read_text()) == stored
        technician.app.screen.set_focus(technician.field("#passphrase-again"))
        await technician.press("enter")
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.press(*"aside", "enter")
        await technician.on("BackupScreen")
    (aside,) = machine.folder.glob("keystore-*.json")
    assert json.loads(aside.read_text()) == stored
    assert machine.address != ADDRESS


async def test_a_full_disk_is_said_and_the_second_try_succeeds(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:

        def full(*_: object) -> int:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            await technician.passphrase()
            await technician.reads_problem("DISK_FULL")
            assert "No space left on device" in technician.words
        technician.app.screen.set_focus(technician.field("#passphrase-again"))
        await technician.press("enter")
        await technician.on("BackupScreen")


async def test_fields_are_closed_while_the_key_is_made(machine: Machine) -> None:
    """A second Enter would make a second key."""
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        await technician.fill("#passphrase", PASSPHRASE.reveal())
        await technician.fill("#passphrase-again", PASSPHRASE.reveal())
        technician.app.screen.set_focus(technician.app.screen.query_one("#primary"))
        await technician.press("enter", "enter", "enter")
        await technician.until(lambda: technician.state.keypair, "the key")
    stored = [r for r in machine.records if type(r.event).__name__ == "KeypairStored"]
    assert len(stored) == 1


async def test_a_passphrase_in_two_unicode_forms_is_one_passphrase(machine: Machine) -> None:
    """Typed on one keyboard, opened on another."""
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        await technician.passphrase("Zürich am See 2026")
        await technician.on("BackupScreen")
    await machine.close()
    await machine.open().unlock(Secret("Zu\u0308rich am See 2026"))


BURSTS = {
    "backspace": "correct horsf\be battery staple",
    "an arrow": "orrect horse battery staple<home>c<end>",
    "ctrl+u": "all of it wrong<ctrl+u>correct horse battery staple",
    "delete": "xcorrect horse battery staple<home><delete><end>",
}


def keys_of(text: str) -> list[events.Key]:
    """One key for each sign of `text`, or for a name in angles."""
    keys = []
    for part in re.findall(r"<[^>]+>|.", text.replace("\b", "<backspace>"), re.DOTALL):
        named = part.startswith("<")
        keys.append(events.Key(part.strip("<>") if named else part, None if named else part))
    return keys


@pytest.mark.parametrize("typed", BURSTS.values(), ids=BURSTS)
async def test_a_burst_is_the_passphrase_that_was_typed(machine: Machine, typed: str) -> None:
    """On a slow line many keys come at once, and behind dots nobody sees what they became."""
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        await technician.until(lambda: technician.app.focused is technician.field("#passphrase"))
        for key in [*keys_of(typed), *keys_of("<enter>"), *keys_of(typed), *keys_of("<enter>")]:
            technician.app.post_message(key)
        await technician.on("BackupScreen")
    await machine.close()
    await machine.open().unlock(PASSPHRASE)


async def test_enter_on_the_choice_stores_the_key_once_both_passphrases_are_there(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.CREATE_KEYPAIR) as technician:
        way = technician.app.screen.query_one("#way", Choice)
        technician.app.screen.set_focus(way)
        await technician.press("enter")
        assert technician.app.focused is technician.field("#passphrase")
        await technician.fill("#passphrase", PASSPHRASE.reveal())
        await technician.fill("#passphrase-again", PASSPHRASE.reveal())
        technician.app.screen.set_focus(way)
        await technician.press("enter")
        await technician.on("BackupScreen")
