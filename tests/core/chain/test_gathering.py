"""Reads put into one call, over HTTP: nothing is believed that would not have been before."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from core.chain.abi import codec
from core.chain.did import VALUE_LIMIT
from core.chain.json_rpc import Call, Rpc, RpcError
from core.chain.multicall import gather
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.journal.state import Details
from tests.support.clock import FakeClock
from tests.support.gathered import answers_in, calls_within, is_gathered, packed
from tests.support.machine import Ledger, Machine, check_once
from tests.support.spoiled_node import NOBODY, Asking, Node, Spoil, error, result, within
from tests.support.transports import answering

WITHOUT_CODE = "0x" + "77" * 20
BLAKE2 = "0x" + "09".zfill(40)
"""A precompile that burns all gas where it is asked for something else."""
WORD = (7).to_bytes(32, "big")


@pytest.fixture
async def asking(machine: Machine) -> AsyncIterator[Callable[..., Asking]]:
    opened: list[Asking] = []

    def ask(*nodes: Node) -> Asking:
        opened.append(Asking(machine, *nodes))
        return opened[-1]

    yield ask
    for one in opened:
        await one.close()


Ask = Callable[..., Asking]


async def test_everything_is_answered_as_one_by_one(machine: Machine, asking: Ask) -> None:
    """Of a finished machine and of nobody: numbers, owners, attributes, reverts, and no code."""
    await machine.drive()
    registered, minted = machine.state.registered, machine.state.minted
    assert registered
    assert minted
    node = Node()
    ask = asking(node)
    chain = ask.chain
    asks = [
        chain.machine_owner(registered.machine_id),
        chain.staked(registered.machine_id),
        chain.stake(registered.machine_id),
        chain.token_id(registered.machine_id),
        chain.token_owner(minted.token_id),
        chain.token_machine(minted.token_id),
        chain.attributes(machine.address),
    ]
    there = [*ask.calls(machine.address), *(call for one in asks for call in one.calls)]
    found = await ask.same(there)
    assert not any(isinstance(one, RpcError) for one in found)
    assert [len(calls) for calls in node.asked] == [2 + 1 + 2]
    missing: list[Call] = [
        *ask.calls(NOBODY),
        *chain.machine_owner(4242).calls,
        *chain.token_owner(4242).calls,
        *chain.attributes(NOBODY).calls,
        ("eth_call", [{"to": WITHOUT_CODE, "data": "0x12345678"}, "latest"]),
    ]
    found = await ask.same(missing)
    assert sum(isinstance(one, RpcError) for one in found) == 8, "reverts in the node's own words"
    assert found[-1] == "0x"


async def test_the_longest_attribute_is_not_taken_for_one_that_was_cut(machine: Machine) -> None:
    node = Node()
    machine.connect = node.connect
    url = "https://docs.example.com/".ljust(VALUE_LIMIT, "x")
    await machine.now_open.pass_environment(Details(url, url, "public"))
    await machine.drive()
    assert machine.state.did
    assert machine.state.did.attributes["data_api"] == url
    asked = [call for calls in node.asked for call in calls]
    plain = codec("did_registry").encode("readAttribute", machine.address, b"")[:10]
    alone = [call for call in asked if str(call[1]).find(plain) >= 0 and not is_gathered(*call)]
    assert len(alone) == 1, "the look at the contracts alone asks for one by itself"


async def test_a_question_that_burns_its_gas_leaves_the_others_theirs(asking: Ask) -> None:
    node = Node()
    ask = asking(node)
    burning: Call = ("eth_call", [{"to": BLAKE2, "data": "0x00"}, "latest"])
    found = await ask.same([*ask.usual, *[burning] * 5, *ask.usual])
    assert sum(isinstance(one, RpcError) for one in found) == 5
    assert len(node.asked[1]) == 1 + 5, "only those were asked again"


@pytest.mark.parametrize(
    "spoil",
    [
        result("0x"),
        result(None),
        result("0x" + "00" * 32),
        result({"x": 1}),
        result(packed([(True, WORD)])),
        error(-32602, "too many arguments, want at most 2"),
        error(-32602, "unknown field `code`"),
        error(-32000, "out of gas"),
    ],
)
@pytest.mark.parametrize("batches", [True, False])
async def test_a_node_that_cannot_suppose_code_is_found_out_once_and_asked_directly(
    asking: Ask, clock: FakeClock, spoil: Spoil, batches: bool
) -> None:
    node = Node(spoil=spoil, batches=batches)
    ask = asking(node)
    for _ in range(3):
        await ask.same()
    assert node.gathered == 1
    assert not clock.slept


async def test_without_suppositions_a_machine_is_onboarded_all_the_same(machine: Machine) -> None:
    node = Node(spoil=error(-32602, "too many arguments, want at most 2"))
    machine.connect = node.connect
    await machine.drive()
    check_once(machine)
    assert node.gathered == 1


@pytest.mark.parametrize(
    ("busy", "repeated"),
    [
        (httpx.Response(429, headers={"retry-after": "3"}), 1),
        (httpx.Response(200, json={"error": {"code": -32005, "message": "limit exceeded"}}), 1),
        # This may have been the call itself: the repetition goes without it.
        (httpx.Response(503, text="over capacity"), 0),
    ],
)
async def test_a_node_that_is_busy_is_not_taken_for_one_that_cannot(
    asking: Ask, busy: httpx.Response, repeated: int
) -> None:
    left = [busy]
    node = Node(refuse=lambda _: left.pop() if left else None)
    ask = asking(node)
    await ask.same()
    assert node.gathered == 1 + repeated
    await ask.same()
    assert node.gathered == 1 + repeated + 1


@pytest.mark.parametrize("status", [400, 403, 500, 503])
async def test_a_gateway_that_lets_no_gathered_call_pass_is_asked_directly(
    asking: Ask, status: int
) -> None:
    """Its fault costs a pause, with each read at most; it never keeps a read from its end."""
    node = Node(refuse=lambda _: httpx.Response(status, text="<html>not here</html>"))
    ask = asking(node)
    for _ in range(3):
        await ask.same()
    assert node.gathered <= (3 if status >= 500 else 2)


# What a gathered answer may not make us believe

REFUSALS = [(False, b""), (False, b"precompile"), (True, b""), (True, b"\x01" * 3072)]


@pytest.mark.parametrize("refusal", REFUSALS, ids=["failed", "reverted", "nothing", "cut"])
async def test_a_precompile_that_refuses_contracts_makes_no_attribute_look_absent_or_right(
    machine: Machine, asking: Ask, refusal: tuple[bool, bytes]
) -> None:
    await machine.drive()
    assert machine.state.did
    node = Node(spoil=within("did_registry", "readAttribute", refusal))
    ask = asking(node)
    for _ in range(4):
        there, absent = ask.chain.attributes(machine.address), ask.chain.attributes(NOBODY)
        await ask.chain.read(there, absent)
        right = machine.state.did.attributes
        assert there.value == {name: value.encode() for name, value in right.items()}
        assert set(absent.value.values()) == {None}
    assert node.gathered == 2, "what is no gain is given up"
    assert len(node.asked) == 2 * 2 + 2


@pytest.mark.parametrize("refusal", REFUSALS, ids=["failed", "reverted", "nothing", "cut"])
async def test_a_machine_is_onboarded_where_the_precompile_refuses_contracts(
    machine: Machine, refusal: tuple[bool, bytes]
) -> None:
    machine.connect = Node(spoil=within("did_registry", "readAttribute", refusal)).connect
    await machine.drive()
    check_once(machine)
    counts = machine.network.requests
    assert sum(number for name, number in counts.items() if "/" not in name) <= 45 + 6
    await machine.restart()
    assert machine.now_open.action is Action.NOTHING


async def test_zeros_in_a_gathered_answer_cost_no_second_bond(machine: Machine) -> None:
    """The node says: no such machine. One zero is not believed, and the estimate says otherwise."""
    await machine.drive(until=Action.REGISTER)
    node = Node(spoil=within("identity_registry", "machineIdOfOwner", (True, bytes(32))))
    machine.connect = node.connect
    await machine.restart()
    machine.network.fault("already-registered", 1)
    await machine.drive()
    assert node.gathered
    ledger = Ledger(machine.network, machine.address)
    assert len(ledger.registrations) == 1
    assert ledger.nonces == [0, 1], "only minting and the DID were left to do"


async def test_a_balance_of_zero_in_a_gathered_answer_sends_nothing(machine: Machine) -> None:
    await machine.drive(until=Action.REGISTER)

    def poor(params: list[Any], answer: dict[str, Any]) -> None:
        told = zip(calls_within(params), answers_in(answer["result"]), strict=True)
        answer["result"] = packed(
            [(True, bytes(32)) if call[0] == "eth_getBalance" else true for call, true in told]
        )

    honest, machine.connect = machine.connect, Node(spoil=poor).connect
    await machine.restart()
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "RPC_BEHIND", "asked by itself, the balance is there"
    assert not machine.network.sent_transactions()
    machine.connect = honest
    await machine.restart()
    await machine.drive_stubbornly()
    check_once(machine)


async def test_each_endpoint_is_remembered_by_itself(asking: Ask) -> None:
    without, able = Node(spoil=result("0x")), Node()
    ask = asking(without, able)
    for _ in range(2):
        await ask.same()
        await ask.same(other=True)
    assert (without.gathered, able.gathered) == (1, 2)
    assert len(able.asked) == 2


# Heights


class Scripted:
    """A node that tells `heights` one after the other, and fails what is asked in a gathered call.

    Asked directly, every call answers the height at which it was asked.
    """

    def __init__(self, *heights: int) -> None:
        self._heights = list(heights)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        height = self._heights.pop(0)

        def answer(call: dict[str, Any]) -> Any:
            if is_gathered(call["method"], call["params"]):
                return packed([(False, b"")] * len(calls_within(call["params"])))
            return "0xd0a" if call["method"] == "eth_chainId" else hex(height)

        calls = json.loads(request.content)
        return httpx.Response(
            200, json=[{"id": call["id"], "result": answer(call)} for call in calls]
        )


@pytest.mark.parametrize(("heights", "told"), [((16, 17), 16), ((17, 16), 16), ((16, 16), 16)])
async def test_the_height_of_an_answer_is_that_of_its_oldest_part(
    clock: FakeClock, heights: tuple[int, int], told: int
) -> None:
    node = Scripted(*heights)
    url = "https://node.example"
    rpc = Rpc([url], 3338, "peaq", clock, lambda _: answering(url, node), gather=gather)
    balance: Call = ("eth_getBalance", [NOBODY, "latest"])
    answers = await rpc.read([balance, balance], at_least=16)
    assert answers.height == told
    assert answers.results == (hex(heights[1]), hex(heights[1]))


async def test_what_is_asked_again_of_a_node_that_fell_behind_is_not_taken(
    clock: FakeClock,
) -> None:
    node = Scripted(17, 16, 17, 17)
    url = "https://node.example"
    rpc = Rpc([url], 3338, "peaq", clock, lambda _: answering(url, node), gather=gather)
    balance: Call = ("eth_getBalance", [NOBODY, "latest"])
    answers = await rpc.read([balance, balance], at_least=17)
    assert (answers.height, answers.results) == (17, ("0x11", "0x11"))
    assert len(clock.slept) == 1
