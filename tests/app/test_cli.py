"""The command line: what can be asked for, and clear words for what cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import main
from app.rehearsal.faults import FAULTS
from app.version import installed_version
from core.errors.exit_codes import EXIT_CONFIGURATION, EXIT_STOPPED

TOP = Path(__file__).resolve().parent.parent.parent


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 1, "2 would say that the network is at fault"
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("arguments", [["--help"], ["devnet", "--help"]])
def test_help_lists_every_fault_with_what_it_does(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    said = capsys.readouterr().out
    words = " ".join(said.split())
    for name, what in FAULTS.items():
        assert f" {name} {what}" in words


def test_help_names_the_commands_the_exit_codes_and_no_option_for_a_secret(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    for word in ("status", "devnet", "--rehearse", "--network", "--env-file", "--state-dir", "75"):
        assert word in said
    for word in ("--private-key", "--passphrase ", "--code "):
        assert word not in said


def test_version_is_the_installed_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == installed_version()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rehearse", "--fault", "nonsense"], "'nonsense' is not a fault. Faults: "),
        (["--rehearse", "--fault", "locked:x"], "'x' is not a number of times"),
        (["--rehearse", "--fault", "locked:0"], "must be 1 or more"),
        (["--fault", "locked"], "--fault and --block-time need --rehearse"),
        (["--block-time", "6"], "--fault and --block-time need --rehearse"),
        (["--rehearse", "--block-time", "-1"], "'-1' is not a number of seconds from 0 to 3600"),
        (["--rehearse", "--block-time", "soon"], "'soon' is not a number of seconds"),
        (["--rehearse", "--block-time", "nan"], "'nan' is not a number of seconds"),
        (["devnet", "--port", "65536"], "'65536' is not a port from 0 to 65535"),
        (["devnet", "--port", "http"], "'http' is not a port"),
        (["devnet", "--fault", "nonsense"], "'nonsense' is not a fault"),
        (["--data-visibility", "everybody"], "--data-visibility"),
        (["--network", "nonsense"], "Use mainnet, agung or rehearsal"),
        (["status", "--network", "nonsense"], "Use mainnet, agung or rehearsal"),
        (["--state-dir", ""], "the path is empty"),
        (["status", "--state-dir="], "the path is empty"),
        (["--nonsense"], "--nonsense"),
        (["nonsense"], "nonsense"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert words in refused(capsys, *arguments)


@pytest.mark.parametrize("command", [[], ["status"], ["doctor"], ["receipt"]], ids=str)
@pytest.mark.parametrize("there", ["nothing", "a folder", "a pipe"])
def test_a_named_file_of_variables_that_is_not_there_is_never_mainnet_instead(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: list[str], there: str
) -> None:
    path = tmp_path / "agung.env"
    if there == "a folder":
        path.mkdir()
    elif there == "a pipe":
        os.mkfifo(path)
    arguments = ["--env-file", str(path), "--state-dir", str(tmp_path / "state")]
    assert main([*command, *arguments]) == EXIT_CONFIGURATION
    said = capsys.readouterr()
    assert said.out == ""
    assert f"(ENV_FILE_UNREADABLE)\n  {path}: " in said.err
    assert not (tmp_path / "state").exists()


def test_the_usual_file_of_variables_may_be_missing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["status", "--state-dir", str(tmp_path / "state")]) == EXIT_STOPPED
    assert "network  mainnet" in capsys.readouterr().out


def run(
    *arguments: str, folder: Path, stdin: int = subprocess.DEVNULL, **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PEAQOS_")}
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        stdin=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=folder,
        env={
            **kept,
            "PYTHONPATH": str(TOP),
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "xdg"),
            **environment,
        },
    )


def test_without_a_terminal_it_says_what_to_do_and_touches_nothing(tmp_path: Path) -> None:
    done = run(folder=tmp_path)
    assert done.returncode == 1
    assert "needs a terminal" in done.stderr
    assert "ssh -t HOST peaq-onboard" in done.stderr
    assert done.stdout == ""
    assert "\x1b" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("/dev/full", "Standard output cannot be written: No space left on device."),
        ("&-", "Standard output is closed."),
    ],
)
@pytest.mark.parametrize("command", ["status", "status --json"])
def test_an_output_that_takes_nothing_is_told_in_plain_words(
    tmp_path: Path, command: str, place: str, words: str
) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m app {command} --state-dir {tmp_path} >{place}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=TOP,
    )
    assert (done.returncode, done.stderr) == (1, f"{words}\n")


def test_the_first_screen_does_not_wait_for_heavy_imports(tmp_path: Path) -> None:
    """Asking where it stands over a slow line on a small board must not take seconds."""
    program = (
        "import sys, app.cli, json\n"
        "heavy = {'textual', 'web3', 'eth_account', 'httpx', 'aiohttp', 'eth'}\n"
        "before = heavy & set(sys.modules)\n"
        "import app.tui.wizard_app\n"
        "after = heavy & set(sys.modules) - {'textual'}\n"
        "print(json.dumps([sorted(before), sorted(after - {'httpx'})]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=TOP,
    )
    at_start, at_the_first_screen = json.loads(done.stdout)
    assert at_start == []
    assert at_the_first_screen == []


def test_ctrl_c_while_the_program_is_still_being_read_ends_it_quietly() -> None:
    program = (
        "import runpy, sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'core.errors.problem':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "runpy.run_module('app', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
