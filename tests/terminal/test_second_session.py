"""A second start on one machine watches, takes over or quits. There is one writer at a time."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from core.storage.folder_lock import holder, is_locked
from tests.support.titles import BACKUP, ENVIRONMENT, KEYPAIR
from tests.terminal.console import (
    COMMAND,
    DETAILS,
    Console,
    clean_environment,
    console,
)
from tests.terminal.place import OWNED, SHELL, Place

pytestmark = pytest.mark.terminal


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
        assert not is_locked(place.state), "it acquires nothing before it is told to"
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
            assert not is_locked(place.state)
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
        shell.until(lambda: not is_locked(place.state), "the lock is free")
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
