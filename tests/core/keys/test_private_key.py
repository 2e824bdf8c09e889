"""A pasted key is taken as people paste it, refused with a reason, and never shown."""

from __future__ import annotations

import logging
import traceback

import pytest
from eth_account import Account

from core.errors.problem import OnboardingError
from core.keys.private_key import CURVE_ORDER, generate_key, key_from_bytes, parse_key
from core.secrets import Secret

HEX = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
ADDRESS = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"


@pytest.mark.parametrize(
    "pasted",
    [
        HEX,
        "0x" + HEX,
        "0X" + HEX.upper(),
        f"  0x{HEX}\r\n",
        f'"0x{HEX}"',
        f"'{HEX}'",
        f"0x{HEX[:32]} {HEX[32:]}",
        f"\t{HEX}\u00a0",
    ],
)
def test_a_key_is_taken_however_it_was_copied(pasted: str) -> None:
    assert parse_key(Secret(pasted)).address == ADDRESS


@pytest.mark.parametrize(
    ("pasted", "reason"),
    [
        ("", "The field is empty."),
        ("0x", "The field is empty."),
        (HEX[:63], "63 hex digits instead of 64"),
        (HEX + "0", "65 hex digits instead of 64"),
        (HEX[:63] + "g", "not hex digits"),
        ("0x0x" + HEX, "not hex digits"),
        (HEX.replace("4", "\uff14"), "not hex digits"),
        (f"PEAQOS_PRIVATE_KEY=0x{HEX}", "not hex digits"),
        ("0" * 64, "all zeros"),
        (f"{CURVE_ORDER:064x}", "larger than the largest possible key"),
        ("f" * 64, "larger than the largest possible key"),
        (HEX * 10_000, "640000 hex digits"),
    ],
)
def test_what_is_no_key_is_refused_with_a_reason_and_never_echoed(
    pasted: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(OnboardingError) as refused:
        parse_key(Secret(pasted))
    error = refused.value
    assert error.code == "PRIVATE_KEY_INVALID"
    assert reason in error.problem.cause
    shown = " ".join(
        [
            repr(error),
            error.problem.cause,
            error.problem.remedy(),
            caplog.text,
            *traceback.format_exception(error),
        ]
    )
    for piece in (HEX[:12], "0" * 64, "f" * 64):
        assert piece not in shown


def test_the_smallest_and_the_largest_key_are_keys() -> None:
    for number in (1, CURVE_ORDER - 1):
        assert parse_key(Secret(f"{number:064x}")).private_bytes() == number.to_bytes(32, "big")


def test_generated_keys_differ_and_read_back() -> None:
    first, second = generate_key(), generate_key()
    assert first.address != second.address
    assert parse_key(first.private_hex()).address == first.address


@pytest.mark.parametrize("legacy", [True, False])
def test_a_signature_is_the_same_every_time_and_recovers_to_the_address(legacy: bool) -> None:
    key = key_from_bytes(bytes.fromhex(HEX))
    fields = {"chainId": 3338, "nonce": 0, "to": ADDRESS, "value": 1, "data": "0x", "gas": 21000}
    fields |= (
        {"gasPrice": 1} if legacy else {"type": 2, "maxFeePerGas": 1, "maxPriorityFeePerGas": 0}
    )
    tx_hash, raw = key.sign(dict(fields))
    assert (tx_hash, raw) == key.sign(dict(fields))
    assert Account.recover_transaction(raw) == ADDRESS
    assert len(tx_hash) == 66
