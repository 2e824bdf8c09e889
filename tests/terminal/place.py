"""One machine on which two sessions are started."""

from __future__ import annotations

from pathlib import Path

from core.journal.file import read_records
from core.storage.folder_lock import holder
from tests.support.words import title
from tests.terminal.console import DETAILS, Console, Devnet, clean_environment

OWNED = title("STATE_FOLDER_LOCKED")
SOON = 5.0
"""Seconds."""
SHELL = ["/bin/bash", "--norc", "--noprofile", "-i"]


class Place:
    """One machine, and how a wizard is started on it."""

    def __init__(self, folder: Path, network: Devnet) -> None:
        self.folder = folder
        self.state = folder / "machine"
        self.environment = clean_environment(folder, **network.variables)
        self.arguments = ["--state-dir", str(self.state), *DETAILS]

    def plain(self, *more: str) -> list[str]:
        return ["--plain", *self.arguments, *more]

    def start(self, *more: str, plain: bool = False) -> Console:
        arguments = [*(["--plain"] if plain else []), *self.arguments, *more]
        return Console(arguments, self.environment, self.folder)

    @property
    def owner(self) -> str:
        return holder(self.state).get("pid", "")

    @property
    def events(self) -> list[str]:
        return [type(item.event).__name__ for item in read_records(self.state / "journal.jsonl")]

    @property
    def files(self) -> dict[str, tuple[int, int]]:
        """Every file of the state directory, as far as a write would show."""
        about = {path.name: path.stat() for path in self.state.iterdir() if path.is_file()}
        return {name: (info.st_ino, info.st_mtime_ns) for name, info in about.items()}
