"""Networks for the tests: each test has its own, started over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from app.rehearsal.network import RehearsalNetwork
from tests.app.rehearsal.client import MACHINE, OTHER, PEAQ, Client, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(clock: Clock) -> Iterator[Callable[..., Client]]:
    """Starts a network with the given options and returns a client of it."""
    with ExitStack() as stack:

        def started(**options: object) -> Client:
            network = stack.enter_context(RehearsalNetwork(**{"now": clock, **options}))
            return stack.enter_context(closing(Client(network)))

        yield started


@pytest.fixture
def client(start: Callable[..., Client]) -> Client:
    """A client of a network that makes a block for each transaction; no wallet has money."""
    return start()


@pytest.fixture
def rich(client: Client) -> Client:
    """The same, where MACHINE and OTHER hold 5 PEAQ each."""
    for wallet in (MACHINE, OTHER):
        client.network.send(wallet.address, 5 * PEAQ)
    return client
