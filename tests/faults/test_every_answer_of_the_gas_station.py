"""Every code at every call, and everything that is no answer at all: paid once, never a defect."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.errors.catalogue import Kind
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.steps.funding import PROMISE_PATIENCE
from tests.support.clock import FakeClock
from tests.support.machine import Ledger, Machine, check_funded_once
from tests.support.proxy import CUT, DROP_AFTER, DROP_BEFORE, Asked, Fate, Proxy, Reply, status

CALLS = {
    "2fa/setup": Action.ENROL,
    "2fa/confirm": Action.CONFIRM,
    "faucet/fund": Action.FUND,
}
CODES = [
    "INVALID_2FA",
    "2FA_LOCKED",
    "2FA_ALREADY_CONFIGURED",
    "2FA_NOT_CONFIGURED",
    "2FA_NOT_ACTIVE",
    "TOTP_EXPIRED",
    "TWO_FA_EXPIRED",
    "2FA_EXPIRED",
    "INVALID_OWNER_ADDRESS",
    "QR_GENERATION_FAILED",
    "DUPLICATE_REQUEST",
    "REQUEST_ALREADY_PROCESSED",
    "RATE_LIMITED",
    "CAP_EXCEEDED_OWNER",
    "CAP_EXCEEDED_WALLET",
    "TRANSFER_FAILED",
    "INVALID_PAYLOAD",
    "UNSUPPORTED_CHAIN",
    "SOMETHING_NEW",
    "",
    "\u202e\x1b[31m[bold]EVIL[/]",
]
RETRY_AFTER = ["", "7", "Sun, 01 Mar 2026 12:10:00 GMT", "9" * 30, "soon"]
STATUSES = [400, 401, 403, 404, 409, 422, 429, 500, 503]
MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "an array": b"[]",
    "null": b"null",
    "a number": b"7",
    "a word": b'"success"',
    "half an object": b'{"status": "succ',
    "a page": b"<!doctype html><title>Sign in</title>",
    "no data": b'{"status": "success", "code": "SUCCESS"}',
    "data of another kind": b'{"status": "success", "code": "SUCCESS", "data": [1]}',
    "fields of another kind": (
        b'{"status": "success", "data": {"otpauthUri": 7, "txHash": {}, "fundedAmount": "-1"}}'
    ),
    "status of another kind": b'{"status": ["success"], "code": {"a": 1}, "data": {}}',
    "deep": b"[" * 5000,
    "not text": b"\xff\xfe\x00",
    "far too much": b'{"status": "' + b"x" * 5_000_000 + b'"}',
}
BROKEN = {
    "refused before": DROP_BEFORE,
    "reset after": DROP_AFTER,
    "cut short": CUT,
    "500 before": status(500, forwarded=False),
    "502 after": status(502, forwarded=True),
    "503 before": status(503, forwarded=False, Retry_After="5"),
    "429 without a word": status(429, forwarded=False),
    "redirected": status(302, forwarded=False, Location="http://127.0.0.1:9/elsewhere"),
}


@pytest.fixture
async def machine(
    shared_network: RehearsalNetwork, shared_clock: FakeClock, tmp_path: Path, quick_keystore: None
) -> AsyncIterator[Machine]:
    with Proxy(shared_network.rpc_url) as proxy:
        machine = Machine(shared_network, shared_clock, tmp_path / "state")
        machine.environ = proxy.environment(machine.environ)
        machine.proxy = proxy  # type: ignore[attr-defined]
        yield machine
        await machine.close()


def once(machine: Machine, call: str, fate: Fate) -> list[Asked]:
    """The next request of `call` meets `fate`; the list of those that did."""
    met: list[Asked] = []

    def plan(asked: Asked) -> Fate | None:
        if met or not asked.path.endswith(call):
            return None
        met.append(asked)
        return fate

    machine.proxy.plan = plan  # type: ignore[attr-defined]
    return met


async def meets(machine: Machine, call: str, fate: Fate) -> OnboardingError | None:
    """Drives to the step of `call`, which meets `fate` there: what the technician is told."""
    await patiently(machine, CALLS[call])
    met = once(machine, call, fate)
    try:
        await machine.step()
    except OnboardingError as error:
        found = error.problem
        for text in (found.title, found.cause, found.remedy()):
            assert text
            assert "\x1b" not in text
            assert "\u202e" not in text
        assert error.code != "UNEXPECTED"  # noqa: PT017 - any other code will do
        return error
    finally:
        assert len(met) == 1, f"one request was expected: {machine.now_open.problem}"
    return None


async def patiently(machine: Machine, until: Action) -> None:
    for _ in range(20):
        try:
            await machine.drive(until=until)
        except OnboardingError as error:
            machine.clock.advance(error.problem.remaining(machine.clock.now()).total_seconds())
        else:
            return
    raise AssertionError(f"stuck before {until}: {machine.now_open.problem}")


def settled(machine: Machine, tally: Counter[str]) -> None:
    tally["double fundings"] += max(len(Ledger(machine.network, machine.address).transfers) - 1, 0)
    check_funded_once(machine)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("call", list(CALLS))
async def test_every_code_at_every_call_leads_to_a_funded_machine(
    machine: Machine, tally: Counter[str], call: str, code: str
) -> None:
    number = CODES.index(code)
    body = {"status": "error", "code": code, "data": {}, "message": f"{code} \x1b[2J said so"}
    headers = {"Content-Type": "application/json"}
    if RETRY_AFTER[number % len(RETRY_AFTER)]:
        headers["Retry-After"] = RETRY_AFTER[number % len(RETRY_AFTER)]
    reply = Reply(STATUSES[number % len(STATUSES)], json.dumps(body).encode(), headers)
    tally["faults"] += 1
    error = await meets(machine, call, Fate(forwarded=False, reply=reply))
    if code == "2FA_ALREADY_CONFIGURED" and call != "faucet/fund":
        assert error is None, "an enrolment that is there is no fault"
    else:
        assert error is not None
        kept = machine.now_open.problem
        assert kept is not None, "a restart would forget it"
        assert kept.code == error.code
    await machine.restart()
    if machine.network.current_code(machine.address) is None:
        # It said that this owner is enrolled, and no phone has ever seen the secret.
        with pytest.raises(OnboardingError) as refused:
            await machine.now_open.ask_gas_station("123456")
        assert refused.value.code == "2FA_NOT_CONFIGURED"
    await machine.drive_stubbornly(until=Action.REGISTER)
    settled(machine, tally)


@pytest.mark.parametrize("forwarded", [False, True], ids=["before", "after the work"])
@pytest.mark.parametrize("call", list(CALLS))
async def test_everything_that_is_no_answer_is_told_as_such_and_paid_once(
    machine: Machine, tally: Counter[str], call: str, forwarded: bool
) -> None:
    for body in MALFORMED.values():
        reply = Reply(200, body, {"Content-Type": "application/json"})
        if machine.wizard and machine.now_open.action is not CALLS[call]:
            break  # the work was done, and what became of it was seen
        if machine.wizard and machine.state.pending_payment and not machine.state.open_request:
            # "success", and nothing came: that is waited for first, without another request.
            with pytest.raises(OnboardingError):
                await machine.step()
            machine.clock.advance(PROMISE_PATIENCE.total_seconds())
        tally["faults"] += 1
        await meets(machine, call, Fate(forwarded=forwarded, reply=reply))
    await machine.restart()
    await machine.drive_stubbornly(until=Action.REGISTER)
    settled(machine, tally)


@pytest.mark.parametrize("name", list(BROKEN))
@pytest.mark.parametrize("call", list(CALLS))
async def test_a_line_that_breaks_at_any_call_costs_nothing_twice(
    machine: Machine, tally: Counter[str], call: str, name: str
) -> None:
    tally["faults"] += 1
    await meets(machine, call, BROKEN[name])
    await machine.restart()
    await machine.drive_stubbornly(until=Action.REGISTER)
    settled(machine, tally)


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_payment_whose_answer_is_no_answer_is_not_asked_for_again(
    machine: Machine, tally: Counter[str], body: bytes
) -> None:
    """The Gas Station has paid; what it says of it cannot be read."""
    tally["faults"] += 1
    reply = Reply(200, body, {"Content-Type": "application/json"})
    await meets(machine, "faucet/fund", Fate(reply=reply))
    await machine.restart()
    await machine.drive_stubbornly(until=Action.REGISTER)
    settled(machine, tally)


async def test_a_request_that_arrives_after_it_was_given_up_pays_once(
    machine: Machine, tally: Counter[str]
) -> None:
    """Lost, asked again with the same id, and then the first one comes in as well."""
    tally["faults"] += 1
    error = await meets(machine, "faucet/fund", Fate(forwarded=False, later=True, reset=True))
    assert error is not None
    assert error.code == "GAS_STATION_NO_ANSWER"
    await machine.step()
    assert machine.proxy.deliver() == 1  # type: ignore[attr-defined]
    await machine.drive_stubbornly(until=Action.REGISTER)
    settled(machine, tally)


@pytest.mark.parametrize("body", [b'{"status": "success"}', b'{"status": "success", "code": "OK"}'])
@pytest.mark.parametrize("call", ["2fa/confirm", "faucet/fund"])
async def test_a_success_without_its_code_is_asked_about_again_with_the_same_request(
    machine: Machine, tally: Counter[str], call: str, body: bytes
) -> None:
    """Something between the wizard and the Gas Station answers every request in this way."""
    tally["faults"] += 1
    reply = Reply(200, body, {"Content-Type": "application/json"})
    error = await meets(machine, call, Fate(forwarded=False, reply=reply))
    assert error is not None
    assert error.problem.kind is Kind.NETWORK
    assert machine.now_open.action is CALLS[call]
    assert not machine.state.answered, "an answer was recorded that nobody gave"
    request = machine.state.open_request
    await machine.drive()
    if request is not None:
        assert Ledger(machine.network, machine.address).transfers == [request.request_id]
    settled(machine, tally)
