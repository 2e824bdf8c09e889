"""One height that cannot be true must not make every later answer of an honest node look old."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.journal import events as ev
from core.journal.next_action import Action
from tests.support.machine import Machine, check_once
from tests.support.transports import changing_results

LIES = [0xFFFFFFFFFFFF, 1_000_000_000]


def lying(height: int, field: str, *, at: int = 0) -> Callable[[str, list[Any], Any], Any]:
    """The `at`-th answer that names a height in `field` names that one."""
    seen = 0

    def change(method: str, params: list[Any], result: Any) -> Any:
        nonlocal seen
        if method == field and isinstance(result, str):
            changed: Any = hex(height)
        elif isinstance(result, dict) and field in result:
            changed = {**result, field: hex(height)}
        else:
            return result
        seen += 1
        return changed if seen == at + 1 else result

    return change


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("field", ["eth_blockNumber", "oldestBlock", "blockNumber"])
@pytest.mark.parametrize("at", [0, 1])
async def test_one_false_height_of_a_node_is_survived_without_a_restart(
    machine: Machine, lie: int, field: str, at: int
) -> None:
    machine.connect = changing_results(lying(lie, field, at=at)).connect
    await machine.drive()
    check_once(machine)
    assert all(tx.block and tx.block < 1000 for tx in machine.state.transactions)


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("until", [Action.CREATE_KEYPAIR, Action.FUND, Action.MINT])
async def test_a_journal_that_holds_a_false_height_recovers_on_the_next_start(
    machine: Machine, lie: int, until: Action
) -> None:
    await machine.drive(until=until)
    await machine.now_open.session.store.record(ev.BalanceChanged(machine.state.held or 0, lie))
    await machine.restart()
    await machine.drive()
    check_once(machine)


async def test_two_endpoints_that_agree_on_a_jump_are_believed_in_the_same_read(
    machine: Machine,
) -> None:
    """The clock stands still while the chain goes on: only a second look can tell."""
    machine.environ["PEAQOS_RPC_FALLBACK_URLS"] = machine.environ["PEAQOS_RPC_URL"] + "?second"
    await machine.drive(until=Action.REGISTER)
    for _ in range(250):
        machine.network.mine()
    await machine.drive()
    check_once(machine)
    assert machine.state.height > 250
