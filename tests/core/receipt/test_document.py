"""The handover papers: complete for programs, readable for people, without a secret."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core.errors.problem import OnboardingError
from core.journal.events import OnboardingFinished
from core.journal.next_action import Action
from core.journal.reducer import fold
from core.protocols.guide.receipt import machine_facts
from core.receipt.document import build_receipt, read_receipt
from core.receipt.text import receipt_lines
from tests.support.machine import DETAILS, Machine

# design.md, section 5
KEYS = {
    "schema_version",
    "network",
    "chain_id",
    "peaq_id",
    "address",
    "machine_id",
    "identity_nft_token_id",
    "machine_nft_token_id",
    "bond_wei",
    "funding",
    "transactions",
    "did_attributes",
    "mcr",
    "endpoints",
    "backup",
    "versions",
    "finished_at",
}


async def test_programs_find_every_key_of_the_contract_and_wei_as_strings(
    machine: Machine,
) -> None:
    await machine.drive()
    receipt = json.loads((machine.folder / "receipt.json").read_text())
    state = machine.state
    assert set(receipt) >= KEYS
    assert receipt["machine_id"] == receipt["identity_nft_token_id"]
    assert state.minted
    assert receipt["machine_nft_token_id"] == state.minted.token_id
    assert receipt["bond_wei"] == str(10**18)
    (transfer,) = machine.network.transfers()
    assert receipt["funding"] == {
        "way": "gas-station",
        "request_id": transfer.request_id,
        "hash": transfer.hash,
        "wei": str(transfer.wei),
        "held_wei": str(transfer.wei),
        "block": state.funded.block if state.funded else None,
    }
    assert [row["purpose"] for row in receipt["transactions"]] == ["register", "mint", "did"]
    for row in receipt["transactions"]:
        assert set(row) >= {"purpose", "hash", "nonce", "status", "block"}
        assert row["status"] == "final"
        assert isinstance(row["fee_wei"], str)
    spent = sum(int(row["fee_wei"]) for row in receipt["transactions"])
    left = machine.network.balance(machine.address)
    assert transfer.wei - 10**18 - spent == left, "the receipt does not add up"
    assert receipt["endpoints"]["rpc"] == machine.network.rpc_url
    assert receipt["versions"]["peaq-onboard"] == "1.2.3"
    assert read_receipt(machine.folder) == receipt


async def test_people_read_it_on_eighty_columns_with_nothing_broken_apart(
    machine: Machine,
) -> None:
    await machine.drive()
    text = (machine.folder / "receipt.txt").read_text()
    receipt = read_receipt(machine.folder)
    assert receipt is not None
    assert all(len(line) <= 80 for line in text.splitlines())
    assert all(line.isprintable() for line in text.splitlines())
    for word in (
        receipt["peaq_id"],
        str(receipt["machine_id"]),
        str(receipt["machine_nft_token_id"]),
        DETAILS.documentation_url,
        "Provisioned",
        *(row["hash"] for row in receipt["transactions"]),
    ):
        assert word in text


@pytest.mark.parametrize("funding", ["gas-station", "owner", "manual", "already", "none", "new"])
@pytest.mark.parametrize("backup", ["copied", "revealed", "none", None])
async def test_every_way_and_every_backup_has_its_words(funding: str, backup: str | None) -> None:
    receipt = {
        "peaq_id": "did:peaq:0x",
        "token": "PEAQ",
        "address": "0x",
        "link": None,
        "machine_id": 1,
        "identity_nft_token_id": 1,
        "machine_nft_token_id": 2,
        "network": "rehearsal",
        "chain_id": 1,
        "bond_wei": "0",
        "funding": {"way": funding, "hash": None, "held_wei": None, "block": None},
        "gas_spent_wei": "0",
        "mcr": "",
        "backup": backup,
        "host": "arm-7",
        "endpoints": {"rpc": "", "gas_station": None, "mcr": None},
        "versions": {},
        "finished_at": "now",
        "rebuilt_at": None,
        "did_attributes": {"operator": ""},
        "transactions": [],
    }
    text = "\n".join(receipt_lines(receipt))
    assert "paid earlier" in text
    assert "not indexed yet" in text
    assert "self-managed" in text


async def test_there_is_no_receipt_before_there_is_something_to_hand_over(
    machine: Machine,
) -> None:
    await machine.drive(until=Action.FINISH)
    records = machine.records
    finished = OnboardingFinished(mcr="")
    complete = 0
    for count in range(len(records) + 1):
        state = fold(records[:count])
        try:
            build_receipt(state, finished, machine_facts(state))
        except ValueError:
            assert not (state.did and state.minted and state.registered)
        else:
            complete += 1
    assert complete >= 1
    assert read_receipt(machine.folder) is None


async def test_a_full_disk_at_the_very_end_is_told_and_made_good(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await machine.drive(until=Action.FINISH)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OnboardingError) as refused:
        await machine.step()
    assert refused.value.code == "DISK_FULL"
    monkeypatch.undo()
    assert machine.now_open.action is Action.FINISH
    await machine.restart()
    await machine.drive()
    assert read_receipt(machine.folder) is not None


@pytest.mark.parametrize("content", ["", "rubbish", "[]", "{}", "\udcff"])
def test_a_receipt_that_cannot_be_read_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "receipt.json").write_text(content, errors="surrogateescape")
    assert read_receipt(tmp_path) is None


@pytest.mark.parametrize("fault", ["mcr-down"])
async def test_the_mcr_api_is_not_needed_for_a_receipt(machine: Machine, fault: str) -> None:
    await machine.drive(until=Action.FINISH)
    machine.network.fault(fault)
    await machine.drive()
    receipt = read_receipt(machine.folder)
    assert receipt is not None
    assert receipt["mcr"] == ""


async def test_who_paid_and_with_which_transaction_is_known_where_it_can_be(
    machine: Machine,
) -> None:
    machine.environ["PEAQOS_PRIVATE_KEY"] = machine.network.owner_key
    machine.way = "owner"
    await machine.drive()
    receipt = read_receipt(machine.folder)
    assert receipt is not None
    (paid,) = [row for row in receipt["transactions"] if row["purpose"] == "funding"]
    assert receipt["funding"]["way"] == "owner"
    assert receipt["funding"]["hash"] == paid["hash"]
    assert receipt["funding"]["wei"] == paid["value_wei"] == receipt["funding"]["held_wei"]
    assert receipt["gas_spent_wei"] == str(
        sum(int(row["fee_wei"]) for row in receipt["transactions"] if row is not paid)
    ), "the owner's fee is not the machine's"


@pytest.mark.parametrize("trouble", ["by hand", "lost-answer"])
async def test_where_nobody_told_the_amount_it_is_what_the_wallet_held(
    machine: Machine, trouble: str
) -> None:
    if trouble == "by hand":
        machine.way = "manual"
    else:
        machine.network.fault(trouble, 1)
    await machine.drive_stubbornly()
    receipt = read_receipt(machine.folder)
    assert receipt is not None
    assert receipt["funding"]["hash"] is None
    assert receipt["funding"]["wei"] == receipt["funding"]["held_wei"] != "0"


async def test_the_key_of_an_account_at_the_endpoint_is_not_handed_over(machine: Machine) -> None:
    machine.environ["PEAQOS_RPC_URL"] = machine.network.rpc_url + "?apikey=of-an-account"
    await machine.drive()
    for name in ("receipt.json", "receipt.txt"):
        assert "of-an-account" not in (machine.folder / name).read_text()
    receipt = read_receipt(machine.folder)
    assert receipt is not None
    assert receipt["endpoints"]["rpc"] == machine.network.rpc_url
