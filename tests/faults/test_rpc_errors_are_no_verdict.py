"""A JSON-RPC error that is not a revert says nothing about a contract, an attribute or a nonce."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.answers import Answers
from app.plain.console import Console
from app.plain.wizard import PlainWizard
from app.rehearsal.pretend import PretendPeople
from core.errors.exit_codes import EXIT_DONE, EXIT_NETWORK
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.preflight.check import Status
from tests.support.machine import Machine, check_once
from tests.support.node_errors import Erring, calls_of
from tests.support.plain import unattended_answers
from tests.support.transports import changing_results

READ_MACHINE = calls_of("identity_registry", "machineIdOfOwner")
READ_ATTRIBUTE = calls_of("did_registry", "readAttribute")
BATCH = calls_of("batch", "batchAll")


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    return unattended_answers(tmp_path)


def plain(machine: Machine, answers: Answers) -> PlainWizard:
    pretend = PretendPeople(machine.network)
    return PlainWizard(machine.now_open, answers, Console(no_input=True), pretend=pretend)


async def test_an_rpc_error_right_after_the_bond_was_paid_is_asked_again(
    machine: Machine, answers: Answers
) -> None:
    node = Erring(READ_MACHINE, times=2, active=lambda: bool(machine.network.sent_transactions()))
    machine.connect = node.connect
    assert await plain(machine, answers).run() == EXIT_DONE
    assert node.told == 2
    check_once(machine)


async def test_an_rpc_error_that_stays_after_the_bond_is_named_as_one(
    machine: Machine, answers: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    node = Erring(READ_MACHINE, active=lambda: bool(machine.network.sent_transactions()))
    machine.connect = node.connect
    assert await plain(machine, answers).run() == EXIT_NETWORK
    said = " ".join(capsys.readouterr().err.split())
    assert "header not found" in said
    assert "IDENTITY_REGISTRY_ADDRESS" not in said
    assert "new folder" not in said
    node.left = 0
    await machine.restart()
    await machine.drive()
    check_once(machine)


@pytest.mark.parametrize("wanted", [BATCH, READ_ATTRIBUTE], ids=["batch", "did"])
async def test_an_rpc_error_on_the_first_screen_is_no_missing_contract(
    machine: Machine, wanted: Any
) -> None:
    node = Erring(wanted, times=1)
    machine.connect = node.connect
    results = await machine.now_open.check_environment(lambda result: None)
    statuses = {result.key: result.status for result in results}
    assert statuses["contracts"] is Status.PASSED
    assert node.told == 1


async def test_an_rpc_error_that_stays_on_the_first_screen_is_no_missing_contract(
    machine: Machine, answers: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.connect = Erring(BATCH).connect
    assert await plain(machine, answers).run() == EXIT_NETWORK
    said = " ".join(capsys.readouterr().err.split())
    assert "header not found" in said
    assert "BATCH_PRECOMPILE_ADDRESS" not in said


async def test_one_empty_answer_is_no_missing_contract(machine: Machine) -> None:
    """A node that does not have the state yet answers any call with nothing."""
    left = 1

    def once(method: str, params: list[Any], result: Any) -> Any:
        nonlocal left
        if method == "eth_getCode" and left:
            left -= 1
            return "0x"
        return result

    machine.connect = changing_results(once).connect
    await machine.step()
    assert machine.state.environment_passed
    assert left == 0


async def test_an_empty_answer_that_is_repeated_is_a_missing_contract(machine: Machine) -> None:
    def always(method: str, params: list[Any], result: Any) -> Any:
        return "0x" if method == "eth_getCode" else result

    machine.connect = changing_results(always).connect
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "NO_CODE_AT_ADDRESS"
    assert "EVENT_REGISTRY_ADDRESS" in refused.value.problem.title


async def test_a_passing_rpc_error_makes_no_attribute_absent(machine: Machine) -> None:
    await machine.drive()
    address = machine.address
    await machine.close()
    node = Erring(READ_ATTRIBUTE, times=3, error={"code": -32603, "message": "Internal error"})
    machine.connect = node.connect
    chain = (await machine.open().load()).context.chain
    for to_write in (True, False):
        node.left = 3
        found = chain.attributes(address, to_write=to_write)
        await chain.read(found)
        assert None not in found.value.values()


async def test_a_bare_error_counts_as_absent_only_repeated_and_only_before_a_write(
    machine: Machine,
) -> None:
    """Agung answers so for an absent attribute; `addAttribute` reverts where the name exists."""
    node = Erring(READ_ATTRIBUTE, error={"code": -32603, "message": "Internal error"})
    machine.connect = node.connect
    await machine.drive(until=Action.MINT)
    chain = (await machine.now_open.load()).context.chain
    told = node.told
    found = chain.attributes(machine.address, to_write=True)
    await chain.read(found)
    assert set(found.value.values()) == {None}
    assert node.told >= told + 2 * 6, "it was believed at once"
    found = chain.attributes(machine.address)
    await chain.read(found)
    with pytest.raises(OnboardingError) as refused:
        _ = found.value
    assert refused.value.code == "RPC_ERROR"


async def test_where_absent_attributes_are_bare_errors_the_onboarding_finishes(
    machine: Machine,
) -> None:
    """The DID as on agung, up to its write."""
    node = Erring(
        READ_ATTRIBUTE,
        error={"code": -32603, "message": "Internal error"},
        active=lambda: len(machine.network.sent_transactions()) < 3,
    )
    machine.connect = node.connect
    await machine.now_open.check_environment(lambda check: None)
    await machine.drive()
    assert node.told
    check_once(machine)
