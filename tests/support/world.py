"""The world of a wizard that runs in a process of its own: its time, and its owner's phone.

Time stands still but for the sleeps that the process asks for here; the phone shows a fresh code
each time. One line a question, one line an answer.
"""

from __future__ import annotations

import asyncio
import socketserver
import threading
from datetime import datetime

import pyotp

from tests.support.clock import FakeClock


class World:
    """`clock` is moved by the sleeps of the processes; `codes` and `otpauth` are what they know."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.codes: list[str] = []
        self.otpauth: list[str] = []
        self._lock = threading.Lock()
        world = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                for line in self.rfile:
                    self.wfile.write(world.answer(line.decode().strip()).encode() + b"\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> World:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def new_phone(self) -> None:
        """Another owner."""
        self.codes.clear()
        self.otpauth.clear()

    @property
    def secrets(self) -> list[str]:
        """The 2FA secrets that the phone was given."""
        return [str(pyotp.parse_uri(uri).secret) for uri in self.otpauth]

    def answer(self, line: str) -> str:
        question, _, rest = line.partition(" ")
        with self._lock:
            match question:
                case "sleep":
                    asyncio.run(self.clock.sleep(float(rest)))
                case "enrol":
                    self.otpauth.append(rest)
                case "code":
                    self.clock.advance(30)
                    code = pyotp.parse_uri(self.otpauth[-1]).at(self.clock.now())  # type: ignore[union-attr]
                    self.codes.append(code)
                    return code
            return f"{self.clock.now().isoformat()} {self.clock.monotonic()}"


def read_time(line: str) -> tuple[datetime, float]:
    wall, monotonic = line.split()
    return datetime.fromisoformat(wall), float(monotonic)
