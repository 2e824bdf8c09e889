"""`--json`: whatever happens, a program that parses stdout gets one document and its exit code."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.schema import faults
from tests.support.words import title

TOP = Path(__file__).resolve().parents[2]
SCHEMA: dict[str, Any] = json.loads((TOP / "docs" / "error.schema.json").read_text())
COMMANDS = ["status", "receipt", "doctor"]


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PEAQOS_")}
    return {
        **kept,
        "PYTHONPATH": str(TOP),
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "xdg"),
    }


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *words],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def failed_with(done: subprocess.CompletedProcess[str]) -> str:
    """The code of the error on stdout, which agrees with stderr and the exit code."""
    document = json.loads(done.stdout)
    assert list(faults(document, SCHEMA)) == []
    error = document["error"]
    assert error["exit_code"] == done.returncode
    assert done.stderr.strip(), "people read stderr"
    assert "Traceback" not in done.stderr
    return str(error["code"])


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "words",
    [
        ["--nonsense", "--json"],
        ["--json", "--network", "nonsense"],
        ["--json", "--state-dir="],
        ["--js", "extra"],
    ],
    ids=" ".join,
)
def test_bad_arguments_are_an_error_document(
    tmp_path: Path, command: str, words: list[str]
) -> None:
    done = run(tmp_path, command, *words)
    assert failed_with(done) == "ARGUMENTS_INVALID"
    assert done.returncode == 1
    assert "usage: peaq-onboard" in done.stderr


def test_bad_arguments_before_the_command_are_an_error_document(tmp_path: Path) -> None:
    assert failed_with(run(tmp_path, "--nonsense", "status", "--json")) == "ARGUMENTS_INVALID"
    assert failed_with(run(tmp_path, "--fault", "locked", "status", "--json")) == (
        "ARGUMENTS_INVALID"
    )
    assert failed_with(run(tmp_path, "--json")) == "ARGUMENTS_INVALID"


def test_without_json_bad_arguments_leave_stdout_empty(tmp_path: Path) -> None:
    assert run(tmp_path, "status", "--nonsense").stdout == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_refused_env_file_is_an_error_document(tmp_path: Path, command: str) -> None:
    env_file = tmp_path / "others.env"
    env_file.touch()
    env_file.chmod(0o666)
    done = run(tmp_path, command, "--json", "--env-file", str(env_file))
    assert failed_with(done) == "ENV_FILE_UNSAFE"
    assert title("ENV_FILE_UNSAFE") in done.stderr
    done = run(tmp_path, command, "--json", "--env-file", "missing.env")
    assert failed_with(done) == "ENV_FILE_UNREADABLE"
    assert done.returncode == 3


@pytest.mark.parametrize("command", ["status", "receipt"])
def test_a_damaged_journal_is_an_error_document(tmp_path: Path, command: str) -> None:
    (tmp_path / "journal.jsonl").write_text("{}\n{}\n")
    done = run(tmp_path, command, "--json", "--state-dir", str(tmp_path))
    assert failed_with(done) == "JOURNAL_DAMAGED"
    assert done.returncode == 3


@pytest.mark.parametrize("verify", [[], ["--verify"]], ids=["", "verify"])
def test_a_receipt_that_does_not_exist_yet_is_an_error_document(
    tmp_path: Path, verify: list[str]
) -> None:
    done = run(tmp_path, "receipt", "--json", *verify, "--state-dir", str(tmp_path / "state"))
    assert failed_with(done) == "RECEIPT_NOT_READY"
    assert done.returncode == 1


def test_a_defect_of_the_program_is_an_error_document(tmp_path: Path) -> None:
    program = (
        "import sys, app.cli, app.commands.status as status\n"
        "def broken(*_): raise ZeroDivisionError\n"
        "status.read_settings = broken\n"
        "sys.exit(app.cli.main(['status', '--json']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert failed_with(done) == "UNEXPECTED"


@pytest.fixture
def silent_endpoint() -> Iterator[socket.socket]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_ctrl_c_is_an_error_document(tmp_path: Path, silent_endpoint: socket.socket) -> None:
    url = f"http://127.0.0.1:{silent_endpoint.getsockname()[1]}"
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "doctor", "--json", "--network", "rehearsal"],
        cwd=tmp_path,
        env={**environment(tmp_path), "PEAQOS_RPC_URL": url},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        ready, _, _ = select.select([silent_endpoint], [], [], 60)
        assert ready, "the endpoint was never asked"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    document = json.loads(out)
    assert list(faults(document, SCHEMA)) == []
    assert document["error"]["code"] == "INTERRUPTED"
    assert document["error"]["exit_code"] == process.returncode == 130
    assert "Traceback" not in err


@pytest.mark.parametrize("word", ["--json", "--jso"])
def test_ctrl_c_while_the_program_is_still_being_imported_is_an_error_document(word: str) -> None:
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
        [sys.executable, "-c", program, "status", word],
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert json.loads(done.stdout)["error"]["code"] == "INTERRUPTED"
    assert (done.returncode, done.stderr) == (130, "")


def test_an_error_document_that_nobody_takes_still_ends_with_its_exit_code(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "app", "status", "--json", "--env-file", "missing.env"],
            cwd=tmp_path,
            env=environment(tmp_path),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 3
    assert done.stderr.startswith(title("ENV_FILE_UNREADABLE"))
    assert "Exception ignored" not in done.stderr
