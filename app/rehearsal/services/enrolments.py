"""Enrolments at the rehearsal's Gas Station, and validity of codes.

No secret is stored: each is derived from the network's seed, the owner and a counter.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import quote, urlencode

from app.rehearsal.services.policy import GasStationPolicy
from core.services.otpauth import code_of

# Codes of the previous and next step are valid too: clocks differ and people type slowly.
TOLERATED_STEPS = (0, -1, 1)
ISSUER = "peaq Gas Station"


class Verdict(Enum):
    """The result of checking a code."""

    GOOD = "good"
    BAD = "bad"
    LOCKED = "locked"


@dataclass
class Enrolment:
    """One owner's second factor. `counter` 0: never set up."""

    counter: int = 0
    active: bool = False
    bad_codes: int = 0
    locked_until: float = 0.0  # seconds since the epoch
    limited_until: float = 0.0  # the same
    used: dict[str, list[int]] = field(default_factory=dict)  # time steps by kind of call


class Enrolments:
    """All owners' second factors. Owners are lower-case addresses, times are epoch seconds."""

    def __init__(self, state: dict[str, Any], *, seed: bytes, policy: GasStationPolicy) -> None:
        self._owners = {owner: Enrolment(**fields) for owner, fields in state.items()}
        self._seed = seed
        self._policy = policy

    def state(self) -> dict[str, Any]:
        """Return the data to store, without secrets."""
        return {owner: asdict(enrolment) for owner, enrolment in self._owners.items()}

    def of(self, owner: str) -> Enrolment:
        """Return the owner's enrolment, blank if there is none yet."""
        return self._owners.setdefault(owner, Enrolment())

    def renew(self, owner: str) -> str:
        """Give the owner a new secret to confirm; return its otpauth URI."""
        enrolment = self.of(owner)
        enrolment.counter += 1
        enrolment.active = False
        enrolment.used = {}
        policy = self._policy
        query: dict[str, str | int] = {
            "secret": base64.b32encode(self._secret(owner)).decode().rstrip("="),
            "issuer": ISSUER,
        }
        if policy.algorithm != "SHA1":
            query["algorithm"] = policy.algorithm
        if policy.digits != 6:
            query["digits"] = policy.digits
        if policy.period != 30:
            query["period"] = policy.period
        label = f"{quote(ISSUER)}:{quote(owner)}"
        return f"otpauth://totp/{label}?{urlencode(query, quote_via=quote)}"

    def code(self, owner: str, at: float) -> tuple[str, float] | None:
        """Return the code that an authenticator shows, and for how many seconds. None: not
        set up.
        """
        if self.of(owner).counter == 0:
            return None
        period = self._policy.period
        return self._code(owner, int(at) // period), period - at % period

    def check(self, owner: str, code: str, *, kind: str, at: float) -> Verdict:
        """Check a code. A valid one is used up for this kind; an invalid one counts towards the
        lock.
        """
        enrolment = self.of(owner)
        if at < enrolment.locked_until:
            return Verdict.LOCKED
        used = enrolment.used.setdefault(kind, [])
        now = int(at) // self._policy.period
        for step in (now + offset for offset in TOLERATED_STEPS):
            expected = self._code(owner, step)
            if hmac.compare_digest(expected, code) and step not in used:
                # Older steps are refused by age.
                used[:] = [old for old in used if old >= now - 1] + [step]
                enrolment.bad_codes = 0
                return Verdict.GOOD
        enrolment.bad_codes += 1
        if enrolment.bad_codes >= self._policy.lockout_after:
            enrolment.bad_codes = 0
            enrolment.locked_until = at + self._policy.lockout_seconds
        return Verdict.BAD

    def _code(self, owner: str, step: int) -> str:
        """Return the code of a time step: a whole number of periods since the epoch."""
        policy = self._policy
        return code_of(
            self._secret(owner),
            step * policy.period,
            algorithm=policy.algorithm,
            digits=policy.digits,
            period=policy.period,
        )

    def _secret(self, owner: str) -> bytes:
        message = f"{owner}:{self.of(owner).counter}".encode()
        return hmac.digest(self._seed, message, "sha256")[: self._policy.secret_bits // 8]
