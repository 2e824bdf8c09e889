"""A renewal costs what was agreed to, once, and a run that was cut never renews twice."""

from __future__ import annotations

import pytest

from core.errors.problem import OnboardingError
from core.protocols.activation import flow
from core.protocols.activation.renewal import RenewalQuote
from tests.support.activation_chain import (
    NUMBER,
    PEAQ,
    PERIOD,
    START,
    STRANGER,
    WALLET,
    ActivationChain,
)
from tests.support.activation_wizard import ActivationWizard

ENTRY = 4 * PEAQ // 10


async def activated(wizard: ActivationWizard) -> None:
    await wizard.prepare()
    quote = await flow.quote(wizard.context)
    assert quote is not None
    wizard.prices[WALLET] = quote.price
    await flow.register(wizard.context, agreed_bond=quote.bond)
    await flow.read_back(wizard.context)
    wizard.node.purposes.clear()


async def renewed(wizard: ActivationWizard) -> RenewalQuote:
    quote = await flow.quote_renewal(wizard.context)
    wizard.prices[WALLET] = quote.price
    await flow.renew(wizard.context, agreed_bond=quote.bond)
    return quote


def renew_before(wizard: ActivationWizard) -> int | None:
    assert wizard.store.state.activation is not None
    return wizard.store.state.activation.renew_before


async def code_of(work: object) -> str:
    with pytest.raises(OnboardingError) as refused:
        await work  # type: ignore[misc]
    assert "?" not in refused.value.problem.cause
    return refused.value.code


async def test_a_renewal_adds_one_period_for_the_price_of_the_stored_tier(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await activated(wizard)
    quote = await renewed(wizard)
    assert (quote.bond, quote.status) == (ENTRY, "active")
    assert quote.next_end == quote.period_end + PERIOD == START + 2 * PERIOD
    assert node.purposes == ["approve", "renew"]
    assert renew_before(wizard) == START + 2 * PERIOD
    await renewed(wizard)
    assert renew_before(wizard) == START + 3 * PERIOD


async def test_a_bonding_reward_lowers_what_is_paid(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await activated(wizard)
    node.contracts.reward = PEAQ // 10
    quote = await renewed(wizard)
    assert quote.bond == 3 * PEAQ // 10
    assert wizard.store.state.activation is not None
    done = wizard.store.state.activation.renewed
    assert done is not None
    assert (done.bond_wei, done.paid_wei) == (ENTRY, 3 * PEAQ // 10)


async def test_no_renewal_without_its_own_quote(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await activated(wizard)
    quote = await renewed(wizard)
    for bond in (quote.bond, quote.bond + 1):
        with pytest.raises(RuntimeError, match="was not accepted"):
            await flow.renew(wizard.context, agreed_bond=bond)
    quote = await flow.quote_renewal(wizard.context)
    with pytest.raises(RuntimeError, match="was not accepted"):
        await flow.renew(wizard.context, agreed_bond=quote.bond - 1)
    assert node.purposes == ["approve", "renew"]


async def test_a_price_that_rises_after_the_quote_is_not_paid(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await activated(wizard)
    quote = await flow.quote_renewal(wizard.context)
    node.prices[0] = ENTRY + 1
    assert await code_of(flow.renew(wizard.context, agreed_bond=quote.bond)) == "QUOTE_CHANGED"
    code = await code_of(flow.quote_renewal(wizard.context, accepted=ENTRY))
    assert code == "QUOTE_NOT_ACCEPTED"
    assert node.purposes == []


async def test_somebody_else_s_renewal_meanwhile_is_recorded_and_not_paid_again(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await activated(wizard)
    quote = await flow.quote_renewal(wizard.context)
    node.contracts.machines[NUMBER].end += PERIOD
    await flow.renew(wizard.context, agreed_bond=quote.bond)
    assert node.purposes == []
    assert renew_before(wizard) == START + 2 * PERIOD


async def test_a_run_that_is_cut_after_any_record_never_renews_twice(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await activated(wizard)
    before = len(wizard.events)
    await renewed(wizard)
    path = wizard.folder / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for count in range(before, len(lines) + 1):
        wizard.store.close()
        path.write_bytes(b"".join(lines[:count]))
        wizard.open()
        quote = await flow.quote_renewal(wizard.context)
        assert quote.period_end == renew_before(wizard) == START + 2 * PERIOD
    assert node.purposes == ["approve", "renew"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"owner": STRANGER}, "MACHINE_TAKEN"),
        ({"status": 4}, "SUBSCRIPTION_ENDED"),
        ({"status": 0}, "SUBSCRIPTION_ENDED"),
        ({"tier": 1}, "MACHINE_DIFFERS"),
    ],
)
async def test_a_machine_that_cannot_be_renewed_says_why(
    wizard: ActivationWizard, node: ActivationChain, changes: dict[str, object], code: str
) -> None:
    await activated(wizard)
    for name, value in changes.items():
        setattr(node.contracts.machines[NUMBER], name, value)
    assert await code_of(flow.quote_renewal(wizard.context)) == code
    assert node.purposes == []


@pytest.mark.parametrize(("status", "said"), [(2, "in grace"), (3, "in runoff")])
async def test_a_subscription_in_grace_or_runoff_can_be_renewed(
    wizard: ActivationWizard, node: ActivationChain, status: int, said: str
) -> None:
    await activated(wizard)
    node.contracts.machines[NUMBER].status = status
    quote = await renewed(wizard)
    assert quote.status == said
    assert node.purposes == ["approve", "renew"]
