"""A wizard without a screen is asked to make room: it is said once, for it may wait for a line."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType

from app.console import Console
from core.takeover import Asker, asked

LOOK = 1.0
"""Seconds between two looks."""


class TakeoverNotice:
    """Looks in a thread of its own for as long as the block runs. Answers nothing by itself."""

    def __init__(self, folder: Path, console: Console) -> None:
        self._folder = folder
        self._console = console
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="takeover", daemon=True)

    def __enter__(self) -> TakeoverNotice:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()

    def _look(self) -> None:
        said: Asker | None = None
        while not self._over.wait(LOOK):
            asker = asked(self._folder)
            if asker is not None and asker != said:
                self._console.say()
                self._console.paragraph(
                    f"Another terminal asks to take over: {asker}. "
                    "ctrl+c makes room; nothing is lost. Who goes on here keeps it."
                )
            said = asker
