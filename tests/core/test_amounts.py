"""Nobody believes to hold more than is there, or sends less than is needed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.amounts import WEI_PER_PEAQ, exact_peaq, format_peaq, parse_peaq, peaq_fixed

WEI = st.integers(min_value=0, max_value=10**30)


@pytest.mark.parametrize(
    ("wei", "down", "up"),
    [
        (0, "0", "0"),
        (1, "0", "0.000001"),
        (WEI_PER_PEAQ, "1", "1"),
        (11 * 10**17, "1.1", "1.1"),
        (100 * WEI_PER_PEAQ, "100", "100"),
        (WEI_PER_PEAQ - 1, "0.999999", "1"),
        (10**12, "0.000001", "0.000001"),
    ],
)
def test_holdings_round_down_and_needs_round_up(wei: int, down: str, up: str) -> None:
    assert format_peaq(wei) == down
    assert format_peaq(wei, up=True) == up


@pytest.mark.parametrize(
    ("wei", "shown"),
    [(0, "0"), (1, "0.000000000000000001"), (WEI_PER_PEAQ, "1"), (100 * WEI_PER_PEAQ, "100")],
)
def test_an_exact_amount_has_no_more_digits_than_it_needs(wei: int, shown: str) -> None:
    assert exact_peaq(wei) == shown


@given(st.integers(min_value=0, max_value=10**30))
def test_an_exact_amount_loses_no_wei(wei: int) -> None:
    assert parse_peaq(exact_peaq(wei)) == wei


@given(WEI)
def test_what_is_shown_never_promises_too_much(wei: int) -> None:
    assert parse_peaq(format_peaq(wei)) <= wei if wei < 10**30 else True
    assert parse_peaq(format_peaq(wei, up=True)) >= wei
    assert parse_peaq(format_peaq(wei, up=True)) - parse_peaq(format_peaq(wei)) <= 10**12


@given(WEI)
def test_every_amount_reads_back_to_the_wei(wei: int) -> None:
    exact = f"{Decimal(wei).scaleb(-18):f}" if wei < 10**27 else str(wei // WEI_PER_PEAQ)
    assert parse_peaq(exact) == (wei if wei < 10**27 else wei // WEI_PER_PEAQ * WEI_PER_PEAQ)


@given(WEI)
def test_columns_line_up(wei: int) -> None:
    whole, point, fraction = peaq_fixed(wei).partition(".")
    assert (point, len(fraction)) == (".", 6)
    assert Decimal(peaq_fixed(wei)) == Decimal(format_peaq(wei))
    assert whole.isdigit()


@pytest.mark.parametrize(
    "text", ["", "x", "1,1", "-1", "NaN", "inf", "1e13", "0.0000000000000000001", "0x1"]
)
def test_what_is_no_amount_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount of PEAQ|18 decimals"):
        parse_peaq(text)


@pytest.mark.parametrize(("text", "wei"), [(" 1.1 ", 11 * 10**17), ("1e-18", 1), ("0", 0)])
def test_amounts_as_people_write_them(text: str, wei: int) -> None:
    assert parse_peaq(text) == wei
