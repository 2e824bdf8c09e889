"""A start on a folder that another wizard holds: watch it, ask for it, or name it and leave."""

from __future__ import annotations

import argparse
import gc
import signal
import sys
from pathlib import Path

from core.clock import Clock
from core.errors import EXIT_LOCKED, EXIT_STOPPED, OnboardingError
from core.lock import FolderLock
from core.networks import Network


def take_folder(
    options: argparse.Namespace, folder: Path, network: Network, clock: Clock
) -> FolderLock | int:
    """The folder's lock, taken; or the exit code of somebody who only looked on.

    Raises OnboardingError (STATE_FOLDER_LOCKED) where nobody can be asked what to do.
    """
    lock = FolderLock(folder)
    while True:
        try:
            lock.acquire(clock.now())
        except OnboardingError as error:
            somebody = not options.no_input and sys.stdin.isatty()
            if error.code != "STATE_FOLDER_LOCKED" or not somebody:
                raise
            code = _look_on(options, folder, network, clock, error)
            if code is not None:
                return code
        else:
            return lock


def _look_on(
    options: argparse.Namespace,
    folder: Path,
    network: Network,
    clock: Clock,
    locked: OnboardingError,
) -> int | None:
    """The exit code of somebody who only looked on; None where the wizard is to go on here."""
    from app.watched import GO_ON, holder_line

    gc.enable()  # app/__main__.py put it off: looking on may take hours
    if options.plain:
        from app.console import Console
        from app.plain_watch import PlainWatch

        # Whatever started this may have had it ignored, and ctrl+c is how watching ends.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        console = Console(no_input=False)
        console.problem(locked.problem)
        code = PlainWatch(console, folder, clock).run()
    else:
        from app.watch import WatchApp

        app = WatchApp(folder, network, clock)
        app.run(mouse=False)
        answer = app.return_value
        code = (app.return_code or EXIT_STOPPED) if answer is None else answer
        if code == EXIT_LOCKED:
            print(f"You have only watched; nothing was changed.\n{holder_line(folder)}.")
    return None if code == GO_ON else code
