"""The wizard line by line: a script that waits for exit codes loses nothing to a full screen."""

from __future__ import annotations

import asyncio
import io
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.answers import Answers
from app.plain.console import Console
from app.plain.wizard import PlainWizard
from app.rehearsal.pretend import PretendPeople
from core.errors.exit_codes import EXIT_DONE, EXIT_STOPPED, EXIT_WAITING
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.keys.keystore import Kdf, store_key
from core.keys.private_key import generate_key
from core.secrets import Secret
from tests.support.machine import Machine
from tests.support.processes import alive, wait_for
from tests.support.words import title

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    """Everything that a full unattended run needs."""
    file = tmp_path / "passphrase"
    file.write_text(f"{PASSPHRASE}\nsecond line\n")
    file.chmod(0o600)
    return Answers(
        key="generate",
        passphrase_file=file,
        backup="copied",
        documentation_url="https://example.com/arm-7",
        data_api="https://example.com/arm-7/data",
        data_visibility="private",
        fund="gas-station",
        yes=True,
        no_input=True,
    )


def plain(machine: Machine, answers: Answers) -> PlainWizard:
    pretend = PretendPeople(machine.network)
    return PlainWizard(
        machine.now_open, answers, Console(no_input=answers.no_input), pretend=pretend
    )


async def test_an_unattended_run_finishes_and_exits_with_0(
    machine: Machine, answers: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await plain(machine, answers).run() == EXIT_DONE
    shown = capsys.readouterr()
    assert f"did:peaq:{machine.address}" in shown.out
    assert "... Next code in 25 s. Each code works once." in shown.err
    assert no_red_line(shown.err)
    assert len(machine.network.transfers()) == 1
    assert machine.state.did is not None
    assert machine.state.did.attributes["data_visibility"] == "private"
    assert PASSPHRASE not in shown.out + shown.err


def no_red_line(said: str) -> bool:
    return not any(line.startswith("x ") for line in said.splitlines())


AUTHENTICATOR = """
import sys, pathlib
uri = sys.stdin.read().strip()
kept, log = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
if not uri:
    with log.open("a") as file: file.write("asked\\n")
    print(kept.read_text())
"""


class SlowPhone:
    """A code command whose clock is `behind` the Gas Station's; counts how often it is asked."""

    def __init__(self, machine: Machine, tmp_path: Path, behind: float) -> None:
        self._kept, self._log = tmp_path / "shown", tmp_path / "asked"
        self._machine, self._behind = machine, behind
        script = tmp_path / "phone.py"
        script.write_text(AUTHENTICATOR)
        self.command = f"{sys.executable} {script} {self._kept} {self._log}"
        machine.clock.while_asleep = lambda _: self.shows()

    def shows(self) -> None:
        enrolment = self._machine.now_open.enrolment
        if enrolment is not None:
            moment = self._machine.clock.now() - timedelta(seconds=self._behind)
            self._kept.write_text(enrolment.code_at(moment))

    @property
    def asked(self) -> int:
        return len(self._log.read_text().splitlines())


@pytest.mark.parametrize("behind", [0, 20])
async def test_a_code_command_is_waited_for_silently(
    machine: Machine,
    answers: Answers,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    behind: float,
) -> None:
    """Also one whose clock is slow, so that it prints the used code some seconds longer."""
    await machine.drive(until=Action.CONFIRM)
    phone = SlowPhone(machine, tmp_path, behind)
    phone.shows()
    assert await plain(machine, replace(answers, code_command=phone.command)).run() == EXIT_DONE
    said = capsys.readouterr().err
    assert no_red_line(said)
    assert "Next code in" not in said
    assert phone.asked == 2 if not behind else phone.asked > 2
    assert machine.network.requests["POST /gas-station/faucet/fund"] == 1
    assert machine.network.requests["POST /gas-station/2fa/confirm"] == 1


async def test_a_command_that_prints_one_code_for_ever_is_given_up(
    machine: Machine, answers: Answers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await machine.drive(until=Action.CONFIRM)
    phone = SlowPhone(machine, tmp_path, 0)
    phone.shows()
    machine.clock.while_asleep = None
    stuck = replace(answers, code_command=phone.command)
    assert await plain(machine, stuck).run() != EXIT_DONE
    assert "(CODE_USED)" in capsys.readouterr().err
    assert 10 < phone.asked < 40
    assert machine.network.requests["POST /gas-station/faucet/fund"] == 0


@pytest.mark.parametrize(
    ("missing", "option"),
    [
        ({"key": None}, "--key"),
        ({"passphrase_file": None}, "--passphrase-file"),
        ({"backup": None}, "--backup"),
        ({"documentation_url": None}, "--documentation-url"),
        ({"data_api": None}, "--data-api"),
    ],
)
async def test_no_input_names_what_is_missing(
    machine: Machine,
    answers: Answers,
    missing: dict[str, None],
    option: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert await plain(machine, replace(answers, **missing)).run() == EXIT_STOPPED
    assert f"{option} is missing" in capsys.readouterr().err
    assert not machine.network.sent_transactions()


@pytest.mark.parametrize("fund", [None, "gas-station"])
async def test_no_input_without_codes_names_what_would_help(
    machine: Machine, answers: Answers, fund: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    console = Console(no_input=True)
    wizard = PlainWizard(machine.now_open, replace(answers, fund=fund), console)
    assert await wizard.run() == EXIT_STOPPED
    missing = "--code-command" if fund else "--fund"
    assert f"{missing} is missing" in capsys.readouterr().err


@pytest.mark.parametrize("fund", ["owner", "manual"])
async def test_another_way_of_funding_given_ahead_passes_over_2fa_once(
    machine: Machine, answers: Answers, fund: str, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.environ["PEAQOS_PRIVATE_KEY"] = machine.network.owner_key
    assert await plain(machine, replace(answers, fund=fund)).run() == EXIT_DONE
    shown = " ".join(capsys.readouterr().err.split())
    assert shown.count("Step 3 of 7") == 1
    assert "Not needed: " in shown
    if fund == "owner":
        assert "by the Gas Station" not in shown
    assert machine.state.funded is not None
    assert machine.state.funded.way == fund


async def test_without_a_yes_nothing_is_done(
    machine: Machine, answers: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await plain(machine, replace(answers, yes=False)).run() == EXIT_STOPPED
    assert "--yes is missing" in capsys.readouterr().err
    assert machine.now_open.action is Action.CHECK_ENVIRONMENT
    assert not (machine.folder / "keystore.json").exists()


async def test_all_missing_answers_are_named_before_a_key_is_made(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    wizard = PlainWizard(machine.now_open, Answers(no_input=True), Console(no_input=True))
    assert await wizard.run() == EXIT_STOPPED
    said = " ".join(capsys.readouterr().err.split())
    assert said == (
        "--documentation-url, --data-api, --data-visibility, --key, --passphrase-file, --fund, "
        "--yes and --backup are missing. With --no-input, the wizard does not ask for them."
    )
    assert not (machine.folder / "keystore.json").exists()


async def test_all_unusable_answers_are_named_before_a_key_is_made(
    machine: Machine, answers: Answers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = replace(
        answers,
        documentation_url="ftp://nowhere",
        data_api="x y",
        passphrase_file=tmp_path / "none",
        fund="owner",
    )
    assert await plain(machine, bad).run() == EXIT_STOPPED
    said = " ".join(capsys.readouterr().err.split())
    for words in (
        title("DOCUMENTATION_URL_INVALID"),
        title("DATA_API_INVALID"),
        "--passphrase-file cannot be read",
        "PEAQOS_PRIVATE_KEY, which holds its key, is not set.",
        "(--fund)",
    ):
        assert words in said
    assert "create a new key" not in said, "that is another step's remedy"
    assert not (machine.folder / "keystore.json").exists()


@pytest.mark.parametrize(
    "case",
    [
        ("no hex", title("PRIVATE_KEY_INVALID")),
        ("open to others", title("KEY_FILE_UNSAFE")),
        ("no keystore", "not a keystore V3"),
        ("another passphrase", title("PASSPHRASE_WRONG")),
        ("keep nothing", "--key keep: there is no keystore in"),
        ("bad variable", title("PRIVATE_KEY_INVALID")),
        ("long passphrase", title("PASSPHRASE_LONG")),
    ],
)
async def test_a_key_that_cannot_be_used_is_named_beside_the_other_answers(
    machine: Machine,
    answers: Answers,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    case: tuple[str, str],
) -> None:
    kind, words = case
    key = tmp_path / "key"
    key.touch(0o600)
    given = replace(answers, data_api="x y", key=str(key))
    if kind == "no hex":
        key.write_text("not a key")
    elif kind == "open to others":
        key.write_text("0x" + "5a" * 32)
        key.chmod(0o644)
    elif kind == "no keystore":
        key.write_text('{"version": 3}')
    elif kind == "another passphrase":
        folder = tmp_path / "other"
        folder.mkdir()
        store_key(folder, generate_key(), Secret("another one"), Kdf("pbkdf2", 100, 0))
        given = replace(given, key=str(folder / "keystore.json"))
    elif kind == "keep nothing":
        given = replace(given, key="keep")
    elif kind == "bad variable":
        machine.environ["PEAQOS_PRIVATE_KEY"] = "0x12"
        given = replace(given, key="environment")
    else:
        assert given.passphrase_file is not None
        given.passphrase_file.write_text("x" * 2000)
        given = replace(given, key="generate")
    assert await plain(machine, given).run() != EXIT_DONE
    said = " ".join(capsys.readouterr().err.split())
    assert words in said
    assert title("DATA_API_INVALID") in said
    assert machine.now_open.action is Action.CHECK_ENVIRONMENT
    assert not (machine.folder / "keystore.json").exists()


async def test_a_gas_station_that_is_not_set_is_named_before_a_key_is_made(
    machine: Machine, answers: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    del machine.environ["PEAQOS_GAS_STATION_URL"]
    assert await plain(machine, answers).run() != EXIT_DONE
    assert title("NO_GAS_STATION", network="rehearsal") in capsys.readouterr().err
    assert not (machine.folder / "keystore.json").exists()


@pytest.mark.parametrize("command", ["no-such-command-here", "'", ""])
async def test_a_code_command_that_is_not_there_is_found_before_a_key_is_made(
    machine: Machine, answers: Answers, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await plain(machine, replace(answers, code_command=command)).run() == EXIT_STOPPED
    assert "--code-command: " in capsys.readouterr().err
    assert not (machine.folder / "keystore.json").exists()


async def test_answers_that_are_not_needed_any_more_are_not_missing(
    machine: Machine, answers: Answers
) -> None:
    await machine.drive(until=Action.MINT)
    await machine.close()
    less = Answers(passphrase_file=answers.passphrase_file, no_input=True)
    assert await PlainWizard(machine.now_open, less, Console(no_input=True)).run() == EXIT_DONE


async def test_a_bond_above_what_was_accepted_is_not_paid(
    machine: Machine, answers: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    accepted = replace(answers, accept_bond=10**17)
    assert await plain(machine, accepted).run() == EXIT_STOPPED
    assert "(BOND_NOT_ACCEPTED)" in capsys.readouterr().err
    assert not machine.network.sent_transactions()
    assert not machine.network.transfers(), "it is found out before anything is paid"


async def test_a_passphrase_that_does_not_open_the_key_is_found_out_before_money_moves(
    machine: Machine, answers: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await plain(machine, replace(answers, backup=None)).run() == EXIT_STOPPED
    await machine.close()
    machine.open()
    assert answers.passphrase_file is not None
    answers.passphrase_file.write_text("another one\n")
    assert await plain(machine, answers).run() == EXIT_STOPPED
    assert "does not open the keystore" in capsys.readouterr().err
    assert not machine.network.transfers()


async def test_a_long_cooldown_ends_with_75_and_the_next_start_goes_on(
    machine: Machine, answers: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.network.fault("owner-cap", 1)
    assert await plain(machine, answers).run() == EXIT_WAITING
    assert title("CAP_EXCEEDED_OWNER") in capsys.readouterr().err
    await machine.close()
    assert await plain(machine, replace(answers, fund="manual")).run() == EXIT_DONE
    assert not machine.network.transfers()


async def test_a_short_cooldown_is_waited_for(machine: Machine, answers: Answers) -> None:
    machine.network.fault("rate-limited", 1)
    assert await plain(machine, answers).run() == EXIT_DONE
    assert len(machine.network.transfers()) == 1


async def test_it_can_be_typed_through(
    machine: Machine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A line for each question, a bad address and two different passphrases among them."""
    lines = [
        *("ftp://nowhere", "https://a.example/doc", "https://a.example/api", "everybody", ""),
        *("1", PASSPHRASE, "a slip", PASSPHRASE, PASSPHRASE),  # the first two differ
        "copied",
    ]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines) + "\n"))
    assert await plain(machine, Answers(qr=False)).run() == EXIT_STOPPED
    shown = capsys.readouterr()
    assert "does not start with https://" in shown.err
    assert title("PASSPHRASES_DIFFER") in shown.err
    assert "this secret" in shown.err
    assert "The input ended. All progress is saved" in shown.err
    assert machine.address in shown.out
    assert machine.now_open.action is Action.ENROL


async def test_leaving_kills_a_code_command_that_is_still_running(
    machine: Machine, answers: Answers, tmp_path: Path
) -> None:
    script = tmp_path / "slow"
    script.write_text(f"echo $$ > {tmp_path}/pid\nexec sleep 600\n")
    slow = replace(answers, code_command=f"sh {script}")
    running = asyncio.ensure_future(plain(machine, slow).run())
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert not running.done(), running.result()
        await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    pid = int((tmp_path / "pid").read_text())
    wait_for(lambda: not alive(pid))


def test_a_passphrase_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    answers = Answers(passphrase_file=tmp_path / "none")
    with pytest.raises(OnboardingError) as refused:
        answers.passphrase()
    assert "--passphrase-file cannot be read: No such file" in refused.value.problem.cause
    assert answers.passphrase() is None, "it is said once"
