"""Stopped, crashed, squeezed and lied to: the terminal and the person at it come out unharmed."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.proxy import Asked, Fate, Proxy, Reply
from tests.support.titles import BACKUP, ENVIRONMENT, KEYPAIR
from tests.support.words import title
from tests.terminal.conftest import Note
from tests.terminal.console import (
    COMMAND,
    DETAILS,
    Console,
    Devnet,
    clean_environment,
    console,
)

pytestmark = pytest.mark.terminal

SHELL = ["/bin/bash", "--norc", "--noprofile", "-i"]
TITLE = ENVIRONMENT


def in_a_shell(tty: Console, folder: Path) -> None:
    """Starts the wizard as people do, as a job of a shell."""
    words = shlex.join([*COMMAND, "--state-dir", str(folder / "machine"), *DETAILS[:2]])
    tty.sees("shell>")
    tty.type(f"{words}\r")
    tty.sees("passed")
    tty.type("https://b.exam")
    tty.sees("https://b.exam")


def restored(tty: Console, since: int = 0) -> bool:
    """The shell's own screen, and a cursor to be seen."""
    end = tty.raw[since:]
    return (
        end.rfind(b"\x1b[?1049l") > end.rfind(b"\x1b[?1049h")
        and end.rfind(b"\x1b[?25h") > end.rfind(b"\x1b[?25l")
        and end.rfind(b"\x1b[m") >= end.rfind(b"\x1b[?1049h")
    )


def shows_all(tty: Console) -> None:
    """The whole screen, frame and fields, and typing goes on where it was."""
    for words in (TITLE, "peaq onboarding", "Data visibility", "Ctrl+Q quit", "Ctrl+Q quit"):
        tty.sees(words)
    tty.type("ple/a")
    tty.sees("https://b.example/a")


def leaves(tty: Console) -> None:
    tty.type("\x11")
    tty.sees("To resume:")
    tty.type("echo left with $?\r")
    tty.sees("left with 1")
    tty.type("stty -a\r")
    tty.until(lambda: re.search(r" echo\b", tty.words), "the terminal echoes again")
    assert restored(tty)


def test_ctrl_z_gives_the_shell_back_and_fg_goes_on(
    tmp_path: Path, network: Devnet, note: Note
) -> None:
    environment = clean_environment(tmp_path, **network.variables, PS1="shell> ")
    with console([], environment, tmp_path, command=SHELL) as tty:
        in_a_shell(tty, tmp_path)
        tty.type("\x1a")
        tty.sees("Stopped")
        assert restored(tty)
        tty.type("bg\r")  # it cannot run without the terminal, and waits for it
        tty.until(lambda: tty.raw.rstrip().endswith(b"shell>") and b" &" in tty.raw, "bg was done")
        tty.type("fg\r")
        shows_all(tty)
        leaves(tty)
    note("life", what="ctrl+z, bg, fg", ended="painted again, typing goes on, exit 1 by ctrl+q")


def test_stopped_from_outside_it_comes_back_whole(
    tmp_path: Path, network: Devnet, note: Note
) -> None:
    """SIGSTOP gives no time to put the terminal in order; coming back does."""
    environment = clean_environment(tmp_path, **network.variables, PS1="shell> ")
    with console([], environment, tmp_path, command=SHELL) as tty:
        in_a_shell(tty, tmp_path)
        job = os.tcgetpgrp(tty.child.child_fd)
        os.killpg(job, signal.SIGSTOP)
        tty.sees("Stopped")
        tty.type("fg\r")
        shows_all(tty)
        leaves(tty)
    note("life", what="SIGSTOP, fg", ended="painted again, typing goes on, exit 1 by ctrl+q")


def test_without_a_shell_ctrl_z_stops_nothing(tmp_path: Path, network: Devnet, note: Note) -> None:
    """`ssh -t HOST peaq-onboard`: nobody would be there to continue it."""
    environment = clean_environment(tmp_path, **network.variables)
    arguments = ["--state-dir", str(tmp_path / "machine"), *DETAILS[:2]]
    with console(arguments, environment, tmp_path) as tty:
        tty.sees("passed")
        tty.type("https://b.exam")
        tty.sees("https://b.exam")
        tty.type("\x1a")
        tty.until(lambda: tty.raw.count(b"\x1b[?1049h") == 2, "it is back at once")
        shows_all(tty)
        os.kill(tty.child.pid, signal.SIGCONT)  # also one that nobody waits for
        tty.until(lambda: tty.raw.count(b"\x1b[?1049h") == 3, "it is back at once")
        tty.sees("https://b.example/a")
        tty.type("\x11")
        assert tty.ends() == 1
        assert restored(tty)
    note("life", what="ctrl+z without a shell", ended="goes on at once")


BROKEN = """
import sys
from screens.keypair import KeypairScreen
def render(self):
    passphrase = "a value of a variable"
    raise ZeroDivisionError(passphrase)
KeypairScreen.{place} = render
from app.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("place", ["body", "_show_source"])
def test_a_crash_of_a_screen_leaves_the_terminal_in_order(
    tmp_path: Path, network: Devnet, note: Note, place: str
) -> None:
    environment = clean_environment(tmp_path, **network.variables)
    arguments = ["--state-dir", str(tmp_path / "machine"), *DETAILS]
    command = [sys.executable, "-c", BROKEN.format(place=place)]
    with console(arguments, environment, tmp_path, command=command) as tty:
        tty.environment()
        code = tty.ends()
        assert code == 1
        assert restored(tty)
        assert b"Traceback" not in tty.raw
        assert b"a value of a variable" not in tty.raw
        assert b"Stopped at step 2 of 7" in tty.raw
    log = (tmp_path / "machine" / "wizard.log").read_text()
    assert "ZeroDivisionError" in log, "whoever looks after the machine learns what it was"
    assert "a value of a variable" not in log
    note("life", what=f"crash of a screen ({place})", ended=f"terminal restored, exit {code}")


def test_without_a_terminal_to_type_in_it_says_what_to_do(tmp_path: Path, note: Note) -> None:
    done = subprocess.run(
        [*COMMAND, "--state-dir", str(tmp_path / "machine")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=clean_environment(tmp_path),
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "ssh -t HOST peaq-onboard" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert not (tmp_path / "machine").exists()
    note("life", what="stdin is no terminal", ended="says so, exit 1")


def test_windows_of_all_sizes_do_no_harm(tmp_path: Path, network: Devnet, note: Note) -> None:
    environment = clean_environment(tmp_path, **network.variables)
    arguments = ["--state-dir", str(tmp_path / "machine"), *DETAILS[:2]]
    with console(arguments, environment, tmp_path, size=(10, 3)) as tty:
        tty.sees("Too small")
        for columns, rows in [(80, 24), (1, 1), (300, 80), (0, 0), (40, 12), (10, 3)] * 5:
            tty.child.setwinsize(rows, columns)
            tty._read()
        tty.resize(80, 24)
        tty.sees("passed")
        tty.type("https://b.exam")
        shows_all(tty)
        assert "Too small" not in tty.text
        tty.type("\x11")
        assert tty.ends() == 1
        assert b"Traceback" not in tty.raw
    note("life", what="10x3, and 30 changes of the size", ended="all is there at 80x24")


def test_a_megabyte_pasted_is_cut_and_not_choked_on(
    tmp_path: Path, network: Devnet, note: Note
) -> None:
    environment = clean_environment(tmp_path, **network.variables)
    arguments = ["--state-dir", str(tmp_path / "machine"), *DETAILS[:2]]
    with console(arguments, environment, tmp_path) as tty:
        tty.sees("passed")
        before = tty.settles()
        tty.type("\x1b[200~")
        for _ in range(256):
            tty.type("x" * 4096)
            tty._read()
        tty.type("\x1b[201~")
        tty.sees("xxxx")
        assert tty.settles() - before < 4096, "a screen of bytes for a megabyte"
        tty.type("\x15")  # ctrl+u: all of it away
        tty.until(lambda: "xxxx" not in tty.text, "the field is empty")
        tty.type("https://b.exam")
        shows_all(tty)
        tty.type("\x11")
        assert tty.ends() == 1
    note("life", what="1 MB pasted", ended="cut to the field, typing goes on")


def test_a_file_sent_by_mistake_holds_nothing_up(
    tmp_path: Path, network: Devnet, note: Note
) -> None:
    """`cat` into the line, without bracketed paste: each sign is a key of its own."""
    environment = clean_environment(tmp_path, **network.variables)
    arguments = ["--state-dir", str(tmp_path / "machine"), *DETAILS[:2]]
    with console(arguments, environment, tmp_path) as tty:
        tty.sees("passed")
        for _ in range(50):
            tty.type("y" * 2000)
            tty._read()
        tty.sees("yyyy")
        tty.settles(1.0)
        tty.type("\x15")
        tty.until(lambda: "yyyy" not in tty.text, "the field is empty")
        tty.type("https://b.exam")
        shows_all(tty)
        tty.type("\x11")
        assert tty.ends() == 1
    note("life", what="100 kB typed at once", ended="cut, typing goes on")


def test_a_byte_that_is_no_utf8_is_refused_in_a_passphrase_and_ends_nothing(
    tmp_path: Path, network: Devnet
) -> None:
    environment = clean_environment(tmp_path, **network.variables)
    arguments = ["--state-dir", str(tmp_path / "machine"), *DETAILS]
    with console(arguments, environment, tmp_path) as tty:
        tty.environment()
        tty.title(KEYPAIR)
        for times in (1, 2):
            tty.child.send(b"Z\xfcrich am See 2026")
            tty.until(lambda times=times: tty.text.count("•" * 18) == times, "it was taken")
            tty.enter()
        tty.sees(title("PASSPHRASE_UNREADABLE"))
        tty.keypair()
        tty.title(BACKUP)
        tty.type("\x11")
        assert tty.ends() == 1
        assert b"Traceback" not in tty.raw


HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[1;1Hroot# \x9b31m\u202e[@click=app.quit]\x00\x08"


def test_no_foreign_text_commands_the_terminal(tmp_path: Path, network: Devnet) -> None:
    """From a server, an option, the environment and a file name."""

    def plan(asked: Asked) -> Fate | None:
        if "2fa/setup" not in asked.path:
            return None
        body = {"status": "error", "code": HOSTILE, "message": f"he says {HOSTILE}"}
        return Fate(forwarded=False, reply=Reply(400, json.dumps(body).encode()))

    with Proxy(network.variables["PEAQOS_RPC_URL"]) as proxy:
        proxy.plan = plan
        variables = proxy.environment(network.variables)
        environment = clean_environment(tmp_path, **variables)
        named = HOSTILE.replace("\x00", "").replace("/", "")
        folder = tmp_path / f"machine{named}"
        url = f"https://a.example/d{named}"
        arguments = ["--state-dir", str(folder), "--documentation-url", url, *DETAILS[2:]]
        with console(arguments, environment, tmp_path) as tty:
            tty.title(TITLE)
            tty.sees("passed")
            tty.type("\t\x15")
            tty.sees("of its documentation")
            tty.type("https://a.example/d")
            tty.until(lambda: "https://a.example/d" in tty.screen.display[4], "it is mended")
            tty.environment()
            tty.keypair()
            tty.backup()
            tty.sees("he says")
            tty.type("\x11")
            assert tty.ends() == 1
            raw = tty.raw
    assert "owned" not in tty.screen.title
    painted = raw[raw.index(b"\x1b[?1049h") :]
    for bad in ("\x1b]0", "\x9b", "\u202e", "\x00", "\x08", "root# \x9b"):
        assert bad.encode() not in painted, f"{bad!r} has reached the terminal"
    # Textual's own clears, one at each start of the screen; none amid text.
    assert all(
        painted[found.start() - 3 : found.start()] == b"\x1b[m"
        for found in re.finditer(rb"\x1b\[2J", painted)
    )
    bells = painted.replace(b"\x1b]22;default\x07", b"")  # the shape of the mouse pointer
    assert b"\x07" not in bells


def test_an_exported_size_is_not_taken_for_the_real_one(tmp_path: Path, network: Devnet) -> None:
    environment = clean_environment(tmp_path, **network.variables, COLUMNS="200", LINES="60")
    arguments = ["--state-dir", str(tmp_path / "machine"), *DETAILS]
    with console(arguments, environment, tmp_path) as tty:
        tty.title(TITLE)
        tty.sees("80x24, xterm-256color")
        assert "Ctrl+Q quit" in tty.screen.display[23]
        tty.resize(100, 30)
        tty.until(lambda: "Ctrl+Q quit" in tty.screen.display[29], "it follows the window")
        tty.type("\x11")
        assert tty.ends() == 1


def test_an_arrow_key_that_the_line_has_split_is_no_escape(tmp_path: Path, network: Devnet) -> None:
    """Escape would leave the screen, and the rest of the key would be typed into a field."""
    environment = clean_environment(tmp_path, **network.variables, ESCDELAY="20000")
    arguments = ["--state-dir", str(tmp_path / "machine"), *DETAILS]
    with console(arguments, environment, tmp_path) as tty:
        tty.environment()
        tty.title(KEYPAIR)
        tty.type("\x1b[Z")
        tty.sees("create a new key")
        tty.settles()
        tty.type("\x1b")
        gap = time.monotonic() + 0.3  # longer than Textual waits by itself
        while time.monotonic() < gap:
            tty._read()
        tty.type("[C")
        tty.sees("import a key or keystore")
        tty.type("\x11")
        assert tty.ends() == 1


def test_half_a_second_is_waited_for_the_rest_of_a_key() -> None:
    asked = (
        "from app.tui.terminal_facts import prepare_terminal; prepare_terminal();"
        "from textual.constants import ESCAPE_DELAY; print(ESCAPE_DELAY)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "ESCDELAY"}
    done = subprocess.run(
        [sys.executable, "-c", asked],
        capture_output=True,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    assert float(done.stdout) == 0.5
