"""One wallet, its journal, and a chain that a test changes by assignment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.activation_chain import ActivationChain
from tests.support.activation_wizard import ActivationWizard
from tests.support.clock import FakeClock


@pytest.fixture
def node() -> ActivationChain:
    return ActivationChain()


@pytest.fixture
def wizard(node: ActivationChain, clock: FakeClock, tmp_path: Path) -> Iterator[ActivationWizard]:
    wizard = ActivationWizard(node, clock, tmp_path)
    yield wizard
    wizard.store.close()
