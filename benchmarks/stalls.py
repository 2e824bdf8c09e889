"""How long the event loop is held up: while web3 is imported, and while the journal is written.

Run as a program it measures once and writes one line of JSON, since web3 can be imported only once.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import tempfile
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

_BEAT = 0.001
"""Seconds between two beats; what is late over this is a stall."""
_RECORDS = 40
_IDLE = 1.0
"""Seconds of an idle loop, for what the machine itself is good for."""


async def longest_stall(work: Awaitable[Any]) -> float:
    """Seconds for which nothing else could run while `work` was done."""
    loop = asyncio.get_running_loop()
    worst = 0.0

    async def beat() -> None:
        nonlocal worst
        last = loop.time()
        while True:
            await asyncio.sleep(_BEAT)
            now = loop.time()
            worst = max(worst, now - last - _BEAT)
            last = now

    beating = asyncio.ensure_future(beat())
    try:
        await work
    finally:
        beating.cancel()
    return worst


async def measure(folder: Path) -> dict[str, float]:
    """The real full-screen wizard, without a terminal: `load`, `journal` and `idle` in seconds."""
    gc.disable()  # as app.__main__ does, until the first screen stands
    from app.tui.wizard_app import WizardApp
    from core.clock import SystemClock
    from core.config.settings import load_settings
    from core.journal.events import BalanceChanged
    from core.onboarding import Onboarding
    from core.session import open_session

    settings = load_settings(environ=os.environ, env_file=folder / ".env")
    clock = SystemClock()
    session = open_session(folder / "state", settings, clock)
    engine = Onboarding(session, settings, clock, version="benchmark")
    app = WizardApp(engine, watch_terminal=False)

    async def write() -> None:
        for number in range(_RECORDS):
            await other.store.record(BalanceChanged(number, number))

    async def load_as_it_does() -> None:
        await app._painted.wait()
        await engine.load()

    other = open_session(folder / "other", settings, clock)
    async with app.run_test(size=(80, 24)):
        load = await longest_stall(load_as_it_does())
    journal = await longest_stall(write())
    idle = await longest_stall(asyncio.sleep(_IDLE))
    other.close()
    await engine.close()
    return {"load": load, "journal": journal, "idle": idle}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(json.dumps(asyncio.run(measure(Path(folder)))) + "\n")


if __name__ == "__main__":
    main()
