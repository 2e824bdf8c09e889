"""A broadcast whose answer is lost must not become a second bond."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from core.chain.transaction_manager import RESEND_AFTER
from core.journal.next_action import Action
from tests.support.machine import Machine, check_once
from tests.support.transports import Tampering, methods_in

SEND = "eth_sendRawTransaction"


@pytest.mark.parametrize("action", [Action.REGISTER, Action.MINT, Action.WRITE_DID])
async def test_a_broadcast_whose_answer_is_lost_is_settled_by_its_hash(
    machine: Machine, action: Action
) -> None:
    sent: list[str] = []

    def lose(request: httpx.Request, response: httpx.Response) -> None:
        if SEND in methods_in(request):
            sent.append(request.content.decode())
            if machine.now_open.action is action:
                raise httpx.ReadError("connection reset")

    machine.connect = Tampering(after=lose).connect
    await machine.drive()
    check_once(machine)
    assert len(sent) == 3, "a transaction was handed over more than once"


@pytest.mark.parametrize(
    "words",
    ["already known", "nonce too low", "replacement transaction underpriced", "Internal error"],
)
async def test_what_a_node_answers_to_a_broadcast_decides_nothing(
    machine: Machine, words: str
) -> None:
    def deny(request: httpx.Request, response: httpx.Response) -> httpx.Response | None:
        if SEND not in methods_in(request):
            return None
        error = {"code": -32603, "message": words}
        return httpx.Response(200, json={**response.json(), "result": None, "error": error})

    machine.connect = Tampering(after=deny).connect
    await machine.drive()
    check_once(machine)


async def test_a_broadcast_that_never_arrived_is_sent_again_as_the_same_bytes(
    machine: Machine,
) -> None:
    """Not at once: a node may only be slow to show it."""
    sent: list[tuple[float, str]] = []

    def swallow(request: httpx.Request) -> httpx.Response | None:
        if SEND in methods_in(request):
            sent.append((machine.clock.monotonic(), request.content.decode().split('"0x')[-1]))
            if len(sent) == 1:
                raise httpx.ReadTimeout("no answer")
        return None

    machine.connect = Tampering(before=swallow).connect
    await machine.drive()
    check_once(machine)
    (first, raw), (second, again), *_ = sent
    assert raw == again
    assert second - first >= RESEND_AFTER


async def test_a_cancelled_registration_is_settled_and_not_repeated(machine: Machine) -> None:
    """Escape or a closed window in the moment of sending: the send has usually arrived."""
    await machine.drive(until=Action.REGISTER)
    quote = await machine.now_open.quote()
    assert quote
    await machine.close()
    handed_over = asyncio.Event()

    def notice(request: httpx.Request, response: httpx.Response) -> None:
        if SEND in methods_in(request):
            handed_over.set()

    machine.connect = Tampering(after=notice).connect
    wizard = await machine.restart()
    task = asyncio.ensure_future(wizard.register(agreed_bond=quote.bond, agreed_price=quote.price))
    await handed_over.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await machine.restart()
    await machine.drive()
    check_once(machine)
