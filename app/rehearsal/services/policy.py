"""Limits and amounts of the rehearsal's Gas Station."""

from __future__ import annotations

from dataclasses import dataclass

PEAQ = 10**18


@dataclass(frozen=True)
class GasStationPolicy:
    """Amounts in wei, waits in seconds. The defaults fund one onboarding and a little more.

    `min_gas_balance` is the protocol's default for peaq. It is less than the bond, so a balance
    that the Gas Station calls sufficient may be too low to register.
    """

    amount: int = 12 * PEAQ // 10
    min_gas_balance: int = PEAQ // 2
    owner_cap: int = 5 * PEAQ
    wallet_cap: int = 3 * PEAQ
    # Consecutive invalid codes until an owner is locked out.
    lockout_after: int = 5
    lockout_seconds: float = 300.0
    # Requests of one owner in a window.
    rate_limit: int = 30
    rate_window_seconds: float = 60.0
    # Refuse a funding code that was already used to confirm, as the real service may.
    fresh_code_for_funding: bool = False
    qr_seconds: float = 120.0
    # The authenticator entry. The defaults are those of RFC 4226 and of most services.
    secret_bits: int = 160
    algorithm: str = "SHA1"
    digits: int = 6
    period: int = 30
