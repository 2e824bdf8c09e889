"""Contracts and fees in plain mode: marked, and agreed to in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors.exit_codes import EXIT_DONE, EXIT_STOPPED, EXIT_WAITING
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from tests.support.chain_handle import ChainHandle
from tests.support.machine import Machine, go_on_with
from tests.support.plain import AHEAD, WORDS, Run
from tests.support.words import title


async def with_foreign_contracts(machine: Machine) -> None:
    """The same contracts, on a mainnet whose own registry is another."""
    engine = machine.now_open
    own = replace(engine.settings.network.contracts, identity_registry="0x" + "11" * 20)
    network = replace(engine.settings.network, real_money=True, contracts=own)
    await go_on_with(engine, replace(engine.settings, network=network))


async def test_foreign_contracts_are_marked_and_want_a_word_beside_the_accepted_bond(
    machine: Machine, run: Run
) -> None:
    """--accept-bond and --yes agree to an amount, not to whoever gets it."""
    await machine.drive(until=Action.REGISTER)
    await with_foreign_contracts(machine)
    registry = machine.now_open.settings.contracts.identity_registry
    answers = replace(AHEAD, yes=True, accept_bond=10**18)
    said = await run("yes", answers=answers)
    assert f"contract {registry} (not the network's own contract)" in said.words
    assert f"IDENTITY_REGISTRY_ADDRESS {registry}" in said.words
    assert "You did not agree, so nothing was done." in said.words
    assert not machine.state.transactions
    said = await run("contracts", answers=answers)
    assert said.code == EXIT_DONE
    assert said.words.count('Type "contracts"') == 1, "asked once a run"


async def test_contracts_accepted_ahead_are_still_marked(
    machine: Machine, run: Run, tmp_path: Path
) -> None:
    await machine.drive(until=Action.REGISTER)
    await with_foreign_contracts(machine)
    words = tmp_path / "words"
    words.touch(0o600)
    words.write_text(WORDS)
    answers = replace(AHEAD, yes=True, accept_bond=10**18, no_input=True, passphrase_file=words)
    said = await run(answers=answers)
    assert said.code == EXIT_STOPPED
    assert "--accept-contracts is missing" in said.words
    assert not machine.state.transactions
    machine.now_open.accept_contracts()
    said = await run(answers=answers)
    assert said.code == EXIT_DONE
    assert "(not the network's own contract)" in said.words


async def test_a_fee_that_rose_since_it_was_shown_is_shown_and_asked_about_again(
    machine: Machine, run: Run
) -> None:
    await machine.drive(until=Action.REGISTER)

    def rise() -> str:
        machine.network.set_base_fee(50 * 10**9)
        return "yes"

    said = await run(rise, "", "yes")
    assert said.code == EXIT_DONE
    assert said.words.count(title("FEE_TOO_HIGH")) == 1
    assert said.words.count("maximum fee") == 2 * said.words.count("bond 1,") == 4
    assert machine.state.transactions[0].agreed_price_wei >= 50 * 10**9


async def test_a_fee_that_rises_between_transactions_is_agreed_to_in_words(
    machine: Machine, run: Run
) -> None:
    await machine.drive(until=Action.MINT)
    machine.network.set_base_fee(50 * 10**9)
    said = await run("", "agree")
    assert said.code == EXIT_DONE
    assert said.words.count(title("FEE_TOO_HIGH")) == 2
    assert 'Type "agree" for a maximum fee of 0.175 PEAQ' in said.words


async def test_a_fee_that_nobody_agrees_to_is_left_with_75(machine: Machine, run: Run) -> None:
    await machine.drive(until=Action.MINT)
    machine.network.set_base_fee(50 * 10**9)
    said = await run("q")
    assert said.code == EXIT_WAITING
    assert len(machine.network.sent_transactions()) == 1
    machine.network.set_base_fee(10 * 10**9)
    assert (await run()).code == EXIT_DONE


async def test_a_pending_transaction_gets_the_fee_that_is_agreed_to_at_the_next_start(
    machine: Machine, run: Run
) -> None:
    await machine.drive(until=Action.MINT)
    ChainHandle(machine.network).hold()

    def rise(_: float) -> None:
        machine.network.set_base_fee(50 * 10**9)
        machine.network.mine()

    machine.clock.while_asleep = rise
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "FEE_TOO_HIGH"
    await machine.close()
    said = await run(WORDS, "agree")
    assert said.code == EXIT_DONE
    assert "The transaction stays pending. It pays once at most." in said.words
    mints = [tx for tx in machine.state.transactions if tx.purpose == "mint"]
    assert [tx.nonce for tx in mints] == [1, 1]
    assert mints[1].max_fee_wei == 100 * 10**9
