"""A stage on which every run of the wizard looks the same: for the snapshots of the screens.

Key, keystore, ports, folder, time and the Gas Station's secrets are fixed. What a test wants to
look at while it is waited for is held at the edge, in the transport.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx

from app.rehearsal.network import RehearsalNetwork
from core.config.settings import Settings
from core.http import Http
from core.onboarding import Onboarding
from tests.screens.driver import ScreenClock
from tests.support.machine import ENTRIES, Machine
from tests.support.transports import Tampering, plain_connect, results_of

FOLDER = Path("home/tech/.local/state/peaq-onboard/rehearsal")
"""Relative, to a folder of the test's own: as long as a real one, and the same everywhere."""
PORT = 8545
"""What people read; the network listens on another one."""


class Stage(Machine):
    """A machine whose every address, port, path and checksum is known beforehand.

    `held`: a piece of the path of requests that get no answer until they are `released`.
    `unseen`: transactions stay out of every block, as far as the wizard can see.
    `real_money`: the network presents itself as mainnet; nothing else is different.
    """

    def __init__(self, network: RehearsalNetwork, clock: ScreenClock) -> None:
        super().__init__(network, clock, FOLDER, connect=self._connect)
        self.environ = {
            name: self._as_read(value, network.rpc_url) for name, value in self.environ.items()
        }
        self.entries = ENTRIES
        self.held = ""
        self.released = asyncio.Event()
        self.unseen = False
        self.real_money = False
        self.time = clock
        self._before: dict[str, object] = {}
        """The account as it was before anything was included, by method."""

    def with_key(self) -> None:
        """Puts KEYSTORE into the folder: opening it makes its key the machine's."""
        self.folder.mkdir(parents=True, mode=0o700)
        path = self.folder / "keystore.json"
        path.write_text(KEYSTORE)
        path.chmod(0o600)

    def open(self) -> Onboarding:
        wizard = super().open()
        wizard.accept_protocol()  # as --protocol does: real money wants it chosen
        return wizard

    def settings(self) -> Settings:
        settings = super().settings()
        if not self.real_money:
            return settings
        shown = replace(settings.network, name="mainnet", title="peaq mainnet", real_money=True)
        return replace(settings, network=shown)

    def _connect(self, url: str) -> Http:
        real = self.network.rpc_url
        wire = _Wire(self, after=self._after)
        wire.port = int(real.split(":")[2].split("/")[0])
        if f":{PORT}/" in url:
            return wire.connect(url)
        return plain_connect(url)

    def _after(self, request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
        if self.unseen and request.url.path.endswith("/rpc"):
            return results_of(request, response, self._unseen)
        text = self._as_read(response.text, self.network.rpc_url)
        return httpx.Response(response.status_code, headers=response.headers, text=text)

    def _unseen(self, method: str, _: list[object], result: object) -> object:
        if method in ("eth_getTransactionCount", "eth_getBalance"):
            return self._before.setdefault(method, result)
        sent = method in ("eth_getTransactionReceipt", "eth_getTransactionByHash")
        return None if sent else result

    @staticmethod
    def _as_read(text: str, real: str) -> str:
        return text.replace(real.removesuffix("/rpc"), f"http://127.0.0.1:{PORT}")


class _Wire(Tampering):
    """Leads to the port on which the network really listens, and holds what is to be held."""

    port = 0

    def __init__(
        self,
        stage: Stage,
        *,
        after: Callable[[httpx.Request, httpx.Response], httpx.Response | None],
    ) -> None:
        super().__init__(after=after)
        self._stage = stage

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._stage.held and self._stage.held in request.url.path:
            await self._stage.released.wait()
        request.url = request.url.copy_with(port=self.port)
        return await super().handle_async_request(request)


KEYSTORE = """{
  "address": "2c7536E3605D9C16a7a3D7b1898e529396a65c23",
  "crypto": {
    "cipher": "aes-128-ctr",
    "cipherparams": {"iv": "b5e531ae29535df326731e6b8253ad4b"},
    "ciphertext": "ba94801eccd9fe1787514b92649aa49bb7c0d3c74fa76f9b3e4229f224c1687b",
    "kdf": "pbkdf2",
    "kdfparams": {
      "c": 100,
      "dklen": 32,
      "prf": "hmac-sha256",
      "salt": "d91648f3a2df1af18fe3f269262fa452"
    },
    "mac": "773e57620dc8923546017846dc95df738aaee37e12c8b20e82a120358faff842"
  },
  "id": "b6d32322-2051-4e13-aec3-37ccfa5ab81e",
  "version": 3
}
"""
"""The key of test_keypair.py, locked with the tests' passphrase in a hundred rounds."""
