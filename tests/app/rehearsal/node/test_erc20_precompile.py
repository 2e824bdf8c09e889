"""The ERC-20 face of the native coin: another view of the same balances."""

from __future__ import annotations

import pytest
from eth_abi import decode
from eth_utils import keccak

from app.rehearsal.node.genesis import ERC20_PRECOMPILE as ERC20
from tests.app.rehearsal.client import (
    BATCH,
    MACHINE,
    OTHER,
    PEAQ,
    REGISTRY,
    RpcFailure,
    batch,
    calldata,
    selector,
)

RECEIVER = "0x" + "ab" * 20
APPROVE = "approve(address,uint256)"
TRANSFER = "transfer(address,uint256)"
TRANSFER_FROM = "transferFrom(address,address,uint256)"


def allowance(client, owner: str, spender: str) -> int:
    return client.call(ERC20, "allowance(address,address)", owner, spender)


def text_of(data: str) -> str:
    assert data[:10] == selector("Error(string)")
    return decode(["string"], bytes.fromhex(data[10:]))[0]


def test_a_balance_is_the_native_one(rich):
    before = rich.call(ERC20, "balanceOf(address)", MACHINE.address)
    assert before == rich.network.balance(MACHINE.address) == 5 * PEAQ
    rich.network.send(MACHINE.address, 7)
    assert rich.call(ERC20, "balanceOf(address)", MACHINE.address) == 5 * PEAQ + 7
    assert rich.call(ERC20, "decimals()") == 18
    assert rich.call(ERC20, "symbol()", returns="string") == "PEAQ"
    assert rich.call(ERC20, "name()", returns="string")


def test_an_approval_is_stored_and_told(rich):
    receipt = rich.transact(ERC20, calldata(APPROVE, OTHER.address, 123))
    assert receipt["status"] == "0x1"
    (log,) = receipt["logs"]
    assert log["address"].lower() == ERC20
    assert log["topics"] == [
        "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925",
        "0x" + MACHINE.address[2:].lower().zfill(64),
        "0x" + OTHER.address[2:].lower().zfill(64),
    ]
    assert int(log["data"], 16) == 123
    assert allowance(rich, MACHINE.address, OTHER.address) == 123
    assert allowance(rich, OTHER.address, MACHINE.address) == 0


def test_a_second_approval_replaces_the_first(rich):
    for value in (5, 0):
        rich.transact(ERC20, calldata(APPROVE, OTHER.address, value))
        assert allowance(rich, MACHINE.address, OTHER.address) == value


def test_what_is_allowed_can_be_taken_and_no_more(rich):
    """The coin moves natively, and the allowance shrinks by it."""
    rich.transact(ERC20, calldata(APPROVE, OTHER.address, 100))
    take = calldata(TRANSFER_FROM, MACHINE.address, RECEIVER, 60)
    receipt = rich.transact(ERC20, take, sender=OTHER)
    assert receipt["status"] == "0x1"
    assert rich.network.balance(RECEIVER) == 60
    assert allowance(rich, MACHINE.address, OTHER.address) == 40
    transfer = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
    assert [log["topics"][0] for log in receipt["logs"]] == [transfer]
    refused = text_of(rich.revert_of(ERC20, take, sender=OTHER))
    assert refused == "trying to spend more than allowed"
    assert rich.transact(ERC20, take, sender=OTHER)["status"] == "0x0"
    assert rich.network.balance(RECEIVER) == 60


def test_the_owner_moves_its_own_coins_without_an_allowance(rich):
    for call in (
        calldata(TRANSFER, RECEIVER, 1),
        calldata(TRANSFER_FROM, MACHINE.address, RECEIVER, 2),
    ):
        assert rich.transact(ERC20, call)["status"] == "0x1"
    assert rich.network.balance(RECEIVER) == 3


def test_nobody_spends_more_than_there_is(rich):
    data = rich.revert_of(ERC20, calldata(TRANSFER, RECEIVER, 6 * PEAQ))
    assert "FundsUnavailable" in text_of(data)


@pytest.mark.parametrize(
    ("data", "value", "reason"),
    [
        (calldata(APPROVE, OTHER.address, 1), 1, "Function is not payable"),
        (calldata("burn(uint256)", 1), 0, "Unknown selector"),
        (calldata(APPROVE, OTHER.address, 1)[:40], 0, f"Expected {APPROVE}"),
        (b"", 0, "Unknown selector"),
    ],
)
def test_what_is_no_call_is_refused_with_a_text(rich, data, value, reason):
    assert text_of(rich.revert_of(ERC20, data, value=value)) == reason


def test_a_read_only_call_approves_nothing(rich):
    """Code that calls approve() by STATICCALL fails, and may read the balance."""
    address = "0x" + "cd" * 20

    def code(selected: str) -> str:
        # PUSH4 selector, shifted to the left, MSTORE; STATICCALL 0x809 with 68 bytes; return it.
        return (
            "0x63" + selected[2:] + "60e01b6000526020600060446000610809"
            "620f4240fa8015600057"  # jumps to an invalid target, and so fails, unless it worked
            "60206000f3"
        )

    def run(signature: str) -> str:
        override = {address: {"code": code(selector(signature))}}
        return rich.rpc("eth_call", {"to": address}, "latest", override)

    with pytest.raises(RpcFailure):
        run(APPROVE)
    assert int(run("decimals()"), 16) == 18


def test_an_approval_and_a_call_go_through_the_batch_as_the_caller(rich):
    calls = batch(
        (ERC20, 0, calldata(APPROVE, OTHER.address, 9)),
        (REGISTRY, PEAQ, calldata("register()")),
    )
    assert rich.transact(BATCH, calls)["status"] == "0x1"
    assert allowance(rich, MACHINE.address, OTHER.address) == 9
    assert len(rich.network.registrations(MACHINE.address)) == 1
