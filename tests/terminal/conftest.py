"""The network behind the terminals, and the rows that a test adds to the summary's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.titles import KEYPAIR
from tests.terminal.console import Console, Devnet, console, devnet
from tests.terminal.place import OWNED, Place

LINE = 960
"""Bytes a second of a serial line with 9600 baud."""
Note = Callable[..., None]


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """`note("QR", setting="…", …)`: a row for one of the tables in tests/support/summary.py."""

    def add(table: str, **row: object) -> None:
        request.node.user_properties.append((table, row))

    return add


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with devnet(tmp_path_factory.mktemp("devnet")) as running:
        yield running


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
