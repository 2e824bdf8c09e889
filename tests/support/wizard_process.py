"""Runs the real program in a process of its own, and kills it at a record of its journal.

Started once, it imports the program and then forks for each job: a line of JSON on stdin, one on
stdout when that process has ended. Nothing of this reaches the program but what a test replaces:
the clock (the world's, so that nobody waits), the work of the key derivation, and the record of
the journal at which SIGKILL comes.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import socket
import sys
import traceback
from datetime import datetime
from typing import Any

import app.cli
import app.log
import app.plain.console
import app.plain.wizard
import app.run
from app.hardening import harden
from core import clock
from core.chain.abi import codec
from core.journal.events import Event
from core.journal.file import Journal, Record
from core.keys import keystore
from core.secrets import unwrap
from tests.support.stop_at import stop_at
from tests.support.world import read_time


class WorldClock:
    """`core.clock.Clock` on the time of the test that started this process."""

    def __init__(self, port: int) -> None:
        self._file = socket.create_connection(("127.0.0.1", port), timeout=60).makefile("rw")

    def _ask(self, question: str) -> tuple[datetime, float]:
        self._file.write(question + "\n")
        self._file.flush()
        return read_time(self._file.readline())

    def now(self) -> datetime:
        return self._ask("now")[0]

    def monotonic(self) -> float:
        return self._ask("now")[1]

    async def sleep(self, seconds: float) -> None:
        self._ask(f"sleep {seconds}")
        await asyncio.sleep(0)


def kill_at(number: int, *, written: bool) -> None:
    """SIGKILL as soon as that record is on disk, or just before it gets there."""
    append = Journal.append

    def deadly(journal: Journal, event: Event) -> Record:
        if not written and journal._count + 1 == number:
            os.kill(os.getpid(), signal.SIGKILL)
        record = append(journal, event)
        if record.number == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return record

    Journal.append = deadly  # type: ignore[method-assign]


def break_down(place: str) -> None:
    """A defect: the function at `module:Class.name` fails, with its arguments in the exception."""
    module, _, path = place.partition(":")
    holder: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        holder = getattr(holder, part)

    def broken(*arguments: Any, **named: Any) -> None:
        raise ZeroDivisionError([unwrap(value) for value in (*arguments, *named.values())])

    setattr(holder, name, broken)


def become_the_wizard(job: dict[str, Any]) -> int:
    """In the forked process; the exit code of the program."""
    os.setsid()
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environ"])
    harden()
    for handle, name in ((0, os.devnull), (1, job["stdout"]), (2, job["stderr"])):
        flags = os.O_RDONLY if handle == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        os.dup2(os.open(name, flags, 0o600), handle)
    keystore.choose_kdf = lambda available: keystore.Kdf("pbkdf2", 100, 0)
    time = WorldClock(job["world"])
    clock.SystemClock = lambda: time  # type: ignore[assignment,misc]
    app.run.SystemClock = clock.SystemClock  # type: ignore[attr-defined]
    if job["kill_at"]:
        kill_at(job["kill_at"], written=job["written"])
    if job["stop_at"]:
        stop_at(job["stop_at"], job["signal"])
    if job["broken"]:
        break_down(job["broken"])
    try:
        return app.cli.main(job["arguments"])
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001 - as the interpreter itself would show it
        traceback.print_exc()
        return 1


def serve() -> None:
    for name in ("identity_registry", "identity_staking", "machine_nft", "did_registry", "batch"):
        codec(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = become_the_wizard(json.loads(line))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--once"]:
        # Without a fork: this very process, just started, becomes the wizard.
        sys.exit(become_the_wizard(json.loads(sys.stdin.readline())))
    serve()
