"""Screens live on a clock of their own, and share one network for each file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.rehearsal.faults import FAULTS
from app.rehearsal.network import RehearsalNetwork
from screens import machine_nft
from screens.base import step_screen
from screens.widgets import inputs
from tests.screens.driver import ScreenClock
from tests.support.clock import FakeClock
from tests.support.machine import Machine


@pytest.fixture(scope="module")
def shared_clock() -> FakeClock:
    return ScreenClock()


@pytest.fixture
def typing_by_paste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pastes are how these tests type; that an Enter right after one is held back has its own
    test, as has the one that comes with a screen. The terminal has all signs and sixteen colours,
    as most have over SSH.
    """
    monkeypatch.setattr(inputs, "_PASTE_ENTER_SECONDS", 0.0)
    monkeypatch.setattr(machine_nft, "MOMENT_SECONDS", 0.0)
    monkeypatch.setattr(step_screen, "RETRY_SEEN", 0.0)
    monkeypatch.setattr(
        step_screen, "READ_SECONDS", 0.0
    )  # nobody reads here; a test of its own waits
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
async def machine(
    shared_network: RehearsalNetwork,
    shared_clock: FakeClock,
    tmp_path: Path,
    quick_keystore: None,
    typing_by_paste: None,
) -> AsyncIterator[Machine]:
    """A machine with an empty state folder; no fault of a test is left to the next one."""
    machine = Machine(shared_network, shared_clock, tmp_path / "state")
    yield machine
    for name in FAULTS:
        if name != "slow-blocks":
            shared_network.fault(name, 0)
    await machine.close()
