"""A chain that is not ready, or a machine that is there already, stops before money moves."""

from __future__ import annotations

import pytest

from core.config.deployments import PEAQ_MAINNET
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.preflight.check import Status
from core.protocols.activation import environment, flow
from tests.support.activation_chain import NUMBER, STRANGER, WALLET, ActivationChain
from tests.support.activation_hands import (
    ENTRY,
    action,
    agree_and_register,
    code_of,
    quoted,
)
from tests.support.activation_parts import NodeError, Refused
from tests.support.activation_wizard import ActivationWizard

# What stops before anything is signed


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"paused": True}, "ACTIVATION_PAUSED"),
        ({"machine_paused": True}, "ACTIVATION_PAUSED"),
        ({"authority": False}, "ACTIVATION_ELSEWHERE"),
        ({"computes": 5}, "MACHINE_ID_DISAGREES"),
        ({"prices": {0: None}}, "PRICE_NOT_AVAILABLE"),
        ({"prices": {}}, "TIER_INVALID"),
        ({"token": STRANGER}, "PEER_MISMATCH"),
        (
            {"no_code": {PEAQ_MAINNET.contracts.machine_bridge_adapter.lower()}},
            "DEPLOYMENT_CODE_MISSING",
        ),
    ],
)
@pytest.mark.parametrize("when", ["before the quote", "after the consent"])
async def test_a_chain_that_is_not_ready_stops_before_anything_is_signed(
    wizard: ActivationWizard,
    node: ActivationChain,
    change: dict[str, object],
    code: str,
    when: str,
) -> None:
    await wizard.prepare()
    quote = await quoted(wizard)
    for name, value in change.items():
        if name == "token":
            node.answers["peaqToken"] = "0x" + STRANGER[2:].zfill(64)
        else:
            setattr(node, name, value)
    if when == "before the quote":
        assert await code_of(flow.quote(wizard.context)) == code
    else:
        assert await code_of(flow.register(wizard.context, agreed_bond=quote.bond)) == code
    assert node.sent == []


@pytest.mark.parametrize(
    ("address", "code"), [(STRANGER, "PEER_MISMATCH"), ("0x" + "0" * 40, "PEER_UNSET")]
)
@pytest.mark.parametrize("peer", ["machine_subscription", "subscription_token_provision_pool"])
async def test_every_peer_is_compared_with_the_record(
    wizard: ActivationWizard, node: ActivationChain, peer: str, address: str, code: str
) -> None:
    await wizard.prepare()
    node.peers[peer] = address
    assert await code_of(flow.quote(wizard.context)) == code
    found = await environment.read_snapshot(wizard.context, patience=6.0)
    assert found.problem is not None
    assert found.problem.code == code
    lights = [check.status for check in environment.check_contracts(wizard.context, found)]
    assert lights == [Status.FAILED, Status.FAILED]


async def test_too_little_money_leads_back_to_funding(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.contracts.balance = ENTRY
    assert await code_of(flow.quote(wizard.context)) == "INSUFFICIENT_BALANCE"
    assert action(wizard) is Action.FUND
    need = wizard.store.state.need
    assert need is not None
    assert need.total >= ENTRY + 5 * 10**16


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused("machine_subscription", "PriceNotAvailable"), "PRICE_NOT_AVAILABLE"),
        (Refused("machine_subscription", "TechnicallyPaused"), "ACTIVATION_PAUSED"),
        (Refused("cross_chain_mirror", "HomeChainConflict", 1, 2, 3), "CONTRACT_REFUSED"),
        (Refused("machine_registry", "InvalidDIDFormat"), "CONTRACT_REFUSED"),
        (Refused("machine_subscription", "AlreadyActivated"), "RPC_BEHIND"),
        (NodeError("VM Exception while processing transaction: revert"), "CONTRACT_REFUSED"),
        (
            NodeError(
                "VM Exception while processing transaction: revert trying to spend more than "
                "allowed"
            ),
            "RPC_BEHIND",
        ),
    ],
)
async def test_a_refused_simulation_is_explained_and_the_activation_is_not_sent(
    wizard: ActivationWizard, node: ActivationChain, error: Exception, code: str
) -> None:
    await wizard.prepare()
    quote = await quoted(wizard)
    node.answers["activateMachine"] = error
    assert await code_of(flow.register(wizard.context, agreed_bond=quote.bond)) == code
    assert node.purposes == ["approve"]


# Machines that are there already


async def test_a_subject_that_a_stranger_took_stops_and_shows_both(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.mint(STRANGER)
    with pytest.raises(OnboardingError) as stopped:
        await flow.quote(wizard.context)
    assert stopped.value.code == "MACHINE_TAKEN"
    assert STRANGER in stopped.value.problem.cause
    assert WALLET in stopped.value.problem.cause
    assert node.sent == []


async def test_a_stranger_who_comes_between_approval_and_activation_is_noticed(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.after = lambda _: node.mint(STRANGER) and None  # type: ignore[func-returns-value]
    quote = await quoted(wizard)
    assert await code_of(flow.register(wizard.context, agreed_bond=quote.bond)) == "MACHINE_TAKEN"
    assert node.purposes == ["approve"]


async def test_a_machine_that_was_activated_elsewhere_with_this_key_costs_nothing(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.mint()
    assert await flow.quote(wizard.context) is None
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.activated is not None
    assert (activation.activated.way, activation.activated.paid_wei) == ("found", 0)
    assert node.sent == []
    await flow.read_back(wizard.context)
    assert action(wizard) is Action.FINISH


@pytest.mark.parametrize(
    "changes",
    [
        {"controller": STRANGER},
        {"tier": 1},
        {"manufacturer": STRANGER},
        {"home": False},
        {"document": ("", WALLET, [], [], [])},
    ],
)
async def test_a_machine_that_differs_from_the_records_is_a_conflict(
    wizard: ActivationWizard, node: ActivationChain, changes: dict[str, object]
) -> None:
    await wizard.prepare()
    node.mint(**changes)  # type: ignore[arg-type]
    assert await code_of(flow.quote(wizard.context)) == "MACHINE_DIFFERS"
    assert node.sent == []


async def test_a_machine_whose_subscription_was_terminated_is_not_paid_again(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.mint(status=4)
    assert await code_of(flow.quote(wizard.context)) == "SUBSCRIPTION_ENDED"


async def test_a_machine_that_is_minted_but_inactive_gets_only_its_subscription(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.mint(active=False)
    quote = await agree_and_register(wizard)
    assert quote.minted
    assert node.purposes == ["approve", "activate"]
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.activated is not None
    assert activation.activated.paid_wei == ENTRY
    await flow.read_back(wizard.context)


async def test_a_machine_that_is_minted_after_the_approval_gets_only_its_subscription(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    """The chain says it while the activation is simulated: one look earlier it was absent."""
    await wizard.prepare()

    def look(_: str) -> None:
        node.after = None
        node.answers["ownerOf"] = Refused("machine_registry", "ERC721NonexistentToken", NUMBER)
        node.mint(active=False)

    node.after = look
    node.simulated = node.answers.clear
    await agree_and_register(wizard)
    assert node.purposes == ["approve", "activate"]
    await flow.read_back(wizard.context)


async def test_a_chain_that_contradicts_itself_is_left_after_a_few_looks(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.mint(active=False)
    quote = await quoted(wizard)
    node.answers["activate"] = Refused("machine_subscription", "AlreadyActivated")
    assert await code_of(flow.register(wizard.context, agreed_bond=quote.bond)) == "RPC_BEHIND"
    assert node.purposes == ["approve"]


# Forged and missing events


async def test_events_of_another_contract_do_not_count(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.logs = lambda logs: [
        {**log, "address": STRANGER} if len(logs) > 1 else log for log in logs
    ]
    quote = await quoted(wizard)
    assert await code_of(flow.register(wizard.context, agreed_bond=quote.bond)) == (
        "READ_BACK_FAILED"
    )
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.activated is None
    assert await code_of(flow.quote(wizard.context)) == "READ_BACK_FAILED"
    assert len(node.sent) == 2


async def test_an_approval_without_its_own_event_is_not_built_upon(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.logs = lambda logs: [{**log, "address": STRANGER} for log in logs]
    quote = await quoted(wizard)
    code = await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
    assert code == "READ_BACK_FAILED"
    assert node.purposes == ["approve"]
