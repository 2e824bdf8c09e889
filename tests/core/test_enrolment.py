"""A wrong clock or an unusual entry must not cost anybody an attempt, or the whole way."""

from __future__ import annotations

import json
from datetime import datetime
from urllib.parse import urlencode

import httpx
import pyotp
import pytest

from core.errors import OnboardingError
from core.state import Action
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
    assert "8 digits; this has 6" in refused.value.problem.cause
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
    assert "about 120 s behind this machine; one of the two clocks is off" in found.cause
    assert "Set phone and machine to automatic time" in found.remedy


async def test_a_phone_in_another_time_zone_is_told_how_far_it_is_off(machine: Machine) -> None:
    await machine.drive(until=Action.CONFIRM)
    enrolment = machine.now_open.enrolment
    assert enrolment is not None
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.confirm(enrolment.code_at(machine.clock.now(), 240))
    assert "the phone is about 7200 s ahead of the right time" in refused.value.problem.cause
    assert refused.value.problem.remedy.startswith("Set the phone to automatic time")
    assert machine.network.requests["POST /gas-station/2fa/confirm"] == 0
