"""The hands of a technician in the tests of activation: quote, agree, register."""

from __future__ import annotations

import pytest

from core.errors.problem import OnboardingError
from core.journal.next_action import Action, next_action
from core.protocols.activation import flow
from core.protocols.activation.quote import ActivationQuote
from tests.support.activation_chain import (
    PEAQ,
    WALLET,
    ActivationChain,
)
from tests.support.activation_wizard import ActivationWizard

ENTRY = 4 * PEAQ // 10


async def quoted(wizard: ActivationWizard) -> ActivationQuote:
    found = await flow.quote(wizard.context)
    assert found is not None
    return found


async def agree_and_register(wizard: ActivationWizard) -> ActivationQuote:
    quote = await quoted(wizard)
    wizard.prices[WALLET] = quote.price
    await flow.register(wizard.context, agreed_bond=quote.bond)
    return quote


async def code_of(work: object) -> str:
    with pytest.raises(OnboardingError) as refused:
        await work  # type: ignore[misc]
    assert "?" not in refused.value.problem.cause
    return refused.value.code


def action(wizard: ActivationWizard) -> Action:
    return next_action(wizard.store.state)


def raises_the_price(node: ActivationChain) -> None:
    def after(function: str) -> None:
        if function == "approve":
            node.prices[0] = ENTRY + PEAQ // 10
            node.after = None

    node.after = after
