"""Activation line by line: typed, given ahead, refused, and resumed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors.exit_codes import EXIT_DONE, EXIT_STOPPED
from core.journal.activation_events import AllowanceSeen, IdentityRecorded, TierChosen
from core.journal.next_action import Action
from core.receipt.document import read_receipt
from tests.support.machine import ENTRIES, Machine, go_on_with
from tests.support.plain import AHEAD, WORDS, Run, unattended_answers
from tests.support.words import title

IDENTITY = {"tier": "entry", "machine_type": "robot-arm", "manufacturer": ENTRIES.manufacturer}


@pytest.fixture
def activating(machine: Machine) -> Machine:
    machine.protocol = "activation"
    return machine


async def test_a_machine_is_activated_by_typing_alone(activating: Machine, run: Run) -> None:
    said = await run(
        *("generate", WORDS, WORDS, "copied"),
        *("", activating.fresh_code),  # the entry is in the app; the code
        *("7", "1"),  # no such tier; the second one
        activating.fresh_code,
        *("robot-arm", "", "0x12", ENTRIES.manufacturer, ""),
        "change",
        *("robot-leg", "", "", ""),
        "activate",
    )
    assert said.code == EXIT_DONE, said.err
    activation = activating.state.activation
    assert activation is not None
    assert activation.activated is not None
    assert activation.activated.tier == 1
    assert activation.identity is not None
    assert activation.identity.machine_type == "robot-leg"
    assert activation.identity.controller == activating.address
    assert title("MANUFACTURER_INVALID") in said.words, "0x12 is no address"
    assert f"did:peaq:{activation.activated.machine_id}" in said.out
    assert "peaq-onboard renew" in said.words


async def test_an_unattended_activation_needs_no_subject_and_no_controller(
    activating: Machine, run: Run, tmp_path: Path
) -> None:
    said = await run(answers=unattended_answers(tmp_path, **IDENTITY))
    assert said.code == EXIT_DONE, said.err
    receipt = read_receipt(activating.folder)
    assert receipt is not None
    assert receipt["protocol"] == "activation"
    assert receipt["activation"]["tier"] == 0
    assert len(receipt["activation"]["credential_subject"]) == 2 + 64, "32 random bytes"
    assert receipt["activation"]["controller"] == activating.address
    assert [row["purpose"] for row in receipt["transactions"]] == ["approve", "activate"]


async def test_missing_and_unusable_parts_of_the_identity_are_named_before_a_key_is_made(
    activating: Machine, run: Run, tmp_path: Path
) -> None:
    answers = unattended_answers(tmp_path, manufacturer="0x12", subject="0x1234")
    said = await run(answers=answers)
    assert said.code == EXIT_STOPPED
    assert "--tier and --machine-type are missing" in said.words
    assert title("MANUFACTURER_INVALID") in said.words
    assert title("SUBJECT_INVALID") in said.words
    assert activating.records == []


async def test_a_tier_that_the_network_does_not_have_is_refused(
    activating: Machine, run: Run, tmp_path: Path
) -> None:
    answers = unattended_answers(tmp_path, **{**IDENTITY, "tier": "9"})
    said = await run(answers=answers)
    assert said.code != EXIT_DONE
    assert title("TIER_INVALID") in said.words
    assert not any(isinstance(record.event, TierChosen) for record in activating.records)


async def test_nothing_is_signed_unless_the_word_is_typed(activating: Machine, run: Run) -> None:
    await activating.drive(until=Action.ACTIVATE)
    said = await run("yes")
    assert said.code == EXIT_STOPPED
    assert "You did not agree" in said.words
    assert activating.state.transactions == ()


async def test_presets_that_describe_another_machine_count_until_something_is_signed(
    activating: Machine, run: Run, tmp_path: Path
) -> None:
    await activating.drive(until=Action.ACTIVATE)
    answers = unattended_answers(tmp_path, **{**IDENTITY, "machine_type": "robot-leg"})
    said = await run(answers=answers)
    assert said.code == EXIT_DONE, said.err
    described = [r.event for r in activating.records if isinstance(r.event, IdentityRecorded)]
    assert [event.machine_type for event in described] == ["robot-arm", "robot-leg"]


@pytest.mark.parametrize(("typed", "left"), [("yes", False), ("no", True)])
async def test_an_allowance_that_is_left_is_named_and_can_be_set_back(
    activating: Machine, run: Run, typed: str, left: bool
) -> None:
    """A voucher that arrives after the approval leaves the allowance unused."""
    await activating.drive(until=Action.ACTIVATE)
    quote = await activating.now_open.quote()
    assert quote is not None
    activating.network.fault("activation-reverts", 1)
    with pytest.raises(Exception, match=r"QUOTE_CHANGED|ALLOWANCE_SHORT|REVERTED|refused"):
        await activating.now_open.register(agreed_bond=quote.bond, agreed_price=quote.price)
    activating.network.fault("voucher-full", 1)
    await activating.drive(until=Action.READ_BACK)
    said = await run(typed)
    assert said.code == EXIT_DONE, said.err
    assert "may still take" in said.words
    seen = [r.event for r in activating.records if isinstance(r.event, AllowanceSeen)]
    assert bool(seen[-1].allowance_wei) is left
    purposes = [tx.purpose for tx in activating.state.transactions]
    assert ("revoke" in purposes) is not left


async def test_on_real_money_the_guide_s_flow_is_chosen_in_words(
    machine: Machine, run: Run
) -> None:
    await on_real_money(machine)
    said = await run("yes")
    assert said.code == EXIT_STOPPED
    assert "2026-09-01" in said.words
    assert machine.records == []
    await on_real_money(machine)
    said = await run("guide", answers=replace(AHEAD, key="generate"))
    assert [type(record.event).__name__ for record in machine.records][:1] == ["OnboardingStarted"]
    assert said.words.count("2026-09-01") == 1
    await machine.close()
    await on_real_money(machine)
    said = await run("")
    assert "2026-09-01" not in said.words, "the journal has started, so the choice was made"


async def test_an_unattended_run_on_real_money_names_the_protocol_it_lacks(
    machine: Machine, run: Run, tmp_path: Path
) -> None:
    answers = unattended_answers(tmp_path, accept_bond=10**18)
    await on_real_money(machine)
    said = await run(answers=answers)
    assert said.code == EXIT_STOPPED
    assert "--protocol" in said.words
    assert machine.records == []


async def on_real_money(machine: Machine) -> None:
    engine = machine.now_open
    network = replace(engine.settings.network, real_money=True)
    await go_on_with(engine, replace(engine.settings, network=network))
