"""Machines, chains and processes that meet faults, and the tally of what the faults cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from tests.support.chain_handle import ChainHandle
from tests.support.clock import FakeClock
from tests.support.machine import Machine
from tests.support.process import Launcher, Technician
from tests.support.world import World


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Counter[str]]:
    """Count what a test tries and finds; tests/support/summary.py adds up the counts."""
    counts: Counter[str] = Counter()
    yield counts
    request.node.user_properties.append(("tally", dict(counts)))


@pytest.fixture
async def slow(clock: FakeClock, tmp_path: Path, quick_keystore: None) -> AsyncIterator[Machine]:
    """A machine on a network that makes blocks only when the test says so: `slow.network.mine()`.
    A block is final when two more stand on it.
    """
    with RehearsalNetwork(now=clock.now, block_time=3600.0) as network:
        machine = Machine(network, clock, tmp_path / "state")
        yield machine
        clock.while_asleep = None
        await machine.close()


@pytest.fixture(scope="module")
def final_network(shared_clock: FakeClock) -> Iterator[RehearsalNetwork]:
    """A network whose blocks are final when two more stand on them; it makes them at once, and
    while people sleep: one every two seconds of `shared_clock`.
    """
    with RehearsalNetwork(now=shared_clock.now, finality_depth=2) as running:
        yield running


@pytest.fixture
def chain(final_network: RehearsalNetwork, shared_clock: FakeClock) -> Iterator[ChainHandle]:
    handle = ChainHandle(final_network)
    handle.blocks_every(shared_clock, 2.0)
    yield handle
    shared_clock.while_asleep = None
    handle.forget_pool()
    handle.release()


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as running:
        yield running


@pytest.fixture(scope="module")
def shared_world(shared_clock: FakeClock) -> Iterator[World]:
    with World(shared_clock) as running:
        yield running


@pytest.fixture
def technician(
    launcher: Launcher, shared_world: World, final_network: RehearsalNetwork, tmp_path: Path
) -> Technician:
    """The program as a process of its own on an empty state folder, funded by the Gas Station."""
    shared_world.new_phone()
    return Technician(launcher, shared_world, tmp_path, final_network.environment())


@pytest.fixture
async def paced_machine(
    final_network: RehearsalNetwork,
    chain: ChainHandle,
    shared_clock: FakeClock,
    tmp_path: Path,
    quick_keystore: None,
) -> AsyncIterator[Machine]:
    """On a network that makes a block every two seconds; two more make it final."""
    machine = Machine(final_network, shared_clock, tmp_path / "state")
    yield machine
    await machine.close()
