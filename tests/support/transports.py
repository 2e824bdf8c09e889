"""What stands between the real clients and the network in tests: at the edge, and nowhere else."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from core.http import Http

# One for all: reading the certificates for every client takes longer than most tests.
_TLS = ssl.create_default_context()

Handler = Callable[[httpx.Request], httpx.Response]


def plain_connect(url: str) -> Http:
    """Opens a client as the engine does, only faster."""
    return Http(url, transport=httpx.AsyncHTTPTransport(verify=_TLS))


def answering(url: str, handler: Handler) -> Http:
    """A client of a service that is the function `handler`."""
    return Http(url, transport=httpx.MockTransport(handler))


class Queue:
    """A handler that gives prepared answers in turn and keeps what it was asked.

    An answer may be an exception, which is raised instead. The last one stays for all that follow.
    """

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        # A response can be read once: the one that stays is given out as a copy.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests]


def methods_in(request: httpx.Request) -> list[str]:
    """The JSON-RPC methods of a request; none where it is no JSON-RPC."""
    if not request.url.path.endswith("/rpc"):
        return []
    body = json.loads(request.content)
    return [str(call.get("method")) for call in (body if isinstance(body, list) else [body])]


class Tampering(httpx.AsyncBaseTransport):
    """Forwards to the real network, and lets a test spoil what comes back.

    `before(request)` may raise or answer instead of the network; `after(request, response)` may
    raise (the answer is lost, the work is done) or give another answer.
    """

    def __init__(
        self,
        *,
        before: Callable[[httpx.Request], httpx.Response | None] | None = None,
        after: Callable[[httpx.Request, httpx.Response], httpx.Response | None] | None = None,
    ) -> None:
        self._inner = httpx.AsyncHTTPTransport(verify=_TLS)
        self._before = before
        self._after = after

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._before:
            instead = self._before(request)
            if instead is not None:
                return instead
        response = await self._inner.handle_async_request(request)
        if self._after is None:
            return response
        content = await response.aread()
        whole = httpx.Response(response.status_code, headers=response.headers, content=content)
        return self._after(request, whole) or whole

    async def aclose(self) -> None:
        await self._inner.aclose()

    def connect(self, url: str) -> Http:
        """For `Machine(connect=…)`."""
        return Http(url, transport=self)


def results_of(
    request: httpx.Request, response: httpx.Response, changed: Callable[[str, list[Any], Any], Any]
) -> httpx.Response:
    """The same JSON-RPC response with each result put through `changed(method, params, result)`."""
    calls, answers = json.loads(request.content), response.json()
    asked: Sequence[Any] = calls if isinstance(calls, list) else [calls]
    given = answers if isinstance(answers, list) else [answers]
    by_id = {call["id"]: call for call in asked}
    for answer in given:
        call = by_id.get(answer.get("id"))
        if call and "result" in answer:
            answer["result"] = changed(call["method"], call["params"], answer["result"])
    return httpx.Response(200, json=answers)


def changing_results(change: Callable[[str, list[Any], Any], Any]) -> Tampering:
    """Every JSON-RPC result of the real network put through `change(method, params, result)`."""

    def changed(request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
        if not methods_in(request) or response.status_code != 200:
            return None
        return results_of(request, response, change)

    return Tampering(after=changed)
