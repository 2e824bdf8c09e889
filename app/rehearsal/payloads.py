"""Parse requests to the Gas Station; any fault becomes a Refusal."""

from __future__ import annotations

import re
import uuid
from typing import Any

from eth_utils.address import is_checksum_address

STATUSES = {
    "INVALID_PAYLOAD": 400,
    "INVALID_OWNER_ADDRESS": 400,
    "UNSUPPORTED_CHAIN": 400,
    "2FA_NOT_CONFIGURED": 400,
    "INVALID_2FA": 401,
    "TOTP_EXPIRED": 401,
    "2FA_NOT_ACTIVE": 403,
    "CAP_EXCEEDED_OWNER": 403,
    "CAP_EXCEEDED_WALLET": 403,
    "NOT_FOUND": 404,
    "2FA_ALREADY_CONFIGURED": 409,
    "DUPLICATE_REQUEST": 409,
    "REQUEST_ALREADY_PROCESSED": 409,
    "2FA_LOCKED": 423,
    "RATE_LIMITED": 429,
    "QR_GENERATION_FAILED": 500,
    "TRANSFER_FAILED": 502,
}


class Refusal(Exception):
    """A refused request. `retry_after` in seconds, if waiting helps."""

    def __init__(self, code: str, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """Return the HTTP status that belongs to the code."""
        return STATUSES[self.code]


def is_address(text: object) -> bool:
    """Return whether a text is an address, with a correct checksum if it has one."""
    if not isinstance(text, str) or not re.fullmatch(r"0x[0-9a-fA-F]{40}", text):
        return False
    digits = text[2:]
    return digits in {digits.lower(), digits.upper()} or is_checksum_address(text)


def owner_in(payload: dict[str, Any]) -> str:
    """Return the owner's address, in lower case."""
    owner = payload.get("ownerAddress")
    if not is_address(owner):
        raise Refusal("INVALID_OWNER_ADDRESS", "ownerAddress is not an address")
    return str(owner).lower()


def setup_format(payload: dict[str, Any]) -> str:
    """Return the requested format of the QR image."""
    wanted = payload.get("format", "svg")
    if wanted not in ("svg", "png"):
        raise Refusal("INVALID_PAYLOAD", "format must be svg or png")
    return str(wanted)


def code_in(payload: dict[str, Any]) -> str:
    """Return the 2FA code: six to eight digits."""
    code = payload.get("twoFactorCode")
    if not isinstance(code, str) or not re.fullmatch(r"[0-9]{6,8}", code):
        raise Refusal("INVALID_PAYLOAD", "twoFactorCode must be six to eight digits")
    return code


def fund_payload(payload: dict[str, Any]) -> tuple[str, str, str]:
    """Return code, target wallet in lower case, and request id of a funding request."""
    code = code_in(payload)
    target = payload.get("targetWalletAddress")
    if not is_address(target):
        raise Refusal("INVALID_PAYLOAD", "targetWalletAddress is not an address")
    if payload.get("chainId") != "peaq":
        raise Refusal("UNSUPPORTED_CHAIN", "chainId must be peaq")
    try:
        request_id = str(uuid.UUID(str(payload.get("requestId"))))
    except ValueError:
        raise Refusal("INVALID_PAYLOAD", "requestId must be a UUID") from None
    return code, str(target).lower(), request_id
