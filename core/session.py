"""Open a state directory: take its lock, read its journal, and check that it matches the settings.

Imports no web3, so that the first screen appears at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.clock import Clock
from core.config.deployments import check_recorded
from core.config.settings import Settings
from core.consents import Consents
from core.errors.problem import fault
from core.journal.activation_events import ActivationStarted
from core.journal.event_store import EventStore, Listener
from core.journal.file import FILE_NAME, Journal
from core.journal.state import State
from core.storage.durable_files import prepare_state_folder
from core.storage.folder_lock import FolderLock


@dataclass
class Session:
    """A running wizard in a state directory."""

    folder: Path
    store: EventStore
    lock: FolderLock
    warnings: list[str]
    keeps_lock: bool = False
    """True if the lock existed before the session and outlives it."""
    consents: Consents = field(default_factory=Consents)

    def close(self) -> None:
        self.store.close()
        if not self.keeps_lock:
            self.lock.release()


def open_session(
    folder: Path,
    settings: Settings,
    clock: Clock,
    listener: Listener | None = None,
    *,
    lock: FolderLock | None = None,
    warnings: Sequence[str] = (),
) -> Session:
    """Lock the directory and read its journal. Creates a missing directory.

    `lock`: the directory's lock, if the caller has already prepared the directory and taken the
    lock; the caller then keeps it. `warnings`: those of that preparation.

    Raises OnboardingError: STATE_FOLDER_UNUSABLE, STATE_FOLDER_LOCKED, JOURNAL_DAMAGED,
    JOURNAL_MISMATCH.
    """
    said = list(warnings)
    taken = lock or FolderLock(folder)
    if lock is None:
        said += prepare_state_folder(folder)
        taken.acquire(clock.now())
    try:
        store = EventStore(Journal(folder / FILE_NAME, clock.now), clock, listener)
        check_belongs(store.state, settings)
    except BaseException:
        if lock is None:
            taken.release()
        raise
    if store.repaired:
        said.append(
            "The last record was incomplete, so the wizard discarded it. Nothing depends on it."
        )
    return Session(folder, store, taken, said, keeps_lock=lock is not None)


def check_belongs(state: State, settings: Settings) -> None:
    """Check that the journal has this protocol, this network and these contracts.

    Raises OnboardingError (PROTOCOL_MISMATCH, JOURNAL_MISMATCH) with both values.
    """
    started = state.started
    if started is None:
        return
    if state.protocol != settings.protocol:
        raise fault("PROTOCOL_MISMATCH", journal=state.protocol, now=settings.protocol)
    network = settings.network
    pairs = [
        ("network", started.network, network.name),
        ("chain", str(started.chain_id), str(network.chain_id)),
    ]
    deployment = settings.deployment
    if deployment is None:
        now = settings.contracts.as_dict()
        pairs += [
            (f"the contract {name}", address, now.get(name, "?"))
            for name, address in started.contracts.items()
        ]
    elif isinstance(started, ActivationStarted):
        pairs.append(("the deployment", started.deployment, deployment.id))
    for what, journal, current in pairs:
        if journal.lower() != current.lower():
            raise fault("JOURNAL_MISMATCH", what=what, journal=journal, now=current)
    if deployment is not None and isinstance(started, ActivationStarted):
        check_recorded(deployment, started.contracts, started.record_sha256)
