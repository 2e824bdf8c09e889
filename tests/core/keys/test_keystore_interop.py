"""A keystore that only we can open would be a lost key: other implementations' files open here,
and ours open there.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from core.keys.keystore import Kdf, open_file, store_key
from core.keys.private_key import parse_key
from core.secrets import Secret

VECTOR = Path(__file__).parent / "vectors" / "ethers-6.17.0.json"
PASSPHRASE = Secret("größe Pässphrase 7")
PRIVATE_KEY = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
READER = """
import { Wallet } from "ethers";
import { readFileSync } from "fs";
const [file, passphrase] = process.argv.slice(2);
const wallet = await Wallet.fromEncryptedJson(readFileSync(file, "utf8"), passphrase);
console.log(wallet.privateKey);
"""


def test_a_keystore_made_by_ethers_opens_here() -> None:
    stored = open_file(VECTOR, PASSPHRASE)
    assert stored.key.private_hex() == Secret(PRIVATE_KEY)
    assert stored.key.address == "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"


@pytest.mark.interop
@pytest.mark.parametrize("kdf", [Kdf("scrypt", 2**12, 0), Kdf("pbkdf2", 1000, 0)])
def test_ours_opens_in_ethers(tmp_path: Path, kdf: Kdf) -> None:
    """Needs node and npm; installs ethers into a throw-away folder."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("this machine has no node")
    store_key(tmp_path, parse_key(Secret(PRIVATE_KEY)), PASSPHRASE, kdf)
    (tmp_path / "package.json").write_text(json.dumps({"name": "reader", "private": True}))
    (tmp_path / "reader.mjs").write_text(READER)
    subprocess.run(
        ["npm", "install", "--silent", "ethers@6.17.0"], cwd=tmp_path, check=True, timeout=300
    )
    answer = subprocess.run(
        ["node", "reader.mjs", "keystore.json", PASSPHRASE.reveal()],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.stdout.strip() == PRIVATE_KEY
