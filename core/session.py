"""Opening a state folder: lock, journal, and whether it belongs to what was asked for.

Light on purpose: nothing here imports web3, so that the first screen is there at once.
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
    """One wizard at work in one state folder."""

    folder: Path
    store: EventStore
    lock: FolderLock
    warnings: list[str]
    keeps_lock: bool = False
    """True where the lock was there before the session, and stays for longer."""
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
    """Takes the folder and reads its journal. Creates the folder where it is missing.

    `lock` is the folder's, where the caller has prepared and taken it already; it then stays the
    caller's. `warnings` are those of that preparation.

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
    """Whether the journal is of this protocol, this network and these contracts.

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
