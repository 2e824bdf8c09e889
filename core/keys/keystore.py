"""The machine's key on disk: Web3 keystore V3, created with mode 0600 and read back before use.

Formats and parameters: Web3 Secret Storage definition, version 3. eth_account does the
cryptography; this module handles parameters, files and their order.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from eth_account import Account

from core.errors.problem import OnboardingError, fault
from core.keys.private_key import Key, key_from_bytes
from core.secrets import Secret
from core.storage.durable_files import create_file, read_file, sync_folder
from core.text import read_json

FILE_NAME = "keystore.json"
_NEW_NAME = f"{FILE_NAME}.new"
PASSPHRASE_LIMIT = 1024
"""Bytes. Longer input is an accidental paste."""

_MIB = 1024 * 1024
SIZE_LIMIT = 64 * 1024
_WORK_LIMIT = 1024 * _MIB
"""Bytes. Four times our strongest scrypt; more would block a small board for minutes."""
_ROUNDS_LIMIT = 10_000_000
"""Ten times our strongest pbkdf2."""
_PARAMETERS = {"scrypt": ("n", "r", "p"), "pbkdf2": ("c",)}
_BLOCK = 128
"""Bytes that scrypt needs per unit of n * r."""
_KEY_LENGTH = 32
"""Bytes of the derived key. The standard allows others; no known tool writes them."""


@dataclass(frozen=True)
class Kdf:
    """Parameters that derive the key from the passphrase. `memory`: bytes needed to open the
    keystore.
    """

    name: Literal["scrypt", "pbkdf2"]
    work: int
    memory: int

    @property
    def title(self) -> str:
        if self.name == "scrypt":
            return f"scrypt, {self.memory // _MIB} MiB"
        return f"pbkdf2 ({self.work} rounds)"


STRONG = Kdf("scrypt", 2**18, 256 * _MIB)
MEDIUM = Kdf("scrypt", 2**16, 64 * _MIB)
LIGHT = Kdf("pbkdf2", 1_000_000, 0)


def choose_kdf(available: int) -> Kdf:
    """Return the strongest parameters that leave at least as much memory (bytes) to everything
    else.
    """
    for kdf in (STRONG, MEDIUM):
        if available >= 2 * kdf.memory:
            return kdf
    return LIGHT


def available_memory() -> int:
    """Return the bytes available without swapping: the kernel's MemAvailable, or 0 if unknown."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return 0


@dataclass(frozen=True)
class StoredKey:
    """A keystore on disk that was read back and opened."""

    key: Key
    kdf: str
    sha256: str
    """Digest of the whole file, to compare a copy with."""


def normalise(passphrase: Secret) -> Secret:
    """Return the passphrase in NFC, so that every keyboard produces the same. Raises
    OnboardingError (PASSPHRASE_…).
    """
    text = unicodedata.normalize("NFC", passphrase.reveal())
    if not text:
        raise fault("PASSPHRASE_EMPTY")
    try:
        # A character that a terminal sends with invalid UTF-8 arrives as U+FFFD; in plain mode, as
        # a lone surrogate.
        size = len(text.replace("\ufffd", "\ud800").encode())
    except UnicodeEncodeError:
        raise fault("PASSPHRASE_UNREADABLE") from None
    if size > PASSPHRASE_LIMIT:
        raise fault("PASSPHRASE_LONG", limit=PASSPHRASE_LIMIT)
    return Secret(text)


def store_key(
    folder: Path,
    key: Key,
    passphrase: Secret,
    kdf: Kdf,
    record: Callable[[StoredKey], object] = lambda stored: None,
) -> StoredKey:
    """Write the keystore of `key` into `folder`, sync it, read it back, open it, and `record` it.

    Slow on purpose (about a second): call it in a thread. Never overwrites: raises
    OnboardingError (KEYSTORE_EXISTS) where there is one. A process that dies on the way leaves
    either no keystore under the final name or a whole one. Until `record` returns, the keystore
    has a second name, by which `adopt` recognises it after a crash.
    """
    path = folder / FILE_NAME
    if path.exists() or path.is_symlink():
        raise _exists(path)
    passphrase = normalise(passphrase)
    content = Account.encrypt(
        key.private_bytes(), passphrase.reveal(), kdf=kdf.name, iterations=kdf.work
    )
    content["address"] = key.address[2:].lower()
    written = json.dumps(content, indent=2).encode() + b"\n"
    new = folder / _NEW_NAME
    try:
        # The unfinished file of a killed run: its address was never shown, so its key protects
        # nothing.
        new.unlink(missing_ok=True)
        create_file(new, written)
        stored = open_file(new, passphrase)
        if stored.key.address != key.address:
            raise OSError("the file does not contain what was written")
        os.link(new, path)  # unlike a rename, this never replaces a file
        sync_folder(folder)
        if read_file(path, SIZE_LIMIT) != written:
            raise OSError("the file does not contain what was written")
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise fault("DISK_FULL", path=path, reason=error.strerror or error) from error
    record(stored)
    drop_second_name(folder)
    return stored


def adopt(
    folder: Path,
    passphrase: Secret,
    address: str | None,
    record: Callable[[StoredKey], object],
) -> StoredKey | None:
    """Open and `record` the keystore of a run that died before recording it; return None if there
    is none.

    `address` is that of the key to be stored: any keystore with that address qualifies. None means
    a new key: then only a keystore qualifies that `store_key` wrote into this folder without a
    record, so its address was never shown and holds nothing. Also returns None if `passphrase` does
    not open it. Slow on purpose.
    """
    path = folder / FILE_NAME
    if not (_unrecorded(folder) if address is None else peek_address(path) == address):
        return None
    try:
        stored = open_file(path, passphrase)
    except OnboardingError:
        return None
    if address not in (None, stored.key.address):
        return None
    record(stored)
    drop_second_name(folder)
    return stored


def drop_second_name(folder: Path) -> None:
    """Remove the keystore's second name after it is recorded. If that fails, the next start
    retries.
    """
    with suppress(OSError):
        (folder / _NEW_NAME).unlink(missing_ok=True)


def _unrecorded(folder: Path) -> bool:
    try:
        return os.path.samestat((folder / FILE_NAME).lstat(), (folder / _NEW_NAME).lstat())
    except OSError:
        return False


def _exists(path: Path) -> OnboardingError:
    return fault("KEYSTORE_EXISTS", path=path, address=peek_address(path) or "another machine")


def open_file(path: Path, passphrase: Secret) -> StoredKey:
    """Open the keystore at `path`, written by the wizard or another tool. Slow on purpose.

    Raises OnboardingError: KEYSTORE_MISSING, KEYSTORE_UNREADABLE, PASSPHRASE_WRONG.
    """
    return open_content(read_keystore(path), path, passphrase)


def open_content(content: bytes, path: Path, passphrase: Secret) -> StoredKey:
    """Open content already read from `path`, because a pipe can be read only once."""
    passphrase = normalise(passphrase)
    body = _body(content, path)
    try:
        private = Account.decrypt(body, passphrase.reveal())
    except ValueError as error:
        if "MAC mismatch" in str(error):
            raise fault("PASSPHRASE_WRONG", attempts="1") from None
        raise fault("KEYSTORE_UNREADABLE", path=path, reason=error) from None
    except (ImportError, MemoryError):  # the installation or the machine is broken, not the file
        raise
    except Exception as error:  # noqa: BLE001 - a bad file makes eth_keyfile raise almost anything
        raise fault(
            "KEYSTORE_UNREADABLE", path=path, reason=f"not a keystore V3 ({type(error).__name__})"
        ) from None
    try:
        key = key_from_bytes(bytes(private))
    except Exception:  # noqa: BLE001 - eth_keys has its own errors, and they may quote the key
        reason = "it does not contain a private key"
        raise fault("KEYSTORE_UNREADABLE", path=path, reason=reason) from None
    return StoredKey(key, body["crypto"]["kdf"], hashlib.sha256(content).hexdigest())


def check_kept(path: Path, address: str, sha256: str) -> None:
    """Check that the recorded keystore still exists, without opening it.

    Raises OnboardingError (KEYSTORE_MISSING, _UNREADABLE, _OTHER_ADDRESS).
    """
    if not path.exists():
        raise fault("KEYSTORE_MISSING", path=path, address=address)
    content = read_keystore(path)
    if hashlib.sha256(content).hexdigest() == sha256:
        return
    # A copy with another passphrase is fine if it has the same key.
    _body(content, path)
    claimed = peek_address(path)
    if claimed is None:
        raise fault("KEYSTORE_UNREADABLE", path=path, reason="it contains no address")
    if claimed != address:
        raise fault("KEYSTORE_OTHER_ADDRESS", found=claimed, expected=address)


def peek_address(path: Path) -> str | None:
    """Return the address in a keystore without decrypting it; None if it names none."""
    from eth_utils.address import is_hex_address, to_checksum_address

    try:
        claimed = _lower(read_json(read_file(path, SIZE_LIMIT))).get("address", "")
    except (OSError, ValueError, AttributeError):
        return None
    if isinstance(claimed, str) and is_hex_address(claimed):
        return str(to_checksum_address(claimed))
    return None


def archive_keystore(folder: Path, now: datetime) -> Path:
    """Rename the keystore to an unused name with a date, and return that. Raises
    OnboardingError.
    """
    path = folder / FILE_NAME
    aside = folder / f"keystore-{now:%Y%m%dT%H%M%S}.json"
    try:
        os.link(path, aside)
        path.unlink()
        sync_folder(folder)
    except OSError as error:
        raise fault("KEYSTORE_UNREADABLE", path=path, reason=error.strerror or error) from error
    return aside


def read_keystore(path: Path) -> bytes:
    """Return the file at `path`, still encrypted. Raises OnboardingError (KEYSTORE_UNREADABLE)."""
    try:
        return read_file(path, SIZE_LIMIT)
    except FileNotFoundError:
        raise fault("KEYSTORE_UNREADABLE", path=path, reason="the file does not exist") from None
    except OSError as error:
        raise fault("KEYSTORE_UNREADABLE", path=path, reason=error.strerror or error) from error


def _body(content: bytes, path: Path) -> dict[str, Any]:
    """Return the parts of a keystore with lower-case names, validated before any computation."""
    try:
        body = read_json(content)
    except ValueError:
        body = None
    try:
        body = _lower(body)
        if not isinstance(body, dict) or body.get("version") not in (3, "3"):
            raise ValueError("it is not a keystore V3")
        _check_work(body.get("crypto"))
    except ValueError as error:
        raise fault("KEYSTORE_UNREADABLE", path=path, reason=error) from None
    return {**body, "version": 3}


def _lower(value: Any) -> Any:
    """Return `value` with all names in lower case, as eth_keyfile reads them.

    Raises ValueError if two names differ only in case, because readers would disagree on them.
    """
    if not isinstance(value, dict):
        return value
    lower = {name.lower(): _lower(part) for name, part in value.items()}
    if len(lower) != len(value):
        raise ValueError("two names differ only in case")
    return lower


_MOST_P = 16
_MOST_R = 64
"""Wallets use p from 1 to 8 and r from 1 to 8. Many small blocks cost time, not memory."""


def _check_work(crypto: Any) -> None:
    """Check that opening takes bounded time and memory. Raises ValueError."""
    if not isinstance(crypto, dict):
        raise ValueError("it is not a keystore V3")
    parameters, names = crypto.get("kdfparams"), _PARAMETERS.get(str(crypto.get("kdf")))
    if names is None or not isinstance(parameters, dict):
        raise ValueError("it uses neither scrypt nor PBKDF2")
    numbers = [parameters.get(name, 0) for name in names]
    for name, number in zip(names, numbers, strict=True):
        if type(number) is not int or number < 1:
            raise ValueError(f"{name} is not a whole number above 0")
    if parameters.get("dklen") != _KEY_LENGTH:
        raise ValueError(f"dklen must be {_KEY_LENGTH}")
    scrypt = "n" in names
    if scrypt and (parameters["p"] > _MOST_P or parameters["r"] > _MOST_R):
        raise ValueError("p or r is larger than in any wallet's keystore")
    work = math.prod(numbers) * (_BLOCK if scrypt else 1)
    if work > (_WORK_LIMIT if scrypt else _ROUNDS_LIMIT):
        raise ValueError("opening it would take too much memory or time")
