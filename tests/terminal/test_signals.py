"""However the terminal goes away: the program ends, soon, cleanly, and loses nothing."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.journal.events import KeypairStored
from core.journal.file import read_records
from core.keys.keystore import open_file
from core.secrets import Secret
from core.storage.folder_lock import holder, is_locked
from tests.support.titles import BACKUP, ENVIRONMENT, KEYPAIR
from tests.terminal.conftest import Note
from tests.terminal.console import (
    COMMAND,
    DETAILS,
    PASSPHRASE,
    Console,
    Devnet,
    clean_environment,
    console,
    devnet,
)

pytestmark = pytest.mark.terminal

SHELL = ["/bin/bash", "--norc", "--noprofile", "-i"]
SOON = 5.0
"""Seconds."""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with devnet(tmp_path_factory.mktemp("devnet")) as running:
        yield running


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["term", "hup"]
)
def test_a_signal_ends_it_with_the_terminal_as_it_was(
    tmp_path: Path, network: Devnet, number: signal.Signals, code: int, note: Note
) -> None:
    environment = clean_environment(tmp_path, **network.variables)
    state = tmp_path / "machine"
    with console(["--state-dir", str(state), *DETAILS], environment, tmp_path) as tty:
        tty.environment()
        tty.title(KEYPAIR)
        os.kill(tty.child.pid, number)
        os.kill(tty.child.pid, signal.SIGCONT)  # as systemd does, so that the stopped end too
        assert tty.ends(within=SOON) == code
        note("life", what=number.name, ended=f"clean, exit {code}")
        if number is signal.SIGTERM:
            end = tty.raw[tty.raw.rindex(b"\x1b[?1049h") :]
            assert b"\x1b[?1049l" in end, "the shell's own screen did not come back"
            assert end.rindex(b"\x1b[?25h") > end.rfind(b"\x1b[?25l"), "the cursor stays hidden"
            assert b"Traceback" not in tty.raw
            assert b"To resume:" in end
    assert [type(record.event).__name__ for record in read_records(state / "journal.jsonl")] == [
        "OnboardingStarted",
        "EnvironmentPassed",
        "DetailsRecorded",
    ]
    assert not holder(state), "the folder is still held"
    with console(["--state-dir", str(state), *DETAILS], environment, tmp_path) as tty:
        tty.title(KEYPAIR)


def _controlling(ignoring_hup: bool) -> None:
    """In the child: the terminal at 0 becomes its own, as under a login."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if ignoring_hup:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


@pytest.mark.parametrize("way", ["login", "nohup", "setsid"])
def test_a_terminal_that_is_closed_ends_it(
    tmp_path: Path, network: Devnet, way: str, note: Note
) -> None:
    """Else it would hold the folder, and a processor, until the machine is switched off."""
    environment = clean_environment(tmp_path, **network.variables)
    state = tmp_path / "machine"
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, "--state-dir", str(state), *DETAILS],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment,
        cwd=tmp_path,
        preexec_fn=os.setsid if way == "setsid" else lambda: _controlling(way == "nohup"),  # noqa: PLW1509
    )
    os.close(slave)
    try:
        seen = b""
        while b"passed" not in seen:
            seen += os.read(master, 65536)
        os.close(master)
        closed = time.monotonic()
        code = process.wait(timeout=SOON + 5)
        assert time.monotonic() - closed < SOON
        assert code == 129
        note("life", what=f"terminal closed ({way})", ended=f"clean, exit {code}")
    finally:
        process.kill()
        process.wait()
    assert not holder(state), "the folder is still held"


def test_ctrl_c_does_not_end_it_and_ctrl_q_says_how_to_come_back(
    tmp_path: Path, network: Devnet
) -> None:
    environment = clean_environment(tmp_path, **network.variables)
    state = tmp_path / "machine"
    with console(["--state-dir", str(state), *DETAILS], environment, tmp_path) as tty:
        tty.title(ENVIRONMENT)
        tty.type("\x03")
        tty.environment()
        tty.title(KEYPAIR)
        tty.type("\x11")
        assert tty.ends(within=SOON) == 1
        said = tty.raw.rpartition(b"\x1b[?1049l")[2].decode()
        assert "Stopped at step 2 of 7: Keypair. All progress is saved." in said
        assert f"--state-dir {state}" in said


@pytest.mark.parametrize("term", ["linux", "vt100"])
def test_poor_terminals_are_enough(tmp_path: Path, network: Devnet, term: str) -> None:
    environment = clean_environment(
        tmp_path, **network.variables, TERM=term, LC_ALL="C", NO_COLOR="1"
    )
    arguments = ["--state-dir", str(tmp_path / "machine"), *DETAILS]
    with console(arguments, environment, tmp_path) as tty:
        tty.environment()
        tty.title(KEYPAIR)


def test_a_key_pasted_with_its_line_break_is_neither_shown_nor_sent_off(
    tmp_path: Path, network: Devnet
) -> None:
    """Over a link without bracketed paste the line break arrives as Enter."""
    key = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
    environment = clean_environment(tmp_path, **network.variables)
    arguments = ["--state-dir", str(tmp_path / "machine"), *DETAILS]
    with console(arguments, environment, tmp_path) as tty:
        tty.environment()
        tty.title(KEYPAIR)
        tty.type("\x1b[Z")  # back-tab to the choice
        tty.type("i")
        tty.sees("Paste a private key, or enter the path")
        tty.enter()
        tty.paste(key + "\r\n")
        tty.until(lambda: "•" * 50 in tty.text, "the key was taken")
        assert key[:12].encode() not in tty.raw
        assert "Private key" in tty.text
        tty.type("\x11")
        tty.ends(within=SOON)
        assert key[:12].encode() not in tty.raw


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["term", "hup"]
)
def test_paused_it_is_ended_all_the_same(
    tmp_path: Path, network: Devnet, number: signal.Signals, code: int, note: Note
) -> None:
    """`kill %1` at the shell, or a logout: it must not keep the folder as a stopped job."""
    environment = clean_environment(tmp_path, **network.variables, PS1="shell> ")
    state = tmp_path / "machine"
    words = shlex.join([*COMMAND, "--state-dir", str(state), *DETAILS])
    with console([], environment, tmp_path, command=SHELL) as tty:
        tty.sees("shell>")
        tty.type(f"{words}\r")
        tty.sees("passed")
        job = os.tcgetpgrp(tty.child.child_fd)
        tty.type("\x1a")
        tty.sees("Stopped")
        assert is_locked(state), "the paused one let go of the folder"
        os.killpg(job, number)
        os.killpg(job, signal.SIGCONT)
        tty.until(lambda: not is_locked(state), "the folder is free")
        tty.type("wait %1; echo ended with $?\r")
        tty.sees(f"ended with {code}")
        tty.type("stty -a\r")
        tty.until(lambda: re.search(r" echo\b", tty.words), "the terminal echoes as before")
        assert tty.raw.rindex(b"\x1b[?1049l") > tty.raw.rindex(b"\x1b[?1049h")
        assert b"Traceback" not in tty.raw
    note("life", what=f"ctrl+z, then {number.name}", ended=f"at once, exit {code}")


def test_hung_up_with_its_terminal_still_there_it_leaves_that_in_order(
    tmp_path: Path, network: Devnet, note: Note
) -> None:
    environment = clean_environment(tmp_path, **network.variables)
    arguments = ["--state-dir", str(tmp_path / "machine"), *DETAILS]
    with console(arguments, environment, tmp_path) as tty:
        tty.title(ENVIRONMENT)
        tty.sees("passed")
        os.kill(tty.child.pid, signal.SIGHUP)
        assert tty.ends(within=SOON) == 129
        end = tty.raw[tty.raw.rindex(b"\x1b[?1049h") :]
        assert b"\x1b[?1049l" in end, "the shell's own screen did not come back"
        assert end.rindex(b"\x1b[?25h") > end.rfind(b"\x1b[?25l"), "the cursor stays hidden"
        assert b"To resume:" in end
        assert b"Traceback" not in tty.raw
    note("life", what="SIGHUP, terminal alive", ended="clean, exit 129")


ENDS: dict[str, tuple[int, Callable[[Console], None]]] = {
    "term": (143, lambda tty: os.kill(tty.child.pid, signal.SIGTERM)),
    "hup": (129, lambda tty: os.kill(tty.child.pid, signal.SIGHUP)),
    "ctrl+q": (1, lambda tty: tty.type("\x11")),
}


@pytest.mark.parametrize("moment", ["encrypting", "recording"])
@pytest.mark.parametrize("way", list(ENDS))
def test_ended_while_it_stores_the_key_it_has_keystore_and_record(
    *, tmp_path: Path, network: Devnet, way: str, moment: str, note: Note
) -> None:
    environment = clean_environment(tmp_path, **network.variables)
    state, told = tmp_path / "machine", tmp_path / "told"
    code, end = ENDS[way]
    arguments = ["--state-dir", str(state), *DETAILS]
    stopped = [sys.executable, "-m", "tests.support.stopped_wizard", moment, str(told)]
    with console(arguments, environment, tmp_path, command=stopped) as tty:
        tty.environment()
        tty.keypair()
        tty.until(told.exists, "the key is being stored")
        end(tty)
        assert tty.ends() == code
        assert b"Traceback" not in tty.raw
        assert b"To resume:" in tty.raw
    events = [record.event for record in read_records(state / "journal.jsonl")]
    (stored,) = [event for event in events if isinstance(event, KeypairStored)]
    opened = open_file(state / "keystore.json", Secret(PASSPHRASE))
    assert opened.key.address == stored.address
    assert not holder(state), "the folder is still held"
    with console(arguments, environment, tmp_path) as tty:
        tty.sees("Keypair")
        tty.enter()
        tty.title(BACKUP)
    note("life", what=f"{way}, {moment} the key", ended=f"recorded, exit {code}")
