"""A receipt is held against the chain line by line: one wrong line is named, and no other."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from typing import Any

import pytest

from core.chain.json_rpc import Rpc
from core.chain.queries import Chain
from core.clock import SystemClock
from core.receipt.document import read_receipt
from core.receipt.verify import compare
from tests.support.machine import Machine

OTHER = "0x" + "12" * 20


@pytest.fixture
async def chain(machine: Machine) -> AsyncIterator[Chain]:
    await machine.drive()
    settings = machine.settings()
    rpc = Rpc((settings.rpc_url,), settings.network.chain_id, "rehearsal", SystemClock())
    yield Chain(rpc, settings.network, settings.contracts)
    await rpc.close()


def receipt(machine: Machine) -> dict[str, Any]:
    found = read_receipt(machine.folder)
    assert found is not None
    return found


def changed(whole: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    copied = copy.deepcopy(whole)
    *way, last = path.split(".")
    part: Any = copied
    for name in way:
        part = part[int(name)] if name.isdigit() else part[name]
    part[last] = value
    return copied


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("chain_id", 3338, "chain"),
        ("machine_id", 5, "machine id"),
        ("peaq_id", f"did:peaq:{OTHER}", "peaqID"),
        ("bond_wei", "2000000000000000000", "bond amount"),
        ("bond_wei", "1000000000000000001", "bond amount"),
        ("machine_nft_token_id", 1, "Machine NFT"),
        ("did_attributes.machineId", "5", "machineId"),
        ("did_attributes.operator", "did:peaq:0x", "operator"),
        ("did_attributes.documentation_url", "https://other.example", "documentation_url"),
        ("transactions.0.block", 99, "transaction register"),
        ("transactions.1.status", "reverted", "transaction mint"),
        ("transactions.2.fee_wei", "1", "transaction did"),
        ("transactions.2.hash", "0x" + "ab" * 32, "transaction did"),
    ],
)
async def test_the_wrong_line_is_named(
    machine: Machine, chain: Chain, path: str, value: Any, named: str
) -> None:
    whole = receipt(machine)
    assert [row.what for row in await compare(whole, chain) if row.wrong] == []
    wrong = {row.what for row in await compare(changed(whole, path, value), chain) if row.wrong}
    # The token stands for a machine, so a wrong machine is seen there too.
    assert wrong - {"Machine NFT's machine"} == {named}


async def test_one_transaction_for_all_is_compared_too(machine: Machine) -> None:
    machine.single = True
    await machine.drive()
    settings = machine.settings()
    rpc = Rpc((settings.rpc_url,), settings.network.chain_id, "rehearsal", SystemClock())
    try:
        rows = await compare(receipt(machine), Chain(rpc, settings.network, settings.contracts))
    finally:
        await rpc.close()
    assert [row.what for row in rows if row.wrong] == []
    assert "transaction single" in {row.what for row in rows}


async def test_the_papers_of_another_machine_do_not_pass(machine: Machine, chain: Chain) -> None:
    rows = await compare(changed(receipt(machine), "address", OTHER), chain)
    assert {row.what for row in rows if row.wrong} >= {"machine id", "machineId", "data_api"}


async def test_a_payment_of_the_gas_station_that_cannot_be_seen_is_no_fault_of_the_machine(
    machine: Machine, chain: Chain
) -> None:
    rows = await compare(changed(receipt(machine), "funding.hash", "0x" + "cd" * 32), chain)
    (row,) = [row for row in rows if row.what == "funding"]
    assert row.found == "not found"
    assert not row.wrong
