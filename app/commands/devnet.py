"""Start the rehearsal network, inside the wizard or standalone."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.options import Options
from core.errors.problem import fault

if TYPE_CHECKING:
    from app.rehearsal.faults import Fault
    from app.rehearsal.network import RehearsalNetwork


def start_network(store: Path, block_time: float, faults: Sequence[Fault]) -> RehearsalNetwork:
    """Return a running network that saves its state in `store`, so that a killed rehearsal can
    resume.

    Raises OnboardingError (REHEARSAL_…, INSTALLATION_BROKEN).
    """
    from app.rehearsal.network import RehearsalNetwork

    network = RehearsalNetwork(block_time=block_time, faults=faults, store=store)
    with _in_words():
        network.start()
    return network


def run_devnet_command(options: Options) -> int:
    """Run the network standalone until it is ended.

    Raises OnboardingError (REHEARSAL_…, INSTALLATION_BROKEN).
    """
    from app.rehearsal.devnet import run_devnet

    with _in_words():
        return run_devnet(
            port=options.port,
            block_time=options.block_time,
            faults=options.faults,
            out=sys.stdout,
        )


@contextmanager
def _in_words() -> Iterator[None]:
    from app.rehearsal.errors import RehearsalError
    from app.rehearsal.network import PackageMissing

    try:
        yield
    except PackageMissing as error:
        raise fault("REHEARSAL_NOT_INSTALLED", package=error) from error
    except RehearsalError as error:
        raise fault("REHEARSAL_UNAVAILABLE", reason=error) from error
    except ImportError as error:
        raise fault("INSTALLATION_BROKEN", reason=error) from error
