"""The transaction manager: finality, lost blocks, a node that lags, and funds that disappear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.chain import transaction_manager
from core.chain.inclusions import WATCH_PATIENCE
from core.chain.transaction_manager import Reorganised
from core.config.networks import MAINNET, REHEARSAL
from core.errors.exit_codes import EXIT_WAITING, exit_code
from core.errors.problem import OnboardingError
from core.journal.state import TxStatus
from tests.support.clock import FakeClock
from tests.support.scripted_chain import PEAQ, Manager, ScriptedChain


@pytest.fixture
def node() -> ScriptedChain:
    return ScriptedChain()


@pytest.fixture
def manager(node: ScriptedChain, clock: FakeClock, tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(node, clock, tmp_path)
    yield manager
    manager.store.close()


def statuses(manager: Manager) -> list[TxStatus]:
    return [tx.status for tx in manager.store.state.transactions]


# Finality


async def test_a_transaction_is_final_only_when_its_block_is(
    manager: Manager, node: ScriptedChain, clock: FakeClock
) -> None:
    await manager.send()
    block = node.head

    def pass_time(_: float) -> None:
        node.mine()
        node.finalized = node.head - 3

    clock.while_asleep = pass_time
    node.finalized = block - 1
    assert await manager.sender.finalise()
    assert node.finalized >= block, "it was final before its block was"
    assert statuses(manager) == [TxStatus.FINAL]


async def test_finality_that_never_comes_is_a_late_transaction_and_nothing_is_called_final(
    manager: Manager, node: ScriptedChain, clock: FakeClock
) -> None:
    await manager.send()
    node.finalized = node.head - 1
    with pytest.raises(OnboardingError) as late:
        await manager.sender.finalise()
    assert late.value.code == "TRANSACTION_LATE"
    assert statuses(manager) == [TxStatus.INCLUDED]


# A node that lost a block of ours


async def test_a_block_that_a_node_lost_for_a_minute_is_waited_for(
    manager: Manager, node: ScriptedChain, clock: FakeClock
) -> None:
    await manager.send()
    node.lost_blocks.add(node.head)
    node.mine()
    ends = clock.monotonic() + 60

    def pass_time(_: float) -> None:
        if clock.monotonic() >= ends:
            node.lost_blocks.clear()

    clock.while_asleep = pass_time
    await manager.sender.inclusions.revisit(doubt=True)
    assert clock.monotonic() >= ends
    assert statuses(manager) == [TxStatus.INCLUDED]
    assert "TransactionReorganised" not in manager.events
    assert len(node.sent) == 1


async def test_a_block_that_stays_lost_is_a_node_that_lags_and_no_reorganization(
    manager: Manager, node: ScriptedChain, clock: FakeClock
) -> None:
    await manager.send()
    node.lost_blocks.add(node.head)
    node.mine()
    began = clock.monotonic()
    with pytest.raises(OnboardingError) as behind:
        await manager.sender.inclusions.revisit(doubt=True)
    assert behind.value.code == "RPC_BEHIND"
    assert WATCH_PATIENCE - 1 <= clock.monotonic() - began < 2 * WATCH_PATIENCE
    assert statuses(manager) == [TxStatus.INCLUDED]
    assert len(node.sent) == 1


# An account nonce below our own


async def test_a_nonce_below_an_included_transaction_sends_nothing_new(
    manager: Manager, node: ScriptedChain
) -> None:
    await manager.send()
    node.nonce = 0
    with pytest.raises(OnboardingError) as behind:
        await manager.send("mint")
    assert behind.value.code == "RPC_BEHIND"
    assert len(node.sent) == 1
    assert len(manager.store.state.transactions) == 1


async def test_a_nonce_that_a_reorganization_lowers_leads_back_to_the_earlier_transaction(
    manager: Manager, node: ScriptedChain, clock: FakeClock
) -> None:
    await manager.register()
    node.includes = False
    undone = clock.monotonic() + 10

    def pass_time(_: float) -> None:
        node.mine()
        if clock.monotonic() >= undone and not node.forks:
            node.reorganize()

    clock.while_asleep = pass_time
    with pytest.raises(Reorganised):
        await manager.send("mint")
    assert clock.monotonic() - undone < 5 * MAINNET.block_seconds
    assert manager.store.state.registered is None
    assert statuses(manager) == [TxStatus.SENT, TxStatus.SENT]
    node.includes = True
    await manager.sender.settle()
    assert statuses(manager) == [TxStatus.INCLUDED, TxStatus.INCLUDED]
    first, second, *again = node.sent
    assert again == [first, second], "other bytes were sent, or in another order"


async def test_a_lagging_nonce_while_a_transaction_is_watched_undoes_nothing(
    manager: Manager, node: ScriptedChain, clock: FakeClock
) -> None:
    await manager.register()
    node.includes = False
    true_nonce = node.nonce
    node_lags_until = clock.monotonic() + 60

    def pass_time(_: float) -> None:
        lags = clock.monotonic() < node_lags_until
        if not lags and not node.includes:
            node.includes = True
            node.nonce = true_nonce
            node.include(node.sent[1])
        elif lags:
            node.mine()
            node.nonce = 0

    clock.while_asleep = pass_time
    await manager.send("mint")
    assert "TransactionReorganised" not in manager.events
    assert statuses(manager) == [TxStatus.INCLUDED, TxStatus.INCLUDED]


# Funds that a reorganization removes


async def test_on_a_real_network_missing_funds_are_a_wait_that_names_the_shortfall(
    manager: Manager, node: ScriptedChain, clock: FakeClock
) -> None:
    await manager.register()
    node.reorganize()
    node.balance = 0
    with pytest.raises(OnboardingError) as missing:
        await manager.sender.settle(doubt=True)
    problem = missing.value.problem
    assert problem.code == "FUNDS_MISSING"
    assert exit_code(problem.kind) == EXIT_WAITING
    assert problem.until is not None
    assert problem.params["missing"] == "1.001"
    assert "--state-dir" not in problem.cause + problem.remedy()
    node.balance = 2 * PEAQ
    await manager.sender.settle()
    assert statuses(manager) == [TxStatus.INCLUDED]
    assert len(set(node.sent)) == 1, "other bytes were sent for the same step"


async def test_on_a_real_network_a_restart_waits_for_the_funds_as_well(
    manager: Manager, node: ScriptedChain, clock: FakeClock, tmp_path: Path
) -> None:
    await manager.register()
    manager.store.close()
    node.reorganize()
    node.balance = 0
    back = clock.monotonic() + 60

    def pass_time(_: float) -> None:
        node.balance = 2 * PEAQ if clock.monotonic() >= back else 0

    clock.while_asleep = pass_time
    again = Manager(node, clock, tmp_path)
    await again.sender.settle()
    assert statuses(again) == [TxStatus.INCLUDED]
    assert len(set(node.sent)) == 1
    again.store.close()


async def test_only_a_rehearsal_network_that_began_anew_suggests_a_new_state_directory(
    manager: Manager, node: ScriptedChain, clock: FakeClock, tmp_path: Path
) -> None:
    await manager.register()
    manager.store.close()
    node.reorganize()
    node.balance = 0
    again = Manager(node, clock, tmp_path, replace(REHEARSAL, chain_id=MAINNET.chain_id))
    with pytest.raises(OnboardingError) as anew:
        await again.sender.settle()
    assert anew.value.code == "JOURNAL_CHAIN_DISAGREE"
    assert "--state-dir" in anew.value.problem.cause
    assert "TransactionReorganised" not in again.events
    again.store.close()


# Reverted, then undone


async def test_a_reverted_transaction_that_a_reorganization_undoes_is_settled_again(
    manager: Manager, node: ScriptedChain
) -> None:
    node.reverts = True
    with pytest.raises(OnboardingError) as refused:
        await manager.send()
    assert refused.value.code == "TRANSACTION_REVERTED"
    node.reorganize()
    node.reverts = False
    await manager.sender.settle(doubt=True)
    assert statuses(manager) == [TxStatus.INCLUDED]
    assert len(set(node.sent)) == 1, "only the same bytes are ever sent"


async def test_a_receipt_cannot_record_more_than_was_signed(
    manager: Manager, node: ScriptedChain
) -> None:
    node.gas_used = hex(2**200)
    await manager.send()
    (tx,) = manager.store.state.transactions
    assert tx.fee_wei == tx.gas * tx.max_fee_wei


# A nonce that is said to be used, and gas that nobody was shown


async def test_a_false_word_about_a_used_nonce_is_forgotten_once_it_is_taken_back(
    manager: Manager, node: ScriptedChain, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a later look, a moment before the receipt, would call our payment displaced."""
    monkeypatch.setattr(transaction_manager, "DISPLACED_AFTER", 40.0)
    node.includes = False
    began = clock.monotonic()

    def pass_time(_: float) -> None:
        since = clock.monotonic() - began
        node.nonce = int(14 < since < 22 or 60 < since < 68)
        if since >= 68 and not node.places:
            node.nonce = 0
            node.include(node.sent[0])

    clock.while_asleep = pass_time
    await manager.send()
    assert "TransactionDisplaced" not in manager.events
    assert statuses(manager) == [TxStatus.INCLUDED]


async def test_far_more_gas_than_was_shown_is_not_signed(
    manager: Manager, node: ScriptedChain
) -> None:
    with pytest.raises(OnboardingError) as refused:
        await manager.send(gas=200_000_000)
    assert refused.value.code == "FEE_TOO_HIGH"
    assert not node.sent
    assert "TransactionSigned" not in manager.events
