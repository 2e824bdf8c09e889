"""The command of --code-command, run in a separate session with limits on time and output."""

from __future__ import annotations

import os
import select
import shlex
import signal
import subprocess
import time
from contextlib import suppress

from core.errors.problem import OnboardingError, fault
from core.secrets import Secret

SECONDS = 60.0
"""Maximum duration of one run."""
OUTPUT_LIMIT = 4096
"""Bytes; no code is longer."""


class CodeCommand:
    """Runner of the command, one run at a time. `stop` may be called from another thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, command: str, otpauth_uri: Secret | None) -> str:
        """Return the command's output without surrounding white space.

        The command receives the otpauth URI on stdin, which is empty otherwise. Everything that the
        command has started is killed when this returns. Raises OnboardingError (ANSWER_UNUSABLE).
        """
        # The wizard's environment may contain the owner's key, which the command must not receive.
        environ = {name: v for name, v in os.environ.items() if name != "PEAQOS_PRIVATE_KEY"}
        given = (otpauth_uri.reveal() + "\n").encode() if otpauth_uri else b""
        try:
            process = subprocess.Popen(
                shlex.split(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environ,
                start_new_session=True,
            )
        except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
            raise _unusable(f"failed: {type(error).__name__}") from None
        self._process = process
        try:
            printed = _exchange(process, given, time.monotonic() + SECONDS)
        finally:
            self.stop()
            process.wait()
            self._process = None
            for pipe in (process.stdin, process.stdout):
                with suppress(BrokenPipeError):
                    if pipe is not None:
                        pipe.close()
        if process.returncode != 0:
            raise _unusable(f"ended with exit code {process.returncode}")
        return printed.decode(errors="replace").strip()

    def stop(self) -> None:
        """Kill the command and everything that it has started, if it is running."""
        process = self._process
        if process is not None:
            # The group outlives its leader, whose exit code is kept.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _exchange(process: subprocess.Popen[bytes], given: bytes, ends: float) -> bytes:
    """Write `given`, then read until the command ends. Raises OnboardingError."""
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise RuntimeError("the command was started without pipes")
    with suppress(BrokenPipeError):  # the command does not read its input
        stdin.write(given)
        stdin.close()
    printed = b""
    open_ = True
    while open_ or process.poll() is None:
        left = ends - time.monotonic()
        if left <= 0:
            raise _unusable(f"took longer than {SECONDS:.0f} s")
        # Short, to notice that the command has ended even if a child keeps its output open.
        pause = min(left, 0.1)
        if not open_:
            time.sleep(pause / 5)
        elif select.select([stdout], [], [], pause)[0]:
            chunk = os.read(stdout.fileno(), OUTPUT_LIMIT)
            open_ = bool(chunk)
            printed += chunk
            if len(printed) > OUTPUT_LIMIT:
                raise _unusable(f"printed more than {OUTPUT_LIMIT} bytes")
        elif process.poll() is not None:
            open_ = False
    return printed


def _unusable(what: str) -> OnboardingError:
    return fault("ANSWER_UNUSABLE", reason=f"--code-command {what}.")
