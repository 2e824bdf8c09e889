"""The owner's own wallet pays: once, whatever is lost, killed or taken back on the way."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.journal.state import TxStatus
from tests.support.chain_handle import ChainHandle
from tests.support.clock import FakeClock
from tests.support.judge import chain_ledger
from tests.support.machine import Machine
from tests.support.meanwhile import MOMENTS, Case, Outcome, finish, reverted
from tests.support.process import Launcher, Technician
from tests.support.proxy import DROP_AFTER, DROP_BEFORE, Asked, Fate, Proxy, node_errors
from tests.support.world import World

SIGNED = 8
"""The number of the record that the owner's payment is signed."""
PEAQ = 10**18
CROSSED = [
    pytest.param(SIGNED + offset, written, outcome, id=f"{moment}-{outcome.__name__}")
    for moment, (offset, written, outcomes) in MOMENTS.items()
    for outcome in outcomes
    if outcome is not reverted  # a plain transfer to a machine has nothing that could revert
]


@pytest.fixture
def case(
    *,
    launcher: Launcher,
    shared_world: World,
    final_network: RehearsalNetwork,
    tmp_path: Path,
    chain: ChainHandle,
    shared_clock: FakeClock,
) -> Case:
    shared_world.new_phone()
    environ = {**final_network.environment(), "PEAQOS_PRIVATE_KEY": final_network.owner_key}
    technician = Technician(launcher, shared_world, tmp_path, environ, fund="owner")
    chain.hold()
    return Case(technician, chain, shared_clock)


@pytest.mark.parametrize(("number", "written", "outcome"), CROSSED)
def test_a_process_killed_while_the_owner_pays_is_finished_by_the_next_one(
    *,
    case: Case,
    shared_world: World,
    tally: Counter[str],
    number: int,
    written: bool,
    outcome: Outcome,
) -> None:
    assert case.technician.run(kill_at=number, written=written).killed
    assert case.tx.purpose == "funding"
    outcome(case)
    tally.update({"crash points": 1, "outcomes": 1})
    finish(case, shared_world, tally, transfers=0, by_hand=1)


@pytest.fixture
async def owned(machine: Machine, network: RehearsalNetwork) -> Machine:
    """A machine whose owner's key is in the environment, and is to pay."""
    machine.environ["PEAQOS_PRIVATE_KEY"] = network.owner_key
    machine.way = "owner"
    return machine


def payments(machine: Machine) -> list[int]:
    """What has arrived, payment by payment, in wei."""
    address = machine.address.lower()
    return [done.value for done in chain_ledger(machine.network) if done.to == address]


@pytest.mark.parametrize(
    "fate",
    [
        DROP_AFTER,
        DROP_BEFORE,
        node_errors("already known"),
        node_errors("nonce too low"),
        node_errors("replacement transaction underpriced"),
    ],
    ids=["lost after", "lost before", "already known", "nonce too low", "underpriced"],
)
async def test_whatever_is_answered_to_the_owner_s_payment_it_is_made_once(
    owned: Machine, fate: Fate, tally: Counter[str]
) -> None:
    with Proxy(owned.network.rpc_url) as proxy:
        owned.environ = proxy.environment(owned.environ)
        told: list[Fate] = []

        def plan(asked: Asked) -> Fate | None:
            if "eth_sendRawTransaction" in asked.methods and not told:
                told.append(fate)
                return fate
            return None

        proxy.plan = plan
        await owned.drive()
        await owned.close()
    assert payments(owned) == [owned.state.need and owned.state.need.total]
    assert not owned.network.transfers()
    tally.update({"faults": 1, "double fundings": len(payments(owned)) - 1})


async def test_a_gas_station_that_gives_half_and_an_owner_who_adds_the_rest_pay_once_each(
    machine: Machine, network: RehearsalNetwork
) -> None:
    machine.environ["PEAQOS_PRIVATE_KEY"] = network.owner_key
    await machine.drive(until=Action.FUND)
    network.fault("underfunded", 1)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "FUNDING_TOO_SMALL"
    await machine.now_open.choose_funding_method("owner")
    quote = await machine.now_open.quote_owner()
    assert quote.amount == 55 * PEAQ // 100
    await machine.drive()
    assert payments(machine) == [55 * PEAQ // 100, 55 * PEAQ // 100]
    assert len(network.transfers()) == 1
    assert [tx.purpose for tx in machine.state.transactions].count("funding") == 1


async def test_half_of_the_gas_station_and_the_owner_s_rest_survive_a_restart_in_between(
    machine: Machine, network: RehearsalNetwork
) -> None:
    machine.environ["PEAQOS_PRIVATE_KEY"] = network.owner_key
    await machine.drive(until=Action.FUND)
    network.fault("underfunded", 1)
    with pytest.raises(OnboardingError):
        await machine.step()
    await machine.restart()
    await machine.now_open.choose_funding_method("owner")
    await machine.restart()
    assert machine.state.way == "owner"
    await machine.drive()
    assert payments(machine) == [55 * PEAQ // 100, 55 * PEAQ // 100]


async def test_the_machine_is_paid_by_the_gas_station_while_the_owner_s_payment_waits(
    owned: Machine, network: RehearsalNetwork, clock: FakeClock
) -> None:
    """Somebody pays by hand in the meantime: the owner's signed payment is not followed by
    another, and what was signed is watched to its end.
    """
    await owned.drive(until=Action.FUND)
    chain = ChainHandle(network)
    chain.hold()
    with pytest.raises(OnboardingError) as late:
        await owned.step()
    assert late.value.code == "TRANSACTION_LATE"
    network.send(owned.address, 2 * PEAQ)
    chain.release()
    await owned.restart()
    await owned.drive()
    assert sorted(payments(owned)) == [11 * PEAQ // 10, 2 * PEAQ]
    funding = [tx for tx in owned.state.transactions if tx.purpose == "funding"]
    assert {tx.nonce for tx in funding} == {0}
    assert [tx.status for tx in funding].count(TxStatus.FINAL) == 1


async def test_an_owner_who_holds_too_little_is_told_so_and_nothing_is_signed(
    machine: Machine, network: RehearsalNetwork
) -> None:
    machine.environ["PEAQOS_PRIVATE_KEY"] = "0x" + "6b" * 32
    machine.way = "owner"
    await machine.drive(until=Action.FUND)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "OWNER_POOR"
    assert not machine.state.transactions
