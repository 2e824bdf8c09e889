"""The price that people agree to, and what it means where nothing was agreed."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from core.chain.fee_limit import FeeLimit, price_to_agree
from core.chain.types import Fees
from core.config.networks import AGUNG, MAINNET, REHEARSAL, Network
from core.errors.problem import OnboardingError
from core.journal import events as ev
from core.journal.event_store import EventStore
from core.journal.events import event_from
from core.journal.file import Journal
from core.journal.state import Tx
from core.protocols.guide.requirement import USUAL_GAS, gas_left
from tests.support.clock import FakeClock

GWEI = 10**9
PAYER = "0xAb"


def fees(base: int, tip: int = 0) -> Fees:
    return Fees(cap=2 * base + tip, tip=tip, base=base)


def limit(folder: Path, **agreed: int) -> FeeLimit:
    clock = FakeClock()
    store = EventStore(Journal(folder / "journal.jsonl", clock.now), clock)
    return FeeLimit(REHEARSAL, store, clock, agreed, usual_gas=USUAL_GAS, gas_left=gas_left)


def pending(**changes: Any) -> Tx:
    values: dict[str, Any] = {
        "purpose": "mint",
        "sender": PAYER,
        "to": "0xcc",
        "nonce": 1,
        "value_wei": 0,
        "gas": 300_000,
        "max_fee_wei": 20 * GWEI,
        "tip_wei": 0,
        "legacy": False,
        "data": "0x",
        "hash": "0x1",
        "raw": "0x2",
        "signed_at": datetime(2026, 3, 1, tzinfo=timezone.utc),
    }
    return Tx(**{**values, **changes})


@pytest.mark.parametrize(
    ("spare", "price"),
    [
        pytest.param(10**17, 40 * GWEI, id="twice what would be signed now"),
        pytest.param(60_000 * 10**12, 30 * GWEI, id="no more than the wallet has"),
        pytest.param(0, 20 * GWEI, id="enough to sign now"),
    ],
)
def test_the_price_to_agree_to_leaves_room_within_the_wallet(spare: int, price: int) -> None:
    assert price_to_agree(fees(10 * GWEI), REHEARSAL, gas=2_000_000, spare=spare) == price


@pytest.mark.parametrize("network", [MAINNET, AGUNG, REHEARSAL], ids=lambda network: network.name)
def test_nobody_is_asked_to_agree_to_more_than_the_network_s_limit(network: Network) -> None:
    price = price_to_agree(fees(10**15), network, gas=1, spare=10**30)
    assert price == network.max_gas_price_wei


def test_without_an_agreement_a_small_multiple_of_the_usual_price_is_the_limit(
    tmp_path: Path,
) -> None:
    signed = ev.TransactionSigned(
        "register", PAYER, "0xcc", 0, 1, 100, 2, 0, False, "0x", "0x1", "0xraw"
    )
    data = signed.to_data()
    del data["agreed_price_wei"]
    assert event_from("TransactionSigned", data) == signed
    assert limit(tmp_path).limit(PAYER) == REHEARSAL.max_gas_price_wei // 25


def test_an_agreement_to_nothing_allows_nothing(tmp_path: Path) -> None:
    with pytest.raises(OnboardingError) as refused:
        limit(tmp_path, **{PAYER: 0}).within(fees(10 * GWEI), PAYER)
    assert refused.value.code == "FEE_TOO_HIGH"


def test_more_gas_than_was_shown_has_to_cost_less_per_gas(tmp_path: Path) -> None:
    held = limit(tmp_path, **{PAYER: 40 * GWEI})
    shown = USUAL_GAS["mint"]
    signed = held.within(fees(10 * GWEI), PAYER, purpose="mint", gas=3 * shown)
    assert signed.cap * 3 * shown <= 40 * GWEI * shown
    with pytest.raises(OnboardingError) as refused:
        held.within(fees(10 * GWEI), PAYER, purpose="mint", gas=5 * shown)
    assert refused.value.code == "FEE_TOO_HIGH"


def test_what_is_signed_is_lowered_to_the_agreed_price(tmp_path: Path) -> None:
    held = limit(tmp_path, **{PAYER: 15 * GWEI})
    assert held.within(fees(10 * GWEI), PAYER).cap == 15 * GWEI
    assert held.within(fees(10 * GWEI, 30 * GWEI), PAYER).tip == 15 * GWEI


def test_a_replacement_raises_both_fields_by_what_pools_want(tmp_path: Path) -> None:
    held = limit(tmp_path, **{PAYER: 500 * GWEI})
    tx = pending(tip_wei=GWEI)
    raised = held.raised(tx, fees(21 * GWEI), 10**18, unasked=False)
    assert raised is not None
    assert raised.cap == 42 * GWEI
    assert raised.tip > GWEI * 11 // 10


def test_a_replacement_of_a_legacy_transaction_outbids_its_whole_price(tmp_path: Path) -> None:
    held = limit(tmp_path, **{PAYER: 500 * GWEI})
    raised = held.raised(pending(legacy=True), fees(21 * GWEI), 10**18, unasked=False)
    assert raised is not None
    assert raised.tip >= 22 * GWEI


def test_a_transaction_that_blocks_take_at_its_fee_is_not_raised_again(tmp_path: Path) -> None:
    held = limit(tmp_path, **{PAYER: 500 * GWEI})
    assert held.raised(pending(), fees(19 * GWEI), 10**18, unasked=False) is None
    assert held.raised(pending(), fees(19 * GWEI), 10**18, unasked=True) is not None
