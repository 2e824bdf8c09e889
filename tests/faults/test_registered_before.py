"""What is on the chain already is recognised: no second bond, no second NFT, no lost DID."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from core.chain.abi import codec
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from tests.support.machine import DETAILS, Ledger, Machine
from tests.support.transports import Tampering, changing_results


async def test_a_machine_that_somebody_registered_meanwhile_is_recognised(
    machine: Machine,
) -> None:
    """AlreadyRegistered: the number comes from the chain, the bond stays in the wallet."""
    await machine.drive(until=Action.REGISTER)
    machine.network.fault("already-registered", 1)
    await machine.drive()
    state = machine.state
    assert state.registered is not None
    assert state.registered.way == "found"
    assert state.registered.bond_wei == 0
    ledger = Ledger(machine.network, machine.address)
    assert ledger.registrations == [state.registered.machine_id]
    assert ledger.nonces == [0, 1], "only minting and the DID were left to do"


async def test_a_machine_that_is_found_registered_pays_no_invented_fee_without_being_asked(
    machine: Machine,
) -> None:
    """Nobody saw a price: only about the usual one is signed."""
    await machine.drive(until=Action.REGISTER)
    machine.network.fault("already-registered", 1)
    await machine.drive(until=Action.MINT)
    machine.network.set_base_fee(400 * 10**9)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "FEE_TOO_HIGH"
    assert Ledger(machine.network, machine.address).nonces == []
    machine.now_open.agree_to_fee(refused.value.problem)
    machine.network.set_base_fee(10 * 10**9)
    await machine.drive()
    assert machine.state.finished is not None


async def forgetful(machine: Machine) -> None:
    """From now on the chain answers 0 for the machine's number, whatever is registered."""
    selector = codec("identity_registry").encode("machineIdOfOwner", machine.address)[:10]

    def forget(method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_call" and str(params[0].get("data")).startswith(selector):
            return "0x" + "00" * 32
        return result

    machine.connect = changing_results(forget).connect
    await machine.restart()


async def test_the_number_comes_from_the_mcr_api_where_the_chain_keeps_answering_zero(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.REGISTER)
    await forgetful(machine)
    machine.network.fault("already-registered", 1)
    await machine.step()
    registered = machine.state.registered
    assert registered is not None
    assert [registered.machine_id] == machine.network.registrations(machine.address)
    assert not machine.network.sent_transactions()


async def test_without_any_answer_the_registration_waits_and_pays_nothing(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.REGISTER)
    await forgetful(machine)
    machine.network.fault("already-registered", 1)
    machine.network.fault("mcr-down")
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "ALREADY_REGISTERED"
    assert refused.value.problem.title == "AlreadyRegistered", "people search for it"
    assert not machine.network.sent_transactions()
    machine.connect = Tampering().connect
    await machine.restart()
    await machine.drive()
    assert machine.network.registrations(machine.address) == [
        machine.state.registered and machine.state.registered.machine_id
    ]


@pytest.mark.parametrize("number", [424242, 10**90, "1 or 1=1", -1])
async def test_a_number_that_only_the_mcr_api_made_up_is_not_believed(
    machine: Machine, number: object
) -> None:
    await machine.drive(until=Action.REGISTER)
    await forgetful(machine)
    machine.network.fault("already-registered", 1)
    tampering = Tampering(
        before=lambda request: (
            httpx.Response(200, json={"peaqos": {"machine_id": number}})
            if request.url.path.startswith("/mcr")
            else None
        )
    )
    chain = machine.connect
    machine.connect = lambda url: tampering.connect(url) if url.endswith("/mcr") else chain(url)
    await machine.restart()
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "ALREADY_REGISTERED"
    assert machine.state.registered is None


async def test_a_journal_that_was_lost_is_made_good_from_the_chain(machine: Machine) -> None:
    """The keystore is there, the journal is gone: nothing is paid or minted a second time."""
    await machine.drive()
    address, token = machine.address, machine.state.minted and machine.state.minted.token_id
    await machine.close()
    (machine.folder / "journal.jsonl").unlink()
    before = len(machine.network.sent_transactions())
    await machine.drive_stubbornly()
    assert machine.address == address
    assert machine.state.minted
    assert machine.state.minted.token_id == token
    assert machine.state.minted.way == "found"
    assert machine.state.registered
    assert machine.state.registered.way == "found"
    assert len(machine.network.sent_transactions()) == before


async def test_details_changed_before_the_write_are_the_ones_written(machine: Machine) -> None:
    await machine.drive(until=Action.WRITE_DID)
    changed = replace(DETAILS, data_visibility="private")
    await machine.now_open.record_details(changed)
    await machine.drive()
    assert machine.state.did
    assert machine.state.did.attributes["data_visibility"] == "private"


async def test_only_what_differs_is_written_into_a_did_that_is_there(machine: Machine) -> None:
    """Adding what is there would undo the whole batch."""
    await machine.drive()
    await machine.close()
    (machine.folder / "journal.jsonl").unlink()
    await machine.drive(until=Action.WRITE_DID)
    changed = replace(DETAILS, data_api="https://elsewhere.example.com")
    await machine.now_open.record_details(changed)
    await machine.drive()
    assert machine.state.did
    assert machine.state.did.attributes["data_api"] == changed.data_api
    assert [tx.purpose for tx in machine.state.transactions] == ["did"]
