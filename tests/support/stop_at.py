"""Stops the program while it stores its key: at a moment of the thread that does it."""

from __future__ import annotations

import asyncio.runners
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.journal.events import Event, KeypairStored
from core.journal.file import Journal, Record
from core.keys import keystore

MOMENTS = ("encrypting", "reading back", "linked", "recording", "recorded")
UNDONE = ("encrypting", "reading back")
"""Until then a kill leaves no keystore behind."""
_PATIENCE = 60.0
"""Seconds until a stop that never comes is given up."""


def stop_at(moment: str, number: int, told: Path | None = None) -> None:
    """In the program's own process. At `moment` it gets the signal `number` (0: none, somebody
    else stops it), `told` is created, and the thread goes on once the event loop is being ended.
    """
    ending = threading.Event()
    main = threading.get_ident()
    signal.signal(signal.SIGUSR1, lambda *_: None)
    cancel_all = asyncio.runners._cancel_all_tasks  # type: ignore[attr-defined]

    def cancel_all_tasks(loop: asyncio.AbstractEventLoop) -> None:
        ending.set()
        cancel_all(loop)

    asyncio.runners._cancel_all_tasks = cancel_all_tasks  # type: ignore[attr-defined]

    def stop() -> None:
        if ending.is_set():
            return
        if told is not None:
            told.touch()
        if number:
            os.kill(os.getpid(), number)
        gives_up = time.monotonic() + _PATIENCE
        while not ending.wait(0.05):
            assert time.monotonic() < gives_up, "nothing stopped the program"
            # The signal may have come just before the main thread began to wait for the selector:
            # it notices at the next interruption, or when this thread is done.
            signal.pthread_kill(main, signal.SIGUSR1)

    if moment in ("recording", "recorded"):
        append = Journal.append

        def record(journal: Journal, event: Event) -> Record:
            stored = isinstance(event, KeypairStored)
            if stored and moment == "recording":
                stop()
            made = append(journal, event)
            if stored and moment == "recorded":
                stop()
            return made

        Journal.append = record  # type: ignore[method-assign]
        return
    holder, name = {
        "encrypting": (keystore.Account, "encrypt"),
        "reading back": (keystore, "open_file"),
        "linked": (keystore, "sync_folder"),
    }[moment]
    usual: Callable[..., Any] = getattr(holder, name)

    def stopping(*arguments: Any, **named: Any) -> Any:
        stop()
        return usual(*arguments, **named)

    setattr(holder, name, stopping)
