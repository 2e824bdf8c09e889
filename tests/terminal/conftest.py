"""The network behind the terminals, and the rows that a test adds to the summary's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.terminal.console import Devnet, devnet

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
