"""One question to a node, put together with others into one read, and what was answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from core.rpc import Call

T = TypeVar("T")


class Ask(Generic[T]):
    """What is asked (`calls`), and how the answers are understood.

    `Chain.read` asks any number of them in one request. Understanding waits until `value` is
    looked at, so that an answer nobody needs raises nothing.
    """

    def __init__(self, calls: Sequence[Call], understand: Callable[[Sequence[Any]], T]) -> None:
        self.calls = tuple(calls)
        self._understand = understand
        self._results: Sequence[Any] | None = None

    def answered(self, results: Sequence[Any]) -> None:
        self._results = results

    @property
    def known(self) -> bool:
        return self._results is not None

    @property
    def value(self) -> T:
        """The answer. Raises OnboardingError (CONTRACT_UNEXPECTED, RPC_…) for one that makes no
        sense, and RuntimeError before it was asked.
        """
        if self._results is None:
            raise RuntimeError("it was not asked")
        return self._understand(self._results)
