"""Calls that core.chain.multicall put into one, taken apart for tests that watch or spoil them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from eth_abi.abi import encode

from core.chain.abi import codec
from core.chain.multicall import SUPPOSED_AT

Change = Callable[[str, list[Any], Any], Any]


def is_gathered(method: str, params: Any) -> bool:
    return method == "eth_call" and len(params) == 3 and SUPPOSED_AT in params[2]


def calls_within(params: list[Any]) -> list[tuple[str, list[Any]]]:
    """Method and params of each call, as it would have been asked by itself."""
    (questions,) = codec("gather").arguments("gather", params[0]["data"])
    return [
        ("eth_call", [{"to": target, "data": "0x" + data.hex()}, "latest"])
        if data
        else ("eth_getBalance", [target, "latest"])
        for target, data in questions
    ]


def answers_in(result: str) -> list[tuple[bool, bytes]]:
    """What the supposed code answered to each. Raises ValueError."""
    return list(codec("gather").decode("gather", result)[0])


def packed(answers: list[tuple[bool, bytes]]) -> str:
    return "0x" + encode(["(bool,bytes)[]"], [answers]).hex()


def changed_within(params: list[Any], result: Any, change: Change) -> Any:
    """The same answer with each result in it put through `change(method, params, result)`. What is
    no result any more counts as a call that failed, so that it meets `change` again by itself.
    """
    try:
        answers = answers_in(result)
    except ValueError:
        return result
    calls = zip(calls_within(params), answers, strict=True)
    return packed([_changed(call, answer, change) for call, answer in calls])


def _changed(
    call: tuple[str, list[Any]], answer: tuple[bool, bytes], change: Change
) -> tuple[bool, bytes]:
    ok, data = answer
    if not ok:
        return answer
    number = call[0] == "eth_getBalance"
    said = change(*call, hex(int.from_bytes(data, "big")) if number else "0x" + data.hex())
    if not isinstance(said, str) or not re.fullmatch(r"0x[0-9a-fA-F]*", said):
        return False, b""
    if number:
        return (True, int(said, 16).to_bytes(32, "big")) if 2 < len(said) <= 66 else (False, b"")
    return True, bytes.fromhex(said[2:])
