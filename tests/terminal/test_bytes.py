"""What the wizard writes, counted: on a line of 9600 baud a wasteful screen is a dead one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.titles import (
    BACKUP,
    CONFIRMATION,
    ENVIRONMENT,
    FUNDING,
    KEYPAIR,
    MACHINE_NFT,
    REGISTRATION,
)
from tests.support.words import title
from tests.terminal.conftest import LINE, Note
from tests.terminal.console import Console, Devnet, clean_environment, console

pytestmark = pytest.mark.terminal

AT_REST = 1.6
"""Seconds, three ticks of the program. Nothing can be waited for where nothing is to come, so
this is the one place where time itself is waited out.
"""
COUNTED = 4
"""Seconds, by the program's own count."""


class Meter:
    """Measures one screen after the other, and keeps to the limits."""

    def __init__(self, tty: Console, note: Note) -> None:
        self.tty = tty
        self.note = note
        self.before = 0

    def screen(
        self, name: str, *, sign: tuple[str, str] | None = None, tabs: int = 0, rests: bool = True
    ) -> None:
        """The screen that has just come. `sign`: a key, and what undoes it."""
        tty = self.tty
        row: dict[str, object] = {"screen": name}
        first = tty.settles() - self.before
        row["first"], row["s"] = first, f"{first / LINE:.0f}"
        if rests:
            row["B/s"] = self._at_rest()
            assert row["B/s"] == 0, f"{name} writes while nothing happens"
        if sign:
            shown = tty.text
            row["sign"] = tty.costs(sign[0])
            assert tty.text != shown, f"{sign[0]!r} was not echoed on {name}"
            tty.costs(sign[1])
            assert row["sign"] <= LINE, f"an echo takes over a second on {name}"
        changes = [tty.costs("\t") for _ in range(tabs)]
        if changes:
            row["Tab"] = max(changes)
            assert max(changes) <= 4 * LINE, f"a Tab takes over four seconds on {name}"
        self._is_what_a_whole_paint_shows(name)
        self.note("screens", **row)

    def leaves(self) -> None:
        self.before = self.tty.settles()

    def _at_rest(self) -> int:
        before, end = len(self.tty.raw), time.monotonic() + AT_REST
        while time.monotonic() < end:
            self.tty._read()
        return round((len(self.tty.raw) - before) / AT_REST)

    def _is_what_a_whole_paint_shows(self, name: str) -> None:
        """What was written in pieces is compared, cell by cell, with everything painted anew."""
        pieces, before = cells(self.tty), self.tty.screen.display
        self.tty.costs("\x0c")  # ctrl+l
        whole, after = cells(self.tty), self.tty.screen.display
        for y, (one, other) in enumerate(zip(pieces, whole, strict=True)):
            # A count may also have ended in between.
            if not counts(before[y]) and not counts(after[y]):
                assert one == other, f"line {y} of {name} is not what it should be"


def cells(tty: Console) -> list[list[tuple[object, ...]]]:
    """All that can be seen: of a blank neither its ink nor its weight."""
    return [
        [
            (cell.data, cell.bg, cell.reverse, cell.underscore)
            + ((cell.fg, cell.bold) if cell.data != " " or cell.reverse else ())
            for cell in (tty.screen.buffer[y][x] for x in range(tty.screen.columns))
        ]
        for y in range(tty.screen.lines)
    ]


def counts(line: str) -> bool:
    return bool(re.search(r"\d\d:\d\d|(for|in) +\d+ s|: \d+ s", line))


def per_second(tty: Console, shown: Callable[[], int | None]) -> int:
    """Bytes a second, by the seconds that the program itself has counted."""

    def number() -> int:
        tty.until(lambda: shown() is not None, "a count")
        found = shown()
        assert found is not None
        return found

    def counted() -> None:
        last = number()
        tty.until(lambda: number() != last, "it counts")

    counted()
    before = len(tty.raw)
    for _ in range(COUNTED):
        counted()
    return round((len(tty.raw) - before) / COUNTED)


def found(tty: Console, pattern: str) -> Callable[[], int | None]:
    def look() -> int | None:
        match = re.search(pattern, tty.words)
        return int(match.group(1)) if match else None

    return look


def test_every_screen_bears_a_line_of_9600_baud(
    tmp_path: Path, network: Devnet, note: Note
) -> None:
    environment = clean_environment(tmp_path, **network.variables)
    with console(["--state-dir", str(tmp_path / "machine")], environment, tmp_path) as tty:
        meter = Meter(tty, note)
        tty.sees("passed")
        meter.screen("1 environment", sign=("h", "\x7f"), tabs=4)
        tty.type("https://a.example/d")
        tty.costs("\t")
        tty.type("https://a.example/a")
        meter.leaves()
        tty.type("\x1bOP")
        tty.sees("Esc closes this")
        meter.screen("  help")
        meter.leaves()
        tty.type("\x1b")
        tty.title(ENVIRONMENT)
        meter.screen("  back from it")
        meter.leaves()
        tty.type("\x1bOQ")
        tty.sees("Enter saves")
        meter.screen("  settings", sign=("x", "\x7f"), tabs=3)
        tty.type("\x1b")
        tty.title(ENVIRONMENT)
        tty.sees("passed")
        meter.leaves()
        tty.environment()
        tty.title(KEYPAIR)
        meter.screen("2 keypair", sign=("c", "\x7f"), tabs=4)
        tty.keypair()
        tty.title(BACKUP)
        # The wait while the key is stored belongs to the next paint, and is counted with it.
        meter.screen("  backup", sign=("\x1b[C", "\x1b[D"), tabs=2)
        meter.leaves()
        tty.backup()
        totp = tty.secret()
        meter.screen("3 QR code", tabs=1, rests=False)
        row = per_second(tty, found(tty, r"F8 copies \(\d\d:(\d\d)\)"))
        note("counting", what="3 the picture's two minutes", **{"B/s": row})
        assert row <= 100
        meter.leaves()
        tty.type("\x1bOS")
        tty.sees("F7 in letters")
        meter.screen("  QR code alone")
        tty.type("\x1b")
        tty.sees("enter this secret")
        meter.leaves()
        tty.enter()
        tty.title(CONFIRMATION)
        meter.screen("4 code", sign=("1", "\x7f"), tabs=2)
        tty.type("000000")
        meter.leaves()
        tty.enter()
        tty.sees(title("CODE_MISTYPED"))
        meter.screen("  a wrong code", sign=("1", "\x7f"), tabs=2)
        meter.leaves()
        tty.code(totp.now())
        tty.title(FUNDING)
        # The next code is counted down; the other test measures that.
        meter.screen("5 fund", sign=("1", "\x7f"), tabs=3, rests=False)
        meter.leaves()
        tty.code(totp.at(int(time.time()) + 30))
        tty.title(REGISTRATION)
        tty.sees("Enter sign and register")
        meter.screen("6 register", tabs=1)
        meter.leaves()
        tty.enter()
        tty.title(MACHINE_NFT)
        tty.sees("Enter mint and write")
        meter.screen("7 NFT and DID", tabs=4)
        meter.leaves()
        tty.enter()
        tty.sees("The machine is onboarded")
        meter.screen("  receipt", tabs=1)
        tty.enter()
        assert tty.ends() == 0


def test_what_counts_and_waits_stays_below_a_tenth_of_the_line(tmp_path: Path, note: Note) -> None:
    """In all colours, which cost the most bytes."""
    environment = clean_environment(tmp_path, COLORTERM="truecolor")
    arguments = ["--rehearse", "--state-dir", str(tmp_path / "machine")]
    # So long that a part of it is left to be counted, however late the payment is noticed.
    arguments += ["--block-time", "16", "--fault", "rate-limited:1"]
    arguments += ["--documentation-url", "https://a.example/d", "--data-api", "https://a.example/a"]

    with console(arguments, environment, tmp_path) as tty:

        def counted(what: str, pattern: str, most: int = 100) -> None:
            row = per_second(tty, found(tty, pattern))
            note("counting", what=what, **{"B/s": row})
            assert row <= most, f"{what} costs {row} bytes a second"

        tty.environment()
        tty.keypair()
        tty.title(BACKUP)
        tty.type("\x1b[C\x1b[C")
        tty.sees("Enter continue")
        tty.enter()
        counted("2 the key is shown", r"Hidden in +(\d+) s")
        tty.type("\x1b")
        tty.title(BACKUP)
        tty.type("\x1b[D")
        tty.sees("Enter continue")
        tty.enter()
        tty.sees("enter this secret")
        tty.type("\x1bOS")
        tty.sees("F7 in letters")
        tty.settles()
        before, first = len(tty.raw), time.monotonic()
        while time.monotonic() - first < AT_REST:
            tty._read()
        assert len(tty.raw) == before, "what counts below the code is written above it"
        tty.type("\x1b")
        tty.sees("enter this secret")
        tty.enter()
        tty.title(CONFIRMATION)
        tty.until(tty.simulated_code, "the simulated authenticator")
        counted("4 the simulated authenticator", r"(\d+) s left")
        tty.until(lambda: re.search(r"(2\d|30) s left", tty.words), "a code with time to count")
        used = tty.simulated_code()
        tty.code(used)
        tty.title(FUNDING)
        counted("5 the next code, and the simulated authenticator", r"Next code in (\d+) s")
        tty.until(lambda: tty.simulated_code() not in ("", used), "a fresh code is shown")
        tty.code(tty.simulated_code())
        tty.sees(title("RATE_LIMITED"))
        # Two counts at once, which only a rehearsal has.
        counted("5 a rate limit, and the simulated authenticator", r"retry in 00:(\d\d)", 120)
        tty.type_until("\x1bOR", "press F8 to simulate the payment.")
        tty.type("\x1b[19~")
        tty.register()
        counted("6 the registration is waited for", r": (\d+) s")
        tty.type("\x11")
        assert tty.ends() == 75
