"""The Gas Station's answers, each code with what must (not) have been paid."""

from __future__ import annotations

import uuid
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest

from app.rehearsal.network import GasStationPolicy
from tests.app.rehearsal.client import MACHINE, OTHER, OWNER, PEAQ

JSON = {"content-type": "application/json"}


@pytest.fixture
def enrolled(client):
    client.enrol()
    return client


def outcome(response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def wrong_code(client) -> str:
    """A code that is right at no step near now."""
    clock, good = client.network.options.now, set()
    for seconds in (-30, 30, 30):
        clock.forward(seconds)
        good.add(client.code())
    clock.forward(-30)
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in good)


# Enrolment


def test_setup_hands_out_a_secret_that_makes_the_right_codes(client, clock):
    response = client.setup()
    body = response.json()
    assert outcome(response) == (200, "SUCCESS")
    assert set(body) == {"status", "code", "data", "message"}
    assert body["data"]["ownerAddress"] == OWNER
    uri = urlsplit(body["data"]["otpauthUri"])
    secret = parse_qs(uri.query)["secret"][0]
    assert (uri.scheme, uri.netloc, len(secret)) == ("otpauth", "totp", 32)
    assert unquote(uri.path).endswith(OWNER.lower())
    assert pyotp.TOTP(secret).at(clock()) == client.code()


@pytest.mark.parametrize(
    ("kind", "mark"), [("svg", b"<?xml"), ("png", b"\x89PNG")], ids=["svg", "png"]
)
def test_the_qr_image_can_be_fetched_for_two_minutes(client, clock, kind, mark):
    address = client.setup(format=kind).json()["data"]["qrImageUrl"]
    clock.forward(119)
    assert client.http.get(address).content.startswith(mark)
    clock.forward(2)
    assert client.http.get(address).status_code == 404


def test_setup_again_before_confirming_gives_a_new_secret(client):
    first = client.setup().json()["data"]["otpauthUri"]
    old_code = client.code()
    assert client.setup().json()["data"]["otpauthUri"] != first
    assert outcome(client.confirm(old_code)) == (401, "INVALID_2FA")
    assert outcome(client.confirm()) == (200, "2FA_ACTIVATED")


def test_setup_when_enrolled_keeps_the_enrolment(enrolled, clock):
    assert outcome(enrolled.setup()) == (409, "2FA_ALREADY_CONFIGURED")
    assert outcome(enrolled.fund()) == (200, "SUCCESS")


def test_confirming_without_setup(client):
    assert outcome(client.confirm("123456")) == (400, "2FA_NOT_CONFIGURED")


def test_there_is_no_code_before_setup(client):
    assert client.network.current_code(OWNER) is None


def test_the_authenticator_says_how_long_its_code_stays(client, clock):
    client.setup()
    clock.forward(12)
    assert client.network.current_code(OWNER.upper().replace("X", "x"))[1] == 18


@pytest.mark.parametrize(("late", "expected"), [(30, 200), (59, 200), (60, 401), (600, 401)])
def test_a_code_is_good_one_step_longer(client, clock, late, expected):
    client.setup()
    code = client.code()
    clock.forward(late)
    assert client.confirm(code).status_code == expected


def test_a_code_from_a_clock_that_is_a_step_ahead_is_good(client, clock):
    client.setup()
    clock.forward(30)
    code = client.code()
    clock.forward(-30)
    assert client.confirm(code).status_code == 200


# Bad codes


def test_a_code_counts_once_for_each_kind_of_call(enrolled, clock):
    code = enrolled.code()
    assert outcome(enrolled.confirm(code)) == (401, "INVALID_2FA")
    assert outcome(enrolled.fund(code=code)) == (200, "SUCCESS")
    assert outcome(enrolled.fund(code=code)) == (401, "INVALID_2FA")
    clock.forward(30)
    assert outcome(enrolled.fund()) == (200, "SUFFICIENT_BALANCE")


def test_a_policy_may_want_a_fresh_code_for_funding(start, clock):
    client = start(policy=GasStationPolicy(fresh_code_for_funding=True))
    client.enrol()
    assert outcome(client.fund()) == (401, "INVALID_2FA")
    clock.forward(30)
    assert outcome(client.fund()) == (200, "SUCCESS")


def test_five_bad_codes_lock_for_five_minutes(enrolled, clock):
    clock.forward(30)
    bad = wrong_code(enrolled)
    for _ in range(5):
        assert outcome(enrolled.fund(code=bad)) == (401, "INVALID_2FA")
    locked = enrolled.fund()
    assert outcome(locked) == (423, "2FA_LOCKED")
    assert locked.headers["Retry-After"] == "300"
    clock.forward(299)
    assert enrolled.fund().headers["Retry-After"] == "1"
    clock.forward(1)
    assert outcome(enrolled.fund()) == (200, "SUCCESS")


def test_a_good_code_forgives_the_bad_ones_before(enrolled, clock):
    for _ in range(3):
        clock.forward(60)
        for _ in range(4):
            assert outcome(enrolled.fund(code=wrong_code(enrolled))) == (401, "INVALID_2FA")
        assert enrolled.fund().status_code == 200


def test_funding_before_confirming(client):
    client.setup()
    assert outcome(client.fund()) == (403, "2FA_NOT_ACTIVE")


def test_funding_without_enrolment(client):
    assert outcome(client.fund(code="123456")) == (400, "2FA_NOT_CONFIGURED")


# Funding


def test_funding_really_pays(enrolled):
    response = enrolled.fund()
    data = response.json()["data"]
    assert response.json()["status"] == "success"
    assert data["fundedAmount"] == str(12 * PEAQ // 10)
    assert enrolled.network.balance(MACHINE.address) == 12 * PEAQ // 10
    receipt = enrolled.rpc("eth_getTransactionReceipt", data["txHash"])
    assert receipt["status"] == "0x1"
    (transfer,) = enrolled.network.transfers()
    assert (transfer.hash, transfer.wei) == (data["txHash"], 12 * PEAQ // 10)
    assert transfer.target == MACHINE.address.lower()


def test_a_wallet_with_enough_for_gas_is_skipped(enrolled):
    enrolled.network.send(MACHINE.address, PEAQ // 2)
    body = enrolled.fund().json()
    assert (body["status"], body["code"]) == ("skipped", "SUFFICIENT_BALANCE")
    assert body["data"] == {
        "currentBalance": str(PEAQ // 2),
        "minGasBalance": str(PEAQ // 2),
    }
    assert enrolled.network.transfers() == []


def test_the_same_request_never_pays_twice(enrolled, clock):
    request_id = str(uuid.uuid4())
    assert outcome(enrolled.fund(requestId=request_id)) == (200, "SUCCESS")
    clock.forward(30)
    again = enrolled.fund(requestId=request_id.upper())
    assert outcome(again) == (409, "REQUEST_ALREADY_PROCESSED")
    assert enrolled.network.balance(MACHINE.address) == 12 * PEAQ // 10
    assert len(enrolled.network.transfers()) == 1


def test_a_request_whose_transfer_waits_for_a_block_is_in_flight(start, clock):
    client = start(block_time=3600)
    client.enrol()
    request_id = str(uuid.uuid4())
    assert outcome(client.fund(requestId=request_id)) == (200, "SUCCESS")
    clock.forward(30)
    assert outcome(client.fund(requestId=request_id)) == (409, "DUPLICATE_REQUEST")
    client.network.mine()
    assert outcome(client.fund(requestId=request_id)) == (409, "REQUEST_ALREADY_PROCESSED")
    assert len(client.network.transfers()) == 1


def test_the_owner_has_a_daily_cap(start, clock):
    client = start(policy=GasStationPolicy(owner_cap=2 * PEAQ))
    client.enrol()
    assert outcome(client.fund()) == (200, "SUCCESS")
    clock.forward(30)
    other = client.fund(targetWalletAddress=OTHER.address)
    assert outcome(other) == (403, "CAP_EXCEEDED_OWNER")
    clock.forward(24 * 3600)
    other = client.fund(targetWalletAddress=OTHER.address)
    assert outcome(other) == (200, "SUCCESS")


def test_the_wallet_has_a_daily_cap(start, clock):
    client = start(policy=GasStationPolicy(wallet_cap=2 * PEAQ, min_gas_balance=9 * PEAQ))
    client.enrol()
    assert outcome(client.fund()) == (200, "SUCCESS")
    clock.forward(30)
    assert outcome(client.fund()) == (403, "CAP_EXCEEDED_WALLET")
    clock.forward(30)
    assert outcome(client.fund(targetWalletAddress=OTHER.address)) == (200, "SUCCESS")


def test_too_many_requests_of_an_owner_are_limited(start, clock):
    client = start(policy=GasStationPolicy(rate_limit=3))
    for _ in range(3):
        assert client.setup().status_code == 200
    limited = client.setup()
    assert outcome(limited) == (429, "RATE_LIMITED")
    assert limited.headers["Retry-After"] == "60"
    assert client.setup(OTHER.address).status_code == 200
    clock.forward(60)
    assert client.setup().status_code == 200


# Payloads


@pytest.mark.parametrize("owner", [None, "", "0x12", "peaq", MACHINE.address.swapcase(), 5])
def test_an_owner_must_be_an_address(client, owner):
    assert outcome(client.setup(owner)) == (400, "INVALID_OWNER_ADDRESS")


@pytest.mark.parametrize(
    "fields",
    [
        {"twoFactorCode": "12345"},
        {"twoFactorCode": 123456},
        {"twoFactorCode": "\u0661\u0662\u0663\u0664\u0665\u0666"},
        {"targetWalletAddress": "0x12"},
        {"requestId": "today"},
        {"requestId": None},
    ],
)
def test_a_malformed_funding_request_is_refused(enrolled, fields):
    assert outcome(enrolled.fund(**fields)) == (400, "INVALID_PAYLOAD")


def test_another_chain_is_not_supported(enrolled):
    assert outcome(enrolled.fund(chainId="agung")) == (400, "UNSUPPORTED_CHAIN")


def test_an_unknown_image_format_is_refused(client):
    assert outcome(client.setup(format="gif")) == (400, "INVALID_PAYLOAD")


@pytest.mark.parametrize("body", ["", "{", "[]", "null"])
def test_a_body_that_is_no_object_is_refused(client, body):
    url = f"{client.network.gas_station_url}/2fa/setup"
    assert outcome(client.http.post(url, content=body, headers=JSON)) == (400, "INVALID_PAYLOAD")


def test_the_date_header_is_the_networks_clock(client):
    assert client.setup().headers["Date"] == "Sun, 01 Mar 2026 12:00:00 GMT"
