"""The otpauth URI and its codes: read, shortened for the QR, and judged before an attempt is spent.

Key URI format as authenticator apps read it; codes after RFC 6238.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from core.errors.problem import OnboardingError, fault
from core.secrets import Secret
from core.text import clean, shorten

_URI_LIMIT = 2048
USUAL_DIGITS = (6, 8)
"""What authenticators show, the commonest first."""
_SEARCHED_SECONDS = 15 * 60
_ZONE_SECONDS = 15 * 60
_ZONES = 56
"""Quarters of an hour: a phone set by hand to another time zone is off by up to 14 hours."""
_TOLERATED_STEPS = 1
_SEPARATORS = re.compile(r"[\s\-\u00a0\u2010-\u2015.]+")
_ALGORITHMS = ("SHA1", "SHA256", "SHA512")


def code_of(secret: bytes, seconds: int, *, algorithm: str, digits: int, period: int) -> str:
    """Return the code of `secret` at a Unix time. `algorithm` is one of SHA1, SHA256 and SHA512."""
    counter = (seconds // period).to_bytes(8, "big")
    digest = hmac.digest(secret, counter, algorithm.lower())
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}}"


@dataclass(frozen=True, repr=False)
class Enrolment:
    """One otpauth entry, held in memory only."""

    secret: Secret
    """Base32, upper case, without padding."""
    label: str
    """What the authenticator lists it under; clean text."""
    digits: int
    period: int
    """Seconds."""
    algorithm: str
    uri: Secret
    """Shortened as far as it computes the same codes: for the QR."""

    def __repr__(self) -> str:
        return f"Enrolment({self.label!r}, ***)"

    def code_at(self, moment: datetime, steps: int = 0) -> str:
        """The code shown `steps` periods after `moment`."""
        return code_of(
            _decoded(self.secret.reveal()),
            int(moment.timestamp()) + steps * self.period,
            algorithm=self.algorithm,
            digits=self.digits,
            period=self.period,
        )

    def shown_for(self, code: Secret, moment: datetime) -> float:
        """Return for how many seconds the app still shows `code`; 0 or less: it shows a later one.

        The app's clock may differ by the tolerated steps. A code of another time counts as current.
        """
        steps = (0, *range(-_TOLERATED_STEPS, 0), *range(1, _TOLERATED_STEPS + 1))
        step = next((one for one in steps if self.code_at(moment, one) == code.reveal()), 0)
        return (step + 1) * self.period - moment.timestamp() % self.period


def read_enrolment(uri: Secret, address: str) -> Enrolment:
    """The entry of an otpauth URI. Raises OnboardingError (ENROLMENT_UNUSABLE)."""
    text = uri.reveal().strip()
    if len(text) > _URI_LIMIT:
        raise _unusable("The otpauth URI is too long.")
    try:
        parts = urlsplit(text)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        raise _unusable("The otpauth URI is not readable.") from None
    if parts.scheme != "otpauth" or parts.netloc.lower() != "totp":
        raise _unusable("The otpauth URI is not for time-based codes.")
    secret = _base32(query.get("secret", ""))
    algorithm = query.get("algorithm", "SHA1").upper().replace("-", "")
    if algorithm not in _ALGORITHMS:
        raise _unusable(f"It uses the unknown algorithm {clean(algorithm, 20)}.")
    digits = _number(query.get("digits", "6"), 6, 8, "digits")
    period = _number(query.get("period", "30"), 10, 120, "period")
    label = clean(unquote(parts.path.lstrip("/")), 80)
    issuer = clean(query.get("issuer", ""), 40) or label.partition(":")[0]
    service = issuer if issuer and issuer != label else "peaq"
    # Parameters equal to the defaults may be left out; the others change the codes and must stay.
    extra: dict[str, str | int] = {}
    if algorithm != "SHA1":
        extra["algorithm"] = algorithm
    if digits != 6:
        extra["digits"] = digits
    if period != 30:
        extra["period"] = period
    return Enrolment(
        secret=Secret(secret),
        label=_short_label(label, address),
        digits=digits,
        period=period,
        algorithm=algorithm,
        uri=Secret(_short_uri(secret, service, _account_of(label, address), extra)),
    )


def _unusable(reason: str) -> OnboardingError:
    return fault("ENROLMENT_UNUSABLE", reason=reason)


def _base32(text: str) -> str:
    secret = text.replace(" ", "").rstrip("=").upper()
    try:
        raw = _decoded(secret)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) < 10:  # 80 bits is what authenticators have always used as the least
        raise _unusable("It contains no usable secret.")
    return secret


def _decoded(secret: str) -> bytes:
    """The bytes of unpadded base32."""
    return base64.b32decode(secret + "=" * (-len(secret) % 8))


def _number(text: str, low: int, high: int, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text) or not low <= int(text) <= high:
        raise _unusable(f"Its {name} value is not valid.")
    return int(text)


def _short_label(label: str, address: str) -> str:
    return re.sub(re.escape(address), shorten(address), label, flags=re.IGNORECASE) or shorten(
        address
    )


def _account_of(label: str, address: str) -> str:
    """What tells this machine's entry from others: its address, whatever else is there."""
    account = _short_label(label, address).rpartition(":")[2].strip()
    return account if shorten(address) in account else shorten(address)


def _short_uri(secret: str, service: str, account: str, extra: dict[str, str | int]) -> str:
    # The label does not enter into the codes: with one short word, ASCII, and no issuer of its own
    # (apps read it from the label), the QR code is one size smaller, and fits 80x24 with its keys.
    word = (
        re.sub(r"[^A-Za-z0-9]", "", service.split(maxsplit=1)[0] if service.split() else "")[:12]
        or "peaq"
    )
    name = f"{word}:{account}".replace("…", "..").encode("ascii", "ignore").decode()[:32]
    query: dict[str, str | int] = {"secret": secret, **extra}
    return f"otpauth://totp/{quote(name, safe=':')}?{urlencode(query)}"


def normalise_code(text: str, *lengths: int) -> Secret:
    """The digits of a typed or pasted code: spaces and dashes are accepted and removed.

    `lengths`: how many digits it may have, the usual number first; six where none is given. Raises
    OnboardingError (CODE_MALFORMED). Digits of other scripts are not accepted.
    """
    allowed = lengths or USUAL_DIGITS[:1]
    digits = allowed[0]
    code = _SEPARATORS.sub("", text)
    if not re.fullmatch(r"[0-9]+", code or "x"):
        found = "no digits" if not code else "other characters"
        raise fault("CODE_MALFORMED", digits=digits, found=found)
    if len(code) not in allowed:
        raise fault(
            "CODE_MALFORMED",
            digits=digits,
            found=f"{len(code)} digit{'' if len(code) == 1 else 's'}",
        )
    return Secret(code)


class Verdict(Enum):
    GOOD = "good"
    MISTYPED = "mistyped"
    EARLY = "early"
    LATE = "late"


@dataclass(frozen=True)
class Diagnosis:
    verdict: Verdict
    seconds: int = 0
    """How far the code's time is from ours."""


def _distances(period: int) -> list[int]:
    """In periods, the nearest first: all within a quarter of an hour, then what a time zone is off.

    Not every second of a day: each code that is tried makes a mistyped one look right by chance.
    """
    reach = _SEARCHED_SECONDS // period
    near = set(range(-reach, reach + 1))
    zones = (round(zone * _ZONE_SECONDS / period) for zone in range(-_ZONES, _ZONES + 1))
    return sorted(near | {zone + step for zone in zones for step in (-1, 0, 1)}, key=abs)


def diagnose_code(enrolment: Enrolment, code: Secret, moment: datetime) -> Diagnosis:
    """Whether the Gas Station can take the code at `moment` (the server's time where known)."""
    elapsed = int(moment.timestamp()) // enrolment.period  # a clock may begin in 1970
    for distance in _distances(enrolment.period):
        if distance < -elapsed or enrolment.code_at(moment, distance) != code.reveal():
            continue
        if abs(distance) <= _TOLERATED_STEPS:
            return Diagnosis(Verdict.GOOD)
        verdict = Verdict.EARLY if distance > 0 else Verdict.LATE
        return Diagnosis(verdict, abs(distance) * enrolment.period)
    return Diagnosis(Verdict.MISTYPED)
