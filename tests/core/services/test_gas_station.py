"""The Gas Station's answers, told apart by code; what may have been paid is not forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from core.errors.catalogue import CATALOGUE
from core.errors.problem import Again, OnboardingError
from core.secrets import Secret
from core.services.gas_station import Funding, GasStation
from tests.support.clock import FakeClock
from tests.support.transports import Queue, answering

URL = "https://gas.example/api"
OWNER = "0x4f3A1111111111111111111111111111111119c1"
CODE = Secret("123456")
REQUEST = "6a0f7e9e-52e0-4b59-8a31-d8a8ff4b7c11"
MIDNIGHT = datetime(2026, 3, 2, tzinfo=timezone.utc)

Call = Callable[[GasStation], Awaitable[Any]]
CALLS: dict[str, Call] = {
    "setup": lambda station: station.setup(OWNER),
    "confirm": lambda station: station.confirm(OWNER, CODE),
    "fund": lambda station: station.fund(OWNER, CODE, REQUEST),
}


def station(clock: FakeClock, *answers: httpx.Response | Exception) -> tuple[GasStation, Queue]:
    queue = Queue(*answers)
    return GasStation(answering(URL, queue), "peaq", clock), queue


def envelope(
    http_status: int = 200, /, *, headers: dict[str, str] | None = None, **body: Any
) -> httpx.Response:
    return httpx.Response(http_status, headers=headers, json=body)


def refusal(code: str, status: int = 400, **headers: str) -> httpx.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return envelope(status, headers=names, status="error", code=code, data={}, message="in words")


async def refused(
    call: str, clock: FakeClock, answer: httpx.Response | Exception
) -> OnboardingError:
    service, queue = station(clock, answer)
    with pytest.raises(OnboardingError) as found:
        await CALLS[call](service)
    assert len(queue.requests) == 1, "a call is never repeated by itself"
    return found.value


# What is sent (protocol.md, section 3)


async def test_the_wire_format_is_the_official_client_s(clock: FakeClock) -> None:
    uri = "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP"
    service, queue = station(
        clock,
        envelope(status="success", data={"otpauthUri": uri, "qrImageUrl": "https://gas.example/q"}),
        envelope(status="success", code="2FA_ACTIVATED", data={}),
        envelope(status="success", code="SUCCESS", data={"txHash": "0xab", "fundedAmount": "12"}),
    )
    setup = await service.setup(OWNER)
    assert setup is not None
    assert setup.uri == Secret(uri)
    assert setup.image_url == "https://gas.example/q"
    await service.confirm(OWNER, CODE)
    assert await service.fund(OWNER, CODE, REQUEST) == Funding("SUCCESS", "0xab", 12)
    assert [(request.method, request.url.path) for request in queue.requests] == [
        ("POST", "/api/2fa/setup"),
        ("POST", "/api/2fa/confirm"),
        ("POST", "/api/faucet/fund"),
    ]
    assert queue.bodies == [
        {"ownerAddress": OWNER, "format": "svg"},
        {"ownerAddress": OWNER, "twoFactorCode": "123456"},
        {
            "ownerAddress": OWNER,
            "targetWalletAddress": OWNER,
            "chainId": "peaq",
            "twoFactorCode": "123456",
            "requestId": REQUEST,
        },
    ]
    for request in queue.requests:
        assert request.headers["content-type"] == "application/json"
        assert "123456" not in str(request.url)


async def test_a_wallet_that_is_not_funded_because_it_holds_enough_is_no_error(
    clock: FakeClock,
) -> None:
    data = {"currentBalance": "5", "minGasBalance": "4"}
    service, _ = station(clock, envelope(status="skipped", code="SUFFICIENT_BALANCE", data=data))
    assert await service.fund(OWNER, CODE, REQUEST) == Funding("SUFFICIENT_BALANCE")


async def test_an_owner_who_is_enrolled_already_is_no_error(clock: FakeClock) -> None:
    service, _ = station(clock, refusal("2FA_ALREADY_CONFIGURED", 409))
    assert await service.setup(OWNER) is None
    await service.confirm(OWNER, CODE)


@pytest.mark.parametrize(
    ("amount", "wei"),
    [
        ("12", 12),
        (12, 12),
        (None, 0),
        ("", 0),
        ("-1", 0),
        ("1.5", 0),
        ("x", 0),
        ("٣", 0),
        ("9" * 31, 0),
    ],
)
async def test_an_amount_that_cannot_be_read_is_left_to_the_balance(
    clock: FakeClock, amount: object, wei: int
) -> None:
    data = {"txHash": "0xab", "fundedAmount": amount}
    service, _ = station(clock, envelope(status="success", code="SUCCESS", data=data))
    assert (await service.fund(OWNER, CODE, REQUEST)).amount == wei


@pytest.mark.parametrize("data", [None, [], "text", 5, {}])
async def test_a_success_without_its_data_counts_and_an_enrolment_without_a_secret_does_not(
    clock: FakeClock, data: object
) -> None:
    service, _ = station(clock, envelope(status="success", code="SUCCESS", data=data))
    assert await service.fund(OWNER, CODE, REQUEST) == Funding("SUCCESS", "", 0)
    service, _ = station(clock, envelope(status="success", code="2FA_ACTIVATED", data=data))
    await service.confirm(OWNER, CODE)
    answer = envelope(status="success", data=data)
    assert (await refused("setup", clock, answer)).code == "ENROLMENT_UNUSABLE"


NO_VERDICT: list[tuple[str, dict[str, Any]]] = [
    (call, {"status": status, **code, **data})
    for call in ("confirm", "fund")
    for status in ("success", "skipped")
    for code in ({}, {"code": ""}, {"code": None}, {"code": "DONE"}, {"code": ["SUCCESS"]})
    for data in ({}, {"data": {"txHash": "0xab", "fundedAmount": "12"}})
]


@pytest.mark.parametrize(
    ("call", "body"),
    [
        *NO_VERDICT,
        ("confirm", {"status": "success", "code": "SUCCESS"}),
        ("fund", {"status": "success", "code": "2FA_ACTIVATED"}),
        ("fund", {"status": "error", "code": "SUCCESS"}),
    ],
)
async def test_an_answer_whose_code_does_not_say_it_is_no_confirmation_and_no_payment(
    clock: FakeClock, call: str, body: dict[str, Any]
) -> None:
    error = await refused(call, clock, envelope(**body))
    assert (
        error.code == {"confirm": "GAS_STATION_NOT_ITSELF", "fund": "GAS_STATION_NO_ANSWER"}[call]
    )
    assert "code" in error.problem.params["reason"]


@pytest.mark.parametrize("call", list(CALLS))
async def test_a_refusal_is_a_refusal_whatever_the_status_says(clock: FakeClock, call: str) -> None:
    answer = envelope(status="success", code="RATE_LIMITED", data={"otpauthUri": "otpauth://x"})
    assert (await refused(call, clock, answer)).code == "RATE_LIMITED"


# Every code of protocol.md, at every call

CODES = {
    "INVALID_2FA": "INVALID_2FA",
    "2FA_LOCKED": "2FA_LOCKED",
    "2FA_NOT_CONFIGURED": "2FA_NOT_CONFIGURED",
    "2FA_NOT_ACTIVE": "2FA_NOT_ACTIVE",
    "TOTP_EXPIRED": "CODE_EXPIRED",
    "TWO_FA_EXPIRED": "CODE_EXPIRED",
    "2FA_EXPIRED": "CODE_EXPIRED",
    "INVALID_OWNER_ADDRESS": "OWNER_ADDRESS_REFUSED",
    "QR_GENERATION_FAILED": "QR_GENERATION_FAILED",
    "DUPLICATE_REQUEST": "DUPLICATE_REQUEST",
    "REQUEST_ALREADY_PROCESSED": "REQUEST_ALREADY_PROCESSED",
    "RATE_LIMITED": "RATE_LIMITED",
    "CAP_EXCEEDED_OWNER": "CAP_EXCEEDED_OWNER",
    "CAP_EXCEEDED_WALLET": "CAP_EXCEEDED_WALLET",
    "TRANSFER_FAILED": "TRANSFER_FAILED",
    "INVALID_PAYLOAD": "GAS_STATION_REFUSED",
    "UNSUPPORTED_CHAIN": "GAS_STATION_REFUSED",
    "SOMETHING_NEW": "GAS_STATION_REFUSED",
}


@pytest.mark.parametrize("call", list(CALLS))
@pytest.mark.parametrize("code", list(CODES))
@pytest.mark.parametrize("status", [400, 500])
async def test_every_code_has_its_own_words_at_every_call(
    clock: FakeClock, call: str, code: str, status: int
) -> None:
    error = await refused(call, clock, refusal(code, status))
    assert error.code == CODES[code]
    assert error.problem.params["code"] == code, "people search for the service's own code"
    assert error.problem.detail == "in words"
    assert "?" not in error.problem.title
    assert error.problem.remedy()
    if error.code == "GAS_STATION_REFUSED":
        assert code in error.problem.title
        assert "in words" in error.problem.cause
    if error.code == "REQUEST_ALREADY_PROCESSED":
        return  # the engine waits for the balance, and says until when
    waits = error.problem.again is Again.LATER
    assert waits is (error.problem.until is not None), (
        "waiting without an end, or an end for nothing"
    )


@pytest.mark.parametrize(
    ("code", "seconds"), [("RATE_LIMITED", 60), ("2FA_LOCKED", 300), ("DUPLICATE_REQUEST", 10)]
)
async def test_how_long_to_wait_is_the_service_s_word_else_ours(
    clock: FakeClock, code: str, seconds: int
) -> None:
    now = clock.now()
    error = await refused("fund", clock, refusal(code, 429))
    assert error.problem.until == now + timedelta(seconds=seconds)
    error = await refused("fund", clock, refusal(code, 429, retry_after="17"))
    assert error.problem.until == now + timedelta(seconds=17)
    date = "Sun, 01 Mar 2026 12:01:05 GMT"
    error = await refused("fund", clock, refusal(code, 429, retry_after=date))
    assert error.problem.until == now + timedelta(seconds=60)
    error = await refused("fund", clock, refusal(code, 429, retry_after="9" * 40))
    assert error.problem.until == now + timedelta(days=2)


@pytest.mark.parametrize("code", ["CAP_EXCEEDED_OWNER", "CAP_EXCEEDED_WALLET"])
async def test_a_daily_cap_ends_with_the_day(clock: FakeClock, code: str) -> None:
    assert (await refused("fund", clock, refusal(code))).problem.until == MIDNIGHT
    error = await refused("fund", clock, refusal(code, retry_after="60"))
    assert error.problem.until == clock.now() + timedelta(seconds=60)


@pytest.mark.parametrize("body", ["", "slow down", "<html>", "[]", "{}"])
@pytest.mark.parametrize("call", list(CALLS))
async def test_a_throttle_in_front_of_the_service_counts_as_its_own(
    clock: FakeClock, call: str, body: str
) -> None:
    answer = httpx.Response(429, text=body, headers={"retry-after": "20"})
    error = await refused(call, clock, answer)
    assert error.code == "RATE_LIMITED"
    assert error.problem.until == clock.now() + timedelta(seconds=20)


# What is no answer of a Gas Station: for funding it is unknown whether it was paid

ODD = [
    (httpx.Response(200, html="<html>Sign in"), "GAS_STATION_NOT_ITSELF"),
    (httpx.Response(500, html="<html>"), "GAS_STATION_UNREACHABLE"),
    (httpx.Response(503, text=""), "GAS_STATION_UNREACHABLE"),
    (httpx.Response(200, text=""), "GAS_STATION_NOT_ITSELF"),
    (httpx.Response(200, text="null"), "GAS_STATION_NOT_ITSELF"),
    (httpx.Response(200, json=[{"status": "success"}]), "GAS_STATION_NOT_ITSELF"),
    (httpx.Response(200, json={"ok": True}), "GAS_STATION_NOT_ITSELF"),
    (httpx.Response(404, json={"detail": "Not Found"}), "GAS_STATION_NOT_ITSELF"),
    (httpx.Response(307, headers={"location": "https://evil.example"}), "GAS_STATION_NOT_ITSELF"),
    (httpx.Response(200, content=b"x" * 10_000_000), "GAS_STATION_UNREACHABLE"),
    (httpx.Response(200, content=b"[" * 200_000), "GAS_STATION_NOT_ITSELF"),
    (httpx.Response(200, content=b"\xff\xfe"), "GAS_STATION_NOT_ITSELF"),
    (httpx.ReadTimeout(""), "GAS_STATION_UNREACHABLE"),
    (httpx.ReadError(""), "GAS_STATION_UNREACHABLE"),
]


@pytest.mark.parametrize("call", list(CALLS))
@pytest.mark.parametrize(("answer", "code"), ODD)
async def test_what_is_no_answer_is_never_taken_for_one(
    clock: FakeClock,
    call: str,
    answer: httpx.Response | Exception,
    code: str,
) -> None:
    error = await refused(call, clock, answer)
    assert error.code == ("GAS_STATION_NO_ANSWER" if call == "fund" else code)
    assert error.problem.params["reason"]


@pytest.mark.parametrize("call", list(CALLS))
async def test_a_request_that_never_left_paid_nothing(clock: FakeClock, call: str) -> None:
    error = await refused(call, clock, httpx.ConnectError("Connection refused"))
    assert error.code == "GAS_STATION_UNREACHABLE"
    assert "it refused the connection" in error.problem.cause


HOSTILE = "\x1b]0;x\x07[bold]\u202edrawkcab\nnew line\x00" + "x" * 100_000


@pytest.mark.parametrize("call", list(CALLS))
@pytest.mark.parametrize("code", ["RATE_LIMITED", "INVALID_OWNER_ADDRESS", HOSTILE, 5, ["x"], None])
async def test_hostile_words_reach_nobody_s_terminal(
    clock: FakeClock, call: str, code: object
) -> None:
    answer = envelope(400, status="error", code=code, data=None, message=HOSTILE)
    error = await refused(call, clock, answer)
    for text in (
        str(error),
        error.problem.title,
        error.problem.cause,
        error.problem.remedy(),
        error.problem.detail,
        *error.problem.params.values(),
    ):
        assert text.isprintable()
        assert len(text) <= 700


async def test_an_image_address_and_a_hash_are_cleaned_too(clock: FakeClock) -> None:
    data = {"otpauthUri": "otpauth://x", "qrImageUrl": HOSTILE, "txHash": HOSTILE}
    service, _ = station(clock, envelope(status="success", code="SUCCESS", data=data))
    setup = await service.setup(OWNER)
    assert setup is not None
    assert setup.image_url.isprintable()
    assert "otpauth" not in repr(setup)
    assert (await service.fund(OWNER, CODE, REQUEST)).transaction_hash.isprintable()


# The probe of step 1


@pytest.mark.parametrize(
    "code", ["INVALID_OWNER_ADDRESS", "INVALID_PAYLOAD", "RATE_LIMITED", "NEW"]
)
async def test_the_probe_takes_any_refusal_of_a_gas_station_for_one(
    clock: FakeClock, code: str
) -> None:
    service, queue = station(clock, refusal(code))
    await service.probe()
    assert queue.bodies == [{"ownerAddress": "", "format": "svg"}]


@pytest.mark.parametrize(("answer", "code"), ODD)
async def test_the_probe_takes_nothing_else_for_one(
    clock: FakeClock, answer: httpx.Response | Exception, code: str
) -> None:
    service, _ = station(clock, answer)
    with pytest.raises(OnboardingError) as found:
        await service.probe()
    assert found.value.code == code


async def test_codes_are_judged_by_the_service_s_clock(clock: FakeClock) -> None:
    date = {"date": "Sun, 01 Mar 2026 11:50:05 GMT"}
    answer = envelope(headers=date, status="success", code="2FA_ACTIVATED", data={})
    service, _ = station(clock, answer)
    assert service.server_time() == clock.now()
    await service.confirm(OWNER, CODE)
    assert service.skew == timedelta(minutes=-10)
    clock.advance(60)
    assert service.server_time() == clock.now() - timedelta(minutes=10)


IMPOSSIBLE_DATES = [
    "Fri, 31 Dec 9999 23:59:59 -1200",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Fri, 31 Dec 2026 23:59:59 +99999999999999",
    "Fri, 31 Dec 99999999999999999999 23:59:59 GMT",
    "Sat, 01 Jan 1000 00:00:00 +2359",
]


@pytest.mark.parametrize("date", IMPOSSIBLE_DATES)
async def test_a_date_that_no_clock_shows_counts_as_none(clock: FakeClock, date: str) -> None:
    headers = {"date": date}
    answer = envelope(headers=headers, status="success", code="2FA_ACTIVATED", data={})
    service, _ = station(clock, answer)
    await service.confirm(OWNER, CODE)
    assert service.skew is None
    clock.advance(60)
    assert service.server_time() == clock.now()
    error = await refused("fund", clock, refusal("RATE_LIMITED", 429, date=date, retry_after=date))
    assert error.problem.until == clock.now() + timedelta(seconds=60)


def test_the_words_of_the_guide_are_the_titles() -> None:
    titles = {entry.title for entry in CATALOGUE.values()}
    for words in (
        "Invalid 2FA code",
        "2FA locked",
        "Faucet rate limit exceeded",
        "Owner daily funding cap exceeded",
        "AlreadyRegistered",
        "Insufficient balance for gas + bond",
        "PEAQOS_PRIVATE_KEY is required",
    ):
        assert words in titles
