"""The question of a second session, full screen: three choices, each visible, one key each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from textual.pilot import Pilot

from app import second_session
from app.second_session import CHOICES, LOST, TITLE
from app.tui.takeover_app import TakeoverApp
from core.clock import SystemClock
from core.config.networks import MAINNET
from core.errors.problem import OnboardingError
from core.journal.state import State
from core.storage.folder_lock import holder, is_locked

OWNER = "Process 4711 on /dev/pts/1, since 2026-11-23 14:02:11 UTC"
ROOT = Path(__file__).resolve().parents[3]


def question(note: str = "") -> TakeoverApp:
    texts = [TITLE, OWNER, note, LOST]
    return TakeoverApp(MAINNET, State(), texts, CHOICES, watch_terminal=False)


def text_of(pilot: Pilot[int]) -> str:
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (120, 40)], ids=str)
async def test_owner_choices_and_what_is_lost_are_all_visible(size: tuple[int, int]) -> None:
    app = question("The other session did not end. Process 4711 is still running.")
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        shown = " ".join(text_of(pilot).split())
        for words in (TITLE, OWNER, LOST, "still running", *(effect for _, effect in CHOICES)):
            assert words in shown
        assert text_of(pilot).splitlines()[-1].strip() == "Enter watch  T take over  Q quit"
        assert "MAINNET: real money" in shown


@pytest.mark.parametrize(
    ("key", "choice"),
    [
        ("w", "watch"),
        ("enter", "watch"),
        ("t", "take over"),
        ("T", "take over"),
        ("W", "watch"),
        ("Q", "quit"),
        ("q", "quit"),
        ("escape", "quit"),
        ("ctrl+q", "quit"),
    ],
)
async def test_one_key_chooses(key: str, choice: str) -> None:
    app = question()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(key)
    assert app.choice == choice
    assert not app.return_code


async def test_a_word_typed_ahead_does_not_take_over() -> None:
    """Somebody types a URL before the first screen is up."""
    app = question()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("h", "t", "t", "p")
        assert app.return_value is None
        assert app.choice == "quit"


STUBBORN = """
import sys, datetime, pathlib, signal
sys.path.insert(0, sys.argv[1])
signal.signal(signal.SIGTERM, signal.SIG_IGN)
from core.storage.folder_lock import FolderLock
FolderLock(pathlib.Path(sys.argv[2])).acquire(datetime.datetime.now(datetime.timezone.utc))
print("held", flush=True)
sys.stdin.read()
"""


def test_an_owner_that_does_not_end_is_not_killed_and_stays_the_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_session, "PATIENCE", 0.2)
    monkeypatch.setattr(second_session, "_PAUSE", 0.02)
    command = [sys.executable, "-c", STUBBORN, str(ROOT), str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        for _ in range(2):  # waiting again is the same choice
            with pytest.raises(OnboardingError) as late:
                second_session._take_over(tmp_path, holder(tmp_path), SystemClock())
            assert late.value.code == "TAKEOVER_FAILED"
            assert f"kill -9 {owner.pid}" in late.value.problem.cause
        assert owner.poll() is None
        assert is_locked(tmp_path)
        os.kill(owner.pid, signal.SIGKILL)
