"""Fixtures for all tests that need a network, a clock or a machine.

`network` is a rehearsal network of its own on loopback (a real EVM, a third of a second to start),
on the time of `clock`. `machine` is a state folder on it whose wizard is driven with
`await machine.drive(until=Action.REGISTER)` and looked into with `machine.state`. Tests that only
need some network, and look at their own machine's address alone, may take `shared_network`: it
starts once for each file and shares `shared_clock`.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.keys import keystore
from tests.support.clock import FakeClock
from tests.support.logs import close_log
from tests.support.machine import Machine
from tests.support.summary import write_tables


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-snapshots",
        action="store_true",
        help="keep what the screens show now as their snapshots; such a run fails where it did",
    )


def pytest_configure() -> None:
    """Let the processes that tests start hear Ctrl+C: they inherit what is ignored here, and a
    shell starts its background jobs with SIGINT ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: half as many again as there are processors, since many tests wait for a
    terminal, a process or the disk.
    """
    return (os.cpu_count() or 1) * 3 // 2 or 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that wait for a terminal are spread among the others, so that no processor is idle
    while they run; within a file the order stays.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    waiting = [part for part in files.values() if part[0].get_closest_marker("terminal")]
    others = [part for part in files.values() if part not in waiting]
    step = sum(len(part) for part in others) // (len(waiting) + 1)
    items.clear()
    since = 0
    for part in others:
        items += part
        since += len(part)
        if waiting and since >= step:
            items += waiting.pop(0)
            since = 0
    for part in waiting:
        items += part


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    write_tables(terminalreporter)


@pytest.fixture
def clock() -> FakeClock:
    """A clock that moves only when somebody sleeps on it."""
    return FakeClock()


@pytest.fixture
def network(clock: FakeClock) -> Iterator[RehearsalNetwork]:
    """A rehearsal network that makes a block for each transaction and lives on `clock`."""
    with RehearsalNetwork(now=clock.now) as running:
        yield running


@pytest.fixture(scope="module")
def shared_clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="module")
def shared_network(shared_clock: FakeClock) -> Iterator[RehearsalNetwork]:
    """One rehearsal network for all tests of a file."""
    with RehearsalNetwork(now=shared_clock.now) as running:
        yield running


@pytest.fixture
def quick_keystore(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keystores take a millisecond instead of a second: for tests that are not about them."""
    monkeypatch.setattr(keystore, "LIGHT", keystore.Kdf("pbkdf2", 100, 0))


@pytest.fixture
async def machine(
    network: RehearsalNetwork, clock: FakeClock, tmp_path: Path, quick_keystore: None
) -> AsyncIterator[Machine]:
    """A machine with an empty state folder on `network`, not opened yet."""
    machine = Machine(network, clock, tmp_path / "state")
    yield machine
    await machine.close()


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """The program's logger, which a test may open with `start_log`; afterwards as it was."""
    logger = logging.getLogger("peaq_onboard")
    before = logger.handlers, logger.level, logger.propagate
    yield logger
    close_log(logger)
    logger.handlers, logger.level, logger.propagate = before
