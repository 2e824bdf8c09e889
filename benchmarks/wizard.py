"""One onboarding by the wizard as a process of its own, all answers given ahead."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.network import DETAILS, Measured, Traffic
from benchmarks.terminal import memory_of

TOP = Path(__file__).resolve().parent.parent
PASSPHRASE = "correct horse battery staple"
_PATIENCE = 300.0
"""Seconds for one onboarding."""


class Unfinished(Exception):
    """An onboarding that did not come to its end; the text is what it said."""


@dataclass(frozen=True)
class Run:
    """What one onboarding cost."""

    traffic: Traffic
    seconds: float
    beyond_blocks: float
    """Seconds from the first signature to the last read-back, without the blocks' own time."""
    peak: int
    """Bytes of resident memory (VmHWM)."""
    transactions: int


def clean_environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the tester's own settings reaches what is measured."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    places = {"HOME": str(folder), "PYTHONPATH": str(TOP), "TERM": "xterm-256color"}
    return {**kept, **places, "DO_NOT_TRACK": "1", **DETAILS, **more}


def watched(command: Sequence[str], environ: Mapping[str, str], folder: Path) -> tuple[str, int]:
    """Runs `command` to its end: its output, and its peak of resident memory in bytes.

    Raises Unfinished. Memory is looked at as long as it lives: the peak that wait4 tells of would
    be that of this process, which holds an EVM, if that one was larger.
    """
    output = folder / "output"
    with output.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command,
            env=environ,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    peak = 0
    end = time.monotonic() + _PATIENCE
    while process.poll() is None:
        with contextlib.suppress(OSError):  # it has just ended
            peak = max(peak, memory_of(process.pid, "VmHWM"))
        if time.monotonic() > end:
            process.kill()
        time.sleep(0.01)
    said = output.read_text(encoding="utf-8")
    if process.returncode != 0:
        raise Unfinished(f"{command[:4]} ended with {process.returncode}:\n{said[-2000:]}")
    return said, peak


class Machine:
    """A state folder on a network, and the command that onboards it."""

    def __init__(
        self,
        folder: Path,
        measured: Measured,
        *,
        command: Sequence[str] = (sys.executable, "-m", "app"),
        options: Sequence[str] = (),
        key: str = "generate",
    ) -> None:
        self._folder = folder
        self._measured = measured
        self.state_dir = folder / "state"
        passphrase = folder / "passphrase"
        passphrase.write_text(PASSPHRASE + "\n", encoding="utf-8")
        passphrase.chmod(0o600)
        phone = [sys.executable, str(TOP / "benchmarks" / "phone.py"), str(folder / "phone")]
        self._environ = clean_environment(folder, measured.network.environment())
        self._command = [
            *command,
            *("--plain", "--no-input", "--yes", "--no-qr", "--key", key, "--backup", "copied"),
            *("--passphrase-file", str(passphrase), "--state-dir", str(self.state_dir)),
            *("--documentation-url", DETAILS["MACHINE_DOCUMENTATION_URL"]),
            *("--data-api", DETAILS["MACHINE_DATA_API"], "--data-visibility", "public"),
            *("--fund", "gas-station", "--code-command", shlex.join(phone)),
            *options,
        ]

    def bring_light_keystore(self) -> None:
        """A keystore that takes no memory (pbkdf2), to be opened with `--key keep`."""
        from core.keys.keystore import LIGHT, store_key
        from core.keys.private_key import generate_key
        from core.secrets import Secret
        from core.storage.durable_files import prepare_state_folder

        prepare_state_folder(self.state_dir)
        store_key(self.state_dir, generate_key(), Secret(PASSPHRASE), LIGHT)

    def start_again(self) -> None:
        """The same command once more. Raises Unfinished."""
        watched(self._command, self._environ, self._folder)

    def onboard(self) -> Run:
        """Raises Unfinished."""
        before, started = self._measured.traffic(), time.monotonic()
        _, peak = watched(self._command, self._environ, self._folder)
        seconds = time.monotonic() - started
        traffic = self._measured.since(before)
        records = [
            json.loads(line)
            for line in (self.state_dir / "journal.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        signed = [record for record in records if record["event"] == "TransactionSigned"]
        written = [record for record in records if record["event"] == "DidWritten"]
        beyond = self._measured.beyond_blocks(_at(signed[0]), _at(written[-1]), len(signed))
        return Run(traffic, seconds, beyond, peak, len(signed))


def _at(record: dict[str, str]) -> float:
    return datetime.fromisoformat(record["at"].replace("Z", "+00:00")).timestamp()
