"""Client of the MCR API: read-only and best effort; nothing depends on it (protocol.md,
section 6).
"""

from __future__ import annotations

from typing import Any

from core.errors.problem import OnboardingError, fault
from core.http import Http, HttpAnswer, HttpFault

TIMEOUT = 8.0
"""Seconds."""


class Mcr:
    def __init__(self, http: Http) -> None:
        self._http = http

    @property
    def host(self) -> str:
        return self._http.host

    async def machine(self, address: str) -> dict[str, Any] | None:
        """Return the `peaqos` part of the machine's entry; None if the API has none.

        The index lags the chain by up to 90 s. Raises OnboardingError (RPC_UNREACHABLE,
        RPC_NOT_A_NODE; only the words for host and reason are used).
        """
        answer = await self._get(f"/machine/{address}")
        if answer.status == 404:
            return None
        try:
            body = answer.json()
        except ValueError:
            body = None
        if answer.status != 200 or not isinstance(body, dict):
            raise self._odd(answer)
        found = body.get("peaqos")
        return found if isinstance(found, dict) else None

    async def probe(self) -> None:
        """Check that this is an MCR API. Raises OnboardingError."""
        answer = await self._get("/machine/0x0000000000000000000000000000000000000001")
        try:
            known = isinstance(answer.json(), dict)
        except ValueError:
            known = False
        if not known or answer.status not in (200, 404):
            raise self._odd(answer)

    async def close(self) -> None:
        await self._http.close()

    def _odd(self, answer: HttpAnswer) -> OnboardingError:
        return fault("RPC_NOT_A_NODE", host=self.host, reason=answer.describe())

    async def _get(self, path: str) -> HttpAnswer:
        try:
            return await self._http.request("GET", path, timeout=TIMEOUT)
        except HttpFault as error:
            raise fault("RPC_UNREACHABLE", host=error.host, reason=error.reason) from None
