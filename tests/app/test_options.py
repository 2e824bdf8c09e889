"""The options: settled once, by the command line and the terminal, and never changed afterwards."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from app.arguments import build_parser
from app.options import Options, options_from, resume_words


def parsed(*words: str) -> Options:
    return options_from(build_parser(words).parse_args(words))


@pytest.fixture
def full_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")


def test_nothing_changes_the_options_of_a_start() -> None:
    with pytest.raises(FrozenInstanceError):
        parsed().plain = True  # type: ignore[misc]


@pytest.mark.usefixtures("full_screen")
def test_a_command_line_without_options_gives_the_defaults() -> None:
    assert parsed() == Options()


@pytest.mark.parametrize("words", [[], ["--network", "agung"], ["--network", "rehearsal"]])
def test_a_rehearsal_is_on_the_rehearsal_network(words: list[str]) -> None:
    options = parsed("--rehearse", *words, "--fault", "locked", "--block-time", "6")
    assert (options.rehearse, options.network, options.block_time) == (True, "rehearsal", 6.0)
    assert [fault.name for fault in options.faults] == ["locked"]


@pytest.mark.usefixtures("full_screen")
@pytest.mark.parametrize("word", ["--plain", "--no-input"])
def test_plain_and_no_input_need_neither_full_screen_nor_terminal(word: str) -> None:
    options = parsed(word)
    assert options.plain
    assert not options.needs_terminal
    assert options.answers.no_input is (word == "--no-input")


@pytest.mark.usefixtures("full_screen")
@pytest.mark.parametrize("missing", ["terminal", "TERM", "a TERM that can move the cursor"])
def test_an_output_that_cannot_show_screens_gets_lines_but_still_needs_somebody_to_type(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == "terminal":
        monkeypatch.setattr("sys.stdout.isatty", lambda: False)
    elif missing == "TERM":
        monkeypatch.delenv("TERM")
    else:
        monkeypatch.setenv("TERM", "dumb")
    options = parsed()
    assert options.plain
    assert options.needs_terminal


def test_only_a_file_of_variables_that_was_named_has_to_exist() -> None:
    assert (parsed().env_file, parsed().env_file_named) == (Path(".env"), False)
    for named in (parsed("--env-file", ".env"), parsed("status", "--env-file", ".env")):
        assert (named.env_file, named.env_file_named) == (Path(".env"), True)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--rehearse"],
        ["--network", "agung"],
        ["--network", "agung", "--env-file", "agung.env", "--state-dir", "a folder"],
        ["--rehearse", "--block-time", "6", "--single-transaction"],
        ["--plain"],
        ["--no-input"],
        ["--key", "my key.json", "--passphrase-file", "pass", "--backup", "copied", "--plain"],
        ["--documentation-url", "https://a.example", "--data-api", "https://b.example"],
        ["--data-visibility", "private", "--fund", "gas-station", "--code-command", "oathtool x"],
        ["--accept-bond", "1.000000000000000001", "--wait", "5400s", "--yes", "--no-qr"],
        ["--accept-bond", "0", "--wait", "0s", "--accept-contracts"],
    ],
)
def test_the_command_to_resume_with_leads_to_the_same_options(words: list[str]) -> None:
    options = parsed(*words)
    again = resume_words(options, options.state_dir)
    assert again == words
    assert parsed(*again) == options


def test_the_command_to_resume_a_rehearsal_names_its_temporary_directory(tmp_path: Path) -> None:
    again = resume_words(parsed("--rehearse"), tmp_path)
    assert again == ["--rehearse", "--state-dir", str(tmp_path)]
    assert parsed(*again).state_dir == tmp_path


def test_the_command_to_resume_with_keeps_every_preset() -> None:
    """A preset that comes later must not be forgotten in the hint."""
    for action in build_parser(())._actions:
        name = action.option_strings[-1] if action.option_strings else ""
        if name in ("", "--help", "--version", "--fault", "--rehearse"):
            continue
        value = {
            "--network": "agung",
            "--accept-bond": "1",
            "--wait": "90s",
            "--block-time": "6",
            **{
                one.option_strings[-1]: one.choices[0]
                for one in build_parser(())._actions
                if one.choices and one.option_strings
            },
        }.get(name, "x")
        words = [name] if action.nargs == 0 else [name, value]
        options = parsed(*words)
        assert resume_words(options, options.state_dir) == words


def test_the_command_to_resume_with_forgets_what_was_for_one_start() -> None:
    options = parsed("--rehearse", "--fault", "locked:1", "--passphrase-file", "/dev/fd/63")
    assert resume_words(options, None) == ["--rehearse"]
