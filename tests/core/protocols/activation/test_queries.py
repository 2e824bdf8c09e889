"""Answers of the activation contracts: read strictly, doubted at first, never a crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import encode

from core.chain.query import Query
from core.errors.problem import OnboardingError
from core.protocols.activation.queries import ActivationQueries, Subscription
from core.protocols.activation.standing import asks_of
from tests.support.activation_chain import NUMBER, PEAQ, STRANGER, WALLET, ActivationChain
from tests.support.activation_parts import NodeError, Refused
from tests.support.activation_wizard import ActivationWizard
from tests.support.clock import FakeClock

Ask = Callable[[ActivationQueries], Query[Any]]
QUESTIONS: dict[str, Ask] = {
    "peer": lambda asks: asks.peer("machine_registry"),
    "peaqToken": lambda asks: asks.token(),
    "isEconomicAuthority": lambda asks: asks.is_authority(),
    "isTechnicalPausedGlobal": lambda asks: asks.is_paused(),
    "isTechnicalPaused": lambda asks: asks.is_machine_paused(NUMBER),
    "requiredPeaqAmount": lambda asks: asks.price(0),
    "pendingVoucherCredit": lambda asks: asks.voucher(WALLET),
    "pendingBondingReward": lambda asks: asks.reward(WALLET),
    "subscriptionPeriodLength": lambda asks: asks.period_length(),
    "allowance": lambda asks: asks.allowance(WALLET),
    "balanceOf": lambda asks: asks.token_balance(WALLET),
    "computeTokenId": lambda asks: asks.machine_id("Sensor", b"x"),
    "ownerOf": lambda asks: asks.owner(NUMBER),
    "controllerOf": lambda asks: asks.controller(NUMBER),
    "machineTypeOf": lambda asks: asks.machine_type(NUMBER),
    "credentialSubjectOf": lambda asks: asks.subject(NUMBER),
    "manufacturerOf": lambda asks: asks.manufacturer(NUMBER),
    "didDocument": lambda asks: asks.document(NUMBER),
    "subscriptions": lambda asks: asks.subscription(NUMBER),
    "subscriptionStatus": lambda asks: asks.status(NUMBER),
    "isHomedLocally": lambda asks: asks.is_homed_here(NUMBER),
    "homeChainOf": lambda asks: asks.home_chain(NUMBER),
}


def word(number: int) -> str:
    return f"0x{number:064x}"


async def asked(wizard: ActivationWizard, ask: Ask) -> Any:
    query = ask(asks_of(wizard.context))
    await wizard.context.chain.read(query)
    return query.value


async def code_of(wizard: ActivationWizard, ask: Ask) -> str:
    with pytest.raises(OnboardingError) as refused:
        await asked(wizard, ask)
    assert "?" not in refused.value.problem.cause
    return refused.value.code


async def test_a_machine_is_read_as_it_is(wizard: ActivationWizard, node: ActivationChain) -> None:
    held = node.mint(tier=2)
    others = ("homeChainOf",)
    answers = {
        name: await asked(wizard, ask) for name, ask in QUESTIONS.items() if name not in others
    }
    assert answers["ownerOf"] == answers["controllerOf"] == WALLET
    assert answers["subscriptions"] == Subscription(2, held.start, held.end, held.bonded, 0)
    assert answers["subscriptionStatus"] == 1
    assert answers["credentialSubjectOf"] == bytes(range(32))
    assert [entry.id for entry in answers["didDocument"].endpoints] == ["#docs", "#data"]
    assert answers["requiredPeaqAmount"] == 4 * PEAQ // 10
    assert answers["balanceOf"] == node.contracts.balance


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize(
    "answer",
    ["0x", "0x00", "0xzz", "latin", None, 5, True, [], {"a": 1}, "0x" + "ff" * 70_000],
    ids=repr,
)
async def test_an_answer_that_makes_no_sense_is_an_error_of_the_contract_and_no_crash(
    wizard: ActivationWizard, node: ActivationChain, name: str, answer: Any
) -> None:
    node.answers[name] = [answer]
    assert await code_of(wizard, QUESTIONS[name]) == "ACTIVATION_UNEXPECTED"


@pytest.mark.parametrize("name", QUESTIONS)
async def test_a_refusal_without_a_name_is_never_an_absent_machine(
    wizard: ActivationWizard, node: ActivationChain, name: str
) -> None:
    node.answers[name] = NodeError("VM Exception while processing transaction: revert")
    assert await code_of(wizard, QUESTIONS[name]) == "ACTIVATION_UNEXPECTED"


@pytest.mark.parametrize("name", QUESTIONS)
async def test_an_error_of_the_node_says_nothing_about_the_contract(
    wizard: ActivationWizard, node: ActivationChain, name: str
) -> None:
    node.answers[name] = NodeError("header not found")
    assert await code_of(wizard, QUESTIONS[name]) == "RPC_ERROR"


@pytest.mark.parametrize(
    ("name", "absent"),
    [("ownerOf", ""), ("controllerOf", ""), ("didDocument", None), ("credentialSubjectOf", b"")],
)
async def test_a_machine_is_absent_by_one_error_only(
    wizard: ActivationWizard, node: ActivationChain, name: str, absent: object
) -> None:
    assert await asked(wizard, QUESTIONS[name]) == absent
    node.answers[name] = Refused("machine_registry", "InvalidAddress")
    assert await code_of(wizard, QUESTIONS[name]) == "ACTIVATION_UNEXPECTED"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("peer", word(int(STRANGER, 16))),
        ("isEconomicAuthority", word(0)),
        ("isTechnicalPausedGlobal", word(1)),
        ("isTechnicalPaused", word(1)),
        ("requiredPeaqAmount", word(0)),
    ],
)
async def test_what_stops_everything_is_asked_again_before_it_counts(
    wizard: ActivationWizard, node: ActivationChain, clock: FakeClock, name: str, answer: str
) -> None:
    """One node may lag: a first answer that stops everything is not believed."""
    right = await asked(wizard, QUESTIONS[name])
    node.answers[name] = answer
    clock.while_asleep = lambda _: node.answers.clear()
    assert await asked(wizard, QUESTIONS[name]) == right
    node.answers[name] = answer
    clock.while_asleep = None
    wrong = await asked(wizard, QUESTIONS[name])
    assert wrong != right


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("subscriptionStatus", word(5)),
        ("subscriptionStatus", word(2**200)),
        ("subscriptions", word(0) * 2),
        ("subscriptions", "0x" + encode(["uint256"] * 5, [256, 1, 2, 3, 4]).hex()),
        ("ownerOf", word(2**161)),
        ("isTechnicalPaused", word(2)),
        ("didDocument", word(2**250)),
        ("machineTypeOf", "0x" + encode(["bytes"], [b"\xff\xfe"]).hex()),
    ],
)
async def test_values_outside_their_type_are_refused(
    wizard: ActivationWizard, node: ActivationChain, name: str, answer: str
) -> None:
    node.answers[name] = answer
    assert await code_of(wizard, QUESTIONS[name]) == "ACTIVATION_UNEXPECTED"


async def test_code_is_missing_only_after_it_was_asked_for_twice(
    wizard: ActivationWizard, node: ActivationChain, clock: FakeClock
) -> None:
    address = node.deployment.contracts.info_desk.lower()
    node.no_code = {address}
    clock.while_asleep = lambda _: node.no_code.clear()
    assert await asked(wizard, lambda asks: asks.code("info_desk"))
    node.no_code = {address}
    clock.while_asleep = None
    assert not await asked(wizard, lambda asks: asks.code("info_desk"))


async def test_a_price_that_is_missing_says_which_way(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    node.prices = {0: None}
    assert (await asked(wizard, lambda asks: asks.price(0))).name == "PriceNotAvailable"
    assert (await asked(wizard, lambda asks: asks.price(1))).name == "InvalidTier"
