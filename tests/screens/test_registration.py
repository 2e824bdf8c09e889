"""Step 6: nothing is signed before its cost was seen, and nothing is paid twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.config.settings import PRIVATE_KEY, Settings
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.journal.state import OwnerQuote
from tests.screens.driver import at_step, at_the_wizard, journalled
from tests.support.chain_handle import ChainHandle
from tests.support.machine import Machine, check_once, go_on_with


async def test_what_it_costs_and_does_is_shown_before_anything_is_signed(machine: Machine) -> None:
    async with at_step(machine, Action.REGISTER) as technician:
        await technician.sees("Enter sign and register")
        for words in (
            "bond 1.000000 PEAQ locked while the machine is registered",
            "max. fee 0.07",
            "balance ",
            "after ",
            "network rehearsal, chain 131277322940537",
            f"contract {technician.app.engine.settings.contracts.identity_registry}",
            f"from {machine.address}",
        ):
            assert words in technician.words, words
        assert technician.state.transactions == ()
        primary = technician.app.screen.query_one("#primary")
        await technician.until(lambda: technician.app.focused is primary, "the focus")
        await technician.press("escape")
        assert technician.place == "RegistrationScreen"
        await technician.finish()
    check_once(machine)


async def test_already_registered_recovers_the_number_and_goes_on(machine: Machine) -> None:
    await machine.drive(until=Action.REGISTER)
    machine.network.fault("already-registered", 1)
    async with at_the_wizard(machine, engine=machine.now_open) as technician:
        await technician.on("MachineNftScreen")
        (number,) = machine.network.registrations(machine.address)
        await technician.sees(f"AlreadyRegistered: this owner is already machine {number}.")
        assert "The bond was paid earlier." in technician.words
        assert technician.state.registered
        assert technician.state.registered.machine_id == number
        await technician.finish()
    assert "register" not in [tx.purpose for tx in machine.state.transactions]


async def test_a_paused_contract_says_so_and_is_tried_again(machine: Machine) -> None:
    await machine.drive(until=Action.REGISTER)
    machine.network.pause(True)
    try:
        async with at_the_wizard(machine, engine=machine.now_open) as technician:
            await technician.on("RegistrationScreen")
            await technician.reads_problem("CONTRACT_PAUSED")
            assert journalled(machine) == ["CONTRACT_PAUSED"]
            assert technician.visible("#primary")
            machine.network.pause(False)
            await technician.press("enter")
            await technician.sees("Enter sign and register")
            await technician.finish()
    finally:
        machine.network.pause(False)
    check_once(machine)


async def test_a_bond_that_changed_after_it_was_shown_is_not_paid_unseen(machine: Machine) -> None:
    async with at_step(machine, Action.REGISTER) as technician:
        await technician.sees("Enter sign and register")
        machine.network.set_min_bond(105 * 10**16)
        try:
            await technician.press("enter")
            await technician.reads_problem("BOND_CHANGED")
            assert "The bond is now 1.05." in technician.words
            assert technician.state.transactions == ()
            await technician.press("enter")
            await technician.sees("bond 1.050000 PEAQ")
            await technician.finish()
        finally:
            machine.network.set_min_bond(0)
    check_once(machine)


@pytest.mark.parametrize(
    ("fault", "code"),
    [("rpc-down", "RPC_UNREACHABLE"), ("rpc-html", "RPC_NOT_A_NODE")],
)
async def test_a_dead_line_is_said_and_the_next_enter_goes_on(
    machine: Machine, fault: str, code: str
) -> None:
    await machine.drive(until=Action.REGISTER)
    machine.network.fault(fault)
    async with at_the_wizard(machine, engine=machine.now_open) as technician:
        await technician.reads_problem(code)
        machine.network.fault(fault, 0)
        await technician.press("enter")
        await technician.on("RegistrationScreen")
        if technician.card:
            await technician.press("enter")
        await technician.sees("Enter sign and register")
        await technician.finish()
    check_once(machine)


async def test_a_line_that_breaks_while_sending_never_registers_twice(machine: Machine) -> None:
    async with at_step(machine, Action.REGISTER) as technician:
        await technician.sees("Enter sign and register")
        machine.network.fault("rpc-down", 12)
        await technician.press("enter")
        await technician.until(
            lambda: technician.card or technician.place == "MachineNftScreen", "an outcome"
        )
        machine.network.fault("rpc-down", 0)
        for _ in range(3):
            await technician.until(lambda: not technician.app.busy, "to be idle")
            if technician.place == "MachineNftScreen":
                break
            await technician.press("enter")
            await technician.until(
                lambda: not technician.app.busy and not technician.card, "it to be overcome"
            )
        await technician.finish()
    check_once(machine)


async def test_a_later_start_asks_for_the_passphrase_before_it_signs(machine: Machine) -> None:
    await machine.drive(until=Action.REGISTER)
    async with at_the_wizard(machine) as technician:
        await technician.on("RegistrationScreen")
        await technician.sees("Enter sign and register")
        await technician.press("enter")
        await technician.until(lambda: technician.place == "UnlockScreen")
        await technician.paste("not that one")
        await technician.press("enter")
        await technician.sees("The passphrase does not open the keystore. Attempt 1.")
        await technician.paste("nor that")
        await technician.press("enter")
        await technician.sees("Attempt 2.")
        await technician.press("escape")
        await technician.until(lambda: technician.place == "RegistrationScreen")
        assert technician.state.transactions == ()
        await technician.press("enter")
        await technician.unlock()
        await technician.on("MachineNftScreen")
        await technician.finish()
    check_once(machine)


async def test_a_wallet_that_holds_enough_skips_2fa_and_funding(machine: Machine) -> None:
    await machine.drive(until=Action.MEASURE_NEED)
    machine.network.send(machine.address, 2 * 10**18)
    async with at_the_wizard(machine, engine=machine.now_open) as technician:
        await technician.on("RegistrationScreen")
        await technician.sees("funding was not needed")
        assert "– 2FA – Code – Fund" in technician.words
        await technician.finish()
    check_once(machine, transfers=0)


async def test_real_money_is_spent_only_when_the_word_is_typed(machine: Machine) -> None:
    async with at_step(machine, Action.REGISTER) as technician:
        await technician.sees("Enter sign and register")
        engine = technician.app.engine
        loud = replace(engine.settings.network, real_money=True)
        await go_on_with(engine, replace(engine.settings, network=loud))
        technician.step_screen.show_frame()
        await technician.sees("REHEARSAL: real money")
        await technician.press("enter")
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.sees("1 PEAQ will be locked")
        await technician.press("enter")
        await technician.sees('Type the word "register"')
        await technician.press("escape")
        await technician.until(lambda: technician.place == "RegistrationScreen")
        assert technician.state.transactions == ()
        await technician.press("enter")
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.press(*"register", "enter")
        await technician.on("MachineNftScreen")
    assert len(machine.network.registrations(machine.address)) == 1


async def test_enter_twice_registers_once(machine: Machine) -> None:
    async with at_step(machine, Action.REGISTER) as technician:
        await technician.sees("Enter sign and register")
        primary = technician.app.screen.query_one("#primary")
        await technician.pilot.press("enter")
        assert primary.disabled or technician.place == "MachineNftScreen"
        await technician.on("MachineNftScreen")
    assert len(machine.network.registrations(machine.address)) == 1


async def test_foreign_contracts_are_marked_and_need_a_word_of_their_own(machine: Machine) -> None:
    async with at_step(machine, Action.REGISTER) as technician:
        await technician.sees("Enter sign and register")
        engine = technician.app.engine
        await go_on_with(engine, on_real_money_with_foreign_contracts(engine.settings))
        registry = engine.settings.contracts.identity_registry
        screen = technician.app.screen
        screen._request_quote()  # type: ignore[attr-defined]
        await technician.sees(f"contract {registry} not the network's own contract")
        await technician.press("enter")
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.sees("not the network's contracts")
        assert f"{registry} IDENTITY_REGISTRY_ADDRESS" in technician.words
        await technician.press(*"register", "enter")
        await technician.sees('Type the word "contracts"')
        await technician.press("escape")
        await technician.on("RegistrationScreen")
        assert technician.state.transactions == ()
        await technician.press("enter")
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.press(*"contracts", "enter")
        await technician.sees("This is real money")
        assert technician.state.transactions == (), "the bond still needs its own word"
        await technician.press(*"register", "enter")
        await technician.on("MachineNftScreen")
    assert len(machine.network.registrations(machine.address)) == 1


async def test_after_a_restart_foreign_contracts_need_consent_before_the_mint(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.MINT) as technician:
        await technician.on("MachineNftScreen")
        engine = technician.app.engine
        await go_on_with(engine, on_real_money_with_foreign_contracts(engine.settings))
        await technician.press("enter")
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.press("escape")
        await technician.on("MachineNftScreen")
        assert [tx.purpose for tx in technician.state.transactions] == ["register"]
        await technician.press("enter")
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.press(*"contracts", "enter")
        await technician.on("ReceiptScreen")
    check_once(machine)


async def test_the_owner_pays_nothing_before_foreign_contracts_are_agreed_to(
    machine: Machine,
) -> None:
    machine.environ[PRIVATE_KEY] = machine.network.owner_key
    machine.way = "owner"
    async with at_step(machine, Action.FUND) as technician:
        await technician.sees("owner's wallet")
        engine = technician.app.engine
        await go_on_with(engine, on_real_money_with_foreign_contracts(engine.settings))
        await technician.press("enter")
        await technician.until(lambda: technician.place == "ConsentScreen")
        await technician.sees("not the network's contracts")
        await technician.press("escape")
        await technician.on("FundingScreen")
        with pytest.raises(OnboardingError) as refused:
            await engine.pay_from_owner(OwnerQuote("0x", 10**18, 0, 0, 0))
        assert refused.value.code == "CONTRACTS_NOT_ACCEPTED"
        assert machine.network.balance(machine.address) == 0


def on_real_money_with_foreign_contracts(settings: Settings) -> Settings:
    """The same contracts, on a mainnet whose own registry and Machine NFT are others."""
    other = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    own = replace(settings.network.contracts, identity_registry=other, machine_nft=other)
    return replace(settings, network=replace(settings.network, real_money=True, contracts=own))


async def test_a_fee_that_rose_after_it_was_shown_is_shown_again_before_anything_is_signed(
    machine: Machine,
) -> None:
    async with at_step(machine, Action.REGISTER) as technician:
        await technician.sees("Enter sign and register")
        machine.network.set_base_fee(50 * 10**9)
        try:
            await technician.press("enter")
            await technician.reads_problem("FEE_TOO_HIGH")
            await technician.sees("Nothing was signed.")
            assert technician.state.transactions == ()
            await technician.press("enter")
            await technician.sees("max. fee 0.200000 PEAQ for all transactions")
            await technician.sees("Enter sign and register")
            assert technician.state.transactions == ()
            await technician.finish()
        finally:
            machine.network.set_base_fee(10 * 10**9)
    check_once(machine)
    assert all(tx.max_fee_wei <= tx.agreed_price_wei for tx in machine.state.transactions)


async def test_a_pending_registration_gets_the_higher_fee_with_one_key(machine: Machine) -> None:
    """The fee rises while it is pending; nothing is signed anew before somebody agrees."""
    handle = ChainHandle(machine.network)
    async with at_step(machine, Action.REGISTER) as technician:
        await technician.sees("Enter sign and register")
        handle.hold()

        def rise(_: float) -> None:
            machine.network.set_base_fee(50 * 10**9)
            machine.network.mine()

        machine.clock.while_asleep = rise
        try:
            await technician.press("enter")
            await technician.reads_problem("FEE_TOO_HIGH")
            await technician.sees("The transaction stays pending.")
            await technician.sees("Enter show the new fee")
            assert len(technician.state.transactions) == 1
            await technician.press("enter")
            await technician.until(lambda: technician.place == "ConsentScreen")
            await technician.sees("Maximum fee 0.215 PEAQ for all remaining transactions")
            await technician.press("escape")
            await technician.on("RegistrationScreen")
            assert len(technician.state.transactions) == 1
            await technician.press("enter")
            await technician.until(lambda: technician.place == "ConsentScreen")
            await technician.press("enter")
            await technician.on("MachineNftScreen")
            assert [tx.nonce for tx in technician.state.transactions] == [0, 0]
        finally:
            machine.clock.while_asleep = None
            machine.network.set_base_fee(10 * 10**9)
            handle.release()
        await technician.finish()
    assert len(machine.network.registrations(machine.address)) == 1
