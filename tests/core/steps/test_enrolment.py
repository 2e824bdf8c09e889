"""A wrong clock or an unusual entry must not cost anybody an attempt, or the whole way."""

from __future__ import annotations

import json
from datetime import datetime
from urllib.parse import urlencode

import httpx
import pyotp
import pytest

from core.errors.catalogue import CATALOGUE
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.onboarding import Onboarding
from tests.support.machine import Machine, check_once
from tests.support.transports import Tampering

UNUSUAL = {"algorithm": "SHA256", "digits": "8", "period": "60"}


class UnusualStation:
    """The rehearsal's Gas Station, but its entries are SHA256, eight digits, sixty seconds."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._totp: pyotp.TOTP | None = None
        self.taken: list[str] = []
        machine.connect = Tampering(before=self._in, after=self._out).connect

    def code(self, moment: datetime) -> str:
        assert self._totp is not None
        return self._totp.at(moment)

    def _out(self, request: httpx.Request, answer: httpx.Response) -> httpx.Response | None:
        body = answer.json() if request.url.path.endswith("/2fa/setup") else {}
        if body.get("status") != "success":
            return None
        body["data"]["otpauthUri"] += "&" + urlencode(UNUSUAL)
        parsed = pyotp.parse_uri(body["data"]["otpauthUri"])
        assert isinstance(parsed, pyotp.TOTP)
        assert (parsed.digits, parsed.interval) == (8, 60)
        self._totp = parsed
        return httpx.Response(200, json=body, headers=answer.headers)

    def _in(self, request: httpx.Request) -> httpx.Response | None:
        """Takes its own codes, and hands on what the rehearsal's phone shows in their place."""
        body = json.loads(request.content) if request.method == "POST" else {}
        if not isinstance(body, dict) or "twoFactorCode" not in body:
            return None
        assert body["twoFactorCode"] == self.code(self._machine.clock.now())
        self.taken.append(body["twoFactorCode"])
        body["twoFactorCode"] = self._machine.fresh_code()
        request.stream = httpx.ByteStream(json.dumps(body).encode())
        request.headers["content-length"] = str(len(json.dumps(body)))
        return None


async def test_an_entry_of_eight_digits_sha256_and_sixty_seconds_is_used_as_it_is(
    machine: Machine,
) -> None:
    station = UnusualStation(machine)
    await machine.drive(until=Action.CONFIRM)
    wizard = machine.now_open
    enrolment = wizard.enrolment
    assert enrolment is not None
    assert (enrolment.algorithm, enrolment.digits, enrolment.period) == ("SHA256", 8, 60)
    with pytest.raises(OnboardingError) as refused:
        await wizard.confirm("123456")
    assert "8 digits" in refused.value.problem.cause
    code = station.code(machine.clock.now())
    await wizard.confirm(f"{code[:4]} {code[4:]}")
    with pytest.raises(OnboardingError) as used:
        await wizard.ask_gas_station(code)
    assert used.value.code in ("CODE_USED", "CODE_SKEWED")
    machine.clock.advance(60)
    await wizard.ask_gas_station(station.code(machine.clock.now()))
    await machine.drive()
    check_once(machine)
    assert len(station.taken) == 2


async def test_after_a_restart_its_eight_digits_are_taken_although_the_entry_is_forgotten(
    machine: Machine,
) -> None:
    station = UnusualStation(machine)
    await machine.drive(until=Action.CONFIRM)
    await machine.now_open.confirm(station.code(machine.clock.now()))
    wizard = await machine.restart()
    assert wizard.enrolment is None
    machine.clock.advance(60)
    await wizard.ask_gas_station(station.code(machine.clock.now()))
    await machine.drive()
    check_once(machine)


async def test_a_used_code_names_the_wait_until_its_own_window_ends(machine: Machine) -> None:
    await machine.drive(until=Action.FUND)
    wizard, used = machine.now_open, machine.codes[-1]
    assert wizard.next_code_in == 25
    machine.clock.advance(7)
    assert wizard.next_code_in == 18
    assert await refusal(wizard, used) == "Enter the code that your app shows in 18 s."
    machine.clock.advance(18)
    assert wizard.next_code_in == 0
    assert await refusal(wizard, used) == "Enter the code that your app shows now."
    assert machine.network.requests["POST /gas-station/faucet/fund"] == 0


async def test_a_code_entered_after_its_window_asks_for_the_code_shown_now(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.CONFIRM)
    wizard = machine.now_open
    enrolment = wizard.enrolment
    assert enrolment is not None
    late = enrolment.code_at(machine.clock.now(), -1)
    await wizard.confirm(late)
    assert wizard.next_code_in == 0
    assert await refusal(wizard, late) == "Enter the code that your app shows now."


async def test_after_a_restart_a_used_code_is_waited_out_from_when_it_was_typed(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.CONFIRM)
    wizard = await machine.restart()
    code = machine.fresh_code()
    await wizard.confirm(code)
    assert wizard.enrolment is None
    assert wizard.next_code_in == 25
    machine.clock.advance(20)
    assert await refusal(wizard, code) == "Enter the code that your app shows in 5 s."
    machine.clock.advance(5)
    assert await refusal(wizard, code) == "Enter the code that your app shows now."


async def test_a_wall_clock_that_is_set_does_not_change_the_wait(machine: Machine) -> None:
    await machine.drive(until=Action.FUND)
    machine.clock.jump(-86_400)
    assert machine.now_open.next_code_in == 25


async def test_a_code_whose_transfer_failed_is_not_sent_again(machine: Machine) -> None:
    machine.network.fault("transfer-failed", 1)
    await machine.drive(until=Action.FUND)
    wizard, code = machine.now_open, machine.fresh_code()
    with pytest.raises(OnboardingError) as failed:
        await wizard.ask_gas_station(code)
    assert failed.value.code == "TRANSFER_FAILED"
    assert await refusal(wizard, code) == "Enter the code that your app shows in 25 s."


async def refusal(wizard: Onboarding, used: str) -> str:
    """The remedy for a used code at step 5."""
    with pytest.raises(OnboardingError) as refused:
        await wizard.ask_gas_station(used)
    assert refused.value.code == "CODE_USED"
    return refused.value.problem.remedy()


async def test_without_the_service_s_time_it_is_one_of_the_two_clocks(machine: Machine) -> None:
    def no_date(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        headers = {name: text for name, text in answer.headers.items() if name.lower() != "date"}
        return httpx.Response(answer.status_code, headers=headers, content=answer.content)

    machine.connect = Tampering(after=no_date).connect
    await machine.drive(until=Action.CONFIRM)
    enrolment = machine.now_open.enrolment
    assert enrolment is not None
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.confirm(enrolment.code_at(machine.clock.now(), -4))
    found = refused.value.problem
    assert found.code == "CODE_SKEWED"
    assert "about 120 s behind this machine" in found.cause
    assert "phone and this machine" in found.remedy()


async def test_a_phone_in_another_time_zone_is_told_how_far_it_is_off(machine: Machine) -> None:
    await machine.drive(until=Action.CONFIRM)
    enrolment = machine.now_open.enrolment
    assert enrolment is not None
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.confirm(enrolment.code_at(machine.clock.now(), 240))
    assert "the phone is about 7200 s ahead of the correct time" in refused.value.problem.cause
    assert refused.value.problem.remedy().startswith("Set the phone to automatic time")
    assert machine.network.requests["POST /gas-station/2fa/confirm"] == 0


def test_each_cause_of_a_wrong_code_has_a_title_of_its_own() -> None:
    codes = [code for code in CATALOGUE if code.startswith("CODE_") or code == "INVALID_2FA"]
    assert len(codes) == 7
    assert len({CATALOGUE[code].title for code in codes}) == 7
    for said_by_the_gas_station in ("INVALID_2FA", "CODE_EXPIRED"):
        entry = CATALOGUE[said_by_the_gas_station]
        assert "Invalid 2FA code" in entry.title + entry.cause, (
            "people search for the guide's words"
        )
