"""Keys that people bring along, from wherever they keep them; a passphrase asked for once."""

from __future__ import annotations

import os
import threading
import unicodedata
from pathlib import Path

import pytest

from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.keys import keystore
from core.keys.key_source import KeySource
from core.keys.keystore import Kdf, store_key
from core.keys.private_key import generate_key
from core.secrets import Secret
from tests.support.machine import PASSPHRASE, Machine, check_once

KEY = generate_key()
QUICK = Kdf("pbkdf2", 100, 0)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A keystore of another tool, somewhere else."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    store_key(place, KEY, PASSPHRASE, QUICK)
    return place / "keystore.json"


def through_a_pipe(content: bytes, place: Path) -> Path:
    """As `--key <(pass show machine)`: it can be read once, and has no size."""
    pipe = place / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_bytes, args=(content,), daemon=True).start()
    return pipe


@pytest.mark.parametrize("kind", ["keystore", "hex", "hex with 0x and line end", "hex with BOM"])
@pytest.mark.parametrize("pipe", [False, True], ids=["file", "pipe"])
async def test_a_key_is_taken_from_a_file_or_a_pipe(
    machine: Machine, kept: Path, tmp_path: Path, *, kind: str, pipe: bool
) -> None:
    digits = KEY.private_hex().reveal()
    content = {
        "keystore": kept.read_bytes(),
        "hex": digits[2:].encode(),
        "hex with 0x and line end": f"{digits}\r\n".encode(),
        "hex with BOM": b"\xef\xbb\xbf" + digits.encode(),
    }[kind]
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o644 if kind == "keystore" else 0o600)  # encrypted, it needs no secrecy
    if pipe:
        path = through_a_pipe(content, tmp_path)
    await machine.drive(until=Action.CREATE_KEYPAIR)
    source = KeySource("import", path=path, path_passphrase=PASSPHRASE)
    loaded = await machine.now_open.preview_key(source)
    assert loaded.address == KEY.address
    await machine.now_open.create_keypair(source, PASSPHRASE, loaded=loaded)
    assert machine.address == KEY.address


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/", "/nowhere/at/all"])
async def test_what_is_no_key_file_is_said_at_once(machine: Machine, path: str) -> None:
    """A device has no end: it must not fill the memory."""
    await machine.drive(until=Action.CREATE_KEYPAIR)
    source = KeySource("import", path=Path(path), path_passphrase=PASSPHRASE)
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.preview_key(source)
    assert refused.value.code in ("KEYSTORE_UNREADABLE", "PRIVATE_KEY_INVALID")
    with pytest.raises(OnboardingError) as unreadable:
        keystore.open_file(Path(path), PASSPHRASE)
    assert unreadable.value.code == "KEYSTORE_UNREADABLE"


async def test_the_passphrase_is_asked_for_once_a_run_and_only_for_a_signature(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    usual = keystore.open_file

    def counted(path: Path, passphrase: Secret) -> keystore.StoredKey:
        opened.append(path)
        return usual(path, passphrase)

    await machine.drive(until=Action.CONFIRM)
    await machine.close()
    monkeypatch.setattr(keystore, "open_file", counted)
    wizard = machine.open()
    await machine.drive(until=Action.REGISTER)
    assert not opened, "2FA and funding need no signature"
    with pytest.raises(OnboardingError) as locked:
        await wizard.register(agreed_bond=10**18, agreed_price=10**11)
    assert locked.value.code == "LOCKED_KEY"
    await wizard.unlock(PASSPHRASE)
    await machine.drive()
    check_once(machine)
    assert len(opened) == 1, "three signatures, one passphrase"


async def test_a_wrong_passphrase_is_counted_as_it_is_typed_from_another_keyboard_too(
    machine: Machine,
) -> None:
    """Composed or decomposed, it is the same passphrase; a wrong one is never shown."""
    await machine.drive(until=Action.CREATE_KEYPAIR)
    await machine.now_open.create_keypair(KeySource("generate"), Secret("Köln Straße 7 é"))
    await machine.close()
    wizard = machine.open()
    for attempt in range(1, 6):
        with pytest.raises(OnboardingError) as refused:
            await wizard.unlock(Secret(f"Koln {attempt}"))
        assert f"Attempt {attempt}." in refused.value.problem.cause
        assert "Koln" not in str(refused.value.problem)
    for impossible, code in (("", "PASSPHRASE_EMPTY"), ("x" * 10_240, "PASSPHRASE_LONG")):
        with pytest.raises(OnboardingError) as refused:
            await wizard.unlock(Secret(impossible))
        assert refused.value.code == code
    await wizard.unlock(Secret(unicodedata.normalize("NFD", "Köln Straße 7 é")))
    assert wizard.unlocked


@pytest.mark.parametrize(
    ("available", "words"),
    [(2**30, "scrypt"), (2**27, "scrypt"), (0, "pbkdf2")],
)
async def test_how_the_key_is_locked_is_said_while_it_is_done(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, available: int, words: str
) -> None:
    await machine.drive(until=Action.CREATE_KEYPAIR)
    wizard = machine.now_open
    (await wizard.load()).context.available_memory = lambda: available
    waits: list[str] = []

    class Listening:
        def on_record(self, *_: object) -> None: ...

        def on_wait(self, wait: object) -> None:
            waits.append(getattr(wait, "what", ""))

    wizard.session.store.listener = Listening()
    stored = keystore.StoredKey(KEY, "scrypt", "0" * 64)
    monkeypatch.setattr(keystore, "store_key", lambda *arguments: stored)
    await wizard.create_keypair(KeySource("generate"), PASSPHRASE)
    assert f"Encrypting the keystore ({words})" in waits
