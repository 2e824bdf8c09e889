"""A node whose gathered answers can be spoiled, and a chain that asks it both ways."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
from eth_utils.abi import function_abi_to_4byte_selector

from core.chain.abi import codec
from core.chain.json_rpc import Call, Rpc
from core.chain.multicall import gather
from core.chain.queries import Chain
from tests.support.gathered import answers_in, calls_within, is_gathered, packed
from tests.support.machine import Machine
from tests.support.transports import Tampering, methods_in

NOBODY = "0x" + "11" * 20
Spoil = Callable[[list[Any], dict[str, Any]], None]


class Node(Tampering):
    """The rehearsal network; `asked` keeps the calls of each request.

    `spoil(params, answer)` changes a gathered call's JSON-RPC answer in place; `refuse(request)`
    may answer a request that holds one instead of the network.
    """

    def __init__(
        self,
        *,
        spoil: Spoil | None = None,
        refuse: Callable[[httpx.Request], httpx.Response | None] | None = None,
        batches: bool = True,
    ) -> None:
        super().__init__(before=self._in, after=self._out)
        self.asked: list[list[tuple[str, list[Any]]]] = []
        self._spoil = spoil
        self._refuse = refuse
        self._batches = batches

    @property
    def gathered(self) -> int:
        """How many requests held a gathered call."""
        return sum(any(is_gathered(*call) for call in calls) for calls in self.asked)

    def _in(self, request: httpx.Request) -> httpx.Response | None:
        if not methods_in(request):
            return None
        body = json.loads(request.content)
        if isinstance(body, list) and not self._batches:
            return httpx.Response(400, text="no batches here")
        calls = body if isinstance(body, list) else [body]
        self.asked.append([(call["method"], call["params"]) for call in calls])
        held = any(is_gathered(*call) for call in self.asked[-1])
        return self._refuse(request) if held and self._refuse else None

    def _out(self, request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
        if self._spoil is None or not methods_in(request):
            return None
        body, answers = json.loads(request.content), response.json()
        pairs = zip(body, answers, strict=True) if isinstance(body, list) else [(body, answers)]
        for call, answer in pairs:
            if is_gathered(call["method"], call["params"]):
                self._spoil(call["params"], answer)
        return httpx.Response(200, json=answers)


def result(value: Any) -> Spoil:
    def spoil(_: list[Any], answer: dict[str, Any]) -> None:
        answer.pop("error", None)
        answer["result"] = value

    return spoil


def error(code: int, message: str) -> Spoil:
    def spoil(_: list[Any], answer: dict[str, Any]) -> None:
        answer.pop("result", None)
        answer["error"] = {"code": code, "message": message}

    return spoil


def within(contract: str, function: str, found: tuple[bool, bytes]) -> Spoil:
    """Inside a gathered call, that function answers `found`; asked by itself it tells the truth."""
    (entry,) = (e for e in codec(contract).abi if e.get("name") == function)
    selector = "0x" + bytes(function_abi_to_4byte_selector(entry)).hex()

    def lies(method: str, params: list[Any]) -> bool:
        return method == "eth_call" and params[0]["data"].startswith(selector)

    def spoil(params: list[Any], answer: dict[str, Any]) -> None:
        told = zip(calls_within(params), answers_in(answer["result"]), strict=True)
        answer["result"] = packed([found if lies(*call) else true for call, true in told])

    return spoil


class Asking:
    """A chain that is asked with calls put together, and one whose calls go out one by one."""

    def __init__(self, machine: Machine, *nodes: Node) -> None:
        settings, clock = machine.settings(), machine.clock
        network = settings.network
        by_url = {f"{settings.rpc_url}?{number}": node for number, node in enumerate(nodes)}
        known = (network.chain_id, network.title, clock)
        self.rpc = Rpc(list(by_url), *known, lambda url: by_url[url].connect(url), gather=gather)
        self._plain = Rpc([settings.rpc_url], *known, Tampering().connect)
        self.chain = Chain(self.rpc, network, settings.contracts)
        self.usual = self.calls(NOBODY)

    def calls(self, address: str) -> list[Call]:
        chain = self.chain
        asks = (chain.account(address), chain.bond(), chain.machine_id(address))
        return [call for ask in asks for call in ask.calls]

    async def same(self, calls: list[Call] | None = None, **how: Any) -> tuple[Any, ...]:
        """The results of `calls`: those that they have when they are asked one by one."""
        calls = self.usual if calls is None else calls
        answers, plain = await self.rpc.read(calls, **how), await self._plain.read(calls)
        assert answers.results == plain.results
        assert answers.height == plain.height
        return answers.results

    async def close(self) -> None:
        await self.rpc.close()
        await self._plain.close()
