"""One-time codes: the machine computes what the authenticator shows, and spares wrong attempts."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, unquote, urlsplit

import pyotp
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors.problem import OnboardingError
from core.secrets import Secret
from core.services.otpauth import Diagnosis, Verdict, diagnose_code, normalise_code, read_enrolment

ADDRESS = "0x4f3A1111111111111111111111111111111119c1"
SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 3, 1, 12, 0, 5, tzinfo=timezone.utc)


def uri(
    secret: str = SECRET, label: str = "peaq Gas Station:" + ADDRESS, **parameters: object
) -> Secret:
    more = "".join(f"&{name}={quote(str(value))}" for name, value in parameters.items())
    return Secret(f"otpauth://totp/{quote(label)}?secret={secret}{more}")


# RFC 6238, appendix B: 8 digits, seeds of 20, 32 and 64 bytes.
SEEDS = {
    "SHA1": b"12345678901234567890",
    "SHA256": b"12345678901234567890123456789012",
    "SHA512": b"1234567890123456789012345678901234567890123456789012345678901234",
}
RFC = [
    (59, "SHA1", "94287082"),
    (59, "SHA256", "46119246"),
    (59, "SHA512", "90693936"),
    (1111111109, "SHA1", "07081804"),
    (1111111109, "SHA256", "68084774"),
    (1111111109, "SHA512", "25091201"),
    (1111111111, "SHA1", "14050471"),
    (1111111111, "SHA256", "67062674"),
    (1111111111, "SHA512", "99943326"),
    (1234567890, "SHA1", "89005924"),
    (1234567890, "SHA256", "91819424"),
    (1234567890, "SHA512", "93441116"),
    (2000000000, "SHA1", "69279037"),
    (2000000000, "SHA256", "90698825"),
    (2000000000, "SHA512", "38618901"),
    (20000000000, "SHA1", "65353130"),
    (20000000000, "SHA256", "77737706"),
    (20000000000, "SHA512", "47863826"),
]


@pytest.mark.parametrize(("seconds", "algorithm", "code"), RFC)
@pytest.mark.parametrize("digits", [6, 7, 8])
def test_codes_are_those_of_the_standard(
    seconds: int, algorithm: str, code: str, digits: int
) -> None:
    seed = base64.b32encode(SEEDS[algorithm]).decode()
    enrolment = read_enrolment(uri(seed, algorithm=algorithm, digits=digits), ADDRESS)
    moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
    assert enrolment.code_at(moment) == code[-digits:]


@pytest.mark.parametrize("bits", [80, 104, 112, 160, 256])
@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA512"])
@pytest.mark.parametrize("digits", [6, 8])
@pytest.mark.parametrize("period", [30, 60])
def test_codes_agree_with_another_program_for_every_length_of_secret(
    bits: int, algorithm: str, digits: int, period: int
) -> None:
    """pyotp refuses short keys, but HMAC fills every key up with zeros: so does this test."""
    key = bytes(range(7, 7 + bits // 8))
    secret = base64.b32encode(key).decode().rstrip("=")
    entry = read_enrolment(uri(secret, algorithm=algorithm, digits=digits, period=period), ADDRESS)
    theirs = pyotp.TOTP(
        base64.b32encode(key.ljust(32, b"\0")).decode(),
        digits=digits,
        digest=getattr(hashlib, algorithm.lower()),
        interval=period,
    )
    for minutes in range(100):
        moment = NOW + timedelta(minutes=minutes)
        code = entry.code_at(moment)
        assert code == theirs.at(moment)
        assert diagnose_code(entry, Secret(code), moment) == Diagnosis(Verdict.GOOD)


LABELS = [
    "peaq:gas",
    "peaq Gas Station:" + ADDRESS,
    "peaq Gas Station:" + ADDRESS.lower(),
    ADDRESS,
    "",
    "a" * 500,
    "evil\x1b]0;title\x07:\u202eresu",
    "[@click=app.quit]x[/]",
    "a:b:c",
    "100% & more=?#/",
    "漢字:漢字",
    " ",
]


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"issuer": "peaq Gas Station"},
        {"algorithm": "SHA1", "digits": 6, "period": 30},
        {"algorithm": "sha-256", "digits": 8, "period": 60},
        {"algorithm": "SHA512", "period": 15, "issuer": "x" * 300},
    ],
)
def test_the_shortened_address_computes_the_same_codes_and_its_qr_code_fits(
    label: str, parameters: dict[str, object]
) -> None:
    enrolment = read_enrolment(uri(label=label, **parameters), ADDRESS)
    short = enrolment.uri.reveal()
    assert short.isascii()
    theirs = pyotp.parse_uri(short)
    for hours in range(3):
        moment = NOW + timedelta(hours=hours)
        assert theirs.at(int(moment.timestamp())) == enrolment.code_at(moment)
    assert segno.make(short, error="l", micro=False, boost_error=False).version <= 6
    assert "4f3A" in unquote(urlsplit(short).path) or "4f3a" in unquote(urlsplit(short).path), (
        "two machines' entries could not be told apart in the authenticator"
    )
    assert enrolment.label.isprintable()
    assert len(enrolment.label) <= 80
    assert enrolment.secret.reveal() not in repr(enrolment)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("", "not for time-based codes"),
        ("https://evil.example/?secret=" + SECRET, "not for time-based codes"),
        (f"otpauth://hotp/x?secret={SECRET}&counter=1", "not for time-based codes"),
        ("otpauth://totp/x", "no usable secret"),
        ("otpauth://totp/x?secret=", "no usable secret"),
        ("otpauth://totp/x?secret=ABC", "no usable secret"),
        ("otpauth://totp/x?secret=ABCDEFGH", "no usable secret"),
        ("otpauth://totp/x?secret=10101010101010101010", "no usable secret"),
        (f"otpauth://totp/x?secret={SECRET}&digits=5", "digits"),
        (f"otpauth://totp/x?secret={SECRET}&digits=9", "digits"),
        (f"otpauth://totp/x?secret={SECRET}&digits=%D9%A6", "digits"),
        (f"otpauth://totp/x?secret={SECRET}&image={'x' * 4096}", "too long"),
        (f"otpauth://totp/x?secret={SECRET}&period=0", "period"),
        (f"otpauth://totp/x?secret={SECRET}&period=99999999999", "period"),
        (f"otpauth://totp/x?secret={SECRET}&algorithm=MD5", "unknown algorithm MD5"),
        (f"otpauth://totp/x?secret={SECRET}&algorithm=%1B%5B31m", "unknown algorithm"),
        (f"otpauth://totp/{'x' * 4096}?secret={SECRET}", "too long"),
        ("otpauth://[totp/x", "not readable"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_showing_it(bad: str, words: str) -> None:
    with pytest.raises(OnboardingError) as refused:
        read_enrolment(Secret(bad), ADDRESS)
    assert refused.value.code == "ENROLMENT_UNUSABLE"
    assert words in refused.value.problem.cause
    assert SECRET not in repr(refused.value) + refused.value.problem.cause
    assert "\x1b" not in refused.value.problem.cause


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=200))
def test_nothing_that_a_server_sends_as_an_address_breaks_the_wizard(text: str) -> None:
    for hostile in (text, f"otpauth://totp/{text}", f"otpauth://totp/x?secret={SECRET}&{text}"):
        found = "ENROLMENT_UNUSABLE"
        try:
            read_enrolment(Secret(hostile), ADDRESS)
        except OnboardingError as error:
            found = error.code
        assert found == "ENROLMENT_UNUSABLE"


@pytest.mark.parametrize("secret", [SECRET.lower(), f"{SECRET[:4]}%20{SECRET[4:]}", SECRET + "%3D"])
def test_the_secret_is_taken_in_every_spelling(secret: str) -> None:
    assert read_enrolment(uri(secret), ADDRESS).secret.reveal() == SECRET


# Codes as people type them


@pytest.mark.parametrize(
    "typed",
    [
        "123456",
        " 123456 ",
        "123 456",
        "123-456",
        "123\u2013456",
        "1 2 3 4 5 6\n",
        "12.34.56",
        "123\u00a0456",
    ],
)
def test_a_code_is_taken_as_it_was_typed(typed: str) -> None:
    assert normalise_code(typed).reveal() == "123456"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", "no digits"),
        ("   ", "no digits"),
        ("12345", "5 digits"),
        ("1234567", "7 digits"),
        ("12345a", "other characters"),
        ("\uff11\uff12\uff13\uff14\uff15\uff16", "other characters"),
        ("١٢٣٤٥٦", "other characters"),
        ("²³⁴²³⁴", "other characters"),
        ("\x1b[31m", "other characters"),
        ("1" * 1_000_000, "1000000 digits"),
    ],
)
def test_what_is_no_code_says_what_was_found(typed: str, found: str) -> None:
    with pytest.raises(OnboardingError) as refused:
        normalise_code(typed)
    assert refused.value.code == "CODE_MALFORMED"
    assert found in refused.value.problem.cause


def test_codes_of_eight_digits_are_asked_for_as_such() -> None:
    assert normalise_code("1234 5678", 8).reveal() == "12345678"
    with pytest.raises(OnboardingError) as refused:
        normalise_code("123456", 8)
    assert "6 digits" in refused.value.problem.cause


def test_where_the_entry_is_not_known_any_more_six_or_eight_digits_are_taken() -> None:
    """A phone that was linked before this start may show eight: it must not be locked out."""
    for typed in ("123 456", "1234 5678"):
        assert normalise_code(typed, 6, 8).reveal() == typed.replace(" ", "")
    with pytest.raises(OnboardingError) as refused:
        normalise_code("1234567", 6, 8)
    assert "7 digits" in refused.value.problem.cause


# Judging a code before an attempt is spent


@pytest.mark.parametrize(
    ("steps", "verdict"),
    [
        (0, Diagnosis(Verdict.GOOD)),
        (-1, Diagnosis(Verdict.GOOD)),
        (1, Diagnosis(Verdict.GOOD)),
        (2, Diagnosis(Verdict.EARLY, 60)),
        (-2, Diagnosis(Verdict.LATE, 60)),
        (-20, Diagnosis(Verdict.LATE, 600)),
        (30, Diagnosis(Verdict.EARLY, 900)),
        (120, Diagnosis(Verdict.EARLY, 3600)),
        (-1680, Diagnosis(Verdict.LATE, 50_400)),
        (661, Diagnosis(Verdict.EARLY, 19_830)),
        (400, Diagnosis(Verdict.MISTYPED)),
        (1800, Diagnosis(Verdict.MISTYPED)),
    ],
)
def test_a_code_is_good_skewed_or_foreign(steps: int, verdict: Diagnosis) -> None:
    enrolment = read_enrolment(uri(), ADDRESS)
    assert diagnose_code(enrolment, Secret(enrolment.code_at(NOW, steps)), NOW) == verdict


@pytest.mark.parametrize(("steps", "seconds"), [(-1, -5), (0, 25), (1, 55)])
def test_a_code_is_shown_until_its_own_window_ends(steps: int, seconds: int) -> None:
    enrolment = read_enrolment(uri(), ADDRESS)
    code = enrolment.code_at(NOW, steps)
    assert enrolment.shown_for(Secret(code), NOW) == seconds
    end = NOW + timedelta(seconds=seconds)
    assert enrolment.code_at(end) != code
    assert enrolment.code_at(end - timedelta(seconds=1)) == code


def test_a_machine_whose_clock_starts_in_1970_does_not_break_down() -> None:
    enrolment = read_enrolment(uri(), ADDRESS)
    moment = datetime(1970, 1, 1, 0, 1, tzinfo=timezone.utc)
    assert diagnose_code(enrolment, Secret(enrolment.code_at(moment)), moment) == Diagnosis(
        Verdict.GOOD
    )
    wrong = f"{(int(enrolment.code_at(moment)) + 1) % 10**6:06}"
    assert diagnose_code(enrolment, Secret(wrong), moment).verdict is not Verdict.GOOD
