"""What is put into one call comes out as it would have come by itself, or is left open."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

import abis
from core.chain.json_rpc import UNANSWERED, Call, RpcError
from core.chain.multicall import (
    LONGEST_ANSWER,
    LONGEST_QUESTION,
    MOST,
    SUPPOSED_AT,
    Gathered,
    gather,
)
from tests.support.gathered import calls_within, packed

WHO = "0x" + "aB" * 20
BALANCE: Call = ("eth_getBalance", [WHO, "latest"])
NONCE: Call = ("eth_getTransactionCount", [WHO, "latest"])
WORD = (7).to_bytes(32, "big")


def asking(data: str = "0x12345678", **others: str) -> Call:
    return "eth_call", [{"to": WHO, "data": data, **others}, "latest"]


def put_together(*calls: Call) -> Gathered:
    gathered = gather(calls)
    assert gathered is not None
    return gathered


def test_what_can_be_is_put_into_one_call_at_the_place_of_the_first() -> None:
    gathered = put_together(NONCE, BALANCE, NONCE, asking(), asking("0x01"))
    first, (method, (transaction, tag, supposed)), third = gathered.calls
    assert (first, third) == (NONCE, NONCE)
    assert (method, transaction["to"], tag) == ("eth_call", SUPPOSED_AT, "latest")
    assert supposed == {SUPPOSED_AT: {"code": abis.runtime("gather")}}
    lower = WHO.lower()
    assert calls_within([transaction]) == [
        ("eth_getBalance", [lower, "latest"]),
        ("eth_call", [{"to": lower, "data": "0x12345678"}, "latest"]),
        ("eth_call", [{"to": lower, "data": "0x01"}, "latest"]),
    ]


def test_each_answer_goes_to_its_place_in_the_shape_of_its_own() -> None:
    gathered = put_together(NONCE, asking(), NONCE, BALANCE)
    together = packed([(True, b"\x12\xab"), (True, WORD)])
    assert gathered.spread(["0x1", together, "0x2"]) == ["0x1", "0x12ab", "0x2", "0x7"]
    nothing = packed([(True, bytes(32)), (True, bytes(32))])
    assert gathered.spread([None, nothing, RpcError(1, "x")]) == [
        None,
        "0x" + "00" * 32,
        RpcError(1, "x"),
        "0x0",
    ]


@pytest.mark.parametrize(
    "call",
    [
        asking(**{"from": WHO}),
        asking(value="0x1"),
        asking(gas="0x1"),
        asking("0x"),
        asking("0x1"),
        asking("0xzz"),
        asking("0x" + "00" * (LONGEST_QUESTION + 1)),
        ("eth_call", [{"to": WHO, "data": "0x01"}, "pending"]),
        ("eth_call", [{"to": WHO, "data": "0x01"}, "0x10"]),
        ("eth_call", [{"to": WHO, "data": "0x01"}, "latest", {}]),
        ("eth_call", [{"to": WHO}, "latest"]),
        ("eth_call", [{"to": None, "data": "0x01"}, "latest"]),
        ("eth_call", [{"to": "0x12", "data": "0x01"}, "latest"]),
        ("eth_call", []),
        ("eth_getBalance", [WHO, "pending"]),
        ("eth_getBalance", ["0x1", "latest"]),
        ("eth_getCode", [WHO, "latest"]),
        NONCE,
    ],
)
def test_what_means_something_else_is_asked_by_itself(call: Call) -> None:
    assert gather([call, call, BALANCE]) is None
    assert put_together(BALANCE, call, BALANCE).calls[1] == call


def test_one_question_alone_is_not_put_together() -> None:
    assert gather([]) is None
    assert gather([BALANCE, NONCE]) is None


def test_what_is_too_many_is_asked_by_itself() -> None:
    calls = put_together(*[BALANCE] * (MOST + 2)).calls
    assert [call == BALANCE for call in calls] == [False, True, True]


def test_the_longest_question_fits() -> None:
    longest = asking("0x" + "00" * LONGEST_QUESTION)
    assert len(put_together(longest, longest).calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (False, b""),
        (False, WORD),
        (True, b""),
        (True, b"\x01" * LONGEST_ANSWER),
        (True, b"\x01" * (LONGEST_ANSWER + 1)),
    ],
    ids=["failed", "reverted", "nothing", "perhaps cut", "longer than can be"],
)
def test_what_is_not_answered_for_certain_is_left_open(answer: tuple[bool, bytes]) -> None:
    found = put_together(asking(), BALANCE, asking()).spread(
        [packed([answer, answer, (True, WORD)])]
    )
    assert found[0] is UNANSWERED
    assert found[1] is UNANSWERED
    assert found[2] == "0x" + WORD.hex()


def test_a_balance_that_is_no_word_is_left_open() -> None:
    found = put_together(BALANCE, asking()).spread([packed([(True, b"\x01"), (True, b"\x01")])])
    assert found == [UNANSWERED, "0x01"]


ONE = packed([(True, WORD)])
THREE = packed([(True, WORD)] * 3)


@pytest.mark.parametrize(
    "result",
    [
        None,
        7,
        [],
        {},
        "",
        "0x",
        "0x0",
        "0xzz",
        "0x" + "00" * 32,
        "0x" + "00" * 96,
        "0x" + "ff" * 2000,
        ONE,
        THREE,
        "0x" + encode(["(uint256,bytes)[]"], [[(2, WORD), (1, WORD)]]).hex(),
        packed([(True, WORD), (True, WORD)])[:-64],
        RpcError(-32602, "too many arguments, want at most 2"),
    ],
)
def test_an_answer_that_the_supposed_code_cannot_have_given_is_none(result: Any) -> None:
    with pytest.raises(ValueError, match=r"answered something else|not as many answers"):
        put_together(BALANCE, asking()).spread([result])


@pytest.mark.parametrize("count", [2, 20_000])
def test_offsets_that_share_one_element_take_no_memory(count: int) -> None:
    """A small answer whose 20,000 offsets lead to one long element once took gigabytes."""
    element = encode(["bool", "bytes"], [True, b"x" * 300_000])
    words = [32, count, *[32 * count] * count]
    result = "0x" + b"".join(word.to_bytes(32, "big") for word in words).hex() + element.hex()
    gathered = put_together(BALANCE, asking())
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="not as many answers"):
            gathered.spread([result])
        assert tracemalloc.get_traced_memory()[1] < 20 * len(result)
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=400))
def test_rubbish_is_refused_or_leaves_as_many_answers_as_questions(rubbish: bytes) -> None:
    gathered = put_together(BALANCE, NONCE, asking())
    try:
        found = gathered.spread(["0x" + rubbish.hex(), "0x5"])
    except ValueError:
        return
    assert len(found) == 3
    assert found[1] == "0x5"
