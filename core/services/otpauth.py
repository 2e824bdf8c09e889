"""The otpauth URI: parse it, shorten it for the QR code, and check codes before an attempt is used
up.

Key URI format as read by authenticator apps; codes as in RFC 6238.
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
"""Digits that authenticators show, the most common number first."""
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
    """Name in the authenticator's list; clean text."""
    digits: int
    period: int
    """Seconds."""
    algorithm: str
    uri: Secret
    """Shortened for the QR code without changing the codes."""

    def __repr__(self) -> str:
        return f"Enrolment({self.label!r}, ***)"

    def code_at(self, moment: datetime, steps: int = 0) -> str:
        """Return the code shown `steps` periods after `moment`."""
        return code_of(
            _decoded(self.secret.reveal()),
            int(moment.timestamp()) + steps * self.period,
            algorithm=self.algorithm,
            digits=self.digits,
            period=self.period,
        )

    def shown_for(self, code: Secret, moment: datetime) -> float:
        """Return for how many seconds the app still shows `code`; 0 or less if it shows a later
        one.

        The app's clock may differ by the tolerated steps. A code from any other time counts as
        current.
        """
        steps = (0, *range(-_TOLERATED_STEPS, 0), *range(1, _TOLERATED_STEPS + 1))
        step = next((one for one in steps if self.code_at(moment, one) == code.reveal()), 0)
        return (step + 1) * self.period - moment.timestamp() % self.period


def read_enrolment(uri: Secret, address: str) -> Enrolment:
    """Parse an otpauth URI. Raises OnboardingError (ENROLMENT_UNUSABLE)."""
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
    # Omit parameters that equal the defaults; the others change the codes and must stay.
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
    if len(raw) < 10:  # authenticators have always required at least 80 bits
        raise _unusable("It contains no usable secret.")
    return secret


def _decoded(secret: str) -> bytes:
    """Return the bytes of unpadded base32."""
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
    """Return the label that distinguishes this machine's entry: always its address."""
    account = _short_label(label, address).rpartition(":")[2].strip()
    return account if shorten(address) in account else shorten(address)


def _short_uri(secret: str, service: str, account: str, extra: dict[str, str | int]) -> str:
    # The label does not affect the codes. With one short ASCII word and no issuer parameter (apps
    # read the issuer from the label), the QR code is one size smaller and fits 80x24 with its keys.
    word = (
        re.sub(r"[^A-Za-z0-9]", "", service.split(maxsplit=1)[0] if service.split() else "")[:12]
        or "peaq"
    )
    name = f"{word}:{account}".replace("…", "..").encode("ascii", "ignore").decode()[:32]
    query: dict[str, str | int] = {"secret": secret, **extra}
    return f"otpauth://totp/{quote(name, safe=':')}?{urlencode(query)}"


def normalise_code(text: str, *lengths: int) -> Secret:
    """Return the digits of a typed or pasted code, without spaces and dashes.

    `lengths`: accepted numbers of digits, the usual one first; six by default. Raises
    OnboardingError (CODE_MALFORMED), also for digits of other scripts.
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
    """How far the code's time differs from ours."""


def _distances(period: int) -> list[int]:
    """Return offsets in periods, nearest first: up to a quarter of an hour, then time zones.

    Not every second of a day: with each offset tried, a mistyped code is likelier to match by
    chance.
    """
    reach = _SEARCHED_SECONDS // period
    near = set(range(-reach, reach + 1))
    zones = (round(zone * _ZONE_SECONDS / period) for zone in range(-_ZONES, _ZONES + 1))
    return sorted(near | {zone + step for zone in zones for step in (-1, 0, 1)}, key=abs)


def diagnose_code(enrolment: Enrolment, code: Secret, moment: datetime) -> Diagnosis:
    """Return whether the Gas Station can accept the code at `moment` (the server's time if
    known).
    """
    elapsed = int(moment.timestamp()) // enrolment.period  # a clock may start in 1970
    for distance in _distances(enrolment.period):
        if distance < -elapsed or enrolment.code_at(moment, distance) != code.reveal():
            continue
        if abs(distance) <= _TOLERATED_STEPS:
            return Diagnosis(Verdict.GOOD)
        verdict = Verdict.EARLY if distance > 0 else Verdict.LATE
        return Diagnosis(verdict, abs(distance) * enrolment.period)
    return Diagnosis(Verdict.MISTYPED)
