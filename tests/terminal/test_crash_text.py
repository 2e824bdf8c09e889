"""A defect on a real console: whoever photographs the screen for help gives no key away."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.words import title
from tests.terminal.console import DETAILS, PASSPHRASE, clean_environment, console

pytestmark = pytest.mark.terminal

START = "import pathlib, sys, app.cli\n{defect}\nsys.exit(app.cli.main())"
IN_THE_SCREEN = """
from screens.keypair import KeypairScreen
def submit(self):
    passphrase = self.query_one("#passphrase").value
    raise ZeroDivisionError(passphrase)
KeypairScreen.submit = submit
"""
IN_THE_ENGINE = """
from core.keys import keystore
def store_key(folder, key, passphrase, kdf, record):
    private, revealed = key.private_bytes().hex(), passphrase.reveal()
    pathlib.Path("private").write_text(private)
    raise ZeroDivisionError(private, revealed)
keystore.store_key = store_key
"""


@pytest.mark.parametrize(
    ("defect", "goes_on"), [(IN_THE_SCREEN, False), (IN_THE_ENGINE, True)], ids=["screen", "engine"]
)
def test_a_defect_shows_its_place_and_neither_key_nor_passphrase(
    tmp_path: Path, *, defect: str, goes_on: bool
) -> None:
    command = [sys.executable, "-c", START.format(defect=defect)]
    state = tmp_path / "machine"
    arguments = ["--rehearse", "--state-dir", str(state), *DETAILS]
    with console(arguments, clean_environment(tmp_path), tmp_path, command=command) as tty:
        tty.environment()
        tty.keypair()
        if goes_on:
            tty.sees(title("UNEXPECTED"))
            tty.type("\x11")
        code = tty.ends()
        seen = tty.raw.decode(errors="replace")
    assert code == 1
    log = (state / "wizard.log").read_text()
    assert "ZeroDivisionError at " in log, "where it happened is kept for whoever mends it"
    secrets = [PASSPHRASE]
    if goes_on:
        secrets.append((tmp_path / "private").read_text().strip())
    files = {path.name: path.read_text() for path in state.iterdir() if path.is_file()}
    for secret in secrets:
        assert secret not in seen
        for name, text in files.items():
            assert secret not in text, f"{name} holds it"
    assert "Traceback" not in seen
    assert seen.rindex("\x1b[?1049l") > seen.rindex("\x1b[?1049h")
