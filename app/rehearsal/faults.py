"""Named faults that a rehearsal can simulate, for training and tests.

Imports nothing heavy, because `--help` lists the names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

FAULTS: dict[str, str] = {
    "invalid-code": "Gas Station: a correct code is rejected with INVALID_2FA",
    "expired-code": "Gas Station: funding rejects the code with TOTP_EXPIRED",
    "locked": "Gas Station: 2FA_LOCKED for 20 seconds",
    "2fa-not-configured": "Gas Station: 2FA_NOT_CONFIGURED, as if it had lost the 2FA setup",
    "qr-failed": "Gas Station: 2FA setup fails with QR_GENERATION_FAILED",
    "rate-limited": "Gas Station: funding is RATE_LIMITED for 30 seconds",
    "owner-cap": "Gas Station: CAP_EXCEEDED_OWNER, the owner's daily cap is reached",
    "wallet-cap": "Gas Station: CAP_EXCEEDED_WALLET, the wallet's daily cap is reached",
    "duplicate-request": "Gas Station: DUPLICATE_REQUEST, the request is already in progress",
    "transfer-failed": "Gas Station: TRANSFER_FAILED, nothing is paid",
    "skipped-but-poor": "Gas Station: skips a wallet that holds 0.6 PEAQ, less than the bond",
    "underfunded": "Gas Station: pays 0.55 PEAQ only",
    "lost-answer": "Gas Station: pays, but the connection drops before the answer",
    "gas-station-down": "Gas Station: every request gets 503 and an HTML page",
    "gas-station-html": "Gas Station: an HTML page with status 200, as from a captive portal",
    "already-registered": "Registry: the machine is already registered",
    "no-price": "Activation: no PEAQ price is committed, every quote reverts",
    "price-raised": "Activation: the price rises by a quarter after the approval",
    "voucher-partial": "Activation: the wallet has a voucher of 0.1 PEAQ",
    "voucher-full": "Activation: the wallet has a voucher that pays the whole bond",
    "technical-pause": "Activation: a technical pause is on",
    "peer-mismatch": "Activation: InfoDesk names another bridge adapter than the record",
    "peer-unset": "Activation: InfoDesk names no provision pool",
    "subject-taken": "Activation: someone else activates the same type and subject first",
    "minted-inactive": "Activation: the machine turns out to be minted, without a subscription",
    "activation-reverts": "Activation: the price rises as the activation is sent, so it reverts",
    "forged-event": "Activation: another contract emits events of the same names",
    "did-text-error": 'DID: an absent attribute reverts with "Cannot find the item"',
    "did-bare-error": "DID: an absent attribute is a bare RPC error without data",
    "rpc-down": "RPC: the connection drops before an answer",
    "rpc-html": "RPC: an HTML page with status 200, as from a captive portal",
    "slow-blocks": "RPC: one block every 12 seconds, whatever the block time",
    "mcr-down": "MCR API: every request gets 503",
    "mcr-silent": "MCR API: requests are never answered",
    "mcr-conflict": "MCR API: 409, the machine is said to be at home on another chain",
}


@dataclass(frozen=True)
class Fault:
    """One fault, for the next `times` opportunities; for all if None."""

    name: str
    times: int | None = None

    def __post_init__(self) -> None:
        if self.name not in FAULTS:
            raise ValueError(f"{self.name!r} is not a fault. Faults: {', '.join(FAULTS)}")
        if self.times is not None and self.times < 1:
            raise ValueError(f"fault {self.name}: the number of times must be 1 or more")


def parse_fault(text: str) -> Fault:
    """Return the fault that `NAME` or `NAME:TIMES` names. Raises ValueError with the reason."""
    name, colon, times = text.strip().partition(":")
    if not colon:
        return Fault(name)
    if not (times.isascii() and times.isdigit()):
        raise ValueError(f"fault {name}: {times!r} is not a number of times. Write NAME or NAME:2")
    return Fault(name, int(times))


class FaultBook:
    """The armed faults, and how often each has occurred.

    Used-up faults stay used up after a restart: the Gas Station's state file stores `used`, and
    `on_use` is called after every use to save it.
    """

    def __init__(
        self,
        faults: Iterable[Fault],
        used: dict[str, int],
        on_use: Callable[[], None],
    ) -> None:
        self.used = used
        self._on_use = on_use
        self._remaining: dict[str, int | None] = {}
        for fault in faults:
            already = used.get(fault.name, 0)
            left = None if fault.times is None else max(0, fault.times - already)
            self._remaining[fault.name] = left

    def arm(self, name: str, times: int | None = None) -> None:
        """Arm a fault again, whatever its count; `times=0` disarms it."""
        if times == 0:
            Fault(name)
            self._remaining.pop(name, None)
            return
        fault = Fault(name, times)
        self._remaining[fault.name] = fault.times

    def armed(self, name: str) -> bool:
        """Return whether the fault would occur now."""
        return self._remaining.get(name, 0) != 0

    def take(self, name: str) -> bool:
        """Return True if the fault occurs now, and count it."""
        if not self.armed(name):
            return False
        left = self._remaining[name]
        if left is not None:
            self._remaining[name] = left - 1
        self.used[name] = self.used.get(name, 0) + 1
        self._on_use()
        return True
