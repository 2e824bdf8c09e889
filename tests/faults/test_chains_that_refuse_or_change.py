"""Contracts that refuse and chains that become others: said, and never paid into."""

from __future__ import annotations

from typing import Any

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.journal.state import TxStatus
from tests.support.clock import FakeClock
from tests.support.machine import Ledger, Machine, blocks_every, check_once
from tests.support.transports import changing_results

PEAQ = 10**18


async def test_a_paused_registry_is_named_and_nothing_is_sent(machine: Machine) -> None:
    await machine.drive(until=Action.REGISTER)
    machine.network.pause(True)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "CONTRACT_PAUSED"
    assert "EnforcedPause" in refused.value.problem.cause
    assert not machine.network.sent_transactions()
    machine.network.pause(False)
    await machine.drive()
    check_once(machine)


async def test_a_bond_that_was_released_stops_the_mint_with_the_contract_s_own_word(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.MINT)
    registered = machine.state.registered
    assert registered is not None
    machine.network.release_bond(registered.machine_id)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "CONTRACT_REFUSED"
    assert "MachineNotBonded" in refused.value.problem.title


async def test_a_reorganisation_before_the_end_is_noticed_and_made_good(slow: Machine) -> None:
    blocks_every(slow, 6.0)
    await slow.drive(until=Action.REGISTER)
    before = slow.network.snapshot()
    await slow.drive(until=Action.FINISH)
    slow.network.revert(before, repool=True)
    for _ in range(6):
        if slow.now_open.action is Action.NOTHING:
            break
        await slow.drive_stubbornly()
    ledger = Ledger(slow.network, slow.address)
    assert set(ledger.nonces) == {0, 1, 2}
    final = [tx for tx in slow.state.transactions if tx.status is TxStatus.FINAL]
    assert [tx.purpose for tx in final] == ["register", "mint", "did"]
    assert slow.state.registered is not None
    assert slow.state.registered.machine_id == ledger.registrations[-1]
    assert slow.state.bonded == PEAQ


async def test_another_chain_behind_the_same_endpoint_is_refused(machine: Machine) -> None:
    await machine.drive(until=Action.MEASURE_NEED)
    await machine.close()

    def other(method: str, params: list[Any], result: Any) -> Any:
        return "0xd0a" if method == "eth_chainId" else result

    machine.connect = changing_results(other).connect
    machine.open()
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.reconcile()
    assert refused.value.code == "CHAIN_ID_WRONG"
    assert "3338" in refused.value.problem.cause


async def test_a_rehearsal_that_began_anew_is_told_apart_from_the_journal(
    machine: Machine, clock: FakeClock
) -> None:
    """The journal speaks of a machine that this chain does not know: say so, send nothing."""
    await machine.drive(until=Action.MINT)
    await machine.close()
    with RehearsalNetwork(now=clock.now) as anew:
        anew.mine(5)
        machine.network, machine.environ = anew, anew.environment()
        machine.open()
        with pytest.raises(OnboardingError) as refused:
            await machine.now_open.reconcile()
        assert refused.value.code == "JOURNAL_CHAIN_DISAGREE"
        assert not anew.sent_transactions()
        await machine.close()
