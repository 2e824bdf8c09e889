"""A run that died between the keystore and its record: the next one recognises the keystore."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.keys import keystore
from core.keys.keystore import store_key
from core.keys.private_key import Key, generate_key
from core.secrets import Secret
from tests.core.keys.test_keystore import PASSPHRASE, QUICK, refused


@pytest.fixture
def key() -> Key:
    return generate_key()


@pytest.fixture
def stored(tmp_path: Path, key: Key) -> Path:
    store_key(tmp_path, key, PASSPHRASE, QUICK)
    return tmp_path / "keystore.json"


def dies(stored: keystore.StoredKey) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def unrecorded(tmp_path: Path, key: Key) -> Path:
    with pytest.raises(KeyboardInterrupt):
        store_key(tmp_path, key, PASSPHRASE, QUICK, dies)
    return tmp_path


def adopted(folder: Path, address: str | None, passphrase: Secret = PASSPHRASE) -> str | None:
    recorded: list[keystore.StoredKey] = []
    stored = keystore.adopt(folder, passphrase, address, recorded.append)
    assert recorded == ([] if stored is None else [stored])
    return stored.key.address if stored else None


def test_an_unrecorded_keystore_stands_in_for_a_new_key_once(unrecorded: Path, key: Key) -> None:
    assert adopted(unrecorded, None) == key.address
    assert [path.name for path in unrecorded.iterdir()] == ["keystore.json"]
    assert adopted(unrecorded, None) is None, "it is recorded now"


def test_a_keystore_stands_in_for_its_own_key_only(stored: Path, key: Key) -> None:
    assert adopted(stored.parent, key.address) == key.address
    assert adopted(stored.parent, generate_key().address) is None
    assert adopted(stored.parent, None) is None


def test_a_keystore_that_claims_an_address_it_does_not_open_is_not_taken(
    stored: Path, key: Key
) -> None:
    content = json.loads(stored.read_text())
    other = generate_key().address
    stored.write_text(json.dumps({**content, "address": other[2:]}))
    assert adopted(stored.parent, other) is None


def test_an_unrecorded_keystore_of_another_passphrase_or_key_is_left_alone(
    unrecorded: Path, key: Key
) -> None:
    before = {path.name: path.read_bytes() for path in unrecorded.iterdir()}
    assert adopted(unrecorded, None, Secret("wrong horse")) is None
    assert adopted(unrecorded, generate_key().address) is None
    assert {path.name: path.read_bytes() for path in unrecorded.iterdir()} == before
    error = refused(store_key, unrecorded, generate_key(), PASSPHRASE, QUICK)
    assert error.code == "KEYSTORE_EXISTS"
    assert "--key keep" in error.problem.remedy()


def test_a_record_that_fails_keeps_the_keystore_adoptable(unrecorded: Path, key: Key) -> None:
    with pytest.raises(KeyboardInterrupt):
        keystore.adopt(unrecorded, PASSPHRASE, None, dies)
    assert adopted(unrecorded, None) == key.address
