"""JSON-RPC as endpoints really answer it: reads have patience, a broadcast goes out once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from core.chain.json_rpc import READ_PATIENCE, Rpc, RpcError, quantity
from core.errors.problem import OnboardingError
from tests.support.clock import FakeClock
from tests.support.transports import Queue, answering

URL = "https://node.example"
BALANCE = ("eth_getBalance", ["0x1", "latest"])
ANSWERS = {"eth_blockNumber": "0x10", "eth_chainId": "0xd0a", "eth_getBalance": "0x7"}


def single(call: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call["id"], "result": ANSWERS.get(call["method"])}


def healthy(request: httpx.Request) -> httpx.Response:
    body = json.loads(request.content)
    answer = [single(call) for call in body] if isinstance(body, list) else single(body)
    return httpx.Response(200, json=answer)


class Node:
    """A node that is `faulty` for the first requests, or (times=None) for ever."""

    def __init__(
        self,
        faulty: Callable[[httpx.Request], httpx.Response]
        | httpx.Response
        | Exception
        | None = None,
        times: int | None = None,
    ) -> None:
        self.faulty = Queue(faulty) if isinstance(faulty, httpx.Response | Exception) else faulty
        self.left = times
        self.requests: list[Any] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(json.loads(request.content))
        if self.faulty is None or self.left == 0:
            return healthy(request)
        if self.left is not None:
            self.left -= 1
        return self.faulty(request)


def rpc(clock: FakeClock, *nodes: Callable[[httpx.Request], httpx.Response]) -> Rpc:
    urls = [f"https://node{number}.example" for number in range(len(nodes))]
    by_url = dict(zip(urls, nodes, strict=True))
    return Rpc(urls, 3338, "peaq mainnet", clock, lambda url: answering(url, by_url[url]))


async def refused(reading: Any) -> OnboardingError:
    with pytest.raises(OnboardingError) as found:
        await reading
    return found.value


async def test_one_read_is_one_request_and_the_chain_is_checked_once(clock: FakeClock) -> None:
    node = Node()
    endpoint = rpc(clock, node)
    answers = await endpoint.read([BALANCE, BALANCE])
    assert (answers.height, answers.results) == (16, ("0x7", "0x7"))
    await endpoint.read([BALANCE])
    methods = [[call["method"] for call in body] for body in node.requests]
    assert methods == [
        ["eth_blockNumber", "eth_chainId", "eth_getBalance", "eth_getBalance"],
        ["eth_blockNumber", "eth_getBalance"],
    ]
    numbers = [call["id"] for body in node.requests for call in body]
    assert len(set(numbers)) == len(numbers)
    assert not clock.slept


@pytest.mark.parametrize(
    "refusal",
    [
        httpx.Response(
            200,
            json={"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no batch"}},
        ),
        httpx.Response(400, text="Bad Request"),
        httpx.Response(413, text="<html>"),
        httpx.Response(415, text=""),
    ],
)
async def test_an_endpoint_without_batches_is_asked_singly_and_that_is_remembered(
    clock: FakeClock, refusal: httpx.Response
) -> None:
    class NoBatches(Node):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            self.requests.append(json.loads(request.content))
            return (
                Queue(refusal)(request) if isinstance(self.requests[-1], list) else healthy(request)
            )

    node = NoBatches()
    endpoint = rpc(clock, node)
    for _ in range(2):
        assert (await endpoint.read([BALANCE])).results == ("0x7",)
    assert [isinstance(body, list) for body in node.requests] == [True] + 5 * [False]
    assert node.requests[1]["method"] == "eth_blockNumber", "no answer is older than the height"


async def test_answers_in_another_order_go_to_their_questions(clock: FakeClock) -> None:
    def backwards(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=healthy(request).json()[::-1])

    answers = await rpc(clock, Node(backwards)).read([BALANCE])
    assert (answers.height, answers.results) == (16, ("0x7",))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(200, html="<html>Sign in"), "RPC_NOT_A_NODE"),
        (httpx.Response(500, html="<html>"), "RPC_UNREACHABLE"),
        (httpx.Response(502, text=""), "RPC_UNREACHABLE"),
        (httpx.Response(404, text="nothing here"), "RPC_NOT_A_NODE"),
        (httpx.Response(302, headers={"location": "https://evil.example"}), "RPC_NOT_A_NODE"),
        (httpx.Response(200, text=""), "RPC_NOT_A_NODE"),
        (httpx.Response(200, text="null"), "RPC_NOT_A_NODE"),
        (httpx.Response(200, text='"text"'), "RPC_NOT_A_NODE"),
        (httpx.Response(200, text="17"), "RPC_NOT_A_NODE"),
        (httpx.Response(200, json=[]), "RPC_NOT_A_NODE"),
        (httpx.Response(200, json={}), "RPC_NOT_A_NODE"),
        (httpx.Response(200, json=[1, 2, 3]), "RPC_NOT_A_NODE"),
        (httpx.Response(200, json=[{"id": 1}, {"id": 2}, {"id": 3}]), "RPC_NOT_A_NODE"),
        (httpx.Response(200, json=[{"id": {"a": []}, "result": "0x1"}] * 3), "RPC_NOT_A_NODE"),
        (httpx.Response(200, json=[{"id": "1", "result": "0x1"}] * 3), "RPC_NOT_A_NODE"),
        (httpx.Response(200, json=[{"id": None, "result": "0x1"}] * 3), "RPC_NOT_A_NODE"),
        (httpx.Response(200, json=[{"id": True, "result": "0x1"}] * 3), "RPC_NOT_A_NODE"),
        (httpx.Response(200, content=b"[" * 200_000), "RPC_NOT_A_NODE"),
        (httpx.Response(200, content=b" " * 5_000_000), "RPC_UNREACHABLE"),
        (httpx.ReadError("reset"), "RPC_UNREACHABLE"),
        (httpx.ConnectTimeout(""), "RPC_UNREACHABLE"),
    ],
)
async def test_what_is_no_node_is_told_within_the_patience_and_a_passing_fault_is_not(
    clock: FakeClock,
    answer: httpx.Response | Exception,
    code: str,
) -> None:
    error = await refused(rpc(clock, Node(answer)).read([BALANCE]))
    assert error.code == code
    assert "node0.example" in error.problem.cause
    assert sum(clock.slept) <= READ_PATIENCE
    assert len(clock.slept) >= 3
    assert clock.slept == sorted(clock.slept), "the pauses grow"
    passing = Node(answer, times=2)
    assert (await rpc(clock, passing).read([BALANCE])).results == ("0x7",)


@pytest.mark.parametrize("value", ["0xzz", "16", 16, None, "", "0x", [], {}])
async def test_a_height_that_is_no_number_is_refused(clock: FakeClock, value: object) -> None:
    def mismatch(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, json=[{**single(call), "result": value} for call in json.loads(request.content)]
        )

    assert (await refused(rpc(clock, Node(mismatch)).read([BALANCE]))).code == "RPC_NOT_A_NODE"


async def test_an_error_of_one_call_is_an_answer_among_the_others(clock: FakeClock) -> None:
    def reverted(request: httpx.Request) -> httpx.Response:
        answers = healthy(request).json()
        del answers[-1]["result"]
        answers[-1]["error"] = {"code": 3, "message": "execution reverted\x1b[2J", "data": "0x12"}
        return httpx.Response(200, json=answers)

    answers = await rpc(clock, Node(reverted)).read([BALANCE, BALANCE])
    assert answers.results == ("0x7", RpcError(3, "execution reverted", "0x12"))


@pytest.mark.parametrize(
    "error", [{"code": "x", "message": 5}, "text", 5, [], {"message": None}, {"data": {"a": 1}}]
)
async def test_an_error_in_any_shape_is_still_an_error(clock: FakeClock, error: object) -> None:
    def mismatch(request: httpx.Request) -> httpx.Response:
        answers = healthy(request).json()
        answers[-1] = {"id": answers[-1]["id"], "error": error}
        return httpx.Response(200, json=answers)

    (result,) = (await rpc(clock, Node(mismatch)).read([BALANCE])).results
    assert isinstance(result, RpcError)
    with pytest.raises(OnboardingError):
        quantity(result, "node0.example")


# Being asked to wait


@pytest.mark.parametrize(
    ("retry_after", "waited"),
    [
        ("3", 3.0),
        ("Sun, 01 Mar 2026 12:00:09 GMT", 4.0),
        ("", 0.5),
        ("soon", 0.5),
    ],
)
async def test_a_busy_endpoint_is_left_alone_as_long_as_it_asks(
    clock: FakeClock, retry_after: str, waited: float
) -> None:
    busy = httpx.Response(429, headers={"retry-after": retry_after}, text="slow down")
    answers = await rpc(clock, Node(busy, times=1)).read([BALANCE])
    assert answers.results == ("0x7",)
    assert clock.slept == [waited]


async def test_a_wait_beyond_the_patience_is_not_waited_for_but_told_with_its_end(
    clock: FakeClock,
) -> None:
    busy = httpx.Response(429, headers={"retry-after": "86400"})
    error = await refused(rpc(clock, Node(busy)).read([BALANCE]))
    assert error.code == "RPC_BUSY"
    assert error.problem.until == clock.now() + timedelta(days=1)
    assert not clock.slept


@pytest.mark.parametrize("code", [-32005, 429, -32029])
@pytest.mark.parametrize("batch", [True, False])
async def test_a_limit_told_as_a_json_error_counts_as_busy(
    clock: FakeClock, code: int, batch: bool
) -> None:
    def limited(request: httpx.Request) -> httpx.Response:
        error = {"error": {"code": code, "message": "limit"}}
        calls = json.loads(request.content)
        return httpx.Response(
            200, json=[{"id": call["id"], **error} for call in calls] if batch else error
        )

    node = Node(limited, times=1)
    assert (await rpc(clock, node).read([BALANCE])).results == ("0x7",)
    assert isinstance(node.requests[-1], list), "busy is not the same as: takes no batches"
    assert (await refused(rpc(clock, Node(limited)).read([BALANCE]))).code == "RPC_BUSY"


# Heights and chains


async def test_a_node_behind_is_asked_again_until_it_has_caught_up(clock: FakeClock) -> None:
    height = 10

    def growing(request: httpx.Request) -> httpx.Response:
        nonlocal height
        height += 1
        answers = healthy(request).json()
        answers[0]["result"] = hex(height)
        return httpx.Response(200, json=answers)

    assert (await rpc(clock, Node(growing)).read([BALANCE], at_least=14)).height == 14


async def test_a_node_that_stays_behind_is_told_with_both_heights(clock: FakeClock) -> None:
    error = await refused(rpc(clock, Node()).read([BALANCE], at_least=17))
    assert error.code == "RPC_BEHIND"
    assert "at block 16" in error.problem.cause
    assert "needs block 17" in error.problem.cause


async def test_a_node_behind_is_made_up_for_by_another_one(clock: FakeClock) -> None:
    def ahead(request: httpx.Request) -> httpx.Response:
        answers = healthy(request).json()
        answers[0]["result"] = "0x20"
        return httpx.Response(200, json=answers)

    answers = await rpc(clock, Node(), Node(ahead)).read([BALANCE], at_least=17)
    assert answers.height == 32
    assert not clock.slept


async def test_another_opinion_is_asked_of_another_node_first(clock: FakeClock) -> None:
    nodes = Node(), Node()
    endpoint = rpc(clock, *nodes)
    assert (await endpoint.read([BALANCE], other=True)).url == "https://node1.example"
    assert (await endpoint.read([BALANCE])).url == "https://node0.example"
    assert [len(node.requests) for node in nodes] == [1, 1]


def on_chain(chain_id: str) -> Node:
    def other(request: httpx.Request) -> httpx.Response:
        answers = healthy(request).json()
        for call, answer in zip(json.loads(request.content), answers, strict=True):
            if call["method"] == "eth_chainId":
                answer["result"] = chain_id
        return httpx.Response(200, json=answers)

    return Node(other)


async def test_another_chain_is_refused_at_once_with_both_ids(clock: FakeClock) -> None:
    node = on_chain("0x2706")
    error = await refused(rpc(clock, node).read([BALANCE]))
    assert error.code == "CHAIN_ID_WRONG"
    for word in ("9990", "3338", "peaq mainnet", "node0.example"):
        assert word in error.problem.cause
    assert len(node.requests) == 1
    assert not clock.slept


async def test_a_second_opinion_of_another_chain_is_not_listened_to(clock: FakeClock) -> None:
    endpoint = rpc(clock, Node(), on_chain("0x1"))
    answers = await endpoint.read([BALANCE], other=True)
    assert answers.url == "https://node0.example"


# Broadcasts


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(200, json={"id": 1, "result": "0x12"}), "accepted"),
        (
            httpx.Response(
                200, json={"id": 1, "error": {"code": -32603, "message": "already known"}}
            ),
            "node: already known",
        ),
        (httpx.Response(200, html="<html>"), "no answer"),
        (httpx.Response(200, content=b"[" * 200_000), "no answer"),
        (httpx.Response(500, text=""), "no answer"),
        (httpx.Response(503, json={"error": {"code": 1, "message": "busy"}}), "node: busy"),
        (httpx.Response(429, headers={"retry-after": "1"}), "no answer"),
        (httpx.Response(200, json=[]), "no answer"),
        (httpx.Response(307, headers={"location": URL}), "no answer"),
        (httpx.ReadTimeout(""), "no answer"),
        (httpx.ReadError(""), "no answer"),
        (httpx.ConnectError("refused"), "no answer"),
    ],
)
async def test_a_broadcast_goes_out_exactly_once_and_never_raises(
    clock: FakeClock,
    answer: httpx.Response | Exception,
    words: str,
) -> None:
    """At most once an endpoint, and at another one only where this one has not answered."""
    first, second = Queue(answer), Queue(httpx.Response(200, json={"id": 2, "result": "0x12"}))
    said = await rpc(clock, first).broadcast("0xsigned")
    assert words in said
    assert len(said) <= 160
    said = await rpc(clock, first, second).broadcast("0xsigned")
    assert said == "accepted" if words == "no answer" else words in said
    assert len(second.bodies) == (words == "no answer")
    for body in (*first.bodies, *second.bodies):
        assert (body["method"], body["params"]) == ("eth_sendRawTransaction", ["0xsigned"])
    assert len(first.bodies) == 2
    assert not clock.slept
