"""Logs of a receipt that cannot be decoded, after the money was spent: the chain is asked."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from tests.support.machine import Machine, check_once
from tests.support.node_errors import Wanted, calls_of
from tests.support.transports import changing_results

PEAQ = 10**18
BREAKS: dict[str, Any] = {
    "short": lambda topics: [*topics[:1], *(topic[:20] for topic in topics[1:])],
    "no hex": lambda topics: [*topics[:1], *("nothing" for _ in topics[1:])],
    "padding": lambda topics: [*topics[:1], *("0x" + "ff" * 32 for _ in topics[1:])],
    "no list": lambda topics: None,
}


def broken(how: str) -> Any:
    def change(method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_getTransactionReceipt" and result:
            logs = [{**log, "topics": BREAKS[how](log["topics"])} for log in result["logs"]]
            return {**result, "logs": logs}
        return result

    return change


@pytest.mark.parametrize("single", [False, True], ids=["three", "single"])
@pytest.mark.parametrize("how", ["short", "no hex", "no list"])
async def test_what_a_broken_log_does_not_tell_is_read_from_the_chain(
    machine: Machine, how: str, single: bool
) -> None:
    machine.single = single
    machine.connect = changing_results(broken(how)).connect
    await machine.drive()
    state = machine.state
    assert state.registered is not None
    assert state.registered.way == "sent"
    assert state.bonded == PEAQ
    assert state.minted is not None
    purposes = [tx.purpose for tx in state.transactions]
    assert purposes == (["single", "did"] if single else ["register", "mint", "did"])


@pytest.mark.parametrize(
    ("action", "asked", "event"),
    [
        (Action.REGISTER, calls_of("identity_registry", "machineIdOfOwner"), "machine id"),
        (Action.MINT, calls_of("machine_nft", "tokenIdOf"), "Machine NFT"),
    ],
    ids=["register", "mint"],
)
@pytest.mark.parametrize("how", ["none", "padding"])
async def test_what_neither_log_nor_chain_shows_is_said_and_nothing_more_is_sent(
    machine: Machine, action: Action, asked: Wanted, event: str, how: str
) -> None:
    """READ_BACK_FAILED after a payment; an honest node goes on from there."""
    await machine.drive(until=action)
    sent = len(machine.network.sent_transactions())
    await machine.close()

    def hide(method: str, params: list[Any], result: Any) -> Any:
        if len(machine.network.sent_transactions()) > sent:
            if asked(method, params):
                return "0x" + "00" * 32
            if how != "none":
                return broken(how)(method, params, result)
        return result

    machine.connect = changing_results(hide).connect
    await machine.restart()
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "READ_BACK_FAILED"
    assert event in refused.value.problem.cause
    assert len(machine.network.sent_transactions()) == sent + 1
    await machine.close()
    machine.connect = changing_results(lambda method, params, result: result).connect
    await machine.restart()
    await machine.drive()
    check_once(machine)
