"""Quote, consent, approval, activation, read-back: each once, and never above what was agreed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.config.deployments import PEAQ_MAINNET
from core.errors.exit_codes import exit_code
from core.errors.problem import OnboardingError
from core.journal.next_action import Action, next_action
from core.journal.reducer import fold
from core.preflight.check import Light
from core.protocols.activation import environment, flow
from core.protocols.activation.quote import ActivationQuote
from tests.support.activation_chain import (
    ENTRIES,
    NUMBER,
    PEAQ,
    STRANGER,
    WALLET,
    ActivationChain,
    ActivationWizard,
    NodeError,
    Refused,
)

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


# The whole way


async def test_a_machine_is_approved_for_exactly_the_net_amount_activated_and_read_back(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    identity = await wizard.prepare()
    assert identity.machine_id == NUMBER
    assert action(wizard) is Action.ACTIVATE
    quote = await agree_and_register(wizard)
    assert (quote.bond, quote.approves, quote.machine_id) == (ENTRY, ENTRY, NUMBER)
    assert node.purposes == ["approve", "activateMachine"]
    assert [tx.value_wei for tx in wizard.store.state.transactions] == [0, 0]
    assert node.contracts.allowance == 0
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.activated is not None
    assert (activation.activated.bond_wei, activation.activated.paid_wei) == (ENTRY, ENTRY)
    assert activation.activated.way == "sent"
    assert activation.renew_before == activation.activated.period_end
    assert action(wizard) is Action.READ_BACK
    await flow.read_back(wizard.context)
    assert action(wizard) is Action.FINISH
    await flow.check_final(wizard.context)
    assert len(node.sent) == 2
    assert activation.allowance_left == 0


async def test_nothing_is_signed_without_consent(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    with pytest.raises(RuntimeError, match="nobody agreed"):
        await flow.register(wizard.context, agreed_bond=ENTRY)
    quote = await quoted(wizard)
    with pytest.raises(RuntimeError, match="nobody agreed"):
        await flow.register(wizard.context, agreed_bond=quote.bond - 1)
    assert node.sent == []


async def test_everything_that_identifies_the_machine_is_on_disk_before_the_first_broadcast(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    await agree_and_register(wizard)
    events = wizard.events
    first = events.index("TransactionSigned")
    assert {"ActivationStarted", "TierChosen", "IdentityRecorded", "QuoteAccepted"} <= set(
        events[:first]
    )
    started = wizard.store.state.started
    assert started is not None
    assert started.contracts == PEAQ_MAINNET.contracts.as_dict()


async def test_an_allowance_that_is_enough_already_needs_no_approval(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    node.contracts.allowance = ENTRY
    await wizard.prepare()
    quote = await agree_and_register(wizard)
    assert quote.approves == 0
    assert node.purposes == ["activateMachine"]


@pytest.mark.parametrize(
    ("voucher", "paid", "sent"),
    [
        (PEAQ // 10, 3 * PEAQ // 10, ["approve", "activateMachine"]),
        (ENTRY, 0, ["activateMachine"]),
        (5 * PEAQ, 0, ["activateMachine"]),
    ],
)
async def test_a_voucher_lowers_what_is_approved_and_paid(
    wizard: ActivationWizard, node: ActivationChain, voucher: int, paid: int, sent: list[str]
) -> None:
    node.contracts.voucher = voucher
    await wizard.prepare()
    quote = await agree_and_register(wizard)
    assert quote.bond == paid
    assert node.purposes == sent
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.activated is not None
    assert (activation.activated.bond_wei, activation.activated.paid_wei) == (ENTRY, paid)


async def test_the_price_that_is_agreed_binds_every_signature(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    quote = await agree_and_register(wizard)
    assert quote.fee == quote.gas * quote.price
    for tx in wizard.store.state.transactions:
        assert tx.max_fee_wei <= quote.price
        assert tx.agreed_price_wei == quote.price


# Prices that move


async def test_a_price_that_rises_before_the_approval_asks_again_and_signs_nothing(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    quote = await quoted(wizard)
    node.prices[0] = ENTRY + 1
    assert await code_of(flow.register(wizard.context, agreed_bond=quote.bond)) == "QUOTE_CHANGED"
    assert node.sent == []


async def test_a_price_that_falls_is_paid_as_it_is(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    quote = await quoted(wizard)
    node.prices[0] = ENTRY - 5
    await flow.register(wizard.context, agreed_bond=quote.bond)
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.activated is not None
    assert activation.activated.paid_wei == ENTRY - 5


def raises_the_price(node: ActivationChain) -> None:
    def after(function: str) -> None:
        if function == "approve":
            node.prices[0] = ENTRY + PEAQ // 10
            node.after = None

    node.after = after


async def test_a_price_that_rises_after_the_approval_stops_and_names_the_allowance(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    raises_the_price(node)
    quote = await quoted(wizard)
    with pytest.raises(OnboardingError) as stopped:
        await flow.register(wizard.context, agreed_bond=quote.bond)
    assert stopped.value.code == "ALLOWANCE_SHORT"
    assert "0.4" in stopped.value.problem.cause
    assert "0.5" in stopped.value.problem.cause
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.allowance_left == ENTRY
    assert node.purposes == ["approve"]


async def test_a_second_approval_needs_a_second_consent(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    raises_the_price(node)
    quote = await quoted(wizard)
    for _ in range(3):  # a driver that tries again without asking
        code = await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
        assert code == "ALLOWANCE_SHORT"
    assert node.purposes == ["approve"]
    again = await agree_and_register(wizard)
    assert again.approves == ENTRY + PEAQ // 10
    assert node.purposes == ["approve", "approve", "activateMachine"]


async def test_an_allowance_that_somebody_takes_back_is_not_given_again_under_one_consent(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()

    def after(function: str) -> None:
        node.contracts.allowance = 0

    node.after = after
    quote = await quoted(wizard)
    for _ in range(2):
        code = await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
        assert code == "ALLOWANCE_SHORT"
    wizard.restart()
    code = await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
    assert code == "ALLOWANCE_SHORT"
    assert node.purposes == ["approve"]


async def test_an_advance_consent_is_a_limit(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    code = await code_of(flow.quote(wizard.context, accepted=ENTRY - 1))
    assert code == "QUOTE_NOT_ACCEPTED"
    assert await flow.quote(wizard.context, accepted=ENTRY) is not None


async def test_an_activation_that_reverts_leaves_an_allowance_that_is_named_and_used_next_time(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.reverts = {"activateMachine"}
    quote = await quoted(wizard)
    code = await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
    assert code == "TRANSACTION_REVERTED"
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.allowance_left == ENTRY
    node.reverts = set()
    again = await agree_and_register(wizard)
    assert again.approves == 0
    assert node.purposes == ["approve", "activateMachine"]


# What stops before anything is signed


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"paused": True}, "ACTIVATION_PAUSED"),
        ({"machine_paused": True}, "ACTIVATION_PAUSED"),
        ({"authority": False}, "ACTIVATION_ELSEWHERE"),
        ({"computes": 5}, "MACHINE_ID_DISAGREES"),
        ({"prices": {0: None}}, "PRICE_NOT_AVAILABLE"),
        ({"prices": {}}, "TIER_INVALID"),
        ({"token": STRANGER}, "PEER_MISMATCH"),
        (
            {"no_code": {PEAQ_MAINNET.contracts.machine_bridge_adapter.lower()}},
            "DEPLOYMENT_CODE_MISSING",
        ),
    ],
)
@pytest.mark.parametrize("when", ["before the quote", "after the consent"])
async def test_a_chain_that_is_not_ready_stops_before_anything_is_signed(
    wizard: ActivationWizard,
    node: ActivationChain,
    change: dict[str, object],
    code: str,
    when: str,
) -> None:
    await wizard.prepare()
    quote = await quoted(wizard)
    for name, value in change.items():
        if name == "token":
            node.answers["peaqToken"] = "0x" + STRANGER[2:].zfill(64)
        else:
            setattr(node, name, value)
    if when == "before the quote":
        assert await code_of(flow.quote(wizard.context)) == code
    else:
        assert await code_of(flow.register(wizard.context, agreed_bond=quote.bond)) == code
    assert node.sent == []


@pytest.mark.parametrize(
    ("address", "code"), [(STRANGER, "PEER_MISMATCH"), ("0x" + "0" * 40, "PEER_UNSET")]
)
@pytest.mark.parametrize("peer", ["machine_subscription", "subscription_token_provision_pool"])
async def test_every_peer_is_compared_with_the_record(
    wizard: ActivationWizard, node: ActivationChain, peer: str, address: str, code: str
) -> None:
    await wizard.prepare()
    node.peers[peer] = address
    assert await code_of(flow.quote(wizard.context)) == code
    found = await environment.survey(wizard.context, patience=6.0)
    assert found.problem is not None
    assert found.problem.code == code
    lights = [check.light for check in environment.check_contracts(wizard.context, found)]
    assert lights == [Light.RED, Light.RED]


async def test_too_little_money_leads_back_to_funding(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.contracts.balance = ENTRY
    assert await code_of(flow.quote(wizard.context)) == "INSUFFICIENT_BALANCE"
    assert action(wizard) is Action.FUND
    need = wizard.store.state.need
    assert need is not None
    assert need.total >= ENTRY + 5 * 10**16


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused("machine_subscription", "PriceNotAvailable"), "PRICE_NOT_AVAILABLE"),
        (Refused("machine_subscription", "TechnicallyPaused"), "ACTIVATION_PAUSED"),
        (Refused("cross_chain_mirror", "HomeChainConflict", 1, 2, 3), "CONTRACT_REFUSED"),
        (Refused("machine_registry", "InvalidDIDFormat"), "CONTRACT_REFUSED"),
        (Refused("machine_subscription", "AlreadyActivated"), "RPC_BEHIND"),
        (NodeError("VM Exception while processing transaction: revert"), "CONTRACT_REFUSED"),
    ],
)
async def test_a_refused_simulation_is_explained_and_the_activation_is_not_sent(
    wizard: ActivationWizard, node: ActivationChain, error: Exception, code: str
) -> None:
    await wizard.prepare()
    quote = await quoted(wizard)
    node.answers["activateMachine"] = error
    assert await code_of(flow.register(wizard.context, agreed_bond=quote.bond)) == code
    assert node.purposes == ["approve"]


# Machines that are there already


async def test_a_subject_that_a_stranger_took_stops_and_shows_both(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.mint(STRANGER)
    with pytest.raises(OnboardingError) as stopped:
        await flow.quote(wizard.context)
    assert stopped.value.code == "MACHINE_TAKEN"
    assert STRANGER in stopped.value.problem.cause
    assert WALLET in stopped.value.problem.cause
    assert node.sent == []


async def test_a_stranger_who_comes_between_approval_and_activation_is_noticed(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.after = lambda _: node.mint(STRANGER) and None  # type: ignore[func-returns-value]
    quote = await quoted(wizard)
    assert await code_of(flow.register(wizard.context, agreed_bond=quote.bond)) == "MACHINE_TAKEN"
    assert node.purposes == ["approve"]


async def test_a_machine_that_was_activated_elsewhere_with_this_key_costs_nothing(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.mint()
    assert await flow.quote(wizard.context) is None
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.activated is not None
    assert (activation.activated.way, activation.activated.paid_wei) == ("found", 0)
    assert node.sent == []
    await flow.read_back(wizard.context)
    assert action(wizard) is Action.FINISH


@pytest.mark.parametrize(
    "changes",
    [
        {"controller": STRANGER},
        {"tier": 1},
        {"manufacturer": STRANGER},
        {"home": False},
        {"document": ("", WALLET, [], [], [])},
    ],
)
async def test_a_machine_that_differs_from_the_records_is_a_conflict(
    wizard: ActivationWizard, node: ActivationChain, changes: dict[str, object]
) -> None:
    await wizard.prepare()
    node.mint(**changes)  # type: ignore[arg-type]
    assert await code_of(flow.quote(wizard.context)) == "MACHINE_DIFFERS"
    assert node.sent == []


async def test_a_machine_whose_subscription_was_terminated_is_not_paid_again(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.mint(status=4)
    assert await code_of(flow.quote(wizard.context)) == "SUBSCRIPTION_ENDED"


async def test_a_machine_that_is_minted_but_inactive_gets_only_its_subscription(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.mint(active=False)
    quote = await agree_and_register(wizard)
    assert quote.minted
    assert node.purposes == ["approve", "activate"]
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.activated is not None
    assert activation.activated.paid_wei == ENTRY
    await flow.read_back(wizard.context)


async def test_a_machine_that_is_minted_after_the_approval_gets_only_its_subscription(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    """The chain says it while the activation is simulated: one look earlier it was absent."""
    await wizard.prepare()

    def look(_: str) -> None:
        node.after = None
        node.answers["ownerOf"] = Refused("machine_registry", "ERC721NonexistentToken", NUMBER)
        node.mint(active=False)

    node.after = look
    node.simulated = node.answers.clear
    await agree_and_register(wizard)
    assert node.purposes == ["approve", "activate"]
    await flow.read_back(wizard.context)


async def test_a_chain_that_contradicts_itself_is_left_after_a_few_looks(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.mint(active=False)
    quote = await quoted(wizard)
    node.answers["activate"] = Refused("machine_subscription", "AlreadyActivated")
    assert await code_of(flow.register(wizard.context, agreed_bond=quote.bond)) == "RPC_BEHIND"
    assert node.purposes == ["approve"]


# Forged and missing events


async def test_events_of_another_contract_do_not_count(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.logs = lambda logs: [
        {**log, "address": STRANGER} if len(logs) > 1 else log for log in logs
    ]
    quote = await quoted(wizard)
    assert await code_of(flow.register(wizard.context, agreed_bond=quote.bond)) == (
        "READ_BACK_FAILED"
    )
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.activated is None
    assert await code_of(flow.quote(wizard.context)) == "READ_BACK_FAILED"
    assert len(node.sent) == 2


async def test_an_approval_without_its_own_event_is_not_built_upon(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    node.logs = lambda logs: [{**log, "address": STRANGER} for log in logs]
    quote = await quoted(wizard)
    code = await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
    assert code == "READ_BACK_FAILED"
    assert node.purposes == ["approve"]


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
    found = await environment.survey(wizard.context, patience=6.0)
    assert found.prices == {0: ENTRY, 1: PEAQ, 2: 3 * PEAQ}
    assert found.bond == ENTRY
    contracts, bond = environment.check_contracts(wizard.context, found)
    assert contracts.light is bond.light is Light.GREEN
    assert PEAQ_MAINNET.digest[:16] in contracts.text
    assert bond.text == "Entry 0.4, Basic 1, Pro 3 PEAQ"
    del node.prices[2]
    fewer = await environment.survey(wizard.context, patience=6.0)
    assert fewer.prices == {0: ENTRY, 1: PEAQ}


async def test_no_price_is_a_condition_of_the_chain_that_stops_on_the_first_screen(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    node.prices = dict.fromkeys(range(3))
    found = await environment.survey(wizard.context, patience=6.0)
    contracts, bond = environment.check_contracts(wizard.context, found)
    assert contracts.light is Light.GREEN
    assert bond.problem is not None
    assert bond.problem.code == "PRICE_NOT_AVAILABLE"
    assert exit_code(bond.problem.kind) == 2
    passing = environment.pass_environment(wizard.context, "1", found)
    assert await code_of(passing) == "PRICE_NOT_AVAILABLE"
    assert wizard.events == []


async def test_the_wallet_s_prices_by_tier_count_its_voucher(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    node.contracts.voucher = PEAQ
    await wizard.prepare()
    found = await flow.prices(wizard.context)
    assert {tier: price.net for tier, price in found.items()} == {0: 0, 1: 0, 2: 2 * PEAQ}


# The allowance that is left


async def test_an_allowance_is_set_back_once_and_only_if_there_is_one(
    wizard: ActivationWizard, node: ActivationChain
) -> None:
    await wizard.prepare()
    raises_the_price(node)
    quote = await quoted(wizard)
    await code_of(flow.register(wizard.context, agreed_bond=quote.bond))
    for _ in range(2):
        await flow.revoke(wizard.context)
        assert node.contracts.allowance == 0
    assert node.purposes == ["approve", "approve"]
    activation = wizard.store.state.activation
    assert activation is not None
    assert activation.allowance is not None
    assert activation.allowance_left == 0


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
