"""The arithmetic of a quote, and every refusal of the contracts in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import abis
from core.chain.abi import Revert
from core.journal import activation_events as av
from core.protocols.activation.quote import (
    ACTIVATE_GAS,
    APPROVE_GAS,
    DEPOSIT_MARGIN,
    RESERVE,
    USUAL_GAS,
    Price,
    gas_left,
    needed_approval,
    requirement_for,
)
from core.protocols.activation.refusals import KNOWN, explain
from tests.core.journal.test_activation_journal import ACTIVATED, APPROVED, DESCRIBED, folded

PEAQ = 10**18
GWEI = 10**9


@pytest.mark.parametrize(
    ("bond", "voucher", "credit", "net"),
    [(10, 0, 0, 10), (10, 4, 4, 6), (10, 10, 10, 0), (10, 11, 10, 0), (0, 5, 0, 0)],
)
def test_the_voucher_pays_at_most_the_bond(bond: int, voucher: int, credit: int, net: int) -> None:
    price = Price(0, bond, voucher)
    assert (price.credit, price.net) == (credit, net)


@pytest.mark.parametrize(
    ("net", "allowance", "approves"),
    [(10, 0, 10), (10, 9, 10), (10, 10, 0), (10, 11, 0), (0, 0, 0)],
)
def test_exactly_the_net_amount_is_approved_and_only_if_needed(
    net: int, allowance: int, approves: int
) -> None:
    assert needed_approval(net, allowance) == approves


def test_the_need_covers_the_reserve_or_the_fees_whichever_is_more() -> None:
    cheap = requirement_for(PEAQ, GWEI)
    assert cheap.total == PEAQ + RESERVE + DEPOSIT_MARGIN
    dear = requirement_for(PEAQ, 100 * GWEI)
    assert dear.gas == (APPROVE_GAS + ACTIVATE_GAS) * 100 * GWEI
    assert dear.total == PEAQ + dear.gas + DEPOSIT_MARGIN
    assert cheap.basis == "reserve"


def test_the_gas_that_is_left_follows_what_was_signed() -> None:
    assert gas_left(folded(*DESCRIBED)) == APPROVE_GAS + ACTIVATE_GAS
    assert gas_left(folded(*APPROVED)) == ACTIVATE_GAS
    short = av.AllowanceSeen(0, 10)
    assert gas_left(folded(*APPROVED, short)) == APPROVE_GAS + ACTIVATE_GAS
    assert gas_left(folded(*ACTIVATED)) == APPROVE_GAS + USUAL_GAS["renew"]


CONTRACTS = (
    "machine_registry",
    "machine_state_and_sync",
    "machine_subscription",
    "cross_chain_mirror",
)
NAMES = sorted(
    {
        entry["name"]
        for contract in CONTRACTS
        for entry in abis.load(f"activation/{contract}")
        if entry["type"] == "error"
    }
)


@pytest.mark.parametrize("name", NAMES)
def test_every_error_of_the_contracts_has_words(name: str) -> None:
    assert name in KNOWN
    error = explain(
        Revert(name, name), purpose="activate", network="peaq mainnet", token="PEAQ", tier=1
    )
    assert re.search(r"[a-z]{3,} [a-z]{2,}", error.problem.cause), "a sentence, not a name"
    assert "?" not in error.problem.cause


def test_an_unknown_error_is_shown_by_its_name() -> None:
    error = explain(
        Revert("SomethingNew", "SomethingNew"),
        purpose="renew",
        network="peaq mainnet",
        token="PEAQ",
        tier=0,
    )
    assert error.code == "CONTRACT_REFUSED"
    assert "SomethingNew" in error.problem.title


def test_no_word_is_for_an_error_that_no_contract_has() -> None:
    interfaces = " ".join(path.read_text() for path in _interfaces())
    assert [name for name in KNOWN if f'"{name}"' not in interfaces] == []


def _interfaces() -> list[Path]:
    return sorted((Path(abis.__file__).parent / "activation").glob("*.json"))
