"""JSON-RPC over HTTP: batched reads with retries, and broadcasts without.

This replaces web3's own HTTP provider, which repeats broadcasts, ignores Retry-After and requests
the chain id before every call (measured against web3.py 8.0.0).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.clock import Clock
from core.errors.problem import OnboardingError, fault
from core.http import Http, HttpAnswer, HttpFault
from core.journal.heights import Heights
from core.text import clean

READ_TIMEOUT = 15.0
"""Seconds for one exchange."""
READ_PATIENCE = 25.0
"""Seconds for one read with all its retries."""
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
_BUSY_CODES = (429, -32005, -32029)

Call = tuple[str, list[Any]]
Doubt = Callable[[Sequence[Any], bool], OnboardingError | None]
"""Function that returns the error because of which results are not trusted yet, or None. Its flag
says whether every endpoint has answered meanwhile. RPC_… errors say nothing about the question.
"""

HEIGHT: Call = ("eth_blockNumber", [])
FEES: Call = ("eth_feeHistory", ["0x1", "latest", [50]])
"""The newest block only, whose number is the height. The next block's base fee comes with it."""


@dataclass(frozen=True)
class RpcError:
    """A node's JSON-RPC error in reply to one call. `data` is what the node sent."""

    code: int
    message: str
    data: Any = None


class NoFeeHistory(Exception):
    """The node returned no fee history in a read that takes its height from there (quirk 12)."""


@dataclass(frozen=True)
class Answers:
    """The results of all calls of one read, from one node. `height` is that node's height at the
    time, or 0 if the read did not include it.
    """

    height: int
    head: Any
    """The result of the call that returned the height."""
    results: tuple[Any, ...]
    url: str
    server_time: datetime | None
    seconds: float


@dataclass
class Endpoint:
    url: str
    http: Http
    batches: bool = True
    """False after the endpoint has turned out not to support batches."""
    chain_id: int | None = None


class Rpc:
    def __init__(
        self,
        urls: Sequence[str],
        chain_id: int,
        network: str,
        clock: Clock,
        connect: Callable[[str], Http] = Http,
        *,
        heights: Heights | None = None,
    ) -> None:
        """`urls`: the endpoint in use first, then the fallbacks. `heights`: block heights from the
        journal.
        """
        self._heights = heights or Heights()
        self._endpoints = [Endpoint(url, connect(url)) for url in urls]
        self._chain_id = chain_id
        self._network = network
        self.clock = clock
        self._ids = itertools.count(1)

    @property
    def host(self) -> str:
        return self._endpoints[0].http.host

    async def read(
        self,
        calls: Sequence[Call],
        *,
        at_least: int = 0,
        patience: float = READ_PATIENCE,
        other: bool = False,
        head: Call | None = HEIGHT,
        doubt: Doubt | None = None,
    ) -> Answers:
        """Return all results from one node whose height is `at_least`, including errors of single
        calls.

        `head` is the call that returns the height: HEIGHT, FEES, or None if a missing result proves
        nothing here. Retries with growing pauses, or after `Retry-After`, and at the other
        endpoints if there are any (`other`: those first). Also retries results that `doubt`
        rejects; a persistent error among them is left to the caller that needs that result. Raises
        OnboardingError (RPC_…, CHAIN_ID_WRONG) after `patience` seconds, and NoFeeHistory.
        """
        started = self.clock.monotonic()
        pause = _FIRST_PAUSE
        order = self._endpoints[1:] + self._endpoints[:1] if other else self._endpoints
        failed: OnboardingError | None = None
        for turn in itertools.count():
            endpoint = order[turn % len(order)]
            wait = pause
            stays: Answers | None = None
            try:
                answers = await self._exchange(endpoint, calls, head)
                failed = self._untimely(endpoint, answers, at_least) if head else None
                if failed is None:
                    found = doubt(answers.results, turn + 1 >= len(order)) if doubt else None
                    if found is None:
                        return answers
                    if found.code.startswith("RPC_"):
                        stays, failed = answers, found
                    else:
                        host, reason = endpoint.http.host, found.problem.cause
                        failed = fault("RPC_ERROR", host=host, reason=reason)
            except OnboardingError as error:
                if error.code == "CHAIN_ID_WRONG":
                    if endpoint is self._endpoints[0] or len(order) == 1:
                        raise
                    order = [known for known in order if known is not endpoint]
                    continue
                failed = error
                wait = max(wait, error.problem.remaining(self.clock.now()).total_seconds())
            # An endpoint that disconnected or fell behind may serve another network when it
            # returns.
            endpoint.chain_id = None
            spent = self.clock.monotonic() - started
            if spent + wait > patience:
                if stays is not None:
                    return stays
                raise failed
            if (turn + 1) % len(order) == 0:
                await self.clock.sleep(wait)
                pause = min(pause * 2, _LONGEST_PAUSE)
        raise AssertionError("unreachable")

    def may_be_at(self, height: int) -> bool:
        """Return whether the chain can have reached `height` by now."""
        return self._heights.allows(height, self.clock.now().timestamp())

    def _untimely(
        self, endpoint: Endpoint, answers: Answers, at_least: int
    ) -> OnboardingError | None:
        """Return why the height is not credible, or None. It is not if it is too low, or much
        higher than the elapsed time allows and not confirmed by another read.
        """
        host, height = endpoint.http.host, answers.height
        if height < at_least:
            return fault("RPC_BEHIND", host=host, height=height, needed=at_least)
        before = self._heights
        self._heights = before.after(height, self.clock.now().timestamp())
        # Nothing to compare the first height with: the next one confirms or replaces it.
        first = before.believed == before.claimed == 0 and self._heights.claimed == height
        if first or height <= self._heights.believed:
            return None
        return fault("RPC_ERROR", host=host, reason=f"block {height} cannot exist yet")

    async def broadcast(self, raw: str) -> str:
        """Send signed bytes to the network once, and return the reply in words, for the journal
        only.

        If an endpoint does not reply, the next one receives the same bytes. Has an outside effect.
        Never raises for a fault of the node or the connection: hash and nonce decide later whether
        the transaction exists, not this reply.
        """
        send: Call = ("eth_sendRawTransaction", [raw])
        silent = ""
        for endpoint in self._endpoints:
            try:
                (result, *_), _ = await self._post(endpoint, [send], batch=False)
            except OnboardingError as error:
                silent = silent or f"no answer: {error.problem.cause}"
                continue
            answer = f"node: {result.message}" if isinstance(result, RpcError) else "accepted"
            return clean(answer, 160)
        return clean(silent, 160)

    async def close(self) -> None:
        for endpoint in self._endpoints:
            await endpoint.http.close()

    async def _exchange(
        self, endpoint: Endpoint, calls: Sequence[Call], head_call: Call | None
    ) -> Answers:
        """Return all results of one endpoint."""
        started = self.clock.monotonic()
        checks: list[Call] = [] if head_call is None else [head_call]
        if endpoint.chain_id is None:
            checks.append(("eth_chainId", []))
        everything = [*checks, *calls]
        results: list[Any] = []
        head: HttpAnswer | None = None
        if endpoint.batches:
            answered = await self._try_batch(endpoint, everything)
            if answered:
                results, head = answered
        if not results:
            # Without batches, request the height first, so that no later result is older than it.
            for call in everything:
                single, head = await self._post(endpoint, [call], batch=False)
                results += single
        host = endpoint.http.host
        if endpoint.chain_id is None:
            found = quantity(results[len(checks) - 1], host)
            if found != self._chain_id:
                raise fault(
                    "CHAIN_ID_WRONG",
                    host=host,
                    found=found,
                    expected=self._chain_id,
                    network=self._network,
                )
            endpoint.chain_id = found
        return Answers(
            height=_height(head_call, results[0], host) if head_call else 0,
            head=results[0] if head_call else None,
            results=tuple(results[len(checks) :]),
            url=endpoint.url,
            server_time=head.server_time if head else None,
            seconds=self.clock.monotonic() - started,
        )

    async def _try_batch(
        self, endpoint: Endpoint, calls: Sequence[Call]
    ) -> tuple[list[Any], HttpAnswer] | None:
        """Return the results of a batch, or None if the endpoint does not support them."""
        try:
            return await self._post(endpoint, calls, batch=True)
        except _NoBatches:
            endpoint.batches = False
            return None

    async def _post(
        self, endpoint: Endpoint, calls: Sequence[Call], *, batch: bool
    ) -> tuple[list[Any], HttpAnswer]:
        numbered = [
            {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
            for method, params in calls
        ]
        host = endpoint.http.host
        try:
            answer = await endpoint.http.request(
                "POST", body=numbered if batch else numbered[0], timeout=READ_TIMEOUT
            )
        except HttpFault as error:
            raise fault("RPC_UNREACHABLE", host=host, reason=error.reason) from error
        if answer.status == 429:
            now = self.clock.now()
            raise fault("RPC_BUSY", host=host, until=answer.retry_after(now))
        try:
            body = answer.json()
        except ValueError:
            if batch and answer.status in (400, 413, 415):
                raise _NoBatches from None
            raise self._odd(answer) from None
        if isinstance(body, dict):
            if batch:
                refusal = _error(body)
                if refusal and refusal.code in _BUSY_CODES:
                    raise fault("RPC_BUSY", host=host)
                if refusal is None and "result" not in body:
                    raise self._odd(answer)
                raise _NoBatches
            body = [body]
        if not isinstance(body, list) or not all(isinstance(entry, dict) for entry in body):
            raise self._odd(answer)
        by_id = {entry["id"]: entry for entry in body if isinstance(entry.get("id"), int)}
        results: list[Any] = []
        for request in numbered:
            entry = by_id.get(request["id"]) or (body[0] if len(body) == len(numbered) == 1 else {})
            refused = _error(entry)
            if refused and refused.code in _BUSY_CODES:
                raise fault("RPC_BUSY", host=host)
            if refused is None and "result" not in entry:
                raise self._odd(answer)
            results.append(refused or entry.get("result"))
        return results, answer

    def _odd(self, answer: HttpAnswer) -> OnboardingError:
        if answer.status >= 500:
            return fault("RPC_UNREACHABLE", host=answer.host, reason=f"HTTP status {answer.status}")
        return fault("RPC_NOT_A_NODE", host=answer.host, reason=answer.describe())


class _NoBatches(Exception):
    pass


def _height(call: Call, result: Any, host: str) -> int:
    if call is HEIGHT:
        return quantity(result, host)
    if not isinstance(result, dict):
        raise NoFeeHistory
    try:
        return quantity(result.get("oldestBlock"), host)
    except OnboardingError:
        raise NoFeeHistory from None


def _error(entry: dict[str, Any]) -> RpcError | None:
    error = entry.get("error")
    if error is None:
        return None
    if not isinstance(error, dict):
        return RpcError(0, clean(error))
    code = error.get("code")
    return RpcError(
        code if isinstance(code, int) else 0, clean(error.get("message", "")), error.get("data")
    )


def quantity(value: Any, host: str) -> int:
    """Return the number in a hex quantity. Raises OnboardingError (RPC_ERROR, RPC_NOT_A_NODE)."""
    if isinstance(value, RpcError):
        raise fault("RPC_ERROR", host=host, reason=value.message or f"error {value.code}")
    if isinstance(value, str) and value.startswith("0x"):
        try:
            number = int(value, 16)
        except ValueError:
            number = -1
        if 0 <= number < 2**256:
            return number
    raise fault("RPC_NOT_A_NODE", host=host, reason="it did not return a number")
