"""Why a contract refused, in its own word, whatever shape the node wraps it in."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak

from core.chain.abi import Revert, codec, read_revert
from core.chain.json_rpc import RpcError

ALREADY = "0x" + keccak(text="AlreadyRegistered()")[:4].hex()
BOUND = (
    "0x"
    + (
        keccak(text="WalletAlreadyBound(address)")[:4] + encode(["address"], ["0x" + "11" * 20])
    ).hex()
)
NOT_FOUND = (
    "0x"
    + (
        keccak(text="EntryNotFound(address,bytes)")[:4]
        + encode(["address", "bytes"], ["0x" + "11" * 20, b"x"])
    ).hex()
)
SENTENCE = "0x08c379a0" + encode(["string"], ["the bond is too low"]).hex()
PALLET = (
    "Dispatched call failed with error: Module(ModuleError { index: 150, error: [1, 0, 0, 0], "
    'message: Some("AttributeAlreadyExist") })'
)
PANIC = "0x4e487b71" + encode(["uint256"], [17]).hex()

NAMED = Revert("AlreadyRegistered", "AlreadyRegistered")


@pytest.mark.parametrize(
    ("message", "data", "revert"),
    [
        # geth
        ("execution reverted", ALREADY, NAMED),
        ("execution reverted: the bond is too low", SENTENCE, Revert("", "the bond is too low")),
        ("execution reverted", BOUND, Revert("WalletAlreadyBound", "WalletAlreadyBound")),
        ("execution reverted", NOT_FOUND, Revert("EntryNotFound", "EntryNotFound")),
        ("execution reverted", PANIC, Revert("Panic", "Panic 17")),
        ("execution reverted", "0x", Revert("", "no reason given")),
        ("execution reverted", None, Revert("", "no reason given")),
        ("execution reverted", "0xdeadbeef", Revert("", "no reason given")),
        # Frontier: any code, the data here or in the text
        ("VM Exception while processing transaction: revert", ALREADY, NAMED),
        (f"VM Exception while processing transaction: revert {ALREADY}", None, NAMED),
        ("VM Exception while processing transaction: revert no bond", None, Revert("", "no bond")),
        ("evm error", {"data": ALREADY}, NAMED),
        ("evm error", {"0xhash": {"error": "revert", "return": ALREADY}}, NAMED),
        ("Cannot find the item", None, Revert("", "Cannot find the item")),
        ("x", "0x08c379a0" + encode(["string"], [PALLET]).hex(), "pallet"),
        ("insufficient funds for gas * price + value", None, "poor"),
        ("gas required exceeds allowance (0)", None, "poor"),
        ("submit transaction to pool failed: InvalidTransaction::BalanceLow", None, "poor"),
        # No reverts
        ("Internal error", None, False),
        ("method not found", None, False),
        ("", None, False),
        ("header not found", "0x" + "ab" * 32, False),
    ],
)
def test_every_shape_is_understood(message: str, data: Any, revert: Any) -> None:
    found = read_revert(RpcError(-32603, message, data))
    if revert is False:
        assert found is None
    elif revert == "poor":
        assert found is not None
        assert found.poor
    elif revert == "pallet":
        assert found is not None
        assert found.name == "AttributeAlreadyExist"
    else:
        assert found == revert


def test_the_pallet_s_own_word_is_found_in_plain_text() -> None:
    found = read_revert(RpcError(-32603, f"VM Exception while processing: revert {PALLET}"))
    assert found == Revert("AttributeAlreadyExist", "AttributeAlreadyExist")


@pytest.mark.parametrize("length", range(0, len(SENTENCE), 7))
def test_a_reason_that_is_cut_off_is_still_a_revert(length: int) -> None:
    assert read_revert(RpcError(3, "execution reverted", SENTENCE[:length])) is not None


def test_hostile_reasons_are_cleaned() -> None:
    data = "0x08c379a0" + encode(["string"], ["\x1b[2J" + "x" * 10_000]).hex()
    found = read_revert(RpcError(3, "execution reverted", data))
    assert found is not None
    assert found.reason.isprintable()
    assert len(found.reason) <= 300


REGISTRY = "0x" + "aa" * 20
TOPIC = "0x" + keccak(text="Registered(uint256,string,address)").hex()


def log(address: str = REGISTRY, topic: str = TOPIC, machine_id: int = 1001) -> dict[str, Any]:
    owner = "0x" + "00" * 12 + "22" * 20
    return {"address": address, "topics": [topic, f"0x{machine_id:064x}", owner], "data": "0x"}


def test_an_event_is_found_among_foreign_ones() -> None:
    logs = [log(address="0x" + "bb" * 20), log(topic="0x" + "00" * 32), {}, log(machine_id=7)]
    event = codec("identity_registry").find_event(
        "Registered", logs, REGISTRY.upper().replace("X", "x")
    )
    assert event == {"machineId": 7, "owner": "0x" + "22" * 20}
    assert codec("identity_registry").find_event("Registered", logs[:3], REGISTRY) is None


REGISTERED = log()["topics"][0]
ADDRESS_WORD = "0x" + "22" * 20


@pytest.mark.parametrize(
    "topics",
    [
        None,
        7,
        {},
        [],
        [REGISTERED],
        [REGISTERED, "0x" + "00" * 32],
        [REGISTERED, "0x07", ADDRESS_WORD],
        [REGISTERED, "no hex", "at all"],
        [REGISTERED, None, 5],
        [REGISTERED, "0x" + "00" * 32, "0x" + "ff" * 32],
        [REGISTERED, "0x" + "00" * 32, "0x" + "00" * 32, "0x" + "00" * 32],
    ],
)
def test_a_log_that_cannot_be_decoded_is_not_the_event(topics: object) -> None:
    broken = {**log(), "topics": topics}
    find = codec("identity_registry").find_event
    assert find("Registered", [broken], REGISTRY) is None
    assert find("Registered", [broken, log(machine_id=7)], REGISTRY) is not None


def test_an_answer_that_is_far_too_long_is_refused_before_it_is_decoded() -> None:
    word = "0x" + f"{1:064x}" + "00" * 1_000_000
    with pytest.raises(ValueError, match="minBond returned"):
        codec("identity_registry").decode("minBond", word)


@pytest.mark.parametrize("data", ["0x", "", "0x12", None, 5, "zz", "0x" + "ff" * 31])
def test_an_answer_that_does_not_fit_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="minBond returned"):
        codec("identity_registry").decode("minBond", data)


def test_answers_are_decoded() -> None:
    assert codec("identity_registry").decode("minBond", "0x" + f"{10**18:064x}") == (10**18,)
    value = encode(["(bytes,bytes,uint32,uint256)"], [(b"name", b"value", 0, 1)])
    decoded = codec("did_registry").decode("readAttribute", "0x" + value.hex())
    assert decoded == ((b"name", b"value", 0, 1),)
