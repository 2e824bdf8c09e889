"""The Batch precompile: all or nothing, as the caller, with the caller's money."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_utils import keccak

from app.rehearsal.node.genesis import CHAIN_ID
from tests.app.rehearsal.client import (
    ADD,
    ATTRIBUTE,
    BATCH,
    BATCH_ALL,
    DID,
    MACHINE,
    NFT,
    OTHER,
    PEAQ,
    READ,
    REGISTRY,
    RpcFailure,
    batch,
    calldata,
    selector,
)

NAMES = [
    b"machineId",
    b"nftTokenId",
    b"operator",
    b"documentation_url",
    b"data_api",
    b"data_visibility",
]
STRANGER = "0x" + "ab" * 20
SUCCEEDED = "0x" + keccak(text="SubcallSucceeded(uint256)").hex()


def add(name: bytes, value: bytes = b"v") -> bytes:
    return calldata(ADD, MACHINE.address, name, value, 0)


def test_six_attributes_are_written_in_one_transaction(rich):
    """The estimate is enough gas, the caller is the machine, each subcall leaves its event."""
    data = batch(*[(DID, 0, add(name, b"x" * 60)) for name in NAMES])
    gas = int(rich.rpc("eth_estimateGas", {
        "from": MACHINE.address, "to": BATCH, "data": "0x" + data.hex()
    }), 16)  # fmt: skip
    receipt = rich.transact(BATCH, data, gas=gas)
    assert receipt["status"] == "0x1"
    assert int(receipt["gasUsed"], 16) <= gas
    for name in NAMES:
        assert rich.call(DID, READ, MACHINE.address, name, returns=ATTRIBUTE)[1] == b"x" * 60
    succeeded = [log for log in receipt["logs"] if log["topics"][0] == SUCCEEDED]
    assert [int(log["data"], 16) for log in succeeded] == list(range(6))
    assert {log["address"].lower() for log in succeeded} == {BATCH}


def test_one_failing_subcall_undoes_all(rich):
    """Nothing of the batch stays, and the revert data is the subcall's own."""
    rich.transact(DID, add(b"data_api"))
    data = batch(*[(DID, 0, add(name)) for name in NAMES])
    single = rich.revert_of(DID, add(b"data_api"))
    assert rich.revert_of(BATCH, data) == single
    receipt = rich.transact(BATCH, data)
    assert receipt["status"] == "0x0"
    assert receipt["logs"] == []
    with pytest.raises(RpcFailure):
        rich.call(DID, READ, MACHINE.address, b"machineId", returns=ATTRIBUTE)


def test_custom_errors_pass_through_unchanged(rich):
    data = batch((REGISTRY, 5, calldata("register()")))
    assert rich.revert_of(BATCH, data) == selector("IncorrectBondAmount()")


def test_a_subcalls_value_comes_from_the_caller(rich):
    """A registration through a batch is the machine's own, with the machine's bond."""
    before = rich.network.balance(MACHINE.address)
    receipt = rich.transact(
        BATCH, batch((REGISTRY, PEAQ, calldata("register()")), (STRANGER, 7, b""))
    )
    fee = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert receipt["status"] == "0x1"
    assert rich.network.balance(MACHINE.address) == before - PEAQ - 7 - fee
    assert rich.network.balance(STRANGER) == 7
    assert rich.network.balance(BATCH) == 0
    assert rich.call(REGISTRY, "machineIdOfOwner(address)", MACHINE.address) != 0


def test_an_undone_batch_gives_the_value_back(rich):
    before = rich.network.balance(MACHINE.address)
    fails_last = [(STRANGER, PEAQ, b""), (NFT, 0, calldata("totalMinted()")), (DID, 0, b"\x01")]
    receipt = rich.transact(BATCH, batch(*fails_last))
    fee = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert receipt["status"] == "0x0"
    assert rich.network.balance(STRANGER) == 0
    assert rich.network.balance(MACHINE.address) == before - fee


def test_value_the_caller_does_not_have_fails_the_batch(rich):
    with pytest.raises(RpcFailure, match="insufficient"):
        rich.rpc("eth_estimateGas", {
            "from": MACHINE.address,
            "to": BATCH,
            "data": "0x" + batch((STRANGER, 100 * PEAQ, b"")).hex(),
        })  # fmt: skip


def test_a_gas_limit_binds_its_subcall(rich):
    """Too little for the subcall fails the batch; enough lets it pass."""
    assert rich.transact(BATCH, batch((DID, 0, add(b"n"), 30_000)))["status"] == "0x0"
    assert rich.transact(BATCH, batch((DID, 0, add(b"n"), 300_000)))["status"] == "0x1"
    too_much = batch((DID, 0, add(b"m"), 50_000_000))
    assert rich.transact(BATCH, too_much)["status"] == "0x0"


def test_value_sent_to_the_precompile_itself_is_refused(rich):
    data = rich.revert_of(BATCH, batch((STRANGER, 0, b"")), value=1)
    assert data == "0x" + (keccak(text="Error(string)")[:4] + encode(
        ["string"], ["Function is not payable"]
    )).hex()  # fmt: skip


@pytest.mark.parametrize("data", [b"", b"\x01\x02\x03\x04", calldata("batchAll()")])
def test_other_calls_revert(rich, data):
    assert rich.revert_of(BATCH, data).startswith(selector("Error(string)"))


def test_malformed_arguments_revert(rich):
    broken = keccak(text=BATCH_ALL)[:4] + b"\xff" * 64
    assert rich.revert_of(BATCH, broken).startswith(selector("Error(string)"))


def test_missing_values_and_limits_count_as_zero(rich):
    data = calldata(BATCH_ALL, [DID, STRANGER], [], [add(b"n")], [])
    assert rich.transact(BATCH, data)["status"] == "0x1"


def test_an_empty_batch_succeeds(rich):
    assert rich.transact(BATCH, batch())["status"] == "0x1"


def test_a_call_runs_a_batch_and_keeps_nothing(rich):
    data = batch((STRANGER, 5, b""))
    what = {"from": MACHINE.address, "to": BATCH, "data": "0x" + data.hex()}
    assert rich.rpc("eth_call", what, "latest") == "0x"
    assert rich.network.balance(STRANGER) == 0


def test_another_caller_cannot_write_for_the_machine(rich):
    """The precompile hands on who called it, not itself and not the DID account."""
    data = batch((DID, 0, add(b"n")))
    assert rich.transact(BATCH, data, sender=OTHER, chainId=CHAIN_ID)["status"] == "0x0"
