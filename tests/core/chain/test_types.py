"""What counts as a number in an answer of a node."""

from __future__ import annotations

import pytest

from core.chain.types import history_fees, number


@pytest.mark.parametrize(
    "value",
    ["-0x5", "0x", "0x_1", "0x-1", "5", "", "0x" + "f" * 65, " 0x1", "0x1\n", 5, None, [], "0xg"],
)
def test_anything_but_a_quantity_of_256_bits_is_no_number(value: object) -> None:
    assert number(value) is None


def test_a_quantity_is_a_number() -> None:
    assert number("0x0F") == 15
    assert number("0x" + "f" * 64) == 2**256 - 1


def test_a_negative_tip_makes_no_price_of_nothing() -> None:
    base = 10**9
    found = history_fees({"baseFeePerGas": [hex(base)], "reward": [[hex(-2 * base)]]})
    assert found is not None
    assert (found.cap, found.tip) == (2 * base, 0)
