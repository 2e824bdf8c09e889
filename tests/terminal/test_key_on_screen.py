"""The key is shown once, on request: nothing of it may stay in the terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.keys.keystore import open_file
from core.secrets import Secret
from tests.support.titles import BACKUP
from tests.terminal.console import DETAILS, PASSPHRASE, clean_environment, console

pytestmark = pytest.mark.terminal

ROWS = re.compile(r"((?:[0-9a-f]{4} ){3}[0-9a-f]{4})")


def test_a_revealed_key_leaves_no_trace_in_the_terminal(tmp_path: Path) -> None:
    state = tmp_path / "machine"
    arguments = ["--rehearse", "--state-dir", str(state), *DETAILS]
    with console(arguments, clean_environment(tmp_path), tmp_path) as tty:
        tty.environment()
        tty.keypair()
        tty.title(BACKUP)
        tty.type("\x1b[C\x1b[C")
        tty.sees("Enter continue")
        tty.enter()
        tty.sees("Write this key down on paper")
        tty.until(lambda: len(ROWS.findall(tty.text)) == 4, "the four rows of the key are there")
        rows = ROWS.findall(tty.text)
        shown = "".join(rows).replace(" ", "")
        key = open_file(state / "keystore.json", Secret(PASSPHRASE)).key
        assert Secret("0x" + shown) == key.private_hex(), "it is the key, in four rows"
        tty.type("000000\r")
        tty.sees("The last six characters do not match")
        tty.type(shown[-6:])
        tty.until(lambda: shown[-6:] in tty.words.replace(rows[-1], ""), "its end was typed")
        tty.enter()
        tty.sees("enter this secret")
        assert not any(row in tty.text for row in rows), "and it is gone from the screen"
        tty.type("\x11")
        assert tty.ends() == 1
    # All that was painted with the key in it was on the alternate screen, which keeps nothing.
    raw = tty.raw
    on, off = raw.index(b"\x1b[?1049h"), raw.rindex(b"\x1b[?1049l")
    for row in (*rows, shown, shown[:16]):
        places = [found.start() for found in re.finditer(re.escape(row.encode()), raw)]
        assert all(on < place < off for place in places), "outside of the alternate screen"
    for file in state.iterdir():
        if file.is_file():
            assert shown not in file.read_text(), f"{file.name} holds the key"
