"""Tier, identity and first screen; the read-back that compares everything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.config.deployments import PEAQ_MAINNET
from core.errors.exit_codes import exit_code
from core.journal.next_action import Action
from core.preflight.check import Status
from core.protocols.activation import environment, flow
from core.steps.environment import pass_environment
from tests.support.activation_chain import (
    ENTRIES,
    NUMBER,
    PEAQ,
    STRANGER,
    WALLET,
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

# Tier and identity


async def test_tier_and_identity_stay_once_something_was_signed_for_them(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    other = replace(ENTRIES, machine_type="Camera")
    await flow.describe(wizard.context, other)
    await flow.choose_tier(wizard.context, 1)
    await flow.describe(wizard.context, ENTRIES)
    await flow.choose_tier(wizard.context, 0)
    raises_the_price(node)
    quote = await quoted(wizard)
    await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
    assert await code_of(flow.describe(wizard.context, other)) == "IDENTITY_FIXED"
    assert await code_of(flow.choose_tier(wizard.context, 1)) == "IDENTITY_FIXED"
    await flow.describe(wizard.context, ENTRIES)
    await flow.choose_tier(wizard.context, 0)


async def test_a_tier_that_is_too_dear_leads_to_funding_and_one_that_is_not_back(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare(tier=2)
    assert action(wizard) is Action.FUND
    assert wizard.store.state.way == "manual"
    await flow.choose_tier(wizard.context, 0)
    assert action(wizard) is Action.ACTIVATE


@pytest.mark.parametrize("tier", [-1, 3, 255])
async def test_a_tier_that_does_not_exist_is_refused_without_a_question(
    wizard: ActivationWizard, node: ActivationChain, tier: int
) -> None:
    await wizard.prepare()
    asked = node.requests
    assert await code_of(flow.choose_tier(wizard.context, tier)) == "TIER_INVALID"
    assert node.requests == asked


async def test_the_need_is_net_reserve_and_what_the_chain_keeps(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    node.contracts.voucher = PEAQ // 10
    await wizard.prepare()
    need, balance = await flow.requirement(wizard.context)
    assert need.bond == 3 * PEAQ // 10
    assert need.gas + need.safety_margin == 6 * 10**16
    assert balance.held == node.contracts.balance


async def test_the_first_screen_shows_the_price_of_every_tier_and_the_record(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    found = await environment.read_snapshot(wizard.context, patience=6.0)
    assert found.prices == {0: ENTRY, 1: PEAQ, 2: 3 * PEAQ}
    assert found.bond == ENTRY
    contracts, bond = environment.check_contracts(wizard.context, found)
    assert contracts.status is bond.status is Status.PASSED
    assert PEAQ_MAINNET.digest[:16] in contracts.text
    assert bond.text == "Entry 0.4, Basic 1, Pro 3 PEAQ"
    del node.prices[2]
    fewer = await environment.read_snapshot(wizard.context, patience=6.0)
    assert fewer.prices == {0: ENTRY, 1: PEAQ}


async def test_no_price_is_a_condition_of_the_chain_that_stops_on_the_first_screen(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    node.prices = dict.fromkeys(range(3))
    found = await environment.read_snapshot(wizard.context, patience=6.0)
    contracts, bond = environment.check_contracts(wizard.context, found)
    assert contracts.status is Status.PASSED
    assert bond.problem is not None
    assert bond.problem.code == "PRICE_NOT_AVAILABLE"
    assert exit_code(bond.problem.kind) == 2
    passing = pass_environment(wizard.context, "1")
    assert await code_of(passing) == "PRICE_NOT_AVAILABLE"
    assert wizard.events == []


async def test_the_wallet_s_prices_by_tier_count_its_voucher(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    node.contracts.voucher = PEAQ
    await wizard.prepare()
    found = await flow.prices(wizard.context)
    assert {tier: price.net for tier, price in found.items()} == {0: 0, 1: 0, 2: 2 * PEAQ}


# The end


@pytest.mark.parametrize(
    "changes",
    [
        {"owner": STRANGER},
        {"controller": STRANGER},
        {"manufacturer": STRANGER},
        {"machine_type": "Other"},
        {"subject": b"other"},
        {"home": False},
        {"tier": 1},
        {"bonded": 5},
        {"start": 0},
        {"end": 9},
        {"document": ("", WALLET, [], [], [])},
    ],
)
async def test_read_back_compares_everything(
    wizard: ActivationWizard, node: ActivationChain, changes: dict[str, object]
) -> None:
    await wizard.prepare()
    await agree_and_register(wizard)
    for name, value in changes.items():
        setattr(node.contracts.machines[NUMBER], name, value)
    assert await code_of(flow.read_back(wizard.context)) == "READ_BACK_FAILED"
    assert action(wizard) is Action.READ_BACK


async def test_a_chain_that_forgot_the_machine_disagrees_with_the_journal(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    await agree_and_register(wizard)
    await flow.reconcile(wizard.context)
    del node.contracts.machines[NUMBER]
    assert await code_of(flow.reconcile(wizard.context)) == "JOURNAL_CHAIN_DISAGREE"
