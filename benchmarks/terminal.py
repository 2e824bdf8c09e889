"""A program on a pseudo-terminal of 80x24: how long until it shows itself, and with what memory.

Only the standard library reads along, so that measuring takes no time from what is measured.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60.0
"""Seconds for one program to show itself."""
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


class NeverShown(Exception):
    """The program ended, or time was over, before the text was on the screen."""


@dataclass(frozen=True)
class FirstPaint:
    seconds: float
    """From the start of the process to the text that is painted last."""
    resident: int
    """Bytes, at that moment (VmRSS)."""


def memory_of(pid: int, field: str) -> int:
    """Bytes of a field of /proc/PID/status, such as VmRSS or VmHWM. Raises OSError."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"{field} of process {pid} is not there")


def first_paint(
    command: Sequence[str], environ: Mapping[str, str], folder: Path, *, last: str
) -> FirstPaint:
    """Runs `command` in `folder` until the text `last` was written, then ends it with SIGTERM.

    Raises NeverShown.
    """
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        _read_until(ours, last, deadline=started + PATIENCE)
        seconds = time.perf_counter() - started
        return FirstPaint(seconds, memory_of(process.pid, "VmRSS"))
    finally:
        process.terminate()
        _drain(process, ours)
        os.close(ours)


def _read_until(terminal: int, last: str, *, deadline: float) -> None:
    seen = b""
    while last.encode() not in _ESCAPES.sub(b"", seen):
        if time.perf_counter() > deadline:
            raise NeverShown(f"{last!r} within {PATIENCE:.0f} s")
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        some = _read(terminal)
        if not some:
            raise NeverShown(f"{last!r}; it wrote {_ESCAPES.sub(b'', seen)[-400:].decode()}")
        seen += some


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def _drain(process: subprocess.Popen[bytes], terminal: int) -> None:
    """Takes what is still written, so that nothing holds the program up; SIGKILL after 10 s."""
    end = time.perf_counter() + 10.0
    while process.poll() is None:
        if time.perf_counter() > end:
            process.kill()
            process.wait()
        elif select.select([terminal], [], [], 0.05)[0] and not _read(terminal):
            process.wait(timeout=10)
