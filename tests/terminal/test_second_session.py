"""A second start on one machine watches, takes over or quits. There is one writer at a time."""

from __future__ import annotations

import ctypes
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.journal.events import OnboardingStarted
from core.journal.file import Journal, encode, read_records
from core.storage.folder_lock import held, holder
from tests.support.proxy import Asked, Fate, Proxy
from tests.support.titles import BACKUP, ENVIRONMENT, KEYPAIR
from tests.support.words import title
from tests.terminal.console import (
    COMMAND,
    DETAILS,
    PASSPHRASE,
    TOP,
    Console,
    Devnet,
    clean_environment,
    console,
)
from tests.terminal.test_money import OWNER_KEY

pytestmark = pytest.mark.terminal

OWNED = title("STATE_FOLDER_LOCKED")
SOON = 5.0
"""Seconds."""
SHELL = ["/bin/bash", "--norc", "--noprofile", "-i"]


class Place:
    """One machine, and how a wizard is started on it."""

    def __init__(self, folder: Path, network: Devnet) -> None:
        self.folder = folder
        self.state = folder / "machine"
        self.environment = clean_environment(folder, **network.variables)
        self.arguments = ["--state-dir", str(self.state), *DETAILS]

    def plain(self, *more: str) -> list[str]:
        return ["--plain", *self.arguments, *more]

    def start(self, *more: str, plain: bool = False) -> Console:
        arguments = [*(["--plain"] if plain else []), *self.arguments, *more]
        return Console(arguments, self.environment, self.folder)

    @property
    def owner(self) -> str:
        return holder(self.state).get("pid", "")

    @property
    def events(self) -> list[str]:
        return [type(item.event).__name__ for item in read_records(self.state / "journal.jsonl")]

    @property
    def files(self) -> dict[str, tuple[int, int]]:
        """Every file of the state directory, as far as a write would show."""
        about = {path.name: path.stat() for path in self.state.iterdir() if path.is_file()}
        return {name: (info.st_ino, info.st_mtime_ns) for name, info in about.items()}


@pytest.fixture
def place(tmp_path: Path, network: Devnet) -> Place:
    return Place(tmp_path, network)


@pytest.fixture
def first(place: Place) -> Iterator[Console]:
    """Full screen, at step 2."""
    with console(place.arguments, place.environment, place.folder) as tty:
        tty.environment()
        tty.title(KEYPAIR)
        yield tty


@pytest.fixture
def second(place: Place, first: Console) -> Iterator[Console]:
    """Full screen, started while the first one runs."""
    with console(place.arguments, place.environment, place.folder) as tty:
        tty.sees(OWNED)
        tty.sees("Q quit")
        yield tty


def test_the_owner_is_named_and_quitting_changes_nothing(
    place: Place, first: Console, second: Console
) -> None:
    assert f"Process {first.child.pid} on /dev/" in second.words
    assert "not yet submitted is lost" in second.words
    before = place.files
    second.type("q")
    assert second.ends() == 4
    assert place.files == before
    first.keypair()
    first.title(BACKUP)


def test_watching_shows_records_as_they_appear_and_touches_no_file(
    place: Place, first: Console, second: Console
) -> None:
    before = place.files
    second.enter()
    second.sees("Watching the other session.")
    second.sees("Started the onboarding on rehearsal")
    second.settles(2.0)
    assert place.files == before
    first.keypair()
    first.title(BACKUP)
    second.sees("Created a new private key.")
    assert place.owner == str(first.child.pid)
    second.type("\x03")
    second.sees(OWNED)
    second.type("q")
    assert second.ends() == 4


def test_taking_over_ends_the_first_session_and_resumes_here_and_back_again(
    place: Place, first: Console, second: Console
) -> None:
    first.type("half a passphrase")
    second.type("t")
    assert first.ends() == 128 + signal.SIGTERM
    said = first.raw.rpartition(b"\x1b[?1049l")[2].decode()
    assert "Stopped by SIGTERM at step 2 of 7: Keypair. Saved steps are kept." in said
    assert f"--state-dir {place.state}" in said
    second.title(KEYPAIR)
    assert place.owner == str(second.child.pid)
    second.keypair()
    second.title(BACKUP)
    with console(place.plain(), place.environment, place.folder) as plain:
        plain.sees(f"Process {second.child.pid} on /dev/")
        plain.sees("Choose [watch]:")
        plain.type("take over\r")
        assert second.ends() == 128 + signal.SIGTERM
        plain.sees("Backup:")
        assert place.owner == str(plain.child.pid)
        third = place.start()
        third.sees(OWNED)
        third.type("t")
        assert plain.ends() == 128 + signal.SIGTERM
        assert b"Stopped by SIGTERM at step 2 of 7: Keypair. Saved steps are kept." in plain.raw
        third.title(BACKUP)
        third.child.close(force=True)
    assert place.events.count("OnboardingStarted") == 1
    assert place.events.count("KeypairStored") == 1


def test_line_by_line_it_is_watched_until_the_owner_ends_and_resumed(
    place: Place, first: Console
) -> None:
    with console(place.plain(), place.environment, place.folder) as other:
        other.sees("Choose [watch]:")
        other.enter()
        other.sees("Started the onboarding on rehearsal")
        other.enter()  # to get room between the lines: this is no answer to the next question
        first.keypair()
        first.title(BACKUP)
        other.sees("Created a new private key.")
        other.type("\x03")
        other.until(lambda: other.words.count("Choose [watch]:") == 2, "it asked again")
        other.type("1\r")
        other.until(
            lambda: other.words.count("Created a new private key.") == 2, "it watches again"
        )
        other.enter()
        first.type("\x11")
        assert first.ends() == 1
        other.sees("The other session has ended. Resume here [yes]:")
        other.settles(1.0)
        assert not held(place.state), "it acquires nothing before it is told to"
        other.enter()
        other.sees("Backup:")
        assert place.owner == str(other.child.pid)


@pytest.mark.parametrize("waiting", [False, True], ids=["watched", "waited-for"])
def test_when_the_owner_is_killed_the_second_session_resumes(place: Place, waiting: bool) -> None:
    """The owner cannot answer SIGTERM: it is stopped again and again, until it is killed."""
    with console(place.arguments, place.environment, place.folder) as owner:
        owner.environment()
        owner.title(KEYPAIR)
        other = place.start()
        other.sees(OWNED)
        if waiting:
            frozen = threading.Event()
            freezer = threading.Thread(target=freeze, args=(owner.child.pid, frozen))
            freezer.start()
            other.type("t")
            other.sees("Ending process")
            frozen.set()
            freezer.join()
        else:
            other.enter()
            other.sees("Watching the other session.")
        owner.kill()
        if not waiting:
            other.sees("Resume here [yes]:")
            assert not held(place.state)
            other.enter()
        other.title(KEYPAIR)
        assert place.owner == str(other.child.pid)
        other.child.close(force=True)


def freeze(pid: int, over: threading.Event) -> None:
    while not over.wait(0.001):
        os.kill(pid, signal.SIGSTOP)


def test_of_two_sessions_that_take_over_at_once_one_resumes_and_sees_no_second_writer(
    place: Place, first: Console, second: Console
) -> None:
    with console(place.arguments, place.environment, place.folder) as third:
        third.sees(OWNED)
        third.sees("Q quit")
        second.type("t")
        third.type("t")
        assert first.ends() == 128 + signal.SIGTERM
        both = {str(tty.child.pid): tty for tty in (second, third)}
        second.until(lambda: place.owner in both, "one of the two owns the lock")
        winner = both.pop(place.owner)
        (loser,) = both.values()
        winner.title(KEYPAIR)
        loser.sees(f"Process {winner.child.pid} on /dev/")
        loser.type("q")
        assert loser.ends() == 4
        winner.keypair()
        winner.title(BACKUP)


def test_a_script_is_told_who_owns_the_lock(place: Place, first: Console) -> None:
    for arguments in (place.plain("--no-input"), place.plain()):
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=place.environment,
            cwd=place.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 4
        said = " ".join(done.stderr.split())
        assert OWNED in said
        assert f"Process {first.child.pid} on /dev/" in said
        assert holder(place.state)["since"] in said


@pytest.mark.parametrize("how", ["full-screen", "plain", "kill -STOP"])
def test_a_session_paused_with_ctrl_z_is_taken_over(place: Place, how: str) -> None:
    """In plain mode it waits for a passphrase: the terminal has to echo again afterwards."""
    plain = how == "plain"
    environment = {**place.environment, "PS1": "shell> "}
    with console([], environment, place.folder, command=SHELL) as shell:
        shell.sees("shell>")
        words = [*COMMAND, *place.arguments, *(["--plain", "--key", "generate"] if plain else [])]
        shell.type(" ".join(words) + "\r")
        if plain:
            shell.sees("Data visibility")
            shell.enter()
            shell.sees("Passphrase:")
        else:
            shell.sees("passed")
        if how == "kill -STOP":
            os.kill(int(place.owner), signal.SIGSTOP)
        else:
            shell.type("\x1a")
        shell.sees("Stopped")
        other = place.start()
        other.sees(OWNED)
        other.type("t")
        other.sees("Ending process")
        # Read on: restoring the terminal waits until its output has been taken.
        shell.until(lambda: place.owner == str(other.child.pid), "the lock changed its owner")
        other.title(KEYPAIR if plain else ENVIRONMENT)
        other.child.close(force=True)
        shell.type("wait %1; echo ended with $?\r")
        shell.sees("ended with 143")


def test_a_paused_prompt_ends_whichever_thread_takes_the_signal(place: Place) -> None:
    """Linux may give it to any thread of a stopped process; only one waits at the prompt."""
    environment = {**place.environment, "PS1": "shell> "}
    with console([], environment, place.folder, command=SHELL) as shell:
        shell.sees("shell>")
        words = [*COMMAND, *place.plain("--key", "generate", "--data-visibility", "public")]
        shell.type(" ".join(words) + "\r")
        shell.sees("Passphrase:")
        shell.type("\x1a")
        shell.sees("Stopped")
        pid = int(place.owner)
        thread = max(int(name) for name in os.listdir(f"/proc/{pid}/task"))
        assert thread != pid
        assert ctypes.CDLL(None).tgkill(pid, thread, signal.SIGTERM) == 0
        os.kill(pid, signal.SIGCONT)
        shell.until(lambda: not held(place.state), "the lock is free")
        shell.type("wait %1; echo ended with $?; stty -a\r")
        shell.sees("ended with 143")
        shell.until(lambda: " echo " in shell.words, "the terminal echoes again")


def test_a_prompt_that_is_continued_in_the_background_is_still_there_in_the_foreground(
    place: Place,
) -> None:
    environment = {**place.environment, "PS1": "shell> "}
    with console([], environment, place.folder, command=SHELL) as shell:
        shell.sees("shell>")
        shell.type(" ".join([*COMMAND, *place.plain("--data-visibility", "public")]) + "\r")
        shell.sees("The key [generate]:")
        shell.type("\x1a")
        shell.sees("Stopped")
        shell.type("bg\r")
        stat = Path(f"/proc/{place.owner}/stat")
        shell.sees("public &")
        shell.until(lambda: ") T " in stat.read_text(), "it stopped at its terminal again")
        shell.type("fg\r")
        shell.type("generate\r")
        shell.sees("Passphrase:")


def test_a_rehearsal_is_taken_over_with_its_network(tmp_path: Path) -> None:
    """Its network stores its state in the same directory, and stops before the lock is free."""
    arguments = ["--rehearse", "--state-dir", str(tmp_path / "machine"), *DETAILS]
    environment = clean_environment(tmp_path)
    with console(arguments, environment, tmp_path) as first:
        first.environment()
        first.title(KEYPAIR)
        with console(arguments, environment, tmp_path) as second:
            second.sees(OWNED)
            second.type("t")
            assert first.ends() == 128 + signal.SIGTERM
            second.title(KEYPAIR)


HOLD = """
import sys, datetime, pathlib
sys.path.insert(0, sys.argv[1])
from core.storage.folder_lock import FolderLock
FolderLock(pathlib.Path(sys.argv[2])).acquire(datetime.datetime.now(datetime.timezone.utc))
print("held", flush=True)
sys.stdin.read()
"""


def test_watching_survives_a_missing_journal_and_a_line_that_is_being_written(
    place: Place,
) -> None:
    place.state.mkdir(mode=0o700)
    path = place.state / "journal.jsonl"
    command = [sys.executable, "-c", HOLD, str(TOP), str(place.state)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        other = place.start(plain=True)
        other.sees("Choose [watch]:")
        other.enter()
        other.sees("Watching the other session.")
        other.settles(1.0)
        started = OnboardingStarted(
            network="rehearsal\x1b[2J", chain_id=7, contracts={}, version="0.1.0"
        )
        journal = Journal(place.folder / "elsewhere", SystemClock().now)
        journal.open()
        line = encode(journal.append(started))
        journal.close()
        with path.open("wb", buffering=0) as file:
            file.write(line[:50])
            other.settles(1.0)
            assert "started on rehearsal" not in other.words
            file.write(line[50:])
        other.sees("Started the onboarding on rehearsal (chain 7)")
        assert b"\x1b[2J" not in other.raw
        owner.kill()
        other.sees("Resume here [yes]:")
        other.type("no\r")
        assert other.ends() == 1


def test_watching_ends_with_its_terminal_even_if_sighup_is_ignored(
    place: Place, first: Console
) -> None:
    master, slave = pty.openpty()
    with subprocess.Popen(
        ["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", *COMMAND, *place.plain()],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=place.environment,
        cwd=place.folder,
        start_new_session=True,
    ) as watcher:
        os.close(slave)
        os.write(master, b"1\n")
        seen = b""
        while b"visibility public" not in seen:  # of the last record
            seen += os.read(master, 65536)
        os.close(master)
        try:
            assert watcher.wait(timeout=SOON) == 1
        finally:
            watcher.kill()
    assert first.child.isalive()


def test_answers_under_way_are_settled_by_the_session_that_takes_over(
    place: Place, network: Devnet
) -> None:
    """The broadcasts of registration and mint have left, and their answers never come."""
    passphrase = place.folder / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n")
    passphrase.chmod(0o600)
    key = {"PEAQOS_PRIVATE_KEY": OWNER_KEY}
    answers = ["--passphrase-file", str(passphrase), "--backup", "copied", "--data-visibility"]
    answers += ["public", "--fund", "owner", "--yes"]
    answer = threading.Event()
    with Proxy(network.variables["PEAQOS_RPC_URL"]) as line:
        place.environment = line.environment({**place.environment, **key})
        sent: list[str] = []

        def held_back(asked: Asked) -> Fate | None:
            if "eth_sendRawTransaction" not in asked.methods:
                return None
            raw = asked.calls[0]["params"][0]
            if raw in sent:
                return None
            sent.append(raw)
            # The first is the payment of the owner's wallet.
            return Fate(until=answer) if len(sent) in (2, 3) else None

        line.plan = held_back
        before = len(network.transactions())
        with console(
            place.plain(*answers, "--key", "generate"), place.environment, place.folder
        ) as plain:
            plain.until(lambda: len(sent) == 2, "the registration has left")
            full = place.start(*answers)
            full.sees(OWNED)
            full.type("t")
            full.sees("Ending process")
            assert plain.ends(within=SOON) == 128 + signal.SIGTERM
        full.write(locked=False)
        full.until(lambda: len(sent) == 3, "the mint has left")
        last = place.start(*answers, plain=True)
        last.sees("Choose [watch]:")
        last.type("2\r")
        last.sees("Ending process")
        assert full.ends(within=SOON) == 128 + signal.SIGTERM
        line.plan = lambda asked: None
        answer.set()
        assert last.ends() == 0
    assert b"The machine is onboarded" in last.raw
    made = network.transactions()[before:]
    assert len(made) == 4, "payment, registration, mint, DID: each once"
    receipt = json.loads((place.state / "receipt.json").read_text())
    assert len(receipt["transactions"]) == 4


SLOW_DISK = """
import os, pathlib, sys, time
folder = pathlib.Path(sys.argv.pop(1))
sync = os.fsync
def slow(handle):
    name = os.readlink(f"/proc/self/fd/{handle}")
    if name.endswith("/journal.jsonl") and os.fstat(handle).st_size:
        (folder / "syncing").touch()
        while not (folder / "done").exists():
            time.sleep(0.01)
    sync(handle)
os.fsync = slow
from app.cli import main
raise SystemExit(main())
"""


@pytest.mark.parametrize("plain", [False, True], ids=["full-screen", "plain"])
def test_a_record_under_way_is_whole_before_the_lock_is_free(place: Place, plain: bool) -> None:
    """Two sessions take over at once, so the owner gets SIGTERM twice, and the disk is slow."""
    arguments = [*place.arguments, *(["--plain", "--data-visibility", "public"] if plain else [])]
    command = [sys.executable, "-c", SLOW_DISK, str(place.folder)]
    with console(arguments, place.environment, place.folder, command=command) as owner:
        if not plain:
            owner.environment()
        owner.until((place.folder / "syncing").exists, "a record is being written")
        for _ in range(2):
            os.kill(owner.child.pid, signal.SIGTERM)
            owner.settles(1.0)
            assert held(place.state), "the next session could write beside this one"
        (place.folder / "done").touch()
        assert owner.ends(within=SOON) == 128 + signal.SIGTERM
    assert place.events == ["OnboardingStarted"]
    assert not held(place.state)
