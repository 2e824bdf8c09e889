"""Conversion between wei (int), the unit of all calculations, and PEAQ text for people."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation, localcontext

WEI_PER_PEAQ = 10**18
_DIGITS = 6
_PRECISION = 200  # the product of two uint256 fits


def format_peaq(wei: int, *, up: bool = False) -> str:
    """Return wei as PEAQ with at most 6 decimals, for example `1.1`.

    Rounds down, so that a balance is never overstated. `up` rounds up, for amounts that the user
    has to send.
    """
    with localcontext() as context:
        context.prec = _PRECISION
        amount = Decimal(wei) / WEI_PER_PEAQ
        rounded = amount.quantize(
            Decimal(1).scaleb(-_DIGITS), rounding=ROUND_CEILING if up else ROUND_FLOOR
        )
    text = f"{rounded:f}".rstrip("0").rstrip(".")
    return text or "0"


def exact_peaq(wei: int) -> str:
    """Return wei as PEAQ with all its decimals, for example `0.000001000000000007`."""
    with localcontext() as context:
        context.prec = _PRECISION
        text = f"{Decimal(wei) / WEI_PER_PEAQ:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def peaq_fixed(wei: int, *, up: bool = False) -> str:
    """Return wei as PEAQ with exactly six decimals, so that columns line up: `1.100000`."""
    whole, _, fraction = format_peaq(wei, up=up).partition(".")
    return f"{whole}.{fraction:0<{_DIGITS}}"


def parse_peaq(text: str) -> int:
    """Return the wei of a decimal amount of PEAQ. Raises ValueError with a sentence for people."""
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount of PEAQ, such as 1 or 1.1") from None
    if not amount.is_finite() or amount < 0 or amount > 10**12:
        raise ValueError(f"{text!r} is not an amount of PEAQ, such as 1 or 1.1")
    with localcontext() as context:
        context.prec = _PRECISION
        wei = amount * WEI_PER_PEAQ
    if wei != wei.to_integral_value():
        raise ValueError(f"{text!r} has more than 18 decimals")
    return int(wei)
