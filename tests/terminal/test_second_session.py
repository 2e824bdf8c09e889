"""Two consoles on one machine: one works, the other looks on, asks, and goes on. Never both."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.journal import read_records
from core.lock import held, holder
from core.takeover import FILE_NAME
from tests.terminal.console import (
    COMMAND,
    DETAILS,
    Console,
    Devnet,
    clean_environment,
    console,
    devnet,
)

pytestmark = pytest.mark.terminal

AT_REST = 4.0
"""Seconds over which nothing may be written: four looks at the files."""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with devnet(tmp_path_factory.mktemp("devnet")) as running:
        yield running


class Place:
    """One machine, and how a wizard is started on it."""

    def __init__(self, folder: Path, network: Devnet) -> None:
        self.folder = folder
        self.state = folder / "machine"
        self.environment = clean_environment(folder, **network.variables)
        self.arguments = ["--state-dir", str(self.state), *DETAILS]

    def plain(self, *more: str) -> list[str]:
        return ["--plain", *self.arguments, *more]

    @property
    def events(self) -> list[str]:
        return [type(item.event).__name__ for item in read_records(self.state / "journal.jsonl")]

    @property
    def files(self) -> dict[str, tuple[int, int]]:
        """Every file of the state folder, as far as a write would show."""
        about = {path.name: path.stat() for path in self.state.iterdir() if path.is_file()}
        return {name: (info.st_ino, info.st_mtime_ns) for name, info in about.items()}


@pytest.fixture
def place(tmp_path: Path, network: Devnet) -> Place:
    return Place(tmp_path, network)


@pytest.fixture
def first(place: Place) -> Iterator[Console]:
    """At work, on the second screen."""
    with console(place.arguments, place.environment, place.folder) as tty:
        tty.environment()
        tty.title("Give the machine its key")
        yield tty


@pytest.fixture
def second(place: Place, first: Console) -> Iterator[Console]:
    """Started while the first one is at work."""
    with console(place.arguments, place.environment, place.folder) as tty:
        tty.sees("Another session is at work on this machine")
        tty.sees("You are watching.")
        yield tty


class _Rest:
    """True once the program has written nothing for AT_REST seconds."""

    def __init__(self, tty: Console) -> None:
        self._tty = tty
        self._written = -1
        self._since = 0.0

    def __call__(self) -> bool:
        if len(self._tty.raw) != self._written:
            self._written, self._since = len(self._tty.raw), time.monotonic()
        return time.monotonic() - self._since >= AT_REST


def hand_over(tty: Console) -> None:
    """Says yes; the first Enters may come while the question is too young for one."""
    tty.sees("Another terminal asks to take over")
    end = time.monotonic() + 30
    while tty.child.isalive() and "Another terminal asks" in tty.words and time.monotonic() < end:
        tty.enter()
        second = time.monotonic() + 2
        while time.monotonic() < second and tty._read():
            pass


def test_the_second_one_sees_live_what_the_first_one_does(
    place: Place, first: Console, second: Console
) -> None:
    assert f"Process {first.child.pid} on /dev/" in second.words
    second.sees("Next: create the keypair")
    assert "The onboarding was started on rehearsal" in second.words
    first.keypair()
    first.title("Keep a copy of the key")
    second.sees("Next: back up the keypair")
    second.sees("A new key was made.")
    assert holder(place.state)["pid"] == str(first.child.pid)


def test_watching_touches_nothing_and_writes_nothing_at_rest(
    place: Place, first: Console, second: Console
) -> None:
    """A slow line is for the one who works; a journal has one writer."""
    second.sees("Next: create the keypair")
    before = place.files
    # The first paint comes in pieces; a watcher that repaints with each look never rests.
    second.until(_Rest(second), "the watcher rests")
    first.until(_Rest(first), "the one who works is not disturbed")
    assert place.files == before
    second.type("\x11")
    assert second.ends() == 4
    said = second.raw.rpartition(b"\x1b[?1049l")[2].decode()
    assert "nothing was changed" in said
    assert f"Process {first.child.pid} on /dev/" in said
    assert place.files == before


def test_what_is_handed_over_goes_on_there_and_ends_here(
    place: Place, first: Console, second: Console
) -> None:
    second.enter()
    second.sees("It was asked there")
    hand_over(first)
    assert first.ends() == 1
    said = first.raw.rpartition(b"\x1b[?1049l")[2].decode()
    assert f"(process {second.child.pid}). It goes on there." in said
    assert "Nothing is lost" in said
    second.title("Give the machine its key")
    assert holder(place.state)["pid"] == str(second.child.pid)
    assert not (place.state / FILE_NAME).exists()
    second.keypair()
    second.title("Keep a copy of the key")
    assert place.events.count("OnboardingStarted") == 1


def test_a_no_leaves_the_first_one_at_work(place: Place, first: Console, second: Console) -> None:
    second.enter()
    first.sees("Another terminal asks to take over")
    first.type("\x1b")
    first.title("Give the machine its key")
    second.sees("It was refused there.")
    first.keypair()
    first.title("Keep a copy of the key")
    second.sees("Next: back up the keypair")
    assert not (place.state / FILE_NAME).exists()


def test_an_enter_that_was_under_way_hands_nothing_over(
    place: Place, first: Console, second: Console
) -> None:
    """Somebody types a passphrase while the question comes up."""
    second.enter()
    first.sees("Another terminal asks to take over")
    first.type("staple\r")
    first.sees("Press Enter once more to hand over.")
    assert held(place.state)
    assert holder(place.state)["pid"] == str(first.child.pid)


def test_an_asker_that_dies_takes_its_question_along(
    place: Place, first: Console, second: Console
) -> None:
    second.enter()
    first.sees("Another terminal asks to take over")
    second.kill()
    first.title("Give the machine its key")
    assert not (place.state / FILE_NAME).exists()
    first.keypair()
    first.title("Keep a copy of the key")


@pytest.mark.parametrize("asked", [False, True], ids=["watched", "asked"])
def test_when_the_first_one_dies_the_second_one_goes_on(
    place: Place, first: Console, second: Console, asked: bool
) -> None:
    if asked:
        second.enter()
        first.sees("Another terminal asks to take over")
    first.kill()
    if not asked:
        second.sees("The other session has ended")
        assert not held(place.state), "it takes nothing before it is told to"
        second.enter()
    second.title("Give the machine its key")
    assert holder(place.state)["pid"] == str(second.child.pid)
    assert not (place.state / FILE_NAME).exists()


def test_a_script_is_told_who_holds_the_machine(place: Place, first: Console) -> None:
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
        assert "Another wizard is at work on this machine" in done.stderr
        assert f"Process {first.child.pid} on /dev/" in " ".join(done.stderr.split())


def test_line_by_line_it_is_watched_and_asked_for(place: Place, first: Console) -> None:
    with console(place.plain(), place.environment, place.folder) as other:
        other.sees("Another wizard is at work")
        other.sees("What now")
        other.type("watch\r")
        other.sees("The onboarding was started on rehearsal")
        first.keypair()
        first.title("Keep a copy of the key")
        other.sees("A new key was made.")
        other.type("\x03")
        other.until(lambda: other.words.count("What now [watch]:") == 2, "it was asked again")
        other.type("ask\r")
        first.sees("Another terminal asks to take over")
        first.type("\x1b")
        other.sees("It was refused there.")
        other.type("ask\r")
        hand_over(first)
        assert first.ends() == 1
        other.sees("Step 2 of 7: Keypair")
        assert holder(place.state)["pid"] == str(other.child.pid)


def test_one_who_works_line_by_line_is_told_who_asks(place: Place) -> None:
    with console(place.plain("--key", "generate"), place.environment, place.folder) as worker:
        worker.sees("Data visibility")
        worker.enter()
        worker.sees("Passphrase:")
        with console(place.arguments, place.environment, place.folder) as other:
            other.sees("Another session is at work on this machine")
            other.enter()
            worker.sees(f"(process {other.child.pid}). ctrl+c makes room")
            worker.type("\x03")
            assert worker.ends() == 1
            assert b"Nothing is lost" in worker.raw
            other.title("Give the machine its key")


def test_a_rehearsal_is_handed_over_with_its_network(tmp_path: Path) -> None:
    """Its network lives in the folder too, and is let go of before the folder is."""
    state = tmp_path / "machine"
    arguments = ["--rehearse", "--state-dir", str(state), *DETAILS]
    environment = clean_environment(tmp_path)
    with console(arguments, environment, tmp_path) as first:
        first.environment()
        first.title("Give the machine its key")
        with console(arguments, environment, tmp_path) as second:
            second.sees("You are watching.")
            second.enter()
            hand_over(first)
            assert first.ends() == 1
            second.title("Give the machine its key")
