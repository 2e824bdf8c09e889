"""The code on the screen is read as a phone reads it, on whatever terminal it is shown."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.terminal.bitmap import read_codes
from tests.terminal.conftest import Note
from tests.terminal.console import (
    DETAILS,
    PASSPHRASE,
    Console,
    Devnet,
    clean_environment,
    console,
)

pytestmark = pytest.mark.terminal

SECRET = r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}"
F3, F4, F6, F7 = "\x1bOR", "\x1bOS", "\x1b[17~", "\x1b[18~"


@dataclass(frozen=True)
class Setting:
    """A terminal, and what the program is told about it."""

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    light: bool = False
    """Its own colours are black on white."""
    colours: bool = True
    """Whether it honours any."""
    spacing: int = 2
    """Pixels between lines."""


SETTINGS = [
    Setting("all colours", {"COLORTERM": "truecolor"}),
    Setting("all colours, light", {"COLORTERM": "truecolor"}, light=True),
    Setting("256 colours", {"TERM": "xterm-256color"}),
    Setting("16 colours", {"TERM": "xterm"}),
    Setting("16 colours, light", {"TERM": "xterm"}, light=True),
    Setting("NO_COLOR", {"NO_COLOR": "1"}),
    Setting("NO_COLOR, light", {"NO_COLOR": "1"}, light=True),
    Setting("Linux console", {"TERM": "linux"}, spacing=0),
    Setting("vt220, with colours", {"TERM": "vt220"}),
    Setting("vt220, colours ignored", {"TERM": "vt220"}, colours=False),
    Setting("tmux, LANG=C", {"TERM": "tmux-256color", "LC_ALL": "C", "LANG": "C"}, spacing=3),
]


@pytest.fixture(scope="module")
def enrolling(tmp_path_factory: pytest.TempPathFactory, network: Devnet) -> tuple[Path, Devnet]:
    """A state folder that stands at the third step; to be copied."""
    top = tmp_path_factory.mktemp("enrolling")
    environment = clean_environment(top, **network.variables)
    arguments = ["--state-dir", str(top / "machine"), *DETAILS]
    with console(arguments, environment, top) as tty:
        tty.environment()
        tty.keypair()
        tty.backup()
        tty.secret()
        tty.type("\x11")
        assert tty.ends() == 1
    return top / "machine", network


def start(
    tmp_path: Path, enrolling: tuple[Path, Devnet], **more: str
) -> tuple[list[str], dict[str, str]]:
    folder, network = enrolling
    shutil.copytree(folder, tmp_path / "machine")
    environment = clean_environment(tmp_path, **{**network.variables, **more})
    if "COLORTERM" not in more:
        environment.pop("COLORTERM", None)
    return ["--state-dir", str(tmp_path / "machine")], environment


def secret_of(uri: str) -> str:
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    return parse_qs(parts.query)["secret"][0]


ADDRESS = r"0x[0-9a-fA-F]{40}"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_phone_reads_it(
    tmp_path: Path, enrolling: tuple[Path, Devnet], setting: Setting, note: Note
) -> None:
    arguments, environment = start(tmp_path, enrolling, **setting.environment)
    row: dict[str, object] = {"setting": setting.name}

    def read(tty: Console, what: str, *, swapped: bool = False) -> str:
        tty.settles()
        codes = read_codes(
            tty.screen,
            light=setting.light,
            colours=setting.colours,
            spacing=setting.spacing,
            swapped=swapped,
        )
        assert len(codes) == 1, f"{what} cannot be read\n{tty.text}"
        row[what] = "read"
        return codes[0]

    with console(arguments, environment, tmp_path) as tty:
        secret = tty.secret().secret
        uri = read(tty, "beside the text")
        assert secret_of(uri) == secret, "it is not the secret that stands beside it"
        account = re.search(r"0x[0-9a-fA-F]{4}….{4}", tty.words)
        assert account
        assert account.group().replace("…", "..") in unquote(uri), "it says for which machine it is"
        tty.type(F6)
        assert read(tty, "swapped", swapped=True) == uri
        tty.type(F4)
        tty.sees("F7 in letters")
        assert read(tty, "alone") == uri
        tty.type(F6)
        assert read(tty, "alone, swapped", swapped=True) == uri
        tty.type(F7)
        tty.sees("F7 as a code")
        assert re.search(SECRET, tty.words), "the secret in groups of four"
        assert not read_codes(tty.screen, light=setting.light, swapped=True)
        tty.type("\x1b")
        tty.sees("enter this secret")
        tty.type(F3)
        tty.sees("to this address")
        tty.until(lambda: re.search(ADDRESS, tty.text), "the address on one line")
        address = re.search(ADDRESS, tty.text)
        assert address
        tty.type(F4)
        tty.sees("F7 in letters")
        assert read(tty, "address") == address.group()
        tty.type("\x11")
        assert tty.ends() == 1
    note("QR", **row)


def test_without_blocks_the_secret_is_typed_over(
    tmp_path: Path, enrolling: tuple[Path, Devnet], note: Note
) -> None:
    """On a terminal in Latin-1 a block would be six signs of rubbish."""
    arguments, environment = start(tmp_path, enrolling, PYTHONIOENCODING="latin-1")
    with console(arguments, environment, tmp_path) as tty:
        tty.secret()
        assert "scan the QR code, with F4" in tty.words
        assert "F4 show the QR code" in tty.words
        tty.type(F4)
        tty.sees("The code needs a window of")
        assert re.search(SECRET, tty.words)
        tty.type("\x1b")
        tty.sees("enter this secret")
        tty.type("\x11")
        assert tty.ends() == 1
        assert tty.raw.isascii(), "what this terminal has no signs for"
        assert b"\\u" not in tty.raw
    note("QR", setting="Latin-1, 80x24", **{"beside the text": "in letters", "alone": "in letters"})


def test_without_blocks_a_large_window_still_shows_the_code(
    tmp_path: Path, enrolling: tuple[Path, Devnet], note: Note
) -> None:
    arguments, environment = start(tmp_path, enrolling, PYTHONIOENCODING="ascii")
    with console(arguments, environment, tmp_path, size=(100, 50)) as tty:
        secret = tty.secret().secret
        tty.type(F4)
        tty.sees("F7 in letters")
        tty.settles()
        for light in (False, True):
            (uri,) = read_codes(tty.screen, light=light, spacing=2)
            assert secret_of(uri) == secret
        tty.type("\x11")
        assert tty.ends() == 1
    note("QR", setting="ASCII, 100x50", **{"beside the text": "in letters", "alone": "read"})


def test_a_small_window_shows_the_secret_instead_of_a_part_of_the_code(
    tmp_path: Path, enrolling: tuple[Path, Devnet]
) -> None:
    arguments, environment = start(tmp_path, enrolling)
    with console(arguments, environment, tmp_path, size=(50, 18)) as tty:
        tty.secret()
        assert "▀" not in tty.text
        tty.resize(80, 24)
        tty.until(lambda: "▀" in tty.text, "the code, once there is room")
        tty.settles()
        assert len(read_codes(tty.screen)) == 1
        tty.type("\x11")
        assert tty.ends() == 1


def test_line_by_line_it_is_read_on_dark_and_on_light(
    tmp_path: Path, network: Devnet, note: Note
) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(PASSPHRASE)
    passphrase.chmod(0o600)
    arguments = ["--plain", "--state-dir", str(tmp_path / "machine"), *DETAILS]
    arguments += ["--data-visibility", "public", "--key", "generate", "--backup", "copied"]
    arguments += ["--passphrase-file", str(passphrase)]
    environment = clean_environment(tmp_path, **network.variables, NO_COLOR="1")
    with console(arguments, environment, tmp_path) as tty:
        tty.sees("i swaps dark and light")
        secret = tty.secret().secret
        (uri,) = read_codes(tty.screen)
        assert secret_of(uri) == secret
        tty.type("i\r")
        tty.until(lambda: tty.words.count("i swaps dark and light") == 1, "the second one")
        tty.until(lambda: read_codes(tty.screen, light=True), "swapped, it is right on a light one")
        (swapped,) = read_codes(tty.screen, light=True)
        assert swapped == uri
        tty.type("\x04")  # ctrl+d: the end of the input
        assert tty.ends() == 1
    note("QR", setting="--plain, dark and light", **{"beside the text": "read", "swapped": "read"})
