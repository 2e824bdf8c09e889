"""Amounts that are there, come late or change: nobody pays more than was agreed to."""

from __future__ import annotations

from contextlib import suppress

import pytest

from core.amounts import format_peaq
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from tests.support.machine import Machine, check_once
from tests.support.words import title

PEAQ = 10**18


async def test_a_wallet_that_holds_enough_goes_straight_to_registering(machine: Machine) -> None:
    await machine.drive(until=Action.MEASURE_NEED)
    machine.network.send(machine.address, 2 * PEAQ)
    await machine.step()
    assert machine.now_open.action is Action.REGISTER
    assert machine.state.funded is not None
    assert machine.state.funded.way == "already"
    before = machine.network.requests
    await machine.drive()
    check_once(machine, transfers=0)
    after = machine.network.requests
    for call in ("2fa/setup", "2fa/confirm", "faucet/fund"):
        assert after[f"POST /gas-station/{call}"] == before[f"POST /gas-station/{call}"]


async def test_funding_by_hand_is_noticed(machine: Machine) -> None:
    machine.way = "manual"
    await machine.drive(until=Action.FUND)
    balance = await machine.now_open.read_balance()
    assert balance.missing == 11 * PEAQ // 10
    machine.network.send(machine.address, PEAQ)
    balance = await machine.now_open.read_balance()
    assert balance.missing == PEAQ // 10
    assert machine.now_open.action is Action.FUND
    await machine.drive()
    check_once(machine, transfers=0)
    assert machine.state.funded is not None
    assert machine.state.funded.way == "manual"


async def test_looking_at_the_balance_early_skips_nothing(machine: Machine) -> None:
    """A screen may look before the need is measured: an empty wallet is not "enough"."""
    await machine.drive(until=Action.MEASURE_NEED)
    await machine.now_open.read_balance()
    assert machine.now_open.action is Action.MEASURE_NEED


async def test_a_bond_that_was_raised_is_asked_about_and_not_paid(machine: Machine) -> None:
    await machine.drive(until=Action.REGISTER)
    quote = await machine.now_open.quote()
    assert quote
    assert quote.bond == PEAQ
    machine.network.set_min_bond(PEAQ + PEAQ // 20)
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.register(agreed_bond=quote.bond, agreed_price=quote.price)
    assert refused.value.code == "BOND_CHANGED"
    assert "1.05" in refused.value.problem.cause
    assert not machine.network.sent_transactions()
    await machine.drive()
    check_once(machine)
    assert machine.state.bonded == PEAQ + PEAQ // 20


async def test_a_bond_beyond_the_balance_leads_back_to_funding_with_the_amount(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.REGISTER)
    machine.network.set_min_bond(3 * PEAQ)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    found = refused.value.problem
    assert found.code == "INSUFFICIENT_BALANCE"
    assert found.title == title("INSUFFICIENT_BALANCE")
    assert machine.address in found.remedy()
    assert machine.now_open.action is Action.FUND
    assert not machine.network.sent_transactions()
    await machine.restart()
    assert machine.now_open.action is Action.FUND
    missing = (await machine.now_open.read_balance()).missing
    assert found.params["missing"] == format_peaq(missing, up=True), (
        "the same amount after a restart"
    )
    machine.network.send(machine.address, missing)
    await machine.now_open.read_balance()
    await machine.drive()
    check_once(machine)
    assert machine.state.bonded == 3 * PEAQ


async def test_fees_that_rise_before_minting_lead_back_to_funding_and_on(machine: Machine) -> None:
    """The bond is paid already: only what is left is asked for, once the fee is agreed to."""
    await machine.drive(until=Action.MINT)
    machine.network.set_base_fee(500 * 10**9)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "FEE_TOO_HIGH"
    assert machine.now_open.action is Action.MINT
    machine.now_open.agree_to_fee(refused.value.problem)
    with pytest.raises(OnboardingError) as refused:
        await machine.drive()
    assert refused.value.code == "INSUFFICIENT_BALANCE"
    assert machine.now_open.action is Action.FUND
    for _ in range(4):
        missing = (await machine.now_open.read_balance()).missing
        if missing:
            machine.network.send(machine.address, missing)
            await machine.now_open.read_balance()
        with suppress(OnboardingError):
            await machine.drive()
    check_once(machine)
