"""Private keys: generation, parsing of pasted text, and signing, without accidental display."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from core.errors.problem import fault
from core.secrets import Secret
from core.text import RECURSION_LIMIT

sys.setrecursionlimit(RECURSION_LIMIT)  # importing eth_account has raised it

# secp256k1: a key is at least 1 and below this number (SEC 2, section 2.4.1).
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_HEX = re.compile(r"[0-9a-fA-F]+")


@dataclass(frozen=True, repr=False)
class Key:
    """A private key and its checksummed address."""

    address: str
    _account: LocalAccount

    def __repr__(self) -> str:
        return f"Key({self.address})"

    def private_bytes(self) -> bytes:
        """Return the 32 bytes of the key, for the keystore."""
        return bytes(self._account.key)

    def private_hex(self) -> Secret:
        """Return 0x and 64 digits, to show only on request."""
        return Secret("0x" + self.private_bytes().hex())

    def sign(self, transaction: dict[str, Any]) -> tuple[str, str]:
        """Sign a complete transaction and return its hash and its raw bytes, 0x-hex.

        Deterministic (RFC 6979) and local: nothing is sent.
        """
        signed = self._account.sign_transaction(transaction)
        return "0x" + bytes(signed.hash).hex(), "0x" + bytes(signed.raw_transaction).hex()


def generate_key() -> Key:
    """Return a new key from the system's random source."""
    while True:
        candidate = os.urandom(32)
        if 0 < int.from_bytes(candidate, "big") < CURVE_ORDER:
            return key_from_bytes(candidate)


def key_from_bytes(private: bytes) -> Key:
    account: LocalAccount = Account.from_key(private)
    return Key(str(account.address), account)


def parse_key(text: Secret) -> Key:
    """Parse a pasted key: 64 hex digits, with or without 0x, surrounding white space or quotes.

    Raises OnboardingError (PRIVATE_KEY_INVALID), whose message never contains the pasted text.
    """
    digits = "".join(text.reveal().split()).strip("'\"")
    if digits[:2] in ("0x", "0X"):
        digits = digits[2:]
    if not digits:
        raise fault("PRIVATE_KEY_INVALID", reason="The field is empty.")
    if not _HEX.fullmatch(digits):
        raise fault("PRIVATE_KEY_INVALID", reason="It contains characters that are not hex digits.")
    if len(digits) != 64:
        raise fault("PRIVATE_KEY_INVALID", reason=f"It has {len(digits)} hex digits instead of 64.")
    number = int(digits, 16)
    if number == 0:
        raise fault("PRIVATE_KEY_INVALID", reason="It is all zeros.")
    if number >= CURVE_ORDER:
        raise fault("PRIVATE_KEY_INVALID", reason="It is larger than the largest possible key.")
    return key_from_bytes(number.to_bytes(32, "big"))
