"""Starts the program as a process of its own, again and again, without importing it anew."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.world import World

TOP = Path(__file__).resolve().parent.parent.parent
PASSPHRASE = "correct horse battery staple"
DETAILS = ("https://a.example/d", "https://a.example/a", "public")
PHONE = Path(__file__).with_name("phone.py")


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, or minus the number of the signal."""

    code: int
    stdout: str
    stderr: str

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


class Launcher:
    """Runs the program; one at a time."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.wizard_process"],
            cwd=TOP,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Launcher:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self._server.stdin, self._server.stdout):
            if pipe:
                pipe.close()
        self._server.wait(timeout=20)

    def run(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environ: Mapping[str, str],
        world: World,
        kill_at: int = 0,
        written: bool = True,
        broken: str = "",
        stop_at: str = "",
        number: int = 0,
    ) -> Ended:
        """One process from start to end. `kill_at`: the record at which SIGKILL comes; `broken`:
        the function that has a defect; `stop_at`: the moment at which the signal `number` comes
        (tests.support.stop_at).
        """
        outputs = {name: folder / name for name in ("stdout", "stderr")}
        for path in outputs.values():
            path.unlink(missing_ok=True)
        job = {
            "arguments": list(arguments),
            "folder": str(folder),
            "environ": dict(environ),
            "world": world.port,
            "kill_at": kill_at,
            "written": written,
            "broken": broken,
            "stop_at": stop_at,
            "signal": number,
            **{name: str(path) for name, path in outputs.items()},
        }
        code = self._code_of(job)
        return Ended(code, *(path.read_text(encoding="utf-8") for path in outputs.values()))

    def _code_of(self, job: Mapping[str, Any]) -> int:
        """Runs the job to its end."""
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps(job) + "\n")
        self._server.stdin.flush()
        return int(json.loads(self._server.stdout.readline())["code"])


class FreshLauncher(Launcher):
    """The same, but each process is started from nothing: slow, and without what a fork brings
    along (imports that are done, compiled interfaces, open connections).
    """

    def __init__(self) -> None:
        """No server."""

    def __exit__(self, *_: object) -> None:
        """Nothing is left."""

    def _code_of(self, job: Mapping[str, Any]) -> int:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.support.wizard_process", "--once"],
            cwd=TOP,
            input=json.dumps(job) + "\n",
            text=True,
            timeout=120,
            check=False,
        )
        return ended.returncode


class Technician:
    """Runs the program on one state folder until it is done, with all answers given ahead."""

    def __init__(
        self,
        launcher: Launcher,
        world: World,
        folder: Path,
        environ: Mapping[str, str],
        *,
        fund: str = "gas-station",
        key: str = "generate",
    ) -> None:
        self._launcher = launcher
        self._world = world
        self._top = folder
        self.folder = folder / "state"
        self.environ = {
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            "HOME": str(folder),
            **environ,
        }
        passphrase = folder / "passphrase"
        passphrase.write_text(PASSPHRASE + "\n", encoding="utf-8")
        passphrase.chmod(0o600)
        documentation, api, visibility = DETAILS
        code_command = shlex.join([sys.executable, "-I", "-S", str(PHONE), str(world.port)])
        self.arguments = [
            *("--plain", "--no-input", "--yes", "--key", key, "--backup", "copied"),
            *("--passphrase-file", str(passphrase), "--state-dir", str(self.folder)),
            *("--documentation-url", documentation, "--data-api", api),
            *("--data-visibility", visibility, "--fund", fund, "--code-command", code_command),
        ]
        self.ended: list[Ended] = []

    def run(
        self,
        *,
        kill_at: int = 0,
        written: bool = True,
        broken: str = "",
        stop_at: str = "",
        number: int = 0,
    ) -> Ended:
        """Starts the program, always with the same command, and waits for its end."""
        ended = self._launcher.run(
            self.arguments,
            folder=self._top,
            environ=self.environ,
            world=self._world,
            kill_at=kill_at,
            written=written,
            broken=broken,
            stop_at=stop_at,
            number=number,
        )
        self.ended.append(ended)
        return ended

    @property
    def said(self) -> str:
        """Everything that the processes wrote."""
        return "\n".join(ended.stdout + ended.stderr for ended in self.ended)
