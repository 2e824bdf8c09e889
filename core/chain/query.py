"""A single query to a node, which can share a read with others, and its result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from core.chain.json_rpc import Call, RpcError
from core.errors.problem import OnboardingError, fault

T = TypeVar("T")


class Query(Generic[T]):
    """A query: its `calls`, and how to decode their results.

    `Chain.read` sends any number of queries in one request. Decoding waits until `value` is read,
    so that a result that nobody needs raises nothing.
    """

    def __init__(
        self,
        calls: Sequence[Call],
        understand: Callable[[Sequence[Any]], T],
        *,
        at_first: Callable[[Sequence[Any]], object] | None = None,
    ) -> None:
        """`at_first` decodes results that are not repeated yet. It raises OnboardingError
        (CONTRACT_UNEXPECTED) if one result of one node is not enough.
        """
        self.calls = tuple(calls)
        self._understand = understand
        self._at_first = at_first or understand
        self._results: Sequence[Any] | None = None

    def doubt(self, results: Sequence[Any], *, repeated: bool) -> OnboardingError | None:
        """Return why the query must be repeated; None if the results count.

        An RPC error that says nothing about the question (RPC_…) never counts. A verdict about a
        contract counts once it is `repeated`.
        """
        try:
            (self._understand if repeated else self._at_first)(results)
        except OnboardingError as error:
            return error if error.code.startswith("RPC_") or not repeated else None
        return None

    def answered(self, results: Sequence[Any]) -> None:
        self._results = results

    @property
    def known(self) -> bool:
        return self._results is not None

    @property
    def value(self) -> T:
        """The decoded result. Raises OnboardingError (CONTRACT_UNEXPECTED, RPC_…) for one that
        makes no sense, and RuntimeError before the query was read.
        """
        if self._results is None:
            raise RuntimeError("it was not read")
        return self._understand(self._results)


class Doubts:
    """The results of one read that must be repeated; serves as `core.chain.json_rpc.Doubt`."""

    def __init__(self, asks: Sequence[Query[Any]]) -> None:
        self._asks = asks
        self._doubted: set[Query[Any]] = set()

    def __call__(self, results: Sequence[Any], everywhere: bool) -> OnboardingError | None:
        found: OnboardingError | None = None
        for ask, part in _parts(self._asks, results):
            error = ask.doubt(part, repeated=everywhere and ask in self._doubted)
            if error is None:
                continue
            self._doubted.add(ask)
            # A verdict about a contract has priority: it is reported only after a repetition.
            if found is None or not error.code.startswith("RPC_"):
                found = error
        return found


def hand_out(asks: Sequence[Query[Any]], results: Sequence[Any]) -> None:
    """Give each of `asks` its part of `results`."""
    for ask, part in _parts(asks, results):
        ask.answered(part)


def _parts(
    asks: Sequence[Query[Any]], results: Sequence[Any]
) -> Iterator[tuple[Query[Any], Sequence[Any]]]:
    start = 0
    for ask in asks:
        yield ask, results[start : start + len(ask.calls)]
        start += len(ask.calls)


def unexpected(name: str, reason: str) -> OnboardingError:
    """Return the error for a contract, named `name`, that behaves unexpectedly."""
    return fault("CONTRACT_UNEXPECTED", variable=f"{name}_ADDRESS", reason=reason)


def no_answer(error: RpcError, host: str) -> OnboardingError:
    """Return the error for an RPC error that says nothing about the question."""
    return fault("RPC_ERROR", host=host, reason=error.message or f"error {error.code}")
