"""Step 5 from the owner's wallet: somebody else's money, shown in full before it is sent."""

from __future__ import annotations

from core.config.settings import PRIVATE_KEY
from core.journal.next_action import Action
from tests.screens.driver import Technician, at_step, at_the_wizard
from tests.support.machine import Machine

PEAQ = 10**18


def with_owner(machine: Machine) -> None:
    machine.environ[PRIVATE_KEY] = machine.network.owner_key
    machine.way = "owner"


async def see_what_is_sent(technician: Technician) -> None:
    await technician.press("enter")
    await technician.until(lambda: technician.place == "ConsentScreen", "to be asked")


async def test_amount_fee_and_both_addresses_are_shown_before_it_is_signed(
    machine: Machine,
) -> None:
    with_owner(machine)
    async with at_step(machine, Action.FUND) as technician:
        await technician.sees("owner's wallet")
        await see_what_is_sent(technician)
        await technician.sees("1.1 PEAQ, and a fee of at most")
        assert machine.address in technician.text
        await technician.press("escape")
        await technician.on("FundingScreen")
        assert machine.network.balance(machine.address) == 0, "Escape sends nothing"
        await see_what_is_sent(technician)
        await technician.press("enter")
        await technician.on("RegistrationScreen")
        funded = technician.state.funded
        assert funded is not None
        assert funded.way == "owner"
        assert machine.network.balance(machine.address) == 11 * PEAQ // 10
        await technician.finish()
    assert not machine.network.transfers(), "the Gas Station was not asked"
    purposes = [tx.purpose for tx in machine.state.transactions]
    assert purposes == ["funding", "register", "mint", "did"]


async def test_an_owner_who_holds_too_little_is_told_and_can_choose_another_way(
    machine: Machine,
) -> None:
    machine.environ[PRIVATE_KEY] = "0x" + "42" * 32
    machine.way = "owner"
    async with at_step(machine, Action.FUND) as technician:
        await see_what_is_sent(technician)
        await technician.press("enter")
        await technician.reads_problem("OWNER_POOR")
        await technician.press("f3")
        await technician.sees("to this address")
        await technician.pay_by_hand()
        await technician.on("RegistrationScreen")
    assert len(machine.state.transactions) == 0


async def test_without_an_owners_key_the_way_is_not_offered(machine: Machine) -> None:
    machine.way = "manual"
    async with at_step(machine, Action.FUND) as technician:
        await technician.sees("set PEAQOS_PRIVATE_KEY to use it")
    await machine.close()
    async with at_the_wizard(machine) as technician:
        await technician.on("FundingScreen")
        assert "owner" not in technician.step_screen.engine.ways
