"""Step 3: the QR is made here and can be read; every fault leaves a way to it."""

from __future__ import annotations

import httpx

from core.http import Http
from core.journal.next_action import Action
from screens.widgets.qr import QrCode
from tests.screens.driver import at_step, at_the_wizard, journalled
from tests.support.machine import Machine, check_once
from tests.support.transports import answering, plain_connect

SETUP = "POST /gas-station/2fa/setup"


async def test_the_secret_can_be_scanned_and_typed_and_fits_80x24(machine: Machine) -> None:
    async with at_step(machine, Action.ENROL) as technician:
        await technician.sees("Or enter this secret:")
        enrolment = technician.app.engine.enrolment
        assert enrolment is not None
        secret = enrolment.secret.reveal()
        groups = [secret[i : i + 4] for i in range(0, len(secret), 4)]
        assert " ".join(groups) in technician.words
        assert enrolment.label in technician.words
        assert technician.visible("#qr"), "a part of the QR code is cut off"
        qr = technician.app.screen.query_one("#qr", QrCode)
        assert qr.region.height == qr.rows
        assert qr.region.width == qr.columns
        assert technician.visible("#keys")


async def test_the_picture_expires_after_two_minutes_and_f5_makes_a_new_code(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.ENROL) as technician:
        await technician.sees("F8 copies (02:00)")
        machine.clock.advance(65)
        await technician.sees("F8 copies (00:55)")
        machine.clock.advance(60)
        await technician.until(lambda: "expired" in technician.text, "that it has expired")
        first = technician.app.engine.enrolment
        await technician.press("f5")
        await technician.sees("F8 copies (02:00)")
        second = technician.app.engine.enrolment
        assert first
        assert second
        assert first.secret != second.secret
        await technician.finish()
    check_once(machine)


async def test_the_code_can_be_shown_alone_and_inverted(machine: Machine) -> None:
    async with at_step(machine, Action.ENROL) as technician:
        await technician.sees("Or enter this secret:")
        plain = technician.app.export_screenshot()
        await technician.press("f6")
        await technician.until(lambda: technician.app.export_screenshot() != plain, "inverted")
        await technician.press("f4")
        await technician.until(lambda: technician.place == "QrScreen")
        await technician.until(lambda: technician.visible("#qr-large"), "all of the large code")
        await technician.press("f6", "escape")
        await technician.on("EnrolmentScreen")


REFUSALS = [
    ("qr-failed", "QR_GENERATION_FAILED"),
    ("gas-station-down", "GAS_STATION_UNREACHABLE"),
    ("gas-station-html", "GAS_STATION_NOT_ITSELF"),
]


async def test_a_refused_setup_is_tried_again_with_enter(machine: Machine) -> None:
    await machine.drive(until=Action.ENROL)
    machine.network.fault("qr-failed")
    async with at_the_wizard(machine, engine=machine.now_open) as technician:
        await technician.on("EnrolmentScreen")
        for fault, code in REFUSALS:
            machine.network.fault(fault)
            if journalled(machine):
                await technician.press("enter")
            await technician.reads_problem(code)
            assert technician.visible("#primary")
            assert journalled(machine)[-1] == code
            machine.network.fault(fault, 0)
        await technician.press("enter")
        await technician.sees("Or enter this secret:")
        assert technician.card == ""
        await technician.finish()
    check_once(machine)


async def test_a_gas_station_that_stays_away_is_gone_round_with_f3(machine: Machine) -> None:
    await machine.drive(until=Action.ENROL)
    machine.network.fault("gas-station-down")
    async with at_the_wizard(machine, engine=machine.now_open) as technician:
        await technician.reads_problem("GAS_STATION_UNREACHABLE")
        await technician.press("f3")
        await technician.on("FundingScreen")
        await technician.finish()
    check_once(machine, transfers=0)


async def test_coming_back_asks_for_a_new_code_by_itself(machine: Machine) -> None:
    await machine.drive(until=Action.ENROL)
    await machine.now_open.enrol()
    async with at_the_wizard(machine) as technician:
        await technician.on("EnrolmentScreen")
        await technician.sees("Or enter this secret:")


async def test_an_owner_who_is_enrolled_goes_straight_to_funding(machine: Machine) -> None:
    await machine.drive(until=Action.FUND)
    key = (machine.folder / "keystore.json").read_bytes()
    await machine.close()
    machine.folder = machine.folder.with_name("anew")
    machine.folder.mkdir(mode=0o700)
    (machine.folder / "keystore.json").write_bytes(key)
    await machine.drive(until=Action.ENROL)
    async with at_the_wizard(machine, engine=machine.now_open) as technician:
        await technician.on("FundingScreen")
        await technician.finish()


HOSTILE = [
    ("[@click=app.bell]press[/] [/unbalanced", "[@click=app.bell]press[/] [/unbalanced"),
    ("\x1b[2J\x1b]0;owned\x07 red \x1b[31m", "red"),
    ("\u202e3.1 PEAQ\u202c \u0000\x9b31m", "3.1 PEAQ"),
    ("z" + "\u0301" * 500, "z"),
    ("long " * 5000, "long long"),
    ("lines\n" * 5000, "lines lines"),
    ("", "no reason given"),
    (["not", {"a": "text"}], "'not'"),
]


async def test_what_a_server_says_is_shown_as_it_stands_and_breaks_nothing(
    machine: Machine,
) -> None:
    """Markup in a message would run when clicked, or end the program with a traceback."""
    said: list[object] = [""]

    def answer(_: httpx.Request) -> httpx.Response:
        body = {"status": "error", "code": "INVALID_OWNER_ADDRESS", "message": said[0]}
        return httpx.Response(400, json=body)

    def connect(url: str) -> Http:
        return answering(url, answer) if "gas-station" in url else plain_connect(url)

    machine.connect = connect
    await machine.drive(until=Action.ENROL)
    said[0] = HOSTILE[0][0]
    async with at_the_wizard(machine, engine=machine.now_open) as technician:
        await technician.on("EnrolmentScreen")
        for message, shown in HOSTILE:
            said[0] = message
            await technician.press("enter")
            await technician.sees(shown)
            await technician.reads_problem("OWNER_ADDRESS_REFUSED")
            for bad in "\x1b\x9b\x00\x07\u202e\u202c":
                assert bad not in technician.text
            assert technician.text.count("\u0301") <= 2
            assert technician.visible("#primary"), f"{message!r} pushed the button away"
        assert "owned" not in technician.text
        await technician.press("f3")
        await technician.on("FundingScreen")


async def test_a_hostile_code_and_label_are_literal_too(machine: Machine) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        body = {"status": "error", "code": "[red]X[/red]\x1b[31m", "message": "[b]no"}
        return httpx.Response(418, json=body)

    def connect(url: str) -> Http:
        return answering(url, answer) if "gas-station" in url else plain_connect(url)

    machine.connect = connect
    await machine.drive(until=Action.ENROL)
    async with at_the_wizard(machine, engine=machine.now_open) as technician:
        await technician.on("EnrolmentScreen")
        await technician.reads_problem("GAS_STATION_REFUSED")
        await technician.sees("says: [b]no")


async def test_a_hostile_otpauth_label_and_picture_address_are_literal(machine: Machine) -> None:
    uri = (
        "otpauth://totp/%5B%40click%3Dapp.quit%5Dpeaq%1b%5B31m:%E2%80%AE0xabc"
        "?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=%5B%2Fb%5D"
    )
    image = "https://x.example/[/b]\x1b[2J\u202e.svg"

    def answer(_: httpx.Request) -> httpx.Response:
        data = {"otpauthUri": uri, "qrImageUrl": image}
        return httpx.Response(200, json={"status": "success", "code": "OK", "data": data})

    def connect(url: str) -> Http:
        return answering(url, answer) if "gas-station" in url else plain_connect(url)

    machine.connect = connect
    async with at_step(machine, Action.ENROL) as technician:
        await technician.sees("Or enter this secret:")
        await technician.sees("[@click=app.quit]peaq")
        assert "\x1b" not in technician.text
        assert "\u202e" not in technician.text
