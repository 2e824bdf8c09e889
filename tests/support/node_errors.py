"""A node that answers single calls with a JSON-RPC error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
from eth_utils.abi import function_abi_to_4byte_selector

from core.chain.abi import codec
from tests.support.transports import Tampering, methods_in

Wanted = Callable[[str, list[Any]], bool]
HEADER_NOT_FOUND = {"code": -32000, "message": "header not found"}


def calls_of(contract: str, function: str) -> Wanted:
    """The calls of one function."""
    (entry,) = (e for e in codec(contract).abi if e.get("name") == function)
    selector = "0x" + bytes(function_abi_to_4byte_selector(entry)).hex()

    def wanted(method: str, params: list[Any]) -> bool:
        return method == "eth_call" and str(params[0].get("data")).startswith(selector)

    return wanted


class Erring:
    """Answers calls that are `wanted` with `error`: the first `times` of them, while `active`."""

    def __init__(
        self,
        wanted: Wanted,
        *,
        times: int = 1_000_000,
        error: dict[str, Any] = HEADER_NOT_FOUND,
        active: Callable[[], bool] = lambda: True,
    ) -> None:
        self._wanted = wanted
        self._error = error
        self._active = active
        self.left = times
        self.told = 0
        self.connect = Tampering(after=self.spoil).connect

    def spoil(self, request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
        """The response with the errors in it; None where nothing is changed."""
        if not methods_in(request) or not self._active():
            return None
        asked, answers = json.loads(request.content), response.json()
        calls = {call["id"]: call for call in (asked if isinstance(asked, list) else [asked])}
        for answer in answers if isinstance(answers, list) else [answers]:
            call = calls[answer["id"]]
            if self.left and self._wanted(call["method"], call["params"]):
                self.left -= 1
                self.told += 1
                answer.pop("result", None)
                answer["error"] = self._error
        return httpx.Response(200, json=answers)
