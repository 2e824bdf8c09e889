"""Starting the rehearsal network: inside the wizard, or alone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import fault

if TYPE_CHECKING:
    from app.rehearsal.network import RehearsalNetwork


def start_network(options: argparse.Namespace, store: Path) -> RehearsalNetwork:
    """A running network whose state is kept in `store`, so that a killed rehearsal goes on.

    Raises OnboardingError (REHEARSAL_UNAVAILABLE).
    """
    try:
        from app.rehearsal.network import RehearsalError, RehearsalNetwork
    except ImportError as error:
        raise fault("REHEARSAL_UNAVAILABLE", reason=f"{error.name} is not installed") from error
    network = RehearsalNetwork(block_time=options.block_time, faults=options.fault, store=store)
    try:
        network.start()
    except RehearsalError as error:
        raise fault("REHEARSAL_UNAVAILABLE", reason=error) from error
    return network


def run_devnet_command(options: argparse.Namespace) -> int:
    """Runs the network alone until it is ended. Raises OnboardingError
    (REHEARSAL_UNAVAILABLE).
    """
    try:
        from app.rehearsal.devnet import run_devnet
        from app.rehearsal.network import RehearsalError
    except ImportError as error:
        raise fault("REHEARSAL_UNAVAILABLE", reason=f"{error.name} is not installed") from error
    try:
        return run_devnet(
            port=options.port,
            block_time=options.block_time,
            faults=options.fault,
            out=sys.stdout,
        )
    except RehearsalError as error:
        raise fault("REHEARSAL_UNAVAILABLE", reason=error) from error
