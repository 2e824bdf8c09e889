"""What the line brings, whatever it is: no byte ends the program, and no flood holds it up."""

from __future__ import annotations

import pytest
from textual import events
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from app.tui import diffing_driver
from app.tui.diffing_driver import DiffingDriver


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(diffing_driver, "time", clock)
    return clock


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """What went through to the app."""
    through: list[Message] = []
    monkeypatch.setattr(LinuxDriver, "process_message", lambda _, message: through.append(message))
    return through


@pytest.fixture
def driver() -> DiffingDriver:
    driver = DiffingDriver.__new__(DiffingDriver)
    driver._keys, driver._last_key = 0, 0.0
    return driver


def test_a_byte_that_is_no_utf8_becomes_a_sign_that_says_so() -> None:
    decode = linux_driver.getincrementaldecoder("utf-8")().decode  # type: ignore[attr-defined]
    assert (
        decode(b"Z\xfcrich \xe2") + decode(b"\x82\xac \xff", final=True) == "Z\ufffdrich € \ufffd"
    )


def test_a_flood_of_keys_is_cut_and_the_next_pause_ends_it(
    clock: Clock, taken: list[Message], driver: DiffingDriver
) -> None:
    for _ in range(5000):
        clock.now += 0.001
        driver.process_message(events.Key("x", "x"))
    assert len(taken) == 2000
    driver.process_message(events.Paste("is no key"))
    assert len(taken) == 2001
    clock.now += 0.6
    driver.process_message(events.Key("ctrl+q", None))
    assert len(taken) == 2002


def test_whoever_types_fast_for_an_hour_is_never_cut(
    clock: Clock, taken: list[Message], driver: DiffingDriver
) -> None:
    for number in range(20_000):
        clock.now += 0.05 if number % 50 else 0.7
        driver.process_message(events.Key("x", "x"))
    assert len(taken) == 20_000
