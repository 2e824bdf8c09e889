"""Keystores of other tools: common ones open, and none takes more time or memory than allowed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.keys import keystore
from core.keys.keystore import open_file, peek_address
from core.secrets import Secret
from tests.core.keys.test_keystore import PASSPHRASE, refused

# Web3 Secret Storage definition, version 3, "Test Vectors": passphrase "testpassword".
VECTOR_KEY = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"
CIPHER = {"cipher": "aes-128-ctr"}
VECTOR_ADDRESS = "008aeeda4d805471df9b2a5b0f38a0c3bcba786b"
VECTORS = {
    "pbkdf2": {
        "crypto": {
            **CIPHER,
            "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
            "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
            "kdf": "pbkdf2",
            "kdfparams": {
                "c": 262144,
                "dklen": 32,
                "prf": "hmac-sha256",
                "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
            },
            "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
        },
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "version": 3,
    },
    "scrypt": {
        "crypto": {
            **CIPHER,
            "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
            "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
            "kdf": "scrypt",
            "kdfparams": {
                "dklen": 32,
                "n": 262144,
                "p": 8,
                "r": 1,
                "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
            },
            "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
        },
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "version": 3,
    },
}


@pytest.mark.parametrize("name", ["pbkdf2", "scrypt"])
def test_the_vectors_of_the_standard_open(tmp_path: Path, name: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(VECTORS[name]))
    opened = open_file(path, Secret("testpassword"))
    assert opened.key.private_bytes().hex() == VECTOR_KEY
    assert opened.kdf == name
    assert peek_address(path) is None
    assert refused(open_file, path, Secret("Testpassword")).code == "PASSPHRASE_WRONG"


def renamed(value: Any, change: Callable[[str], str]) -> Any:
    """The same with the name of every part changed."""
    if not isinstance(value, dict):
        return value
    return {change(name): renamed(part, change) for name, part in value.items()}


WALLETS: dict[str, Callable[[dict], dict]] = {
    "geth, web3.py": lambda vector: {**vector, "address": VECTOR_ADDRESS},
    "MyEtherWallet, ethers": lambda vector: {
        "version": 3,
        "id": vector["id"],
        "address": VECTOR_ADDRESS,
        "Crypto": vector["crypto"],
        "x-ethers": {"client": "ethers.js", "gethFilename": "UTC--2026", "version": "0.1"},
    },
    "all capitals": lambda vector: renamed(vector, str.upper),
    "each name capitalised": lambda vector: renamed(vector, str.title),
    "version as text": lambda vector: {**vector, "version": "3"},
}


@pytest.mark.parametrize(
    ("wallet", "name"), [*((wallet, "pbkdf2") for wallet in WALLETS), ("all capitals", "scrypt")]
)
def test_the_forms_of_other_wallets_open(tmp_path: Path, wallet: str, name: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(WALLETS[wallet](VECTORS[name])))
    opened = open_file(path, Secret("testpassword"))
    assert opened.key.private_bytes().hex() == VECTOR_KEY
    assert opened.kdf == name


def bomb(kdf: str, **parameters: object) -> dict:
    """A keystore whose derivation takes other parameters; None removes one."""
    crypto = VECTORS[kdf]["crypto"]
    merged = {**crypto["kdfparams"], **parameters}
    kept = {name: value for name, value in merged.items() if value is not None}
    return {**VECTORS[kdf], "crypto": {**crypto, "kdfparams": kept}}


LARGE = bomb("scrypt", n=2**24, r=8, p=1)
BOMBS = {
    "scrypt, memory": LARGE,
    "scrypt, time": bomb("scrypt", n=2**18, r=8, p=512),
    "scrypt, many small blocks": bomb("scrypt", n=2, r=1, p=2**13),
    "scrypt, r": bomb("scrypt", n=2, r=2**24, p=1),
    "scrypt, dklen": bomb("scrypt", dklen=2**31),
    "scrypt, n as text": bomb("scrypt", n=str(2**24)),
    "scrypt, n true": bomb("scrypt", n=True),
    "scrypt, no p": bomb("scrypt", p=None),
    "scrypt, p below 0": bomb("scrypt", p=-1),
    "pbkdf2, rounds": bomb("pbkdf2", c=2**30),
    "pbkdf2, rounds just above": bomb("pbkdf2", c=10_000_001),
    "pbkdf2, dklen": bomb("pbkdf2", dklen=2**20),
    "pbkdf2, no dklen": bomb("pbkdf2", dklen=None),
    "pbkdf2, rounds in a fraction": bomb("pbkdf2", c=1e9),
    "CRYPTO": {"version": 3, "CRYPTO": LARGE["crypto"]},
    "KDFPARAMS": {"version": 3, "crypto": renamed(LARGE["crypto"], str.upper)},
    "crypto and Crypto": {**VECTORS["scrypt"], "Crypto": LARGE["crypto"]},
    "n and N": bomb("scrypt", N=2**24),
    "c and C": bomb("pbkdf2", C=2**30),
    "kdf and KDF": {**VECTORS["pbkdf2"], "crypto": {**LARGE["crypto"], "KDF": "pbkdf2"}},
    "no kdf": {**LARGE, "crypto": {**LARGE["crypto"], "kdf": None}},
    "another kdf": {**LARGE, "crypto": {**LARGE["crypto"], "kdf": "argon2id"}},
    "kdf in capitals": {**LARGE, "crypto": {**LARGE["crypto"], "kdf": "SCRYPT"}},
}


@pytest.mark.parametrize("name", list(BOMBS))
def test_a_keystore_that_takes_too_much_is_refused_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def computed(*_: object) -> None:
        raise AssertionError("it was computed")

    monkeypatch.setattr(keystore.Account, "decrypt", computed)
    path = tmp_path / "other.json"
    path.write_text(json.dumps(BOMBS[name]))
    error = refused(open_file, path, Secret("testpassword"))
    assert error.code == "KEYSTORE_UNREADABLE"
    assert "AssertionError" not in error.problem.cause


SMALL = {
    "pbkdf2": bomb("pbkdf2", c=10),
    "scrypt": bomb("scrypt", n=16, r=1, p=1),
}
TOP_LEVEL, CRYPTO, PARAMETERS = (), ("crypto",), ("crypto", "kdfparams")
NAMES = [
    "version",
    "crypto",
    "Crypto",
    "kdf",
    "kdfparams",
    "mac",
    "ciphertext",
    "cipherparams",
    "n",
    "N",
    "r",
    "p",
    "c",
    "C",
    "dklen",
    "DKLEN",
    "salt",
]
ODD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["3", "0x", "SCRYPT", "hmac-sha512", "\ud800", [], {}, [1], {"n": 2**24}])
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kdf=st.sampled_from(sorted(SMALL)),
    where=st.sampled_from([TOP_LEVEL, CRYPTO, PARAMETERS]),
    changes=st.dictionaries(
        st.sampled_from(NAMES),
        ODD,
        max_size=3,
    ),
)
def test_any_other_content_opens_or_is_refused_in_words(
    kdf: str, where: tuple[str, ...], changes: dict[str, Any]
) -> None:
    content = json.loads(json.dumps(SMALL[kdf]))
    part = content
    for name in where:
        part = part[name]
    part.update(changes)
    error = refused(keystore.open_content, json.dumps(content).encode(), Path("x"), PASSPHRASE)
    assert error.code in ("KEYSTORE_UNREADABLE", "PASSPHRASE_WRONG")


@pytest.mark.parametrize(
    "private",
    [b"", bytes(32), b"\x01" * 31, b"\xff" * 32],
    ids=["empty", "zero", "short", "large"],
)
def test_a_keystore_that_holds_no_private_key_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, private: bytes
) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(VECTORS["pbkdf2"]))
    monkeypatch.setattr(keystore.Account, "decrypt", lambda *_: private)
    error = refused(open_file, path, Secret("testpassword"))
    assert error.code == "KEYSTORE_UNREADABLE"
    assert "not contain a private key" in error.problem.cause


def test_the_strongest_work_is_within_what_opens(tmp_path: Path) -> None:
    for kdf in (keystore.STRONG, keystore.MEDIUM):
        assert kdf.memory == 128 * kdf.work * 8
        keystore._check_work(bomb("scrypt", n=kdf.work, r=8, p=1)["crypto"])
    keystore._check_work(bomb("pbkdf2", c=keystore.LIGHT.work)["crypto"])
