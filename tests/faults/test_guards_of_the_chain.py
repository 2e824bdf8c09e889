"""What guards against a node that lags or lies just before, or just after, money moves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors.problem import OnboardingError
from core.journal import events as ev
from core.journal.next_action import Action
from core.keys.key_source import KeySource
from tests.support.machine import PASSPHRASE, Machine, check_once
from tests.support.node_errors import Wanted, calls_of
from tests.support.transports import changing_results, plain_connect

Change = Callable[[str, list[Any], Any], Any]
ZERO = "0x" + "00" * 32
NUMBER = calls_of("identity_registry", "machineIdOfOwner")
IDENTITY_OWNER = calls_of("identity_registry", "ownerOf")
STAKED = calls_of("identity_staking", "isStaked")
TOKEN = calls_of("machine_nft", "tokenIdOf")
TOKEN_OWNER = calls_of("machine_nft", "ownerOf")
TOKEN_MACHINE = calls_of("machine_nft", "machineIdOf")


def word(number: int) -> str:
    return "0x" + f"{number:064x}"


def telling(wanted: Wanted, answer: str) -> Change:
    return lambda method, params, result: answer if wanted(method, params) else result


def without_logs(change: Change) -> Change:
    """The receipts' logs say nothing, so that the chain has to."""

    def changed(method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_getTransactionReceipt" and result:
            return {**result, "logs": []}
        return change(method, params, result)

    return changed


async def restarted(machine: Machine, change: Change) -> None:
    await machine.close()
    machine.connect = changing_results(change).connect
    await machine.restart()


async def refused(machine: Machine) -> OnboardingError:
    with pytest.raises(OnboardingError) as found:
        await machine.step()
    return found.value


def elsewhere(machine: Machine, tmp_path: Path) -> Machine:
    """The same key in another state directory."""
    keystore = machine.folder / "keystore.json"
    source = KeySource("import", path=keystore, path_passphrase=PASSPHRASE)
    return Machine(machine.network, machine.clock, tmp_path / "again", source=source)


async def honest_again(machine: Machine) -> None:
    await machine.close()
    machine.connect = plain_connect
    await machine.restart()
    await machine.drive()
    check_once(machine)


@pytest.mark.parametrize(
    ("action", "wanted", "answer", "what"),
    [
        (Action.REGISTER, IDENTITY_OWNER, word(0x2222), "the owner of the Identity NFT"),
        (Action.REGISTER, STAKED, ZERO, "the stake"),
        (Action.MINT, TOKEN_OWNER, word(0x2222), "the owner of the Machine NFT"),
        (Action.MINT, TOKEN_MACHINE, word(7), "the machine of the Machine NFT"),
    ],
    ids=["identity-owner", "stake", "token-owner", "token-machine"],
)
async def test_what_reads_back_otherwise_is_not_recorded_as_done(
    machine: Machine, action: Action, wanted: Wanted, answer: str, what: str
) -> None:
    await machine.drive(until=action)
    await restarted(machine, without_logs(telling(wanted, answer)))
    error = await refused(machine)
    assert error.code == "READ_BACK_FAILED"
    assert what in error.problem.cause
    assert machine.now_open.action is action
    await honest_again(machine)


@pytest.mark.parametrize("wanted", [NUMBER, TOKEN], ids=["machine", "token"])
async def test_one_transaction_that_reads_back_otherwise_is_not_recorded_as_done(
    machine: Machine, wanted: Wanted
) -> None:
    machine.single = True
    await machine.drive(until=Action.REGISTER)

    def change(method: str, params: list[Any], result: Any) -> Any:
        sent = machine.network.sent_transactions()
        return word(7) if sent and wanted(method, params) else result

    await restarted(machine, change)
    error = await refused(machine)
    assert error.code == "READ_BACK_FAILED"
    assert machine.state.registered is None
    await machine.close()
    machine.connect = plain_connect
    await machine.restart()
    await machine.drive()
    assert len(machine.network.registrations(machine.address)) == 1


@pytest.mark.parametrize("other_number", [0, 7])
async def test_a_chain_that_knows_another_machine_stops_the_next_start(
    machine: Machine, other_number: int
) -> None:
    await machine.drive(until=Action.MINT)
    registered = machine.state.registered
    assert registered is not None
    await machine.close()
    machine.connect = changing_results(telling(NUMBER, word(other_number))).connect
    with pytest.raises(OnboardingError) as found:
        await machine.open().reconcile()
    assert found.value.code == "JOURNAL_CHAIN_DISAGREE"
    assert f"machine {registered.machine_id}" in found.value.problem.cause
    await honest_again(machine)


async def test_a_second_endpoint_overrules_one_that_does_not_know_the_machine(
    machine: Machine,
) -> None:
    url = machine.environ["PEAQOS_RPC_URL"]
    machine.environ["PEAQOS_RPC_FALLBACK_URLS"] = url + "?second"
    await machine.drive(until=Action.MINT)
    await machine.close()
    lying = changing_results(telling(NUMBER, ZERO))
    machine.connect = lambda to: lying.connect(to) if to == url else plain_connect(to)
    await machine.restart()
    await machine.drive()
    check_once(machine)


async def test_a_second_endpoint_overrules_one_that_does_not_know_the_token(
    machine: Machine, tmp_path: Path
) -> None:
    """Minted already: the first endpoint still says 0, and the simulation refuses."""
    url = machine.environ["PEAQOS_RPC_URL"]
    machine.environ["PEAQOS_RPC_FALLBACK_URLS"] = url + "?second"
    await machine.drive(until=Action.MINT)
    again = elsewhere(machine, tmp_path)
    await again.drive(until=Action.WRITE_DID)
    await again.close()
    await machine.close()
    lying = changing_results(telling(TOKEN, ZERO))
    machine.connect = lambda to: lying.connect(to) if to == url else plain_connect(to)
    await machine.restart()
    await machine.step()
    assert machine.state.minted is not None
    assert machine.state.minted.way == "found"


async def test_an_account_from_before_our_last_transaction_asks_for_no_money(
    machine: Machine,
) -> None:
    """Its height is right, its balance and nonce are not."""
    await machine.drive(until=Action.MINT)
    old = {"eth_getBalance": "0x0", "eth_getTransactionCount": "0x0"}
    await restarted(machine, lambda method, params, result: old.get(method, result))
    error = await refused(machine)
    assert error.code == "RPC_BEHIND"
    assert machine.now_open.action is Action.MINT
    assert not any(isinstance(r.event, ev.FundingReopened) for r in machine.records)
    await honest_again(machine)


async def test_the_owners_wallet_is_not_read_below_the_known_height(machine: Machine) -> None:
    machine.environ["PEAQOS_PRIVATE_KEY"] = machine.network.owner_key
    machine.way = "owner"
    for _ in range(3):
        machine.network.mine()
    await machine.drive(until=Action.FUND)
    lagging = False

    def lag(method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_feeHistory" and lagging:
            return {**result, "oldestBlock": "0x0"}
        return result

    await restarted(machine, lag)
    quote = await machine.now_open.quote_owner()
    lagging = True
    with pytest.raises(OnboardingError) as found:
        await machine.now_open.pay_from_owner(quote)
    assert found.value.code == "RPC_BEHIND"
    assert not machine.state.transactions


async def test_a_registered_machine_is_not_asked_for_the_bond_again(
    machine: Machine, tmp_path: Path
) -> None:
    await machine.drive(until=Action.MINT)
    again = elsewhere(machine, tmp_path)
    await again.drive(until=Action.MEASURE_NEED)
    await again.step()
    assert again.state.need is not None
    assert again.state.need.bond == 0
    await again.close()
