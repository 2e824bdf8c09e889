"""Write the state folders that later versions must still read and finish.

Run it with `python -m tests.upgrade.make_state` before a version is released, and never again for
that version: its folders are what devices in the field hold. Each is a machine that was switched
off at another point of its onboarding: `tests/upgrade/VERSION/POINT`.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from app.rehearsal.network import RehearsalNetwork
from app.version import installed_version
from core.journal.events import Event, KeypairStored, NftMinted, TransactionSigned
from core.journal.file import Journal, Record
from core.keys import keystore
from tests.support.clock import FakeClock
from tests.support.machine import Machine

RELEASED = Path(__file__).parent
POINTS: dict[str, type[Event]] = {
    "key-stored": KeypairStored,
    "bond-signed": TransactionSigned,
    "nft-minted": NftMinted,
}
"""The record after which the machine is switched off. A bond that is signed may be paid already."""
KEPT = ("journal.jsonl", "keystore.json")


class SwitchedOff(BaseException):
    """Nothing of ours catches it, as nothing catches a power cut."""


def switch_off_after(kind: type[Event]) -> None:
    append = Journal.append

    def last(journal: Journal, event: Event) -> Record:
        record = append(journal, event)
        if isinstance(event, kind):
            Journal.append = append  # type: ignore[method-assign]
            raise SwitchedOff
        return record

    Journal.append = last  # type: ignore[method-assign]


async def make(kind: type[Event], folder: Path) -> None:
    clock = FakeClock()
    with tempfile.TemporaryDirectory() as name, RehearsalNetwork(now=clock.now) as network:
        machine = Machine(network, clock, Path(name) / "state", version=installed_version())
        switch_off_after(kind)
        try:
            await machine.drive()
        except SwitchedOff:
            await machine.close()
        folder.mkdir(parents=True)
        for kept in KEPT:
            shutil.copy(machine.folder / kept, folder)


if __name__ == "__main__":
    keystore.LIGHT = keystore.Kdf("pbkdf2", 100, 0)
    shutil.rmtree(RELEASED / installed_version(), ignore_errors=True)
    for point, kind in POINTS.items():
        asyncio.run(make(kind, RELEASED / installed_version() / point))
