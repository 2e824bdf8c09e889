"""Answers given ahead in the full screen: Enter takes them, and a wrong one costs a sentence."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.answers import Answers
from core.config.settings import Settings
from core.journal.next_action import Action
from screens.dialogs.consent import ConsentScreen
from screens.widgets.choice import Choice
from tests.screens.driver import ALL_PASSED, Technician, at_step, at_the_wizard
from tests.support.machine import DETAILS, PASSPHRASE, Machine
from tests.support.words import title

OWNER = "0x" + "22" * 32


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Path:
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE.reveal() + "\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def command(tmp_path: Path, machine: Machine) -> Callable[[], str]:
    """A code command that prints what `codes` says next, and keeps what it was told."""
    script = tmp_path / "phone.py"
    script.write_text(
        "import pathlib, sys\n"
        "here = pathlib.Path(sys.argv[0]).parent\n"
        "(here / 'told').write_text(sys.stdin.read())\n"
        "print((here / 'code').read_text())\n"
    )
    (tmp_path / "code").write_text("")

    def make() -> str:
        return shlex.join([sys.executable, "-I", "-S", str(script)])

    return make


def choice(technician: Technician, name: str) -> str:
    return technician.app.screen.query_one(name, Choice).value


async def test_with_all_answers_enter_is_the_only_key(
    machine: Machine, passphrase_file: Path, command: Callable[[], str], tmp_path: Path
) -> None:
    given = Answers(
        key="generate",
        passphrase_file=passphrase_file,
        backup="copied",
        fund="gas-station",
        code_command=command(),
        yes=True,
    )
    async with at_the_wizard(machine, details=DETAILS, given=given) as technician:
        await technician.sees(ALL_PASSED)
        await technician.press("enter")
        await technician.on("KeypairScreen")
        assert technician.field("#passphrase").value == PASSPHRASE.reveal()
        assert PASSPHRASE.reveal() not in technician.text
        await technician.press("enter")
        await technician.on("BackupScreen")
        assert choice(technician, "#backup") == "copied"
        await technician.press("enter")
        await technician.on("EnrolmentScreen")
        await technician.press("enter")
        await technician.on("ConfirmationScreen")
        told = (tmp_path / "told").read_text()
        assert told.startswith("otpauth://"), "the command never got the entry"
        await technician.sees("Press Enter to run --code-command")
        (tmp_path / "code").write_text(technician.fresh_code())
        await technician.press("enter")
        await technician.on("FundingScreen")
        (tmp_path / "code").write_text(technician.fresh_code())
        await technician.press("enter")
        await technician.on("RegistrationScreen")
        await technician.sees("Enter sign and register")
        await technician.press("enter")
        await technician.on("MachineNftScreen")
        await technician.press("enter")
        await technician.on("ReceiptScreen")
    assert machine.state.backup == "copied"
    assert len(machine.network.transfers()) >= 1


async def test_after_a_restart_the_passphrase_file_opens_the_key(
    machine: Machine, passphrase_file: Path
) -> None:
    await machine.drive(until=Action.REGISTER)
    given = Answers(passphrase_file=passphrase_file)
    given.read_passphrase()
    passphrase_file.unlink()  # it is read once: a descriptor could not be read again
    async with at_the_wizard(machine, given=given) as technician:
        await technician.sees("Enter sign and register")
        await technician.press("enter")
        await technician.on("MachineNftScreen")


async def test_a_wrong_passphrase_file_is_said_and_the_right_one_typed(
    machine: Machine, passphrase_file: Path
) -> None:
    await machine.drive(until=Action.REGISTER)
    passphrase_file.write_text("another one altogether\n")
    async with at_the_wizard(machine, given=Answers(passphrase_file=passphrase_file)) as technician:
        await technician.sees("Enter sign and register")
        await technician.press("enter")
        await technician.sees("--passphrase-file")
        await technician.unlock()
        await technician.on("MachineNftScreen")
        await technician.press("enter")
        await technician.on("ReceiptScreen")


@pytest.mark.parametrize("content", [None, "", "\n"], ids=["missing", "empty", "blank"])
async def test_an_unreadable_passphrase_file_is_said_and_typed_instead(
    machine: Machine, passphrase_file: Path, content: str | None
) -> None:
    if content is None:
        passphrase_file.unlink()
    else:
        passphrase_file.write_text(content)
    given = Answers(key="generate", passphrase_file=passphrase_file)
    async with at_the_wizard(machine, details=DETAILS, given=given) as technician:
        await technician.sees(ALL_PASSED)
        await technician.press("enter")
        await technician.on("KeypairScreen")
        await technician.sees(title("ANSWER_UNUSABLE"))
        await technician.sees("--passphrase-file")
        await technician.passphrase()
        await technician.on("BackupScreen")


async def test_a_key_file_and_its_passphrase_are_filled_in(
    machine: Machine, passphrase_file: Path, tmp_path: Path
) -> None:
    """--yes lets the address be looked at on the next screen instead."""
    file = tmp_path / "key.hex"
    file.write_text("0x" + "37" * 32)
    file.chmod(0o600)
    given = Answers(key=str(file), passphrase_file=passphrase_file, yes=True)
    async with at_the_wizard(machine, details=DETAILS, given=given) as technician:
        await technician.sees(ALL_PASSED)
        await technician.press("enter")
        await technician.on("KeypairScreen")
        assert choice(technician, "#way") == "import"
        assert technician.field("#key-file").value == str(file)
        await technician.press("enter")
        await technician.on("BackupScreen")
        await technician.sees(machine.address)


async def test_without_a_yes_the_key_is_shown_before_it_is_taken(
    machine: Machine, passphrase_file: Path, tmp_path: Path
) -> None:
    file = tmp_path / "key.hex"
    file.write_text("0x" + "38" * 32)
    file.chmod(0o600)
    given = Answers(key=str(file), passphrase_file=passphrase_file)
    async with at_the_wizard(machine, details=DETAILS, given=given) as technician:
        await technician.sees(ALL_PASSED)
        await technician.press("enter")
        await technician.on("KeypairScreen")
        await technician.press("enter")
        await technician.sees("Is this the right key?")


async def test_no_backup_given_ahead_is_still_confirmed(machine: Machine) -> None:
    async with at_step(machine, Action.BACK_UP_KEYPAIR, given=Answers(backup="none")) as technician:
        await technician.press("enter")
        await technician.sees("its identity and its bond are lost")
        assert not technician.app.screen.query("#consent-word")
        await technician.press("enter")
        await technician.on("EnrolmentScreen")
    assert machine.state.backup == "none"


async def test_another_way_of_funding_asks_the_gas_station_for_nothing(machine: Machine) -> None:
    async with at_step(
        machine, Action.BACK_UP_KEYPAIR, given=Answers(backup="copied", fund="manual")
    ) as technician:
        await technician.press("enter")
        await technician.on("FundingScreen")
        assert choice(technician, "#way") == "manual"
        assert machine.state.way == "manual"
        await technician.press("f3")  # it is taken once: another way can be chosen afterwards
        await technician.on("EnrolmentScreen")
    events = [type(record.event).__name__ for record in machine.records]
    assert "EnrolmentRequested" not in events[: events.index("FundingWayChosen") + 1]


async def test_a_way_that_is_not_possible_is_said(machine: Machine) -> None:
    async with at_step(
        machine, Action.BACK_UP_KEYPAIR, given=Answers(backup="copied", fund="owner")
    ) as technician:
        await technician.press("enter")
        await technician.on("EnrolmentScreen")
        await technician.sees("--fund owner is not available here.")
        await technician.press("enter")
        await technician.until(lambda: technician.app.engine.enrolment, "a code to scan")


async def test_a_code_command_that_fails_is_said_and_the_code_is_scanned(
    machine: Machine, tmp_path: Path
) -> None:
    given = Answers(code_command="false")
    async with at_step(machine, Action.ENROL, given=given) as technician:
        await technician.until(lambda: technician.app.engine.enrolment, "a code to scan")
        await technician.press("enter")
        await technician.reads_problem("ANSWER_UNUSABLE")
        await technician.sees("--code-command ended with exit code 1.")
        await technician.press("enter")
        await technician.until(lambda: not technician.card, "the code to be there again")
        assert technician.visible("#qr")
        await technician.press("enter")
        await technician.on("ConfirmationScreen")
        await technician.press("enter")
        await technician.reads_problem("ANSWER_UNUSABLE")
        await technician.code()
        await technician.on("FundingScreen")


async def test_a_wrong_code_of_the_command_is_said_and_typed_over(
    machine: Machine, command: Callable[[], str], tmp_path: Path
) -> None:
    async with at_step(
        machine, Action.CONFIRM, given=Answers(code_command=command())
    ) as technician:
        (tmp_path / "code").write_text("not a code")
        await technician.press("enter")
        await technician.until(lambda: technician.card and not technician.app.busy, "a refusal")
        await technician.code()
        await technician.on("FundingScreen")


def real_money(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same network, taken seriously."""
    settings = machine.now_open.settings
    network = replace(settings.network, real_money=True)
    engine = machine.now_open
    monkeypatch.setattr(engine, "settings", _with_network(settings, network))


def _with_network(settings: Settings, network: object) -> Settings:
    return replace(settings, network=network)  # type: ignore[arg-type]


@pytest.mark.parametrize(("accepted", "typed"), [(10**18, False), (10**17, True), (None, True)])
async def test_a_bond_accepted_ahead_stands_for_the_word_and_for_no_more(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, accepted: int | None, typed: bool
) -> None:
    """--yes alone is no consent to real money."""
    await machine.drive(until=Action.REGISTER)
    real_money(machine, monkeypatch)
    given = Answers(accept_bond=accepted, yes=True)
    async with at_the_wizard(machine, engine=machine.now_open, given=given) as technician:
        await technician.sees("Enter sign and register")
        await technician.press("enter")
        await technician.sees("This is real money")
        assert isinstance(technician.app.screen, ConsentScreen)
        assert bool(technician.app.screen.query("#consent-word")) is typed
        if accepted == 10**17:
            await technician.sees(
                "--accept-bond accepted at most 0.1 PEAQ in advance. The bond is higher."
            )
        await technician.press("enter")
        if typed:
            await technician.sees('Type the word "register"')
            assert not machine.state.transactions
        else:
            await technician.on("MachineNftScreen")
