"""A console of 80x24 with the real program on it, and the network it talks to.

What the program writes goes through a terminal emulator, so a test reads what people read.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pexpect
import pyotp
import pyte

from tests.support.titles import BACKUP, ENVIRONMENT, KEYPAIR, MACHINE_NFT, REGISTRATION

PATIENCE = 60.0
"""Seconds until a condition is given up; nearly all hold within three."""
PASSPHRASE = "correct horse battery staple"
DETAILS = ["--documentation-url", "https://a.example/d", "--data-api", "https://a.example/a"]
COMMAND = [sys.executable, "-m", "app"]
TOP = Path(__file__).resolve().parent.parent.parent


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """Nothing of the tester's own settings reaches the program."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PEAQOS_", "COV_", "PYTEST")) and not name.endswith("_ADDRESS")
    }
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        kept.pop(name, None)
    return {
        **kept,
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "PYTHONPATH": str(TOP),
        "TERM": "xterm-256color",
        **more,
    }


_WAIT = re.compile(r": \d+ s\b")
"""The line that counts a wait."""


class Console:
    """One run of the program on a pseudo-terminal."""

    def __init__(
        self,
        arguments: list[str],
        environment: dict[str, str],
        folder: Path,
        *,
        size: tuple[int, int] = (80, 24),
        command: list[str] = COMMAND,
    ) -> None:
        columns, rows = size
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.child = pexpect.spawn(
            command[0],
            [*command[1:], *arguments],
            env=environment,
            cwd=str(folder),
            dimensions=(rows, columns),
            timeout=PATIENCE,
        )

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def words(self) -> str:
        return " ".join(re.sub("[▌┃█▂▃▄▅▆▇▁]", " ", self.text).split())

    def _read(self) -> bool:
        """Takes what is there, for at most a tenth of a second; False at the end."""
        try:
            some = self.child.read_nonblocking(65536, timeout=0.1)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += some
        # A terminal's own question, which pyte does not know.
        self._stream.feed(re.sub(rb"\x1b\[[<>=?][0-9;]*[a-zA-Z]", _kept, some))
        return True

    def until(self, condition: Callable[[], Any], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert self._read(), f"the program ended before {what}\n{self.text}"
            assert time.monotonic() < end, f"never came true: {what}\n{self.text}"

    def settles(self, silence: float = 0.35) -> int:
        """Waits until nothing has come for `silence` seconds; how many bytes there are by then.

        The program paints within a tenth of a second of a key; what counts does so once a second.
        """
        last = time.monotonic()
        end = last + PATIENCE
        while time.monotonic() - last < silence:
            before = len(self.raw)
            assert self._read(), f"the program ended\n{self.text}"
            if len(self.raw) != before:
                last = time.monotonic()
            assert time.monotonic() < end, f"it never settles\n{self.text}"
        return len(self.raw)

    def costs(self, keys: str) -> int:
        """Bytes that the program writes because of `keys`."""
        before = self.settles()
        self.type(keys)
        return self.settles() - before

    def sees(self, words: str) -> None:
        self.until(lambda: words in self.words, f"{words!r} was read")

    def type(self, text: str) -> None:
        self.child.send(text)

    def type_until(self, keys: str, words: str) -> None:
        """Type `keys` until `words` are read: while work runs, the wizard takes no key."""
        typed = -math.inf

        def read() -> bool:
            nonlocal typed
            if words not in self.words and time.monotonic() - typed > 5:
                self.type(keys)
                typed = time.monotonic()
            return words in self.words

        self.until(read, f"{words!r} was read")

    def paste(self, text: str) -> None:
        """As a terminal with bracketed paste does."""
        self.child.send(f"\x1b[200~{text}\x1b[201~")

    def enter(self) -> None:
        self.child.send("\r")

    def ends(self, within: float = PATIENCE) -> int:
        """Reads to the end; the exit code, 128 and more for a signal."""
        end = time.monotonic() + within
        while self._read():
            assert time.monotonic() < end, f"it did not end in {within} s\n{self.text}"
        self.child.close()
        if self.child.exitstatus is not None:
            return int(self.child.exitstatus)
        return 128 + int(self.child.signalstatus or 0)

    def kill(self) -> None:
        """As when the power is cut."""
        os.kill(self.child.pid, signal.SIGKILL)
        assert self.ends() == 128 + signal.SIGKILL

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    # Screen by screen

    def title(self, words: str) -> None:
        """Waits until the screen with that title is up and nothing is being waited for."""
        self.until(
            lambda: (
                words in self.words and "F1 help" in self.words and not _WAIT.search(self.words)
            ),
            f"{words!r} came up",
        )

    def environment(self) -> None:
        self.title(ENVIRONMENT)
        self.sees("passed")
        self.enter()

    def visibility(self) -> None:
        """From a typed data API to who may see the data, which is asked too."""
        self.enter()
        self.sees("choose")

    def keypair(self) -> None:
        self.title(KEYPAIR)
        self.type(PASSPHRASE)
        self.until(lambda: "•" * len(PASSPHRASE) in self.text, "the passphrase was taken")
        self.enter()
        self.type(PASSPHRASE)
        self.until(lambda: self.text.count("•" * len(PASSPHRASE)) == 2, "it was taken twice")
        self.enter()

    def backup(self) -> None:
        self.title(BACKUP)
        self.type("\x1b[C")  # right: to the next answer
        self.sees("Enter continue")
        self.enter()

    def secret(self) -> pyotp.TOTP:
        """The authenticator's secret, as typed over from the third screen."""
        self.sees("enter this secret")
        self.until(lambda: re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", self.words), "the secret")
        found = re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", self.words)
        assert found
        return pyotp.TOTP(found.group().replace(" ", ""))

    def simulated_code(self) -> str:
        """What the simulated authenticator shows now; empty where it is not there."""
        found = re.search(r"Simulated authenticator: (\d{3}) (\d{3})", self.words)
        return "".join(found.groups()) if found else ""

    def code(self, code: str) -> None:
        self.type(code)
        self.until(lambda: code in self.text, "the code was taken")
        self.enter()

    def register(self, *, locked: bool = False) -> None:
        self.title(REGISTRATION)
        self.sees("Enter sign and register")
        self.enter()
        if locked:
            self.unlock()

    def write(self, *, locked: bool = False) -> None:
        self.title(MACHINE_NFT)
        self.sees("Enter mint and write")
        self.enter()
        if locked:
            self.unlock()

    def unlock(self) -> None:
        self.sees("Enter the passphrase")
        self.type(PASSPHRASE)
        self.until(lambda: "•" * len(PASSPHRASE) in self.text, "the passphrase was taken")
        self.enter()


def _kept(match: re.Match[bytes]) -> bytes:
    """pyte takes `ESC[>…` and the like for text; only the private modes mean something to it."""
    return match.group() if match.group()[2:3] == b"?" and match.group()[-1:] in b"hl" else b""


@contextlib.contextmanager
def console(
    arguments: list[str],
    environment: dict[str, str],
    folder: Path,
    *,
    size: tuple[int, int] = (80, 24),
    command: list[str] = COMMAND,
) -> Iterator[Console]:
    running = Console(arguments, environment, folder, size=size, command=command)
    try:
        yield running
    finally:
        running.child.close(force=True)


@dataclass
class Devnet:
    """`peaq-onboard devnet` in a process of its own; `variables` are what it prints."""

    process: subprocess.Popen[str]
    variables: dict[str, str]

    def rpc(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        url = self.variables["PEAQOS_RPC_URL"]
        assert url.startswith("http://127.0.0.1:")
        request = urllib.request.Request(  # noqa: S310 - http on this machine
            url, body.encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)["result"]

    def transactions(self) -> list[dict[str, Any]]:
        """All that ever came into a block."""
        head = int(self.rpc("eth_blockNumber"), 16)
        blocks = [self.rpc("eth_getBlockByNumber", hex(n), True) for n in range(head + 1)]
        return [transaction for block in blocks for transaction in block["transactions"]]


@contextlib.contextmanager
def devnet(folder: Path, *arguments: str) -> Iterator[Devnet]:
    process = subprocess.Popen(
        [*COMMAND, "devnet", *arguments],
        env=clean_environment(folder),
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        variables = {}
        for line in process.stdout:
            if line.startswith("# 0x"):
                break
            name, _, value = line.removeprefix("export ").strip().partition("=")
            if not name.startswith("#"):
                variables[name] = value.strip("'")
        yield Devnet(process, variables)
    finally:
        process.terminate()
        process.wait(timeout=20)
        if process.stdout:
            process.stdout.close()


def now() -> datetime:
    return datetime.now(timezone.utc)
