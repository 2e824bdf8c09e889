"""The machine's key on disk: closed from its first byte, read back before it counts, never lost."""

from __future__ import annotations

import json
import os
import stat
import unicodedata
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from core.errors.problem import OnboardingError
from core.keys import keystore
from core.keys.keystore import Kdf, archive_keystore, choose_kdf, open_file, peek_address, store_key
from core.keys.private_key import Key, generate_key, key_from_bytes
from core.secrets import Secret

MIB = 1024 * 1024
QUICK = Kdf("pbkdf2", 100, 0)
PASSPHRASE = Secret("correct horse")


@pytest.fixture
def key() -> Key:
    return generate_key()


@pytest.fixture
def stored(tmp_path: Path, key: Key) -> Path:
    store_key(tmp_path, key, PASSPHRASE, QUICK)
    return tmp_path / "keystore.json"


def refused(call, *arguments) -> OnboardingError:
    with pytest.raises(OnboardingError) as found:
        call(*arguments)
    return found.value


@pytest.mark.parametrize(
    ("mib", "name", "work"),
    [
        (16_000, "scrypt", 2**18),
        (512, "scrypt", 2**18),
        (511, "scrypt", 2**16),
        (128, "scrypt", 2**16),
        (127, "pbkdf2", 1_000_000),
        (0, "pbkdf2", 1_000_000),
    ],
)
def test_locking_the_key_never_takes_the_memory_that_others_need(
    mib: int, name: str, work: int
) -> None:
    kdf = choose_kdf(mib * MIB)
    assert (kdf.name, kdf.work) == (name, work)
    assert 2 * kdf.memory <= mib * MIB or kdf.memory == 0
    assert kdf.name in kdf.title


def test_memory_is_asked_of_the_kernel_and_0_where_it_does_not_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert keystore.available_memory() > 0
    for text in ("", "MemAvailable:\n", "MemAvailable: x kB\n"):
        monkeypatch.setattr(Path, "read_text", lambda *_, text=text, **__: text)
        assert keystore.available_memory() == 0


@pytest.mark.parametrize("kdf", [QUICK, Kdf("scrypt", 2**10, MIB)], ids=lambda kdf: kdf.name)
def test_what_was_stored_opens_again_here_and_with_other_tools(
    tmp_path: Path, key: Key, kdf: Kdf
) -> None:
    result = store_key(tmp_path, key, PASSPHRASE, kdf)
    path = tmp_path / "keystore.json"
    assert result.key.address == key.address
    assert result.kdf == kdf.name
    assert open_file(path, PASSPHRASE).key.private_bytes() == key.private_bytes()
    content = json.loads(path.read_text())
    assert content["version"] == 3
    assert bytes(Account.decrypt(content, PASSPHRASE.reveal())) == key.private_bytes()
    assert key.private_bytes().hex() not in path.read_text()
    assert PASSPHRASE.reveal() not in path.read_text()
    assert peek_address(path) == key.address


def test_the_strong_ways_of_locking_open_again(tmp_path: Path, key: Key) -> None:
    """The real work factors, the smallest and the largest; a few seconds."""
    for number, kdf in enumerate((keystore.LIGHT, keystore.STRONG)):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert store_key(folder, key, PASSPHRASE, kdf).key.address == key.address


@pytest.mark.parametrize(
    "kdf", [keystore.MEDIUM, Kdf("scrypt", 2**10, MIB), Kdf("pbkdf2", 12_345, 0)], ids=repr
)
def test_the_work_that_was_chosen_is_what_is_written(tmp_path: Path, key: Key, kdf: Kdf) -> None:
    """Else a board with little memory could write a key that it cannot open again."""
    store_key(tmp_path, key, PASSPHRASE, kdf)
    crypto = json.loads((tmp_path / "keystore.json").read_text())["crypto"]
    parameters = crypto["kdfparams"]
    assert crypto["kdf"] == kdf.name
    assert parameters["n" if kdf.name == "scrypt" else "c"] == kdf.work
    assert parameters["dklen"] == 32
    if kdf.name == "scrypt":
        assert 128 * parameters["n"] * parameters["r"] * parameters["p"] == kdf.memory


def test_storing_derives_the_key_twice_once_to_lock_and_once_to_open(
    tmp_path: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    derived: list[str] = []
    encrypt, decrypt = Account.encrypt, Account.decrypt

    def counted(name: str, usual: Callable[..., Any]) -> Callable[..., Any]:
        def count(*arguments: Any, **named: Any) -> Any:
            derived.append(name)
            return usual(*arguments, **named)

        return count

    monkeypatch.setattr(keystore.Account, "encrypt", counted("encrypt", encrypt))
    monkeypatch.setattr(keystore.Account, "decrypt", counted("decrypt", decrypt))
    store_key(tmp_path, key, PASSPHRASE, QUICK)
    assert derived == ["encrypt", "decrypt"]


def test_bytes_that_change_under_the_final_name_are_noticed(
    tmp_path: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoiled(folder: Path) -> None:
        (folder / "keystore.json").write_text("something else")

    monkeypatch.setattr(keystore, "sync_folder", spoiled)
    recorded: list[object] = []
    with pytest.raises(OnboardingError) as error:
        store_key(tmp_path, key, PASSPHRASE, QUICK, recorded.append)
    assert "does not contain what was written" in error.value.problem.cause
    assert not recorded


def test_the_file_is_closed_before_its_first_byte_is_there(
    tmp_path: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    write = os.write

    def watched(handle: int, data: bytes) -> int:
        seen.append(stat.S_IMODE(os.fstat(handle).st_mode))
        return write(handle, data)

    monkeypatch.setattr(os, "write", watched)
    before = os.umask(0)
    try:
        store_key(tmp_path, key, PASSPHRASE, QUICK)
    finally:
        os.umask(before)
    assert set(seen) == {0o600}
    (path,) = tmp_path.iterdir()
    assert path.name == "keystore.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("there", ["keystore", "rubbish", "link", "dangling link"])
def test_what_is_there_is_never_overwritten(tmp_path: Path, key: Key, there: str) -> None:
    path = tmp_path / "keystore.json"
    other = generate_key()
    match there:
        case "keystore":
            store_key(tmp_path, other, PASSPHRASE, QUICK)
        case "rubbish":
            path.write_text("rubbish")
        case "link":
            (tmp_path / "real").write_text("real")
            path.symlink_to(tmp_path / "real")
        case "dangling link":
            path.symlink_to(tmp_path / "nowhere")
    before = path.read_bytes() if path.exists() else None
    error = refused(store_key, tmp_path, key, PASSPHRASE, QUICK)
    assert error.code == "KEYSTORE_EXISTS"
    owner = other.address if there == "keystore" else "another machine"
    assert owner in error.problem.cause
    assert (path.read_bytes() if path.exists() else None) == before


def test_a_keystore_that_appears_in_between_is_not_replaced(
    tmp_path: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link
    path = tmp_path / "keystore.json"

    def late(source: Path, target: Path) -> None:
        path.write_text("somebody else was faster")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    assert refused(store_key, tmp_path, key, PASSPHRASE, QUICK).code == "KEYSTORE_EXISTS"
    assert path.read_text() == "somebody else was faster"


def test_what_a_killed_write_left_behind_is_in_nobody_s_way(tmp_path: Path, key: Key) -> None:
    (tmp_path / "keystore.json.new").write_text("half a key")
    store_key(tmp_path, key, PASSPHRASE, QUICK)
    assert [path.name for path in tmp_path.iterdir()] == ["keystore.json"]


@pytest.mark.parametrize("broken", ["write", "fsync", "link"])
def test_a_full_disk_leaves_no_keystore_under_its_name(
    tmp_path: Path, key: Key, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, full)
    assert refused(store_key, tmp_path, key, PASSPHRASE, QUICK).code == "DISK_FULL"
    assert not (tmp_path / "keystore.json").exists()
    monkeypatch.undo()
    store_key(tmp_path, key, PASSPHRASE, QUICK)


def test_a_disk_that_keeps_something_else_is_noticed_before_the_key_counts(
    tmp_path: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = generate_key()
    encrypt = Account.encrypt
    monkeypatch.setattr(
        keystore.Account,
        "encrypt",
        lambda _, *rest, **more: encrypt(other.private_bytes(), *rest, **more),
    )
    error = refused(store_key, tmp_path, key, PASSPHRASE, QUICK)
    assert "does not contain what was written" in error.problem.cause
    assert not (tmp_path / "keystore.json").exists()


# Passphrases


@pytest.mark.parametrize(
    ("passphrase", "code"),
    [
        ("", "PASSPHRASE_EMPTY"),
        ("x" * 1025, "PASSPHRASE_LONG"),
        ("ü" * 513, "PASSPHRASE_LONG"),
        ("x" * 10_240, "PASSPHRASE_LONG"),
    ],
)
def test_a_passphrase_that_cannot_be_meant_is_refused(
    tmp_path: Path, key: Key, passphrase: str, code: str
) -> None:
    assert refused(store_key, tmp_path, key, Secret(passphrase), QUICK).code == code
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("passphrase", ["x" * 1024, " spaces count ", "🔑 clé", "a\tb", "\x00"])
def test_any_other_passphrase_opens_what_it_locked(
    tmp_path: Path, key: Key, passphrase: str
) -> None:
    store_key(tmp_path, key, Secret(passphrase), QUICK)
    path = tmp_path / "keystore.json"
    assert open_file(path, Secret(passphrase)).key.address == key.address
    assert refused(open_file, path, Secret(passphrase + " ")).code in (
        "PASSPHRASE_WRONG",
        "PASSPHRASE_LONG",
    )


def test_the_same_passphrase_from_another_keyboard_opens_it(tmp_path: Path, key: Key) -> None:
    """macOS types é as two characters, Linux as one."""
    store_key(tmp_path, key, Secret(unicodedata.normalize("NFD", "clé für Ångström")), QUICK)
    composed = Secret(unicodedata.normalize("NFC", "clé für Ångström"))
    assert open_file(tmp_path / "keystore.json", composed).key.address == key.address


def test_a_wrong_passphrase_says_so_and_shows_neither(stored: Path) -> None:
    error = refused(open_file, stored, Secret("wrong horse"))
    assert error.code == "PASSPHRASE_WRONG"
    assert "horse" not in repr(error) + error.problem.cause


# Files that are no keystore


@pytest.mark.parametrize(
    "content",
    [
        "",
        "rubbish",
        "[]",
        "null",
        "{}",
        '{"version": 3}',
        '{"version": 1, "crypto": {}}',
        '{"version": 3, "crypto": 5}',
        "[" * 60_000,
        "x" * 70_000,
        "\udcff",
    ],
    ids=lambda content: content[:30],
)
def test_what_is_no_keystore_is_refused_with_its_path(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keystore.json"
    path.write_text(content, errors="surrogateescape")
    error = refused(open_file, path, PASSPHRASE)
    assert error.code == "KEYSTORE_UNREADABLE"
    assert error.problem.cause.startswith(f"{path}: ")
    assert peek_address(path) is None


def test_a_keystore_cut_off_anywhere_is_refused_and_never_opens_something_else(
    stored: Path, key: Key
) -> None:
    content = stored.read_bytes()
    for length in range(0, len(content) - 2, 7):
        stored.write_bytes(content[:length])
        assert refused(open_file, stored, PASSPHRASE).code == "KEYSTORE_UNREADABLE"


def test_a_file_that_is_not_there_or_no_file_is_told(tmp_path: Path) -> None:
    assert refused(open_file, tmp_path / "none", PASSPHRASE).code == "KEYSTORE_UNREADABLE"
    assert refused(open_file, tmp_path, PASSPHRASE).code == "KEYSTORE_UNREADABLE"


def test_moving_a_keystore_aside_keeps_it_and_every_earlier_one(stored: Path, key: Key) -> None:
    now = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
    aside = archive_keystore(stored.parent, now)
    assert not stored.exists()
    assert open_file(aside, PASSPHRASE).key.address == key.address
    store_key(stored.parent, key_from_bytes(b"\x01" * 32), PASSPHRASE, QUICK)
    error = refused(archive_keystore, stored.parent, now)  # the same second
    assert error.code == "KEYSTORE_UNREADABLE"
    assert stored.exists()
    assert open_file(aside, PASSPHRASE).key.address == key.address
