"""Authenticator entries of every length and kind work through steps 3 to 5, over real HTTP.

Secrets of 80 bits (16 base32 characters) are common, and some libraries refuse them.
"""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from app.answers import Answers
from app.plain.console import Console
from app.plain.wizard import PlainWizard
from app.rehearsal.network import RehearsalNetwork
from app.rehearsal.pretend import PretendPeople
from app.rehearsal.services.policy import GasStationPolicy
from core.errors.exit_codes import EXIT_DONE
from core.journal.next_action import Action
from tests.support.clock import FakeClock
from tests.support.machine import DETAILS, PASSPHRASE, Machine, check_once

pytestmark = pytest.mark.usefixtures("quick_keystore")

FORMS = [
    GasStationPolicy(secret_bits=bits, algorithm=algorithm, digits=digits, period=period)
    for number, (bits, algorithm) in enumerate(
        (bits, algorithm)
        for bits in (80, 104, 112, 160, 256)
        for algorithm in ("SHA1", "SHA256", "SHA512")
    )
    for digits, period in [((6, 30), (8, 60), (6, 60), (8, 30))[number % 4]]
]
SHORT = GasStationPolicy(secret_bits=80, fresh_code_for_funding=True)


def named(form: GasStationPolicy) -> str:
    return f"{form.secret_bits}-{form.algorithm}-{form.digits}-{form.period}"


@asynccontextmanager
async def machine_with(
    form: GasStationPolicy, clock: FakeClock, tmp_path: Path
) -> AsyncIterator[Machine]:
    with RehearsalNetwork(now=clock.now, policy=form) as network:
        machine = Machine(network, clock, tmp_path / "state")
        yield machine
        await machine.close()


@pytest.mark.parametrize("form", FORMS, ids=named)
async def test_every_form_of_secret_works_from_the_qr_code_to_the_money(
    form: GasStationPolicy, clock: FakeClock, tmp_path: Path
) -> None:
    form = replace(form, fresh_code_for_funding=True)
    async with machine_with(form, clock, tmp_path) as machine:
        await machine.drive(until=Action.CONFIRM)
        wizard = machine.now_open
        enrolment = wizard.enrolment
        assert enrolment is not None
        secret = enrolment.secret.reveal()
        assert len(base64.b32decode(secret + "=" * (-len(secret) % 8))) * 8 == form.secret_bits
        await wizard.confirm(enrolment.code_at(clock.now()))
        clock.advance(form.period)
        await wizard.ask_gas_station(enrolment.code_at(clock.now()))
        assert wizard.action is Action.REGISTER
        await machine.drive()
        check_once(machine)


async def test_plain_mode_takes_codes_of_an_80_bit_secret(
    clock: FakeClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with machine_with(SHORT, clock, tmp_path) as machine:
        await machine.drive(until=Action.ENROL)
        code = machine.fresh_code
        lines: list[str | Callable[[], str]] = ["", code, code, "yes"]

        class Keyboard(io.StringIO):
            def readline(self, *limits: int) -> str:  # type: ignore[override]
                line = lines.pop(0) if lines else ""
                return (line() if callable(line) else line) + "\n"

        monkeypatch.setattr(sys, "stdin", Keyboard())
        assert await PlainWizard(machine.now_open, typed(), Console(no_input=False)).run() == 0
        assert "Unexpected" not in capsys.readouterr().err
        check_once(machine)


async def test_an_unattended_rehearsal_with_an_80_bit_secret_finishes(
    clock: FakeClock, tmp_path: Path
) -> None:
    async with machine_with(SHORT, clock, tmp_path) as machine:
        passphrase = tmp_path / "passphrase"
        passphrase.touch(0o600)
        passphrase.write_text(PASSPHRASE.reveal() + "\n")
        answers = replace(
            typed(),
            key="generate",
            passphrase_file=passphrase,
            backup="copied",
            fund="gas-station",
            yes=True,
            no_input=True,
        )
        people = PretendPeople(machine.network)
        wizard = PlainWizard(machine.now_open, answers, Console(no_input=True), people)
        assert await wizard.run() == EXIT_DONE
        check_once(machine)


def typed() -> Answers:
    return Answers(
        documentation_url=DETAILS.documentation_url,
        data_api=DETAILS.data_api,
        data_visibility=DETAILS.data_visibility,
        qr=False,
    )
