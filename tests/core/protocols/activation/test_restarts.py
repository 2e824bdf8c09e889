"""Runs that were cut, lost blocks and pending transactions: one approval, one activation."""

from __future__ import annotations

import pytest

from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.journal.reducer import fold
from core.protocols.activation import flow
from tests.support.activation_chain import (
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

# Restarts


async def test_every_prefix_of_the_journal_finishes_with_one_approval_and_one_activation(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    """The chain stays as it is; the run before may have been cut after any record."""
    await wizard.prepare()
    await agree_and_register(wizard)
    await flow.read_back(wizard.context)
    path = wizard.folder / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    described = wizard.events.index("IdentityRecorded") + 1
    for count in range(described, len(lines) + 1):
        wizard.store.close()
        path.write_bytes(b"".join(lines[:count]))
        wizard.open()
        if action(wizard) is Action.ACTIVATE:
            assert await flow.quote(wizard.context) is None, wizard.events
        if action(wizard) is Action.READ_BACK:
            await flow.read_back(wizard.context)
        assert action(wizard) is Action.FINISH
        activation = wizard.store.state.activation
        assert activation is not None
        assert activation.activated is not None
        own = "TransactionSigned" in wizard.events[:count] and any(
            tx.purpose == "activate" for tx in fold(wizard.store.records[:count]).transactions
        )
        assert activation.activated.way == ("sent" if own else "found")
    assert node.purposes == ["approve", "activateMachine"]


@pytest.mark.parametrize("function", ["approve", "activateMachine"])
async def test_a_run_that_is_cut_before_a_broadcast_sends_the_same_bytes(
    wizard: ActivationWizard, node: ActivationChain, function: str
) -> None:
    await wizard.prepare()
    await agree_and_register(wizard)
    signed = [n for n, name in enumerate(wizard.events) if name == "TransactionSigned"]
    first = function == "approve"
    cut = signed[0 if first else 1] + 1
    expected = node.sent if first else node.sent[1:]
    wizard.store.close()
    path = wizard.folder / "journal.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:cut]))
    node.reorganize()
    if not first:
        node.include(node.sent[0])
    raw = expected[0]
    node.sent.clear()
    wizard.open()
    again = await flow.quote(wizard.context)
    assert node.sent[0] == raw
    if first:
        assert again is not None
        assert again.approves == 0
        await flow.register(wizard.context, agreed_bond=again.bond)
    else:
        assert again is None
    assert node.purposes == ["approve", "activateMachine"]
    assert len(node.sent) == 2 - (not first)


async def test_a_transaction_that_stays_pending_keeps_its_nonce(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.includes = False
    quote = await quoted(wizard)
    code = await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
    assert code == "TRANSACTION_LATE"
    assert {tx.nonce for tx in wizard.store.state.transactions} == {0}
    node.include(node.sent[-1])
    node.includes = True
    wizard.restart()
    await agree_and_register(wizard)
    assert node.purposes == ["approve", "activateMachine"]


async def test_an_approval_that_a_reorganization_takes_back_is_sent_again_as_the_same_bytes(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    raises_the_price(node)
    quote = await quoted(wizard)
    await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
    node.prices[0] = ENTRY
    node.reorganize()
    wizard.restart()
    again = await quoted(wizard)
    assert again.approves == 0
    assert len(node.sent) == 2
    assert len(set(node.sent)) == 1
    await flow.register(wizard.context, agreed_bond=again.bond)
    assert node.purposes == ["approve", "activateMachine"]


async def test_a_reorganization_that_takes_both_back_sends_both_again_as_the_same_bytes(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    await agree_and_register(wizard)
    assert len(node.sent) == 2
    node.reorganize()
    wizard.restart()
    with pytest.raises(OnboardingError):
        await flow.reconcile(wizard.context)
    await wizard.context.transactions.settle(wizard.context.key())
    assert action(wizard) is Action.ACTIVATE
    assert await flow.quote(wizard.context) is None
    assert action(wizard) is Action.READ_BACK
    assert len(set(node.sent)) == 2
    assert node.purposes == ["approve", "activateMachine"]


async def test_every_prefix_finishes_on_a_chain_that_has_lost_everything(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    """A run that was cut after any record, crossed with a chain without any of its blocks."""
    await wizard.prepare()
    await agree_and_register(wizard)
    await flow.read_back(wizard.context)
    path = wizard.folder / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    described = wizard.events.index("IdentityRecorded") + 1
    for count in range(described, len(lines) + 1):
        wizard.store.close()
        path.write_bytes(b"".join(lines[:count]))
        node.reorganize()
        wizard.open()
        await wizard.context.transactions.settle(wizard.context.key())
        if action(wizard) is Action.ACTIVATE:
            quote = await flow.quote(wizard.context)
            if quote is not None:
                await flow.register(wizard.context, agreed_bond=quote.bond)
        await flow.read_back(wizard.context)
        assert action(wizard) is Action.FINISH
        assert node.purposes == ["approve", "activateMachine"], f"cut after record {count}"
        nonces = [(tx.purpose, tx.nonce) for tx in wizard.store.state.transactions]
        assert sorted(set(nonces)) == [("activate", 1), ("approve", 0)]
