"""A start while another session owns the state directory: watch it, take over, or quit."""

from __future__ import annotations

import signal
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path

from app.startup import end_start
from core.clock import Clock, readable
from core.config.networks import Network
from core.errors.exit_codes import EXIT_LOCKED, EXIT_STOPPED
from core.errors.problem import OnboardingError, fault
from core.storage.folder_lock import FolderLock, end_holder, holder, is_locked
from core.text import clean

PATIENCE = 60.0
"""Seconds for the other session to end."""
_PAUSE = 0.5
_NAME = 80
"""Characters of the owner's description of itself."""
TITLE = "Another session owns this state directory"
CHOICES = [
    ("watch", "follow its journal here; changes nothing"),
    ("take over", "end that session and resume here"),
    ("quit", "leave that session running"),
]
LOST = "Anything typed there but not yet submitted is lost. Saved steps are kept."


def take_folder(
    folder: Path, network: Network, clock: Clock, *, plain: bool, no_input: bool
) -> FolderLock | int:
    """Return the acquired lock of `folder`, or an exit code if the user leaves the owner alone.

    Raises OnboardingError (STATE_FOLDER_LOCKED) if there is no terminal to ask on.
    """
    lock, note = FolderLock(folder), ""
    while True:
        try:
            lock.acquire(clock.now())
        except OnboardingError as error:
            if error.code != "STATE_FOLDER_LOCKED" or no_input or not sys.stdin.isatty():
                raise
        else:
            return lock
        end_start()  # watching can take hours
        # Ctrl+C ends watching, even if the program that started the wizard ignores SIGINT.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        owner = holder(folder)
        choice = _choose(network, folder, owner, note, plain=plain)
        note = ""
        try:
            if choice == "quit":
                return EXIT_LOCKED
            if choice == "take over":
                _take_over(folder, owner, clock)
            elif not _watch(folder):
                return EXIT_STOPPED
        except OnboardingError as error:
            found = error.problem
            note = f"{found.title}. {found.cause} {found.remedy()}"
        except KeyboardInterrupt:
            print()


def _choose(
    network: Network, folder: Path, owner: dict[str, str], note: str, *, plain: bool
) -> str:
    """Return one of CHOICES."""
    said = {name: clean(text, _NAME) for name, text in owner.items()}
    pid, terminal = said.get("pid", "?"), said.get("terminal", "an unknown terminal")
    line = f"Process {pid} on {terminal}, since {readable(said.get('since', 'an unknown time'))}"
    if plain:
        from app.plain.console import Console

        console = Console(no_input=False)
        console.say(f"\n{TITLE}\n{line}")
        console.paragraph(note)
        console.paragraph(f"If you take over: {LOST}")
        try:
            return console.ask_choice("", "Choose", CHOICES)
        except (EOFError, KeyboardInterrupt):
            return "quit"
    from app.tui.terminal_facts import prepare_terminal

    prepare_terminal()
    from app.tui.takeover_app import choose

    return choose(network, folder, [TITLE, line, note, LOST], CHOICES)


def _watch(folder: Path) -> bool:
    """Print the records as the owner writes them. Return whether to resume here after its end.

    Raise OnboardingError if the journal cannot be read, KeyboardInterrupt on Ctrl+C.
    """
    from app.commands.explain import record_line
    from app.plain.console import Console
    from core.journal.file import FILE_NAME, read_records
    from core.journal.narrative import token_of
    from core.journal.reducer import fold

    print("Watching the other session. Ctrl+C returns to the choices.")
    shown = 0
    owned = True
    while owned:
        if not sys.stdin.isatty():  # the terminal was closed, and SIGHUP is ignored
            return False
        owned = is_locked(
            folder
        )  # before reading the journal, so that its last record is shown too
        records = read_records(folder / FILE_NAME)
        token = token_of(fold(records))
        for record in records[shown:]:
            print(record_line(record, token), flush=True)
        shown = len(records)
        if owned:
            time.sleep(_PAUSE)
    with suppress(termios.error):
        termios.tcflush(sys.stdin, termios.TCIFLUSH)  # Enter pressed while watching is no answer
    console = Console(no_input=False)
    console.say("The other session has ended.")
    try:
        return console.ask("", "Resume here", "yes").lower() in ("y", "yes")
    except (EOFError, KeyboardInterrupt):
        return False


def _take_over(folder: Path, owner: dict[str, str], clock: Clock) -> None:
    """End the owner and wait until the lock is free, or another session owns it.

    Raise OnboardingError (TAKEOVER_FAILED), KeyboardInterrupt on Ctrl+C.
    """
    end_holder(folder, owner)
    pid = clean(owner.get("pid", "?"), _NAME)
    print(f"Ending process {pid}, at most {PATIENCE:.0f} s. Ctrl+C stops waiting.", file=sys.stderr)
    ends = clock.monotonic() + PATIENCE
    while is_locked(folder) and holder(folder) == owner:
        if clock.monotonic() >= ends:
            reason = (
                f"Process {pid} is still running {PATIENCE:.0f} s after SIGTERM. "
                f"If it hangs, end it with: kill -9 {pid}."
            )
            raise fault("TAKEOVER_FAILED", reason=reason)
        time.sleep(_PAUSE)
