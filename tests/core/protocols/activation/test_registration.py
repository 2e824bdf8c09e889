"""Quote, consent, approval, activation, read-back: each once, never above what was agreed."""

from __future__ import annotations

import pytest

from core.config.deployments import PEAQ_MAINNET
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.protocols.activation import flow
from core.protocols.activation.quote import ACTIVATE_GAS, APPROVE_GAS
from tests.support.activation_chain import (
    NUMBER,
    PEAQ,
    ActivationChain,
)
from tests.support.activation_hands import (
    ENTRY,
    action,
    agree_and_register,
    code_of,
    quoted,
    raises_the_price,
)
from tests.support.activation_wizard import ActivationWizard

# The whole way


async def test_a_machine_is_approved_for_exactly_the_net_amount_activated_and_read_back(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    identity = await wizard.prepare()
    assert identity.machine_id == NUMBER
    assert action(wizard) is Action.ACTIVATE
    quote = await agree_and_register(wizard)
    assert (quote.bond, quote.approves, quote.machine_id) == (ENTRY, ENTRY, NUMBER)
    assert quote.fee == (APPROVE_GAS + ACTIVATE_GAS) * quote.price
    assert quote.after == quote.held - quote.bond - quote.fee
    assert node.purposes == ["approve", "activateMachine"]
    assert [tx.value_wei for tx in wizard.store.state.transactions] == [0, 0]
    assert node.contracts.allowance == 0
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.activated is not None
    assert (activation.activated.bond_wei, activation.activated.paid_wei) == (ENTRY, ENTRY)
    assert activation.activated.way == "sent"
    assert activation.renew_before == activation.activated.period_end
    assert action(wizard) is Action.READ_BACK
    await flow.read_back(wizard.context)
    assert action(wizard) is Action.FINISH
    await flow.check_final(wizard.context)
    assert len(node.sent) == 2
    assert activation.allowance_left == 0


async def test_nothing_is_signed_without_consent(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    with pytest.raises(RuntimeError, match="was not accepted"):
        await flow.register(wizard.context, agreed_bond=ENTRY)
    quote = await quoted(wizard)
    with pytest.raises(RuntimeError, match="was not accepted"):
        await flow.register(wizard.context, agreed_bond=quote.bond - 1)
    assert node.sent == []


async def test_everything_that_identifies_the_machine_is_on_disk_before_the_first_broadcast(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    await agree_and_register(wizard)
    events = wizard.events
    first = events.index("TransactionSigned")
    assert {"ActivationStarted", "TierChosen", "IdentityRecorded", "QuoteAccepted"} <= set(
        events[:first]
    )
    started = wizard.store.state.started
    assert started is not None
    assert started.contracts == PEAQ_MAINNET.contracts.as_dict()


async def test_an_allowance_that_is_enough_already_needs_no_approval(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    node.contracts.allowance = ENTRY
    await wizard.prepare()
    quote = await agree_and_register(wizard)
    assert quote.approves == 0
    assert node.purposes == ["activateMachine"]


@pytest.mark.parametrize(
    ("voucher", "paid", "sent"),
    [
        (PEAQ // 10, 3 * PEAQ // 10, ["approve", "activateMachine"]),
        (ENTRY, 0, ["activateMachine"]),
        (5 * PEAQ, 0, ["activateMachine"]),
    ],
)
async def test_a_voucher_lowers_what_is_approved_and_paid(
    wizard: ActivationWizard, node: ActivationChain, voucher: int, paid: int, sent: list[str]
) -> None:
    node.contracts.voucher = voucher
    await wizard.prepare()
    quote = await agree_and_register(wizard)
    assert quote.bond == paid
    assert node.purposes == sent
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.activated is not None
    assert (activation.activated.bond_wei, activation.activated.paid_wei) == (ENTRY, paid)


async def test_the_price_that_is_agreed_binds_every_signature(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    quote = await agree_and_register(wizard)
    assert quote.fee == quote.gas * quote.price
    for tx in wizard.store.state.transactions:
        assert tx.max_fee_wei <= quote.price
        assert tx.agreed_price_wei == quote.price


# Prices that move


async def test_a_price_that_rises_before_the_approval_asks_again_and_signs_nothing(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    quote = await quoted(wizard)
    node.prices[0] = ENTRY + 1
    assert await code_of(flow.register(wizard.context, agreed_bond=quote.bond)) == "QUOTE_CHANGED"
    assert node.sent == []


async def test_a_price_that_falls_is_paid_as_it_is(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    quote = await quoted(wizard)
    node.prices[0] = ENTRY - 5
    await flow.register(wizard.context, agreed_bond=quote.bond)
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.activated is not None
    assert activation.activated.paid_wei == ENTRY - 5


async def test_a_price_that_rises_after_the_approval_stops_and_names_the_allowance(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    raises_the_price(node)
    quote = await quoted(wizard)
    with pytest.raises(OnboardingError) as stopped:
        await flow.register(wizard.context, agreed_bond=quote.bond)
    assert stopped.value.code == "ALLOWANCE_SHORT"
    assert "0.4" in stopped.value.problem.cause
    assert "0.5" in stopped.value.problem.cause
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.allowance_left == ENTRY
    assert node.purposes == ["approve"]


async def test_a_second_approval_needs_a_second_consent(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    raises_the_price(node)
    quote = await quoted(wizard)
    for _ in range(3):  # a driver that tries again without asking
        code = await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
        assert code == "ALLOWANCE_SHORT"
    assert node.purposes == ["approve"]
    again = await agree_and_register(wizard)
    assert again.approves == ENTRY + PEAQ // 10
    assert node.purposes == ["approve", "approve", "activateMachine"]


async def test_an_allowance_that_somebody_takes_back_is_not_given_again_under_one_consent(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()

    def after(function: str) -> None:
        node.contracts.allowance = 0

    node.after = after
    quote = await quoted(wizard)
    for _ in range(2):
        code = await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
        assert code == "ALLOWANCE_SHORT"
    wizard.restart()
    code = await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
    assert code == "ALLOWANCE_SHORT"
    assert node.purposes == ["approve"]


async def test_an_advance_consent_is_a_limit(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    code = await code_of(flow.quote(wizard.context, accepted=ENTRY - 1))
    assert code == "QUOTE_NOT_ACCEPTED"
    assert await flow.quote(wizard.context, accepted=ENTRY) is not None


async def test_an_activation_that_reverts_leaves_an_allowance_that_is_named_and_used_next_time(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.reverts = {"activateMachine"}
    quote = await quoted(wizard)
    code = await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
    assert code == "TRANSACTION_REVERTED"
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.allowance_left == ENTRY
    node.reverts = set()
    again = await agree_and_register(wizard)
    assert again.approves == 0
    assert node.purposes == ["approve", "activateMachine"]


# The allowance that is left


async def test_an_allowance_is_set_back_once_and_only_if_there_is_one(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    raises_the_price(node)
    quote = await quoted(wizard)
    await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
    for _ in range(2):
        await flow.revoke(wizard.context)
        assert node.contracts.allowance == 0
    assert node.purposes == ["approve", "approve"]
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.allowance is not None
    assert activation.allowance_left == 0
