"""While a transaction is pending, the base fee rises: its fee follows, or the wizard says why."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.journal.state import State
from tests.support.machine import Machine, blocks_every, check_once

GWEI = 10**9
USUAL = 10 * GWEI
"""The base fee of a rehearsal."""


async def pending(machine: Machine, base: Callable[[], int], *, agreed: int = 0) -> None:
    """Registers; once it is sent, the base fee is `base()`, and a block comes at every look."""
    blocks_every(machine, 6.0)
    await machine.drive(until=Action.REGISTER)
    quote = await machine.now_open.quote()
    assert quote is not None

    def pass_time(_: float) -> None:
        machine.network.set_base_fee(base())
        machine.network.mine()

    machine.clock.while_asleep = pass_time
    await machine.now_open.register(agreed_bond=quote.bond, agreed_price=agreed or quote.price)


def signed(state: State) -> list[int]:
    """What was offered per gas for the registration, in gwei."""
    assert {tx.nonce for tx in state.transactions} == {0}, "a replacement keeps the nonce"
    return [tx.max_fee_wei // GWEI for tx in state.transactions]


async def test_a_fee_that_rises_beyond_what_was_agreed_is_said_soon_and_waited_for(
    slow: Machine,
) -> None:
    """A hundred times the usual for four minutes: it must not be waited for in silence."""
    with pytest.raises(OnboardingError) as refused:
        await pending(slow, lambda: 100 * USUAL)
    found = refused.value.problem
    assert found.code == "FEE_TOO_HIGH"
    assert found.until is not None
    assert found.money == "The transaction stays pending. It pays once at most."
    waited = slow.clock.now() - slow.state.transactions[0].signed_at
    assert waited.total_seconds() < 120
    assert signed(slow.state) == [20]
    slow.network.set_base_fee(USUAL)
    blocks_every(slow, 6.0)
    await slow.restart()
    await slow.drive()
    check_once(slow)


async def test_a_fee_is_raised_again_and_again_as_long_as_that_helps(slow: Machine) -> None:
    def base() -> int:
        tried = slow.state.transactions
        return tried[-1].max_fee_wei * (6 if len(tried) < 4 else 4) // 5

    await pending(slow, base, agreed=500 * GWEI)
    assert signed(slow.state) == [20, 48, 115, 276]
    assert slow.state.transactions[-1].block is not None
    slow.network.set_base_fee(USUAL)
    blocks_every(slow, 6.0)
    await slow.drive()
    assert slow.network.registrations(slow.address) == [slow.state.registered.machine_id]  # type: ignore[union-attr]


async def test_a_fee_is_raised_up_to_what_was_agreed_and_no_further(slow: Machine) -> None:
    await pending(slow, lambda: 3 * USUAL)
    assert signed(slow.state) == [20, 40]
    assert slow.state.transactions[-1].block is not None


async def test_a_replacement_that_the_wallet_cannot_pay_is_said(slow: Machine) -> None:
    blocks_every(slow, 6.0)
    await slow.drive(until=Action.REGISTER)
    slow.network.set_min_bond(112 * 10**16)  # of 1.2 PEAQ that it holds
    with pytest.raises(OnboardingError) as refused:
        await pending(slow, lambda: 90 * USUAL, agreed=1000 * GWEI)
    found = refused.value.problem
    assert found.code == "FEE_UNPAYABLE"
    assert slow.address in found.remedy()
    assert signed(slow.state) == [20]
    slow.network.set_base_fee(USUAL)
    blocks_every(slow, 6.0)
    await slow.restart()
    await slow.drive()
    assert len(slow.network.registrations(slow.address)) == 1


async def test_a_pending_transaction_gets_the_higher_fee_once_it_is_agreed_to(
    slow: Machine,
) -> None:
    with pytest.raises(OnboardingError) as refused:
        await pending(slow, lambda: 5 * USUAL)
    slow.now_open.agree_to_fee(refused.value.problem)
    await slow.now_open.quote()
    assert signed(slow.state) == [20, 100]
    assert slow.now_open.action is Action.MINT


async def test_a_pending_payment_of_the_owner_gets_the_fee_that_is_agreed_to_after_a_restart(
    slow: Machine,
) -> None:
    slow.environ["PEAQOS_PRIVATE_KEY"] = slow.network.owner_key
    slow.way = "owner"
    blocks_every(slow, 6.0)
    await slow.drive(until=Action.FUND)
    quote = await slow.now_open.quote_owner()

    def pass_time(_: float) -> None:
        slow.network.set_base_fee(5 * USUAL)
        slow.network.mine()

    slow.clock.while_asleep = pass_time
    with pytest.raises(OnboardingError) as refused:
        await slow.now_open.pay_from_owner(quote)
    assert refused.value.problem.params["payer"] == quote.owner
    await slow.close()
    slow.open().agree_to_fee(refused.value.problem)
    await slow.now_open.reconcile()
    first, second = slow.state.transactions
    assert first.nonce == second.nonce
    assert second.block is not None
    assert slow.network.balance(slow.address) == quote.amount
