"""Each fault does what its line in the list says, and only as often as asked."""

from __future__ import annotations

import subprocess
import sys
import uuid

import httpx
import pytest

from app.rehearsal.faults import FAULTS, Fault, FaultBook, parse_fault
from tests.app.rehearsal.client import (
    DID,
    MACHINE,
    OTHER,
    PEAQ,
    READ,
    REGISTRY,
    RpcFailure,
    calldata,
    selector,
)

REGISTER = calldata("register()")
REGISTER_CALL = {
    "from": MACHINE.address,
    "to": REGISTRY,
    "data": "0x" + REGISTER.hex(),
    "value": hex(PEAQ),
}


@pytest.fixture
def faulty(start):
    """Starts a network with the named faults; the owner is enrolled without meeting them."""

    def started(*texts: str, enrol: bool = True, **options: object):
        client = start(**options)
        if enrol:
            client.enrol()
        for text in texts:
            fault = parse_fault(text)
            client.network.fault(fault.name, fault.times)
        return client

    return started


def code(response: httpx.Response) -> str:
    return response.json()["code"]


# Names


@pytest.mark.parametrize("name", FAULTS)
def test_every_listed_fault_can_be_asked_for(name):
    assert parse_fault(name) == Fault(name)
    assert parse_fault(f" {name}:2 ") == Fault(name, 2)
    assert FAULTS[name]


def test_an_unknown_fault_is_answered_with_the_list():
    with pytest.raises(ValueError, match=r"'rate-limit' is not a fault.*rate-limited"):
        parse_fault("rate-limit:2")


@pytest.mark.parametrize("text", ["locked:", "locked:0", "locked:-1", "locked:two", "locked:1:2"])
def test_a_number_of_times_must_be_one(text):
    with pytest.raises(ValueError, match="number of times"):
        parse_fault(text)


def test_the_list_of_faults_needs_no_other_package():
    """`--help` must not load an EVM."""
    script = (
        "import sys; import app.rehearsal.faults, app.rehearsal.network;"
        "print([name for name in ('eth', 'web3', 'aiohttp', 'pyotp') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_fault_happens_as_often_as_asked_and_stays_used_up():
    used: dict[str, int] = {}
    book = FaultBook([Fault("locked", 2)], used, lambda: None)
    assert [book.take("locked") for _ in range(3)] == [True, True, False]
    assert not FaultBook([Fault("locked", 2)], used, lambda: None).armed("locked")
    assert FaultBook([Fault("locked", 3)], used, lambda: None).take("locked")
    assert not book.take("rpc-down")


def test_arming_and_disarming_at_run_time():
    book = FaultBook([Fault("locked")], {}, lambda: None)
    book.arm("locked", 0)
    assert not book.take("locked")
    book.arm("locked", 1)
    assert [book.take("locked") for _ in range(2)] == [True, False]
    with pytest.raises(ValueError, match="is not a fault"):
        book.arm("nonsense")


# Gas Station


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("invalid-code", "INVALID_2FA"),
        ("expired-code", "TOTP_EXPIRED"),
        ("2fa-not-configured", "2FA_NOT_CONFIGURED"),
        ("owner-cap", "CAP_EXCEEDED_OWNER"),
        ("wallet-cap", "CAP_EXCEEDED_WALLET"),
        ("duplicate-request", "DUPLICATE_REQUEST"),
        ("transfer-failed", "TRANSFER_FAILED"),
    ],
)
def test_a_refusal_pays_nothing_and_the_same_request_may_succeed_later(
    faulty, clock, fault, answer
):
    client = faulty(f"{fault}:1")
    request_id = str(uuid.uuid4())
    assert code(client.fund(requestId=request_id)) == answer
    assert client.network.balance(MACHINE.address) == 0
    clock.forward(30)
    assert code(client.fund(requestId=request_id)) == "SUCCESS"
    assert len(client.network.transfers()) == 1


def test_invalid_code_hits_confirming_too(faulty):
    client = faulty("invalid-code:1", enrol=False)
    client.setup()
    assert code(client.confirm()) == "INVALID_2FA"
    assert code(client.confirm()) == "2FA_ACTIVATED"


def test_a_failed_qr_code_leaves_no_enrolment(faulty):
    client = faulty("qr-failed:1", enrol=False)
    assert client.setup().status_code == 500
    assert client.network.current_code(OTHER.address) is None
    client.enrol()


def test_locked_lasts_twenty_seconds(faulty, clock):
    client = faulty("locked:1")
    locked = client.fund()
    assert (locked.status_code, code(locked)) == (423, "2FA_LOCKED")
    assert locked.headers["Retry-After"] == "20"
    clock.forward(19)
    assert client.fund().headers["Retry-After"] == "1"
    clock.forward(1)
    assert code(client.fund()) == "SUCCESS"


def test_rate_limited_lasts_thirty_seconds_each_time(faulty, clock):
    client = faulty("rate-limited:2")
    for _ in range(2):
        limited = client.fund()
        assert (limited.status_code, code(limited)) == (429, "RATE_LIMITED")
        assert limited.headers["Retry-After"] == "30"
        clock.forward(29)
        assert client.fund().headers["Retry-After"] == "1"
        clock.forward(1)
    assert code(client.fund()) == "SUCCESS"


def test_skipped_but_poor_leaves_less_than_the_bond(faulty):
    client = faulty("skipped-but-poor:1")
    body = client.fund().json()
    assert (body["status"], body["code"]) == ("skipped", "SUFFICIENT_BALANCE")
    assert client.network.balance(MACHINE.address) == 6 * PEAQ // 10
    assert body["data"]["currentBalance"] == str(6 * PEAQ // 10)
    assert client.network.transfers() == []


def test_underfunded_pays_less_than_the_bond(faulty):
    client = faulty("underfunded:1")
    assert client.fund().json()["data"]["fundedAmount"] == str(55 * PEAQ // 100)
    assert client.network.balance(MACHINE.address) == 55 * PEAQ // 100


def test_a_lost_answer_has_paid(faulty, clock):
    client = faulty("lost-answer:1")
    request_id = str(uuid.uuid4())
    with pytest.raises(httpx.RemoteProtocolError):
        client.fund(requestId=request_id)
    assert client.network.balance(MACHINE.address) == 12 * PEAQ // 10
    clock.forward(30)
    assert code(client.fund(requestId=request_id)) == "REQUEST_ALREADY_PROCESSED"
    assert len(client.network.transfers()) == 1


@pytest.mark.parametrize(
    ("fault", "status"), [("gas-station-down", 503), ("gas-station-html", 200)]
)
def test_the_gas_station_as_a_page(faulty, fault, status):
    client = faulty(f"{fault}:2", enrol=False)
    for _ in range(2):
        page = client.setup()
        assert page.status_code == status
        assert page.headers["Content-Type"].startswith("text/html")
    assert client.setup().status_code == 200


# RPC, MCR


def test_rpc_down_drops_the_connection_for_one_request_each(faulty):
    client = faulty("rpc-down:2", enrol=False)
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            client.rpc("eth_chainId")
    assert client.rpc("eth_chainId")
    assert client.network.requests["eth_chainId"] == 1
    assert client.network.requests["POST /rpc"] == 3


def test_rpc_html_is_a_page_with_status_200(faulty):
    client = faulty("rpc-html:1", enrol=False)
    page = client.http.post(client.network.rpc_url, json={})
    assert (page.status_code, page.text[:9]) == (200, "<!doctype")
    assert client.rpc("eth_chainId")


def test_mcr_down(faulty):
    client = faulty("mcr-down:1", enrol=False)
    address = f"{client.network.mcr_url}/machine/{MACHINE.address}"
    assert [client.http.get(address).status_code for _ in range(2)] == [503, 404]


def test_slow_blocks_wait_twelve_seconds(start):
    client = start(faults=[Fault("slow-blocks")])
    assert client.network.options.block_time == 12
    client.network.send(MACHINE.address, 1)
    assert client.network.balance(MACHINE.address) == 0
    client.network.mine()
    assert client.network.balance(MACHINE.address) == 1


def read_operator(client) -> RpcFailure:
    data = "0x" + calldata(READ, MACHINE.address, b"operator").hex()
    with pytest.raises(RpcFailure) as caught:
        client.rpc("eth_call", {"to": DID, "data": data}, "latest")
    return caught.value


def test_the_other_ways_an_absent_attribute_is_known_to_fail(faulty):
    client = faulty("did-bare-error:1", enrol=False)
    bare = read_operator(client)
    assert (bare.code, bare.data) == (-32603, None)
    client.network.fault("did-text-error", 1)
    text = read_operator(client)
    assert text.message == "execution reverted: Cannot find the item"
    assert text.data.startswith(selector("Error(string)"))
    assert read_operator(client).data.startswith(selector("EntryNotFound(address,bytes)"))


# Registered earlier


def test_already_registered_shows_at_the_first_estimate(faulty):
    """Until then the machine reads as unregistered; after it the chain knows its id."""
    client = faulty("already-registered", enrol=False)
    client.network.send(MACHINE.address, 2 * PEAQ)
    assert client.call(REGISTRY, "machineIdOfOwner(address)", MACHINE.address) == 0
    already = selector("AlreadyRegistered()")
    assert client.revert_of(REGISTRY, REGISTER, value=PEAQ) == already
    assert client.revert_of(REGISTRY, REGISTER, value=PEAQ) == already
    machine_id = client.call(REGISTRY, "machineIdOfOwner(address)", MACHINE.address)
    assert client.network.registrations(MACHINE.address) == [machine_id]
    assert client.network.balance(MACHINE.address) == 2 * PEAQ


def test_already_registered_shows_at_the_transaction_where_there_was_no_estimate(faulty):
    client = faulty("already-registered", enrol=False, block_time=3600)
    client.network.send(MACHINE.address, 2 * PEAQ)
    client.network.mine()
    assert client.register() is None
    client.network.mine()
    (sent,) = client.network.sent_transactions()
    assert client.rpc("eth_getTransactionReceipt", sent.hash)["status"] == "0x0"
    assert len(client.network.registrations(MACHINE.address)) == 1


def test_a_forecast_does_not_set_off_already_registered(faulty):
    """Measuring the gas of registering with a pretended balance is not coming to register."""
    client = faulty("already-registered", enrol=False)
    override = {MACHINE.address: {"balance": hex(2 * PEAQ)}}
    assert client.rpc("eth_estimateGas", REGISTER_CALL, "latest", override)
    with pytest.raises(RpcFailure, match="insufficient"):
        client.rpc("eth_estimateGas", REGISTER_CALL)
    assert client.network.registrations(MACHINE.address) == []


def test_already_registered_with_a_number_hits_that_many_machines(faulty):
    client = faulty("already-registered:1", enrol=False)
    for wallet in (MACHINE, OTHER):
        client.network.send(wallet.address, 2 * PEAQ)
    client.register()
    assert client.register(sender=OTHER)["status"] == "0x1"
