"""Who is enrolled at the rehearsal's Gas Station, and which codes are good.

No secret is stored: each is derived from the network's seed, the owner and a counter.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

import pyotp

STEP_SECONDS = 30
# A code of the step before or after is good too: clocks differ and people type slowly.
TOLERATED_STEPS = (0, -1, 1)
ISSUER = "peaq Gas Station"


class Verdict(Enum):
    """What a code turned out to be."""

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
    """All owners' second factors. Owners are lower-case addresses, times epoch seconds."""

    def __init__(
        self, state: dict[str, Any], *, seed: bytes, lockout_after: int, lockout_seconds: float
    ) -> None:
        self._owners = {owner: Enrolment(**fields) for owner, fields in state.items()}
        self._seed = seed
        self._lockout_after = lockout_after
        self._lockout_seconds = lockout_seconds

    def state(self) -> dict[str, Any]:
        """What to store: no secret."""
        return {owner: asdict(enrolment) for owner, enrolment in self._owners.items()}

    def of(self, owner: str) -> Enrolment:
        """The owner's enrolment, a blank one where there is none yet."""
        return self._owners.setdefault(owner, Enrolment())

    def renew(self, owner: str) -> str:
        """Gives the owner a new secret, to be confirmed; returns its otpauth URI."""
        enrolment = self.of(owner)
        enrolment.counter += 1
        enrolment.active = False
        enrolment.used = {}
        return self._totp(owner).provisioning_uri(name=owner, issuer_name=ISSUER)

    def code(self, owner: str, at: float) -> tuple[str, float] | None:
        """The code an authenticator shows, and for how many seconds. None: not set up."""
        if self.of(owner).counter == 0:
            return None
        return self._totp(owner).at(int(at)), STEP_SECONDS - at % STEP_SECONDS

    def check(self, owner: str, code: str, *, kind: str, at: float) -> Verdict:
        """Judges a code; a good one is used up for this kind, a bad one counts for the lock."""
        enrolment = self.of(owner)
        if at < enrolment.locked_until:
            return Verdict.LOCKED
        used = enrolment.used.setdefault(kind, [])
        now = int(at) // STEP_SECONDS
        for step in (now + offset for offset in TOLERATED_STEPS):
            expected = self._totp(owner).at(step * STEP_SECONDS)
            if hmac.compare_digest(expected, code) and step not in used:
                # Older steps are refused by their age.
                used[:] = [old for old in used if old >= now - 1] + [step]
                enrolment.bad_codes = 0
                return Verdict.GOOD
        enrolment.bad_codes += 1
        if enrolment.bad_codes >= self._lockout_after:
            enrolment.bad_codes = 0
            enrolment.locked_until = at + self._lockout_seconds
        return Verdict.BAD

    def _totp(self, owner: str) -> pyotp.TOTP:
        message = f"{owner}:{self.of(owner).counter}".encode()
        digest = hmac.new(self._seed, message, hashlib.sha256).digest()
        return pyotp.TOTP(base64.b32encode(digest[:20]).decode())
