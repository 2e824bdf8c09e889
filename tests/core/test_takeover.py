"""Asking for a folder: a dead asker blocks nobody, a dead holder is followed, never two writers.

With real processes, since what is at stake is a lock of the kernel.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import OnboardingError
from core.lock import FolderLock, held, holder
from core.takeover import ENDING, FILE_NAME, PATIENCE, Answer, ask, asked, refuse
from tests.support.clock import START, FakeClock

ROOT = Path(__file__).resolve().parents[2]
OTHER = """
import sys, datetime, pathlib, time
sys.path.insert(0, sys.argv[1])
from core.lock import FolderLock
from core import takeover
folder, now = pathlib.Path(sys.argv[2]), datetime.datetime.now(datetime.timezone.utc)
lock, request = FolderLock(folder), None
for line in sys.stdin:
    match line.split():
        case ["hold"]:
            lock.acquire(now)
        case ["ask"]:
            request = takeover.ask(folder, now)
            line = "asked" if request else "somebody else asks"
        case ["answer"]:
            line = request.answer()
        case ["withdraw"]:
            request.withdraw()
        case ["refuse"]:
            takeover.refuse(folder, takeover.asked(folder))
        case ["ending"]:
            lock.announce_end()
        case ["release"]:
            lock.release()
    print(str(line).strip(), flush=True)
"""


class Other:
    """Another process, which does what it is told, line by line."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OTHER, str(ROOT), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, what: str) -> str:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Other]:
    with_folder = Other(tmp_path)
    yield with_folder
    with_folder.close()


@pytest.fixture
def third(tmp_path: Path) -> Iterator[Other]:
    with_folder = Other(tmp_path)
    yield with_folder
    with_folder.close()


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[FolderLock]:
    """This process holds the folder."""
    lock = FolderLock(tmp_path)
    lock.acquire(START)
    yield lock
    lock.release()


def test_the_holder_reads_who_asks_and_a_yes_is_that_the_folder_is_free(
    tmp_path: Path, other: Other, lock: FolderLock
) -> None:
    assert asked(tmp_path) is None
    assert other.do("ask") == "asked"
    asker = asked(tmp_path)
    assert asker is not None
    assert asker.pid == str(other.process.pid)
    assert str(asker).endswith(f"(process {other.process.pid})")
    assert other.do("answer") == "None"
    lock.release()
    assert other.do("answer") == "Answer.GRANTED"
    assert other.do("hold") == "hold"
    assert holder(tmp_path)["pid"] == str(other.process.pid)


def test_a_no_is_heard_and_leaves_nothing_behind(
    tmp_path: Path, other: Other, lock: FolderLock
) -> None:
    other.do("ask")
    asker = asked(tmp_path)
    assert asker is not None
    refuse(tmp_path, asker)
    assert other.do("answer") == "Answer.REFUSED"
    assert asked(tmp_path) is None
    assert not (tmp_path / FILE_NAME).exists()
    assert held(tmp_path)
    assert other.do("ask") == "asked", "it may be asked again"


def test_an_asker_that_was_killed_is_forgotten_and_the_next_one_may_ask(
    tmp_path: Path, other: Other, third: Other, lock: FolderLock
) -> None:
    other.do("ask")
    assert third.do("ask") == "somebody else asks"
    other.kill()
    assert third.do("ask") == "asked", "the question of a dead one blocks nobody"
    asker = asked(tmp_path)
    assert asker is not None
    assert asker.pid == str(third.process.pid)
    third.kill()
    assert asked(tmp_path) is None
    assert not (tmp_path / FILE_NAME).exists(), "the holder cleans up"


def test_a_holder_that_is_killed_makes_room_whatever_it_had_answered(
    tmp_path: Path, other: Other
) -> None:
    """Before the question, with it open, and while it says that it is ending."""
    for before in ([], ["ending"]):
        holding = Other(tmp_path)
        holding.do("hold")
        other.do("ask")
        for what in before:
            holding.do(what)
        assert other.do("answer") == "None"
        holding.kill()
        assert other.do("answer") == "Answer.GRANTED"
        assert other.do("hold") == "hold"
        assert "ending" not in holder(tmp_path)
        other.do("withdraw")
        other.do("release")
        holding.close()


def test_of_two_that_want_a_free_folder_one_gets_it_and_the_other_is_told(
    tmp_path: Path, other: Other, lock: FolderLock
) -> None:
    """The question gives no right to the folder: the lock decides."""
    other.do("ask")
    lock.release()
    faster = FolderLock(tmp_path)
    faster.acquire(START)
    assert other.do("answer") == "None", "somebody holds it again: the same question stands"
    asker = asked(tmp_path)
    assert asker is not None
    assert asker.pid == str(other.process.pid)
    other.process.stdin.write("hold\n")  # type: ignore[union-attr]
    other.process.stdin.close()  # type: ignore[union-attr]
    assert other.process.wait(timeout=30) != 0, "two processes hold one folder"
    assert holder(tmp_path)["pid"] == str(os.getpid())
    faster.release()


def test_an_answer_that_never_comes_is_not_waited_for_for_ever(
    tmp_path: Path, other: Other
) -> None:
    other.do("hold")
    clock = FakeClock()
    request = ask(tmp_path, START, clock.monotonic)
    assert request is not None
    clock.advance(PATIENCE - 1)
    assert request.answer() is None
    clock.advance(2)
    assert request.answer() is Answer.NONE
    assert not (tmp_path / FILE_NAME).exists()


def test_a_holder_that_agreed_gets_time_to_end_but_not_for_ever(
    tmp_path: Path, other: Other
) -> None:
    other.do("hold")
    clock = FakeClock()
    request = ask(tmp_path, START, clock.monotonic)
    assert request is not None
    assert not request.agreed
    other.do("ending")
    assert request.agreed
    clock.advance(PATIENCE + 1)
    assert request.answer() is None
    clock.advance(ENDING)
    assert request.answer() is Answer.NONE


def test_a_question_that_was_taken_back_does_not_take_back_a_newer_one(
    tmp_path: Path, other: Other, lock: FolderLock
) -> None:
    request = ask(tmp_path, START)
    assert request is not None
    asker = asked(tmp_path)
    assert asker is not None
    refuse(tmp_path, asker)
    assert other.do("ask") == "asked"
    request.withdraw()
    request.withdraw()
    newer = asked(tmp_path)
    assert newer is not None
    assert newer.pid == str(other.process.pid)
    assert not request.standing


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b'{"pid": {}}', b"x" * 10_000])
def test_garbage_in_the_place_of_a_question_blocks_nobody(
    tmp_path: Path, lock: FolderLock, other: Other, content: bytes
) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert asked(tmp_path) is None
    (tmp_path / FILE_NAME).write_bytes(content)
    assert other.do("ask") == "asked"


def test_what_an_asker_calls_itself_cannot_reach_the_terminal_raw(
    tmp_path: Path, other: Other, lock: FolderLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "eve\x1b[2J" + "x" * 500)
    request = ask(tmp_path, START)
    asker = asked(tmp_path)
    assert asker is not None
    assert "\x1b" not in str(asker)
    assert len(str(asker)) < 200
    assert request is not None
    request.withdraw()


def test_a_question_is_for_this_user_alone(tmp_path: Path, lock: FolderLock) -> None:
    before = os.umask(0)
    try:
        request = ask(tmp_path, START)
        assert request is not None
        assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
        request.withdraw()
    finally:
        os.umask(before)
    assert [path.name for path in tmp_path.iterdir() if "takeover" in path.name] == []


def test_a_folder_that_cannot_be_written_says_so(
    tmp_path: Path, lock: FolderLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.takeover.write_all", full)
    with pytest.raises(OnboardingError) as refused:
        ask(tmp_path, START)
    assert refused.value.code == "STATE_FOLDER_UNUSABLE"
    assert "No space left" in refused.value.problem.cause
    assert not list(tmp_path.glob("*takeover*")) + list(tmp_path.glob(".takeover*"))


@pytest.mark.parametrize("point", ["written", "named", "removed"])
def test_an_asker_killed_at_any_point_leaves_no_question_that_blocks(
    tmp_path: Path, lock: FolderLock, other: Other, point: str
) -> None:
    """Before the question has its name, right after that, and while it is taken back."""
    places = {"written": "os.link", "named": "os.link", "removed": "pathlib.Path.unlink"}
    die = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    code = f"""
import sys, datetime, pathlib, os
sys.path.insert(0, {str(ROOT)!r})
from core import takeover
now = datetime.datetime.now(datetime.timezone.utc)
def deadly(original):
    def call(*arguments, **named):
        if {point!r} == "named":
            original(*arguments, **named)
        {die}
    return call
{places[point]} = deadly({places[point]})
request = takeover.ask(pathlib.Path({str(tmp_path)!r}), now)
request.withdraw()
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    assert asked(tmp_path) is None
    assert other.do("ask") == "asked"


def test_a_look_at_the_lock_keeps_nobody_out(tmp_path: Path, other: Other) -> None:
    """Watchers look once a second; a start in that moment still gets the folder."""
    assert not held(tmp_path)
    other.do("hold")
    assert held(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    held(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    other.kill()
    assert not held(tmp_path)

    stop = _looking_all_the_time(tmp_path)
    try:
        for _ in range(20):
            lock = FolderLock(tmp_path)
            lock.acquire(START)
            lock.release()
    finally:
        stop()


def _looking_all_the_time(folder: Path) -> Callable[[], None]:
    code = f"""
import sys, pathlib
sys.path.insert(0, {str(ROOT)!r})
from core.lock import held
print("looking", flush=True)
while True:
    held(pathlib.Path({str(folder)!r}))
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "looking\n"

    def stop() -> None:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]

    return stop
