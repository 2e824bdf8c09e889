"""Several reads of one node put into one eth_call, by a contract that is never deployed.

The node is asked to suppose `abis/Gather.vy` at an address that nobody uses (the state override,
eth_call's third parameter). Nothing here touches the network.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from eth_utils.address import to_checksum_address

import abis
from core.chain.abi import codec
from core.chain.json_rpc import UNANSWERED, Call

SUPPOSED_AT = "0xA988e1F5fA683905fafCC939aD5AAf9bEc6A6d33"
"""The last twenty bytes of keccak256("peaq-onboard gather"): nobody has its key."""
MOST = 16
"""Questions in one call; as in Gather.vy, like the two sizes below."""
LONGEST_QUESTION = 512
"""Bytes of call data."""
LONGEST_ANSWER = 3072
"""Bytes. An attribute of the DID has 2848 at most: a value of 2560, its name, two numbers."""
_LONGEST = MOST * (LONGEST_ANSWER + 160)
"""Bytes of all answers together."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})+")


class Gathered:
    """Calls as they are sent, some of them put into one, and the way back to each answer."""

    def __init__(self, calls: Sequence[Call], places: Sequence[int]) -> None:
        """`places`: which of `calls` are put together. The one call stands at the first of them."""
        self._all = tuple(calls)
        self._places = tuple(places)
        sent = dict(enumerate(calls))
        for place in places[1:]:
            del sent[place]
        sent[places[0]] = _together([calls[place] for place in places])
        self.calls: tuple[Call, ...] = tuple(sent.values())

    def spread(self, results: Sequence[Any]) -> list[Any]:
        """The results of `calls` as those of the calls that were given, in their order and shape;
        UNANSWERED where one has to be asked by itself. Raises ValueError where the node has not
        answered as the supposed code does.
        """
        answers = _answers(results[self._places[0]], len(self._places))
        gathered = dict(zip(self._places, answers, strict=True))
        rest = (result for place, result in enumerate(results) if place != self._places[0])
        return [
            _believed(call, *gathered[place]) if place in gathered else next(rest)
            for place, call in enumerate(self._all)
        ]


def gather(calls: Sequence[Call]) -> Gathered | None:
    """Puts together what can be: contract calls and balances at the newest block. None where
    there are not two of them.
    """
    places = [place for place, call in enumerate(calls) if _question(call)][:MOST]
    return Gathered(calls, places) if len(places) > 1 else None


def _answers(result: Any, questions: int) -> Sequence[tuple[bool, bytes]]:
    """The decoded answers. Their number and size are looked at first: the offsets of a small
    result may all lead to one element, which is then made again and again.
    """
    text = str(result).removeprefix("0x")
    if len(text) > 2 * _LONGEST or text[64:128] != f"{questions:064x}":
        raise ValueError("not as many answers as questions")
    answers = codec("gather").decode("gather", text)[0]
    if len(answers) != questions:
        raise ValueError("not as many answers as questions")
    return answers  # type: ignore[no-any-return]


def _question(call: Call) -> tuple[str, bytes] | None:
    """Target and call data, which is empty for a balance; None for what has to be asked alone."""
    match call:
        case "eth_getBalance", [str(target), "latest"]:
            data = "0x"
        case "eth_call", [{"to": str(target), "data": str(data), **others}, "latest"]:
            if others or not _DATA.fullmatch(data) or len(data) > 2 + 2 * LONGEST_QUESTION:
                return None
        case _:
            return None
    if not _ADDRESS.fullmatch(target):
        return None
    return to_checksum_address(target), bytes.fromhex(data[2:])


def _together(calls: Sequence[Call]) -> Call:
    data = codec("gather").encode("gather", [_question(call) for call in calls])
    return "eth_call", [{"to": SUPPOSED_AT, "data": data}, "latest", _supposed()]


@cache
def _supposed() -> dict[str, dict[str, str]]:
    return {SUPPOSED_AT: {"code": abis.runtime("gather")}}


def _believed(call: Call, ok: bool, data: bytes) -> Any:
    """The result in the shape that `call` itself would have had.

    A revert has to be seen in the node's own words; nothing at all may be a refusal to answer
    another contract, and a full answer may be cut short. None of them may pass for "absent".
    """
    if not ok or not data or len(data) >= LONGEST_ANSWER:
        return UNANSWERED
    if call[0] == "eth_getBalance":
        return hex(int.from_bytes(data, "big")) if len(data) == 32 else UNANSWERED
    return "0x" + data.hex()
