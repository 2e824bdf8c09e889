"""Reading what another session does: its journal and its name, without touching either."""

from __future__ import annotations

from pathlib import Path

from app.explain import in_words, token_of
from core.clock import readable
from core.errors import OnboardingError
from core.fold import fold
from core.journal import FILE_NAME, Record, read_records
from core.lock import held, holder
from core.state import State
from core.text import clean
from screens.watch import Watched

GO_ON = -1
"""Instead of an exit code: the folder is free, and the wizard is wanted here."""
_NAME = 80
"""Characters of what a holder says about itself."""


class Watching:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[int, int, int] | None = None
        self._trouble = ""
        self.records: list[Record] = []
        self._state = State()

    def look(self) -> Watched:
        """How it stands now; the journal is read again only where it has changed. Never raises."""
        path = self._folder / FILE_NAME
        try:
            about = path.stat()
            seen = (about.st_ino, about.st_size, about.st_mtime_ns)
        except OSError:
            seen = None
        if seen != self._seen:
            self._seen = seen
            self._read(path)
        token = token_of(self._state)
        return Watched(
            state=self._state,
            holder=holder_line(self._folder) if held(self._folder) else "",
            lines=tuple(record_line(record, token) for record in self.records),
            trouble=self._trouble,
        )

    def _read(self, path: Path) -> None:
        try:
            self.records = read_records(path)
        except OnboardingError as error:
            self._trouble = f"{error.problem.title}: {error.problem.cause}"
        else:
            self._trouble = ""
            self._state = fold(self.records)


def record_line(record: Record, token: str) -> str:
    return f"{record.at:%H:%M:%S} UTC  {in_words(record.event, token)}"


def holder_line(folder: Path) -> str:
    """`Process 4711 on /dev/pts/1, since …`, as far as it said so."""
    said = {name: clean(text, _NAME) for name, text in holder(folder).items()}
    pid, terminal = said.get("pid", "?"), said.get("terminal", "an unknown terminal")
    return f"Process {pid} on {terminal}, since {readable(said.get('since', 'an unknown time'))}"
