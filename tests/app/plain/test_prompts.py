"""Each question of the line-by-line wizard: what it takes, what it refuses, and that an input
which ends loses nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.answers import Answers
from core.errors.exit_codes import EXIT_DONE, EXIT_STOPPED
from core.journal.next_action import Action
from core.step import Step
from screens.dialogs.help import OF_STEP
from tests.support.machine import DETAILS, PASSPHRASE, Machine, check_once
from tests.support.plain import AHEAD, WORDS, Run
from tests.support.words import title

KEY = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"


def file_with(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "given"
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


async def test_a_key_is_pasted_and_never_shown(machine: Machine, run: Run) -> None:
    said = await run("paste", KEY, WORDS, WORDS, "yes", "copied")
    assert machine.address == "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
    assert machine.now_open.action is Action.ENROL
    assert KEY not in said.out + said.err
    assert WORDS not in said.out + said.err
    assert said.code == EXIT_STOPPED


async def test_a_key_that_is_none_is_asked_for_again(machine: Machine, run: Run) -> None:
    said = await run("paste", KEY[:-1], WORDS, WORDS, "", "paste", KEY, WORDS, WORDS, "yes")
    assert "It has 63 hex digits instead of 64" in said.words
    assert machine.now_open.action is Action.BACK_UP_KEYPAIR


async def test_a_key_that_is_not_the_right_one_is_not_stored(machine: Machine, run: Run) -> None:
    said = await run("paste", KEY, WORDS, WORDS, "no")
    assert "You did not agree, so nothing was done." in said.words
    assert not (machine.folder / "keystore.json").exists()


async def test_a_short_passphrase_wants_a_word_or_another_passphrase(
    machine: Machine, run: Run
) -> None:
    said = await run("generate", "short", "short", "no", WORDS, WORDS, "copied")
    assert "fewer than 12 characters" in said.words
    assert "Enter another passphrase." in said.words
    assert machine.now_open.action is Action.ENROL
    await machine.restart()  # with the long one


async def test_a_short_passphrase_is_taken_for_the_word(machine: Machine, run: Run) -> None:
    await run("generate", "short", "short", "weak", "copied")
    assert machine.now_open.action is Action.ENROL


async def test_a_short_passphrase_given_ahead_is_said_where_money_is_pretend(
    machine: Machine, run: Run, tmp_path: Path
) -> None:
    answers = replace(AHEAD, key="generate", passphrase_file=file_with(tmp_path, "short"))
    said = await run(answers=replace(answers, yes=True, no_input=True))
    assert "fewer than 12 characters" in said.words
    assert "this network has no real money" in said.words
    assert machine.now_open.action is Action.BACK_UP_KEYPAIR


async def test_a_short_passphrase_given_ahead_does_not_lock_up_real_money(
    machine: Machine, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--yes is no consent where money is real."""
    engine = machine.now_open
    network = replace(engine.settings.network, real_money=True)
    monkeypatch.setattr(engine, "settings", replace(engine.settings, network=network))
    path = file_with(tmp_path, "short")
    answers = replace(AHEAD, key="generate", passphrase_file=path, yes=True, no_input=True)
    said = await run(answers=replace(answers, accept_bond=10**18))
    assert said.code == EXIT_STOPPED
    assert "for real money, a passphrase needs 12 characters or more" in said.words
    assert not (machine.folder / "keystore.json").exists()


async def test_a_wrong_passphrase_is_asked_for_again_until_it_is_right(
    machine: Machine, run: Run
) -> None:
    await machine.drive(until=Action.REGISTER)
    await machine.close()
    said = await run("yes", "wrong one", "", WORDS)
    assert said.words.count(title("PASSPHRASE_WRONG")) == 1
    assert said.words.count(title("PASSPHRASE_EMPTY")) == 1
    assert said.code == EXIT_DONE


async def test_after_an_empty_passphrase_the_next_one_is_asked_for_hidden_at_once(
    machine: Machine, run: Run
) -> None:
    """At any other prompt, what is typed next would stay in the scrollback."""
    said = await run("generate", "", WORDS, "another one", WORDS, WORDS, "copied", "manual")
    assert said.words.count(title("PASSPHRASE_EMPTY")) == 1
    assert said.words.count(title("PASSPHRASES_DIFFER")) == 1
    assert said.words.count("1 generate") == 1
    assert machine.state.keypair is not None


@pytest.mark.parametrize("content", ["wrong one", "", None], ids=["wrong", "empty", "missing"])
async def test_a_passphrase_file_that_does_not_help_is_said_once_and_asked_for(
    machine: Machine, run: Run, tmp_path: Path, content: str | None
) -> None:
    await machine.drive(until=Action.REGISTER)
    await machine.close()
    path = tmp_path / "none" if content is None else file_with(tmp_path, content)
    answers = replace(AHEAD, passphrase_file=path)
    said = await run("yes", WORDS, answers=answers)
    assert said.code == EXIT_DONE
    told = "does not open the keystore" if content else "--passphrase-file"
    assert said.words.count(told) == 1
    assert WORDS not in said.out + said.err


async def test_a_wrong_passphrase_file_ends_a_run_that_may_not_ask(
    machine: Machine, run: Run, tmp_path: Path
) -> None:
    await machine.drive(until=Action.REGISTER)
    await machine.close()
    path = file_with(tmp_path, "wrong one")
    said = await run(answers=replace(AHEAD, passphrase_file=path, yes=True, no_input=True))
    assert said.code == EXIT_STOPPED
    assert "does not open the keystore" in said.words
    assert not machine.state.transactions


async def test_a_wrong_passphrase_of_a_brought_keystore_is_asked_for_again(
    machine: Machine, run: Run, tmp_path: Path
) -> None:
    await machine.drive(until=Action.BACK_UP_KEYPAIR)
    path = tmp_path / "brought.json"
    path.write_bytes((machine.folder / "keystore.json").read_bytes())
    await machine.close()
    machine.folder = tmp_path / "another machine"
    said = await run("file", str(path), "wrong one", WORDS, "yes", "copied")
    assert said.words.count(title("PASSPHRASE_WRONG")) == 1
    assert machine.now_open.action is Action.ENROL


async def test_a_descriptor_is_read_once_and_serves_twice(machine: Machine, run: Run) -> None:
    """Process substitution: what was read is gone."""
    reading, writing = os.pipe()
    os.write(writing, f"{WORDS}\n".encode())
    os.close(writing)
    answers = replace(AHEAD, key="generate", passphrase_file=Path(f"/dev/fd/{reading}"))
    answers = replace(answers, fund="manual", yes=True, no_input=True)
    try:
        said = await run(answers=answers)
        assert "--backup is missing" in said.words
        engine = await machine.now_open.load()
        engine.context.memory.key = None
        await machine.now_open.unlock(_of(answers))
    finally:
        os.close(reading)


def _of(answers: Answers) -> object:
    return PASSPHRASE if answers.passphrase_file else None


async def test_a_question_mark_explains_the_step(machine: Machine, run: Run) -> None:
    said = await run("?", "generate", WORDS, WORDS, "?", "copied")
    assert OF_STEP[Step.KEYPAIR][0] in said.words
    assert "address: The public name of a wallet" in said.words
    assert "Run the same command again to resume" in said.words
    assert "ctrl+q" not in said.words
    assert machine.now_open.action is Action.ENROL


async def test_an_enter_too_many_does_not_say_that_a_copy_was_made(
    machine: Machine, run: Run
) -> None:
    said = await run("generate", WORDS, WORDS, "", "  ")
    assert machine.now_open.action is Action.BACK_UP_KEYPAIR
    assert said.err.count("Backup: ") == 3, "without a default"
    assert said.words.count("Type a number from 1 to 2, or copied or none.") == 2
    await run("copied")
    assert machine.state.backup == "copied"


async def test_no_backup_wants_the_words(machine: Machine, run: Run) -> None:
    said = await run("generate", WORDS, WORDS, "none", "hm")
    assert machine.now_open.action is Action.BACK_UP_KEYPAIR
    assert "Only the full screen shows the key itself" in said.words
    await run("none", "no backup")
    assert machine.state.backup == "none"


async def test_another_way_of_funding_can_be_typed_at_any_code(machine: Machine, run: Run) -> None:
    said = await run("generate", WORDS, WORDS, "copied", "manual", "yes")
    assert machine.state.way == "manual"
    assert "(or type manual for another method)" in said.words
    assert said.code == EXIT_DONE


async def test_a_code_command_that_fails_is_said_and_the_code_typed(
    machine: Machine, run: Run
) -> None:
    answers = replace(AHEAD, key="generate", code_command="false", backup="copied")
    codes = machine.fresh_code
    said = await run(WORDS, WORDS, "", codes, codes, "yes", answers=answers)
    assert said.words.count("--code-command ended with exit code 1.") == 1
    assert "this secret" in said.words
    assert said.code == EXIT_DONE


async def test_the_code_of_step_4_is_waited_out_before_the_next_is_asked_for(
    machine: Machine, run: Run
) -> None:
    shown = machine.network.current_code

    def current() -> str:
        code = shown(machine.address)
        assert code is not None
        return code[0]

    said = await run("generate", WORDS, WORDS, "copied", "", current, current, "yes")
    assert said.code == EXIT_DONE
    assert "... Next code in 25 s. Each code works once." in said.err
    assert not [line for line in said.err.splitlines() if line.startswith("x ")]
    assert 25 in machine.clock.slept
    check_once(machine)


async def test_after_a_wrong_code_the_next_line_is_taken_as_the_code(
    machine: Machine, run: Run
) -> None:
    """At a question before it, the code would be lost."""
    await machine.drive(until=Action.CONFIRM)
    code = machine.fresh_code
    said = await run(machine.old_code, code, lambda: machine.codes[-1], "12345", code, "yes")
    assert said.code == EXIT_DONE
    for code in ("CODE_MISTYPED", "CODE_USED", "CODE_MALFORMED"):
        assert said.err.count(title(code, digits=6)) == 1
    assert "Enter retries" not in said.words
    check_once(machine)


async def test_after_a_code_that_the_gas_station_refuses_the_next_one_is_asked_for(
    machine: Machine, run: Run
) -> None:
    await machine.drive(until=Action.CONFIRM)
    machine.network.fault("invalid-code", 1)
    machine.network.fault("expired-code", 1)
    code = machine.fresh_code
    said = await run(code, code, code, code, "yes")
    assert said.code == EXIT_DONE
    assert "(INVALID_2FA)" in said.err or "(CODE_EXPIRED)" in said.err
    assert title("CODE_EXPIRED") in said.words
    assert "Enter retries" not in said.words
    check_once(machine)


async def test_details_given_ahead_that_are_refused_are_asked_for(
    machine: Machine, run: Run
) -> None:
    answers = replace(AHEAD, documentation_url="ftp://nowhere")
    said = await run("ftp://again", "https://a.example/doc", "generate", answers=answers)
    assert said.words.count(title("DOCUMENTATION_URL_INVALID")) == 2
    assert "[ftp://" not in said.err, "a wrong answer is not the next default"
    assert machine.state.details is not None
    assert machine.state.details.documentation_url == "https://a.example/doc"
    assert machine.state.details.data_api == DETAILS.data_api


async def test_what_is_not_needed_is_said_once(machine: Machine, run: Run) -> None:
    """Also which steps were passed over, and why."""
    await machine.drive(until=Action.MEASURE_NEED)
    machine.network.send(machine.address, 2 * 10**18)
    said = await run("yes")
    assert said.code == EXIT_DONE
    for number, name in ((3, "Set up 2FA"), (4, "Confirm 2FA"), (5, "Fund")):
        assert said.err.count(f"Step {number} of 7: {name}") == 1
    assert said.words.count("Not needed: the balance is sufficient") == 3
    assert said.words.count("Signed the registration") == 1
    assert said.words.count(f"Registered: machine {machine.state.registered.machine_id}") == 1  # type: ignore[union-attr]


async def test_results_alone_are_on_stdout(machine: Machine, run: Run) -> None:
    said = await run("generate", WORDS, WORDS, "copied", "manual", "yes")
    assert said.out.startswith(f"address {machine.address}\nkeystore ")
    for word in ("Step", "...", "Passphrase", "What", "Type"):
        assert word not in said.out.split("The machine is onboarded")[0]


@pytest.mark.parametrize("line", ["", "?", "nonsense", "paste"])
async def test_an_input_without_an_end_is_given_up(machine: Machine, run: Run, line: str) -> None:
    """`yes '' | peaq-onboard --plain` would fill a log for ever."""
    said = await run(*[line] * 1000)
    assert said.code == EXIT_STOPPED
    assert "100 unusable answers in a row. Stopping." in said.words


async def test_a_line_without_an_end_is_given_up(machine: Machine, run: Run) -> None:
    said = await run("x" * 70_000)
    assert said.code == EXIT_STOPPED
    assert "An input line has more than 65536 characters." in said.words


LINES = ["generate", WORDS, WORDS, "copied", "", "code", "code", "yes"]


@pytest.mark.parametrize("typed", range(len(LINES)))
async def test_an_input_that_ends_at_any_question_loses_nothing(
    machine: Machine, run: Run, typed: int
) -> None:
    """The next start goes on where it stopped, and all is done once."""

    def line(text: str) -> str | Callable[[], str]:
        return machine.fresh_code if text == "code" else text

    said = await run(*map(line, LINES[:typed]))
    assert said.code == EXIT_STOPPED
    assert "All progress is saved; start again to resume." in said.words
    before = machine.now_open.action
    await machine.close()
    assert machine.now_open.action is before
    machine.way = "manual"
    await machine.restart()
    await machine.drive()
    assert len(machine.network.registrations(machine.address)) == 1


async def test_that_the_2fa_secret_stays_in_the_scrollback_is_said_before_it_is_shown(
    machine: Machine, run: Run
) -> None:
    said = await run("generate", WORDS, WORDS, "copied")
    warned = said.words.index("This terminal's scrollback and logs keep it")
    assert warned < said.words.index("this secret")
