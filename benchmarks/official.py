"""The official SDK and CLI in environments of their own, on the same network as the wizard."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.network import Measured
from benchmarks.terminal import memory_of
from benchmarks.wizard import TOP, Run, Unfinished, clean_environment, watched

SDK = "peaq-os-sdk==0.5.0"
CLI = "peaq-os-cli==0.0.6"
"""The last one that onboards as the guide does; later ones activate through another contract."""
GUIDE = TOP / "benchmarks" / "guide.py"
_UNREACHABLE = (
    "No matching distribution",
    "Could not find a version",
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Network is unreachable",
)
_PROMPT = "6-digit 2FA code"
_EARLY = "rerun once the faucet transaction propagates"
_PATIENCE = 120.0
"""Seconds for one start of the CLI."""


class NoIndex(Exception):
    """No package index can be reached; the text is what pip said."""


def make_environment(folder: Path, *packages: str) -> Path:
    """The interpreter of a new virtual environment with `packages` in it.

    Has an outside effect: installs from the package index. Raises NoIndex, CalledProcessError.
    """
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
    python = folder / "bin" / "python"
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if done.returncode != 0:
        if any(sign in done.stderr for sign in _UNREACHABLE):
            raise NoIndex(done.stderr.strip().splitlines()[-1])
        raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)
    return python


def onboard_by_sdk(python: Path, folder: Path, measured: Measured) -> Run:
    """The guide's flow. Raises Unfinished."""
    environ = clean_environment(folder, measured.network.environment())
    before, started = measured.traffic(), time.monotonic()
    said, peak = watched([str(python), str(GUIDE), "onboard"], environ, folder)
    seconds = time.monotonic() - started
    answer = json.loads(said.splitlines()[-1])
    beyond = measured.beyond_blocks(answer["signing"], answer["written"], 3)
    return Run(measured.since(before), seconds, beyond, peak, 3)


def has_cli(python: Path) -> bool:
    return (python.parent / "peaqos").exists()


class CliMachine:
    """A machine of the CLI: its key and its folder, where its journal lies."""

    def __init__(self, python: Path, folder: Path, measured: Measured) -> None:
        from core.keys.private_key import generate_key

        key = generate_key()
        self._address = key.address
        self._measured = measured
        self._folder = folder
        self._environ: Mapping[str, str] = clean_environment(
            folder,
            {
                **measured.network.environment(),
                "PEAQOS_NETWORK": "mainnet",  # it knows no other whose Gas Station pays
                "PEAQOS_PRIVATE_KEY": key.private_hex().reveal(),
                "PYTHONPATH": "",
            },
        )
        self._command = [str(python.parent / "peaqos"), "activate", "--visibility", "public"]
        self._command += ["--doc-url", self._environ["MACHINE_DOCUMENTATION_URL"]]
        self._command += ["--data-api", self._environ["MACHINE_DATA_API"]]

    def start_again(self) -> None:
        """Without another look at the money, which is below what the CLI wants by now."""
        watched([*self._command, "--skip-funding"], self._environ, self._folder)

    def onboard(self) -> Run:
        """`peaqos activate`, with the code typed where it asks. Raises Unfinished.

        It does not wait for the payment to arrive: it then ends, and asks to be started again.
        """
        before, started = self._measured.traffic(), time.monotonic()
        said, ended, peak = self._start()
        if ended != 0 and _EARLY in said:
            while self._measured.network.balance(self._address) == 0:
                time.sleep(0.05)
            said, ended, again = self._start()
            peak = max(peak, again)
        if ended != 0:
            raise Unfinished(f"peaqos activate ended with {ended}:\n{said[-2000:]}")
        seconds = time.monotonic() - started
        # It tells no times of its own: what it does beyond the blocks cannot be taken apart.
        return Run(self._measured.since(before), seconds, float("nan"), peak, 3)

    def _start(self) -> tuple[str, int, int]:
        """What it said, its exit code, and its peak of resident memory in bytes."""
        output = self._folder / "cli-output"
        with output.open("w", encoding="utf-8") as out:
            process = subprocess.Popen(
                self._command,
                env=self._environ,
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
            )
        peak, end = 0, time.monotonic() + _PATIENCE
        while process.poll() is None:
            with contextlib.suppress(OSError):  # it has just ended
                peak = max(peak, memory_of(process.pid, "VmHWM"))
            if process.stdin and not process.stdin.closed and _PROMPT in output.read_text():
                self._type_code(process)
            if time.monotonic() > end:
                process.kill()
            time.sleep(0.01)
        if process.stdin and not process.stdin.closed:
            process.stdin.close()
        return output.read_text(encoding="utf-8"), process.returncode, peak

    def _type_code(self, process: subprocess.Popen[str]) -> None:
        shown = self._measured.network.current_code(self._address)
        if shown and process.stdin:
            process.stdin.write(f"{shown[0]}\n")
            process.stdin.close()
