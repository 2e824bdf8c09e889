"""The JSON-RPC endpoint answers as a node does, wrong requests included."""

from __future__ import annotations

import pytest
from eth_abi import encode

from app.rehearsal.node.genesis import BASE_FEE, CHAIN_ID
from tests.app.rehearsal.client import (
    ADD,
    DID,
    MACHINE,
    OTHER,
    PEAQ,
    READ,
    REGISTRY,
    RpcFailure,
    calldata,
    selector,
)

UNKNOWN_HASH = "0x" + "ab" * 32
REGISTER = "0x" + calldata("register()").hex()
REGISTER_CALL = {"from": MACHINE.address, "to": REGISTRY, "data": REGISTER, "value": hex(PEAQ)}


@pytest.fixture
def slow(start):
    """A network that makes blocks only when told, with money in both wallets."""
    client = start(block_time=3600)
    for wallet in (MACHINE, OTHER):
        client.network.send(wallet.address, 5 * PEAQ)
    client.network.mine()
    return client


def post(client, content: str):
    headers = {"content-type": "application/json"}
    return client.http.post(client.network.rpc_url, content=content, headers=headers).json()


def error_code(client, content: str) -> int:
    return post(client, content)["error"]["code"]


# The protocol


def test_a_batch_is_answered_in_order_with_its_errors(client):
    requests = [
        {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []},
        {"jsonrpc": "2.0", "id": "two", "method": "eth_nonsense", "params": []},
        {"jsonrpc": "2.0", "method": "eth_chainId"},
        5,
    ]
    answers = client.http.post(client.network.rpc_url, json=requests).json()
    assert answers[0] == {"jsonrpc": "2.0", "id": 1, "result": hex(CHAIN_ID)}
    assert (answers[1]["id"], answers[1]["error"]["code"]) == ("two", -32601)
    assert answers[2]["error"]["code"] == -32600
    assert len(answers) == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", -32700),
        ("[]", -32600),
        ("7", -32600),
        ('{"jsonrpc":"2.0","id":1}', -32600),
        ('{"jsonrpc":"2.0","id":1,"method":"eth_nonsense"}', -32601),
        ('{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":[]}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":{"a":1}}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x12"]}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["new"]}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":[["x"]]}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"eth_call","params":["x"]}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{"to":"0x0"}]}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[1]}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0xzz"]}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x02ff"]}', -32603),
    ],
)
def test_wrong_requests_get_the_right_code(client, body, code):
    assert error_code(client, body) == code


def test_a_notification_is_not_answered(client):
    body = {"jsonrpc": "2.0", "method": "eth_chainId"}
    assert client.http.post(client.network.rpc_url, json=body).content == b""


def test_constants(client):
    assert int(client.rpc("eth_chainId"), 16) == client.network.chain_id == CHAIN_ID
    assert client.rpc("net_version") == str(CHAIN_ID)
    assert "rehearsal" in client.rpc("web3_clientVersion")
    assert client.rpc("eth_syncing") is False
    assert client.rpc("eth_accounts") == []


# Blocks


def test_tags_find_their_blocks(slow):
    slow.network.mine(4)
    head = slow.network.head
    numbers = {
        tag: int(slow.rpc("eth_getBlockByNumber", tag, False)["number"], 16)
        for tag in ("latest", "finalized", "safe", "earliest", "pending")
    }
    assert numbers == {
        "latest": head,
        "finalized": head - 2,
        "safe": head - 2,
        "earliest": 0,
        "pending": head + 1,
    }
    assert int(slow.rpc("eth_blockNumber"), 16) == head


def test_where_blocks_come_at_once_they_are_final_at_once(rich):
    latest = rich.rpc("eth_getBlockByNumber", "latest", False)
    assert rich.rpc("eth_getBlockByNumber", "finalized", False) == latest


def test_a_block_is_the_same_by_number_and_by_hash(rich):
    block = rich.rpc("eth_getBlockByNumber", "0x1", True)
    assert rich.rpc("eth_getBlockByHash", block["hash"], True) == block
    assert block["transactions"][0]["blockHash"] == block["hash"]
    assert rich.rpc("eth_getBlockByNumber", "0x2", False)["parentHash"] == block["hash"]


def test_unknown_blocks_and_transactions_are_null(client):
    assert client.rpc("eth_getBlockByNumber", "0xffff", False) is None
    assert client.rpc("eth_getBlockByHash", UNKNOWN_HASH, False) is None
    assert client.rpc("eth_getTransactionByHash", UNKNOWN_HASH) is None
    assert client.rpc("eth_getTransactionReceipt", UNKNOWN_HASH) is None


def test_state_at_an_unknown_block_is_an_error(client):
    with pytest.raises(RpcFailure, match="header not found"):
        client.rpc("eth_getBalance", MACHINE.address, "0xffff")


def test_timestamps_rise_although_the_clock_stands_still(client, clock):
    client.network.mine(3)
    times = [
        int(client.rpc("eth_getBlockByNumber", hex(number), False)["timestamp"], 16)
        for number in (1, 2, 3)
    ]
    first = int(clock().timestamp())
    assert times == [first, first + 1, first + 2]


def test_old_state_can_be_read(rich):
    rich.register()
    before = hex(rich.network.head - 1)
    data = "0x" + calldata("machineIdOfOwner(address)", MACHINE.address).hex()
    assert int(rich.rpc("eth_call", {"to": REGISTRY, "data": data}, before), 16) == 0
    assert int(rich.rpc("eth_call", {"to": REGISTRY, "data": data}, "latest"), 16) != 0
    assert int(rich.rpc("eth_getBalance", MACHINE.address, before), 16) == 5 * PEAQ
    assert rich.rpc("eth_getTransactionCount", MACHINE.address, before) == "0x0"
    by_object = rich.rpc("eth_getBalance", MACHINE.address, {"blockNumber": before})
    assert int(by_object, 16) == 5 * PEAQ


# Fees


def test_fees_are_constant_until_a_test_changes_them(rich):
    rich.network.mine(5)
    assert int(rich.rpc("eth_gasPrice"), 16) == BASE_FEE
    assert rich.rpc("eth_maxPriorityFeePerGas") == "0x0"
    rich.network.set_base_fee(10 * BASE_FEE)
    rich.network.mine()
    latest = rich.rpc("eth_getBlockByNumber", "latest", False)
    assert int(latest["baseFeePerGas"], 16) == 10 * BASE_FEE
    history = rich.rpc("eth_feeHistory", "0x2", "latest", [50])
    assert [int(fee, 16) for fee in history["baseFeePerGas"]] == [
        BASE_FEE,
        10 * BASE_FEE,
        10 * BASE_FEE,
    ]
    assert history["reward"] == [["0x0"], ["0x0"]]


# Calls and estimates


def test_a_call_needs_no_sender_and_no_money(client):
    assert client.call(REGISTRY, "minBond()") == PEAQ


def test_a_revert_carries_code_three_and_its_data(rich):
    with pytest.raises(RpcFailure) as caught:
        rich.rpc("eth_call", {**REGISTER_CALL, "value": "0x1"}, "latest")
    assert caught.value.code == 3
    assert caught.value.message == "execution reverted"
    assert caught.value.data == selector("IncorrectBondAmount()")


def test_a_text_revert_shows_its_text(rich):
    data = calldata(ADD, OTHER.address, b"n", b"v", 0)
    with pytest.raises(RpcFailure, match="execution reverted: Dispatched call failed") as caught:
        rich.rpc("eth_estimateGas", {"from": MACHINE.address, "to": DID, "data": "0x" + data.hex()})
    assert caught.value.data.startswith(selector("Error(string)"))


def test_an_estimate_is_enough_and_not_much_too_much(rich):
    gas = int(rich.rpc("eth_estimateGas", REGISTER_CALL), 16)
    receipt = rich.transact(REGISTRY, calldata("register()"), value=PEAQ, gas=gas)
    assert receipt["status"] == "0x1"
    assert gas <= int(receipt["gasUsed"], 16) * 1.2


def test_a_transfer_costs_what_it_costs_everywhere(rich):
    what = {"from": MACHINE.address, "to": OTHER.address, "value": "0x1"}
    assert int(rich.rpc("eth_estimateGas", what), 16) == 21_000


def test_an_estimate_for_an_account_without_money_fails_for_that_reason(client):
    with pytest.raises(RpcFailure, match="insufficient"):
        client.rpc("eth_estimateGas", REGISTER_CALL)
    with pytest.raises(RpcFailure, match="insufficient funds for transfer"):
        client.rpc("eth_estimateGas", {**REGISTER_CALL, "gasPrice": hex(BASE_FEE)})


def test_an_estimate_is_capped_by_what_the_sender_can_pay(client):
    client.network.send(MACHINE.address, PEAQ + 50_000 * BASE_FEE)
    with pytest.raises(RpcFailure, match=r"out of gas|exceeds allowance"):
        client.rpc("eth_estimateGas", {**REGISTER_CALL, "gasPrice": hex(BASE_FEE)})


def test_a_balance_can_be_overridden_for_a_forecast(client):
    """The cost of registering can be measured before the wallet has money."""
    override = {MACHINE.address: {"balance": hex(2 * PEAQ)}}
    assert int(client.rpc("eth_estimateGas", REGISTER_CALL, "latest", override), 16) > 50_000
    result = client.rpc("eth_call", REGISTER_CALL, "latest", override)
    assert int(result, 16) != 0
    assert client.network.balance(MACHINE.address) == 0


def test_an_override_of_another_kind_is_refused(client):
    with pytest.raises(RpcFailure, match="state overrides"):
        client.rpc("eth_call", REGISTER_CALL, "latest", {MACHINE.address: {"state": {}}})


# The pool


def test_a_transaction_waits_in_the_pool_until_a_block_comes(slow):
    raw = slow.sign(REGISTRY, calldata("register()"), value=PEAQ)
    transaction_hash = slow.rpc("eth_sendRawTransaction", raw)
    pending = slow.rpc("eth_getTransactionByHash", transaction_hash)
    assert pending["blockNumber"] is None
    assert slow.rpc("eth_getTransactionReceipt", transaction_hash) is None
    assert slow.rpc("eth_getTransactionCount", MACHINE.address, "latest") == "0x0"
    assert slow.rpc("eth_getTransactionCount", MACHINE.address, "pending") == "0x1"
    block = slow.rpc("eth_getBlockByNumber", "pending", False)
    assert (block["hash"], block["transactions"]) == (None, [transaction_hash])
    slow.network.mine()
    receipt = slow.rpc("eth_getTransactionReceipt", transaction_hash)
    assert receipt["status"] == "0x1"
    assert (
        slow.rpc("eth_getTransactionByHash", transaction_hash)["blockHash"]
        == (receipt["blockHash"])
    )


def test_the_same_bytes_again_are_already_known_and_then_too_old(slow):
    raw = slow.sign(OTHER.address)
    slow.rpc("eth_sendRawTransaction", raw)
    with pytest.raises(RpcFailure, match="already known") as caught:
        slow.rpc("eth_sendRawTransaction", raw)
    assert caught.value.code == -32603
    slow.network.mine()
    with pytest.raises(RpcFailure, match="nonce too low"):
        slow.rpc("eth_sendRawTransaction", raw)


def test_a_replacement_must_raise_both_fees(slow):
    fees = {"nonce": 0, "maxFeePerGas": 20 * 10**9, "maxPriorityFeePerGas": 10**9}
    first = slow.rpc("eth_sendRawTransaction", slow.sign(OTHER.address, **fees))
    for raised in ({"maxFeePerGas": 40 * 10**9}, {"maxPriorityFeePerGas": 4 * 10**9}):
        with pytest.raises(RpcFailure, match="replacement transaction underpriced"):
            slow.rpc("eth_sendRawTransaction", slow.sign(OTHER.address, **{**fees, **raised}))
    both = {"nonce": 0, "maxFeePerGas": 22 * 10**9, "maxPriorityFeePerGas": 11 * 10**8}
    second = slow.rpc("eth_sendRawTransaction", slow.sign(OTHER.address, **both))
    slow.network.mine()
    assert slow.rpc("eth_getTransactionReceipt", first) is None
    assert slow.rpc("eth_getTransactionByHash", first) is None
    assert slow.rpc("eth_getTransactionReceipt", second)["status"] == "0x1"


def test_a_gap_in_the_nonces_waits_to_be_filled(slow):
    later = slow.rpc("eth_sendRawTransaction", slow.sign(OTHER.address, nonce=1))
    slow.network.mine()
    assert slow.rpc("eth_getTransactionReceipt", later) is None
    slow.rpc("eth_sendRawTransaction", slow.sign(OTHER.address, nonce=0))
    slow.network.mine()
    assert slow.rpc("eth_getTransactionReceipt", later)["status"] == "0x1"


def test_a_fee_below_the_base_fee_waits_for_better_times(rich):
    raw = rich.sign(OTHER.address, maxFeePerGas=BASE_FEE - 1)
    transaction_hash = rich.rpc("eth_sendRawTransaction", raw)
    rich.network.mine()
    assert rich.rpc("eth_getTransactionReceipt", transaction_hash) is None
    rich.network.set_base_fee(BASE_FEE // 2)
    rich.network.mine()
    assert rich.rpc("eth_getTransactionReceipt", transaction_hash)["status"] == "0x1"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"value": 6 * PEAQ}, "insufficient funds for gas * price + value"),
        ({"chainId": 3338}, "invalid chain id"),
        ({"gas": 20_000}, "intrinsic gas too low"),
        ({"gas": 40_000_000}, "exceeds block gas limit"),
        ({"maxPriorityFeePerGas": 30 * 10**9}, "higher than max fee per gas"),
        ({"gasPrice": 10 * 10**9, "chainId": None}, "replay-protected"),
    ],
)
def test_the_pool_refuses_what_a_node_refuses(rich, fields, words):
    if fields.get("chainId", 0) is None:
        raw = "0x" + bytes(
            MACHINE.sign_transaction(
                {"nonce": 0, "gasPrice": 10**10, "gas": 21_000, "to": OTHER.address, "value": 1}
            ).raw_transaction
        ).hex()  # fmt: skip
    else:
        raw = rich.sign(OTHER.address, **fields)
    with pytest.raises(RpcFailure) as caught:
        rich.rpc("eth_sendRawTransaction", raw)
    assert words in caught.value.message
    assert rich.network.sent_transactions() == []


def test_a_legacy_transaction_is_taken_too(rich):
    receipt = rich.transact(OTHER.address, value=1, gasPrice=BASE_FEE, gas=21_000)
    assert (receipt["status"], receipt["type"]) == ("0x1", "0x0")


def test_a_failed_transaction_has_a_receipt_that_says_so(rich):
    receipt = rich.register(value=1)
    assert (receipt["status"], receipt["logs"]) == ("0x0", [])
    assert int(receipt["gasUsed"], 16) > 21_000


def test_what_was_sent_is_remembered(rich):
    rich.register()
    (sent,) = rich.network.sent_transactions()
    assert sent.sender.lower() == MACHINE.address.lower()
    assert (sent.nonce, sent.value, sent.data) == (0, PEAQ, REGISTER)


# Logs


def test_logs_are_found_by_address_topic_and_block(rich):
    receipt = rich.register()
    rich.register(sender=OTHER)
    everything = rich.rpc("eth_getLogs", {"fromBlock": "earliest"})
    registered = receipt["logs"][1]["topics"]
    by_topic = {"fromBlock": "0x0", "topics": [registered[0], None, registered[2]]}
    assert rich.rpc("eth_getLogs", by_topic) == [receipt["logs"][1]]
    either = {"fromBlock": "0x0", "topics": [[registered[0], UNKNOWN_HASH]], "address": [REGISTRY]}
    assert len(rich.rpc("eth_getLogs", either)) == 2
    assert rich.rpc("eth_getLogs", {"blockHash": receipt["blockHash"]}) == receipt["logs"]
    assert rich.rpc("eth_getLogs", {"fromBlock": "0x0", "address": DID}) == []
    assert len(everything) == 6


def test_an_absent_attribute_reverts_over_rpc_like_any_other(client):
    data = "0x" + calldata(READ, MACHINE.address, b"operator").hex()
    with pytest.raises(RpcFailure) as caught:
        client.rpc("eth_call", {"to": DID, "data": data}, "latest")
    arguments = encode(["address", "bytes"], [MACHINE.address, b"operator"]).hex()
    assert caught.value.data == selector("EntryNotFound(address,bytes)") + arguments


# Reorganisations


def test_a_reorganisation_forgets_what_came_after(rich):
    snapshot = rich.network.snapshot()
    first = rich.register()
    rich.network.revert(snapshot)
    assert rich.rpc("eth_getTransactionReceipt", first["transactionHash"]) is None
    assert rich.network.registrations(MACHINE.address) == []
    assert rich.rpc("eth_getTransactionCount", MACHINE.address, "latest") == "0x0"
    assert rich.register()["status"] == "0x1"


def test_a_reorganisation_may_move_a_transaction_to_another_block(rich, clock):
    snapshot = rich.network.snapshot()
    first = rich.register()
    rich.network.revert(snapshot, repool=True)
    assert rich.rpc("eth_getTransactionReceipt", first["transactionHash"]) is None
    assert rich.rpc("eth_getTransactionByHash", first["transactionHash"]) is not None
    clock.forward(60)
    rich.network.mine(2)
    again = rich.rpc("eth_getTransactionReceipt", first["transactionHash"])
    assert again["status"] == "0x1"
    assert again["blockHash"] != first["blockHash"]
