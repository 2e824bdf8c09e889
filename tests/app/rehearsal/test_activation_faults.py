"""Each fault of activation does what its line in the list says, on the chain or over HTTP."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import httpx
import pytest
from eth_abi import encode
from eth_account import Account
from eth_utils import keccak

from app.rehearsal.faults import Fault
from app.rehearsal.node.genesis import account_key
from app.rehearsal.staging import STRANGERS_CONTRACT, VOUCHERS
from tests.app.rehearsal.activation import (
    ADAPTER,
    ENTRY,
    ERC20,
    INFO_DESK,
    MIRROR,
    POOL,
    REGISTRY,
    SENSOR,
    SUBSCRIPTION,
    SYNC,
    activate,
    allowance,
    approve,
    logs,
    owner_of,
    pay,
    quote,
    simulate,
    subscription,
    words,
)
from tests.app.rehearsal.client import (
    MACHINE,
    OTHER,
    PEAQ,
    RpcFailure,
    calldata,
    selector,
)

ID = SENSOR.machine_id
STRANGER = Account.from_key(account_key("stranger")).address
RAISED = ENTRY * 5 // 4
TAKEN = selector("ERC721InvalidSender(address)") + encode(["uint256"], [0]).hex()
CREDIT = "pendingVoucherCredit(address)"


def peer(client, name: str) -> str:
    return client.call(INFO_DESK, "peer(bytes32)", keccak(text=name), returns="address")


def paused(client) -> bool:
    return client.call(SYNC, "isTechnicalPausedGlobal()", returns="bool")


# Conditions


def test_without_a_price_nothing_is_quoted_or_activated(rich):
    pay(rich)
    rich.network.fault("no-price")
    for tier in range(3):
        data = calldata("requiredPeaqAmount(uint8)", tier)
        assert rich.revert_of(SUBSCRIPTION, data) == selector("PriceNotAvailable()")
    assert rich.revert_of(SYNC, SENSOR.data) == selector("PriceNotAvailable()")
    assert rich.transact(SYNC, SENSOR.data)["status"] == "0x0"
    assert allowance(rich) == ENTRY
    rich.network.fault("no-price", 0)
    assert rich.transact(SYNC, SENSOR.data)["status"] == "0x1"


def test_a_technical_pause_is_read_and_stops_the_activation(rich):
    pay(rich)
    rich.network.fault("technical-pause")
    assert paused(rich)
    assert rich.revert_of(SYNC, SENSOR.data) == selector("TechnicallyPaused()")
    assert rich.transact(SYNC, SENSOR.data)["status"] == "0x0"
    rich.network.fault("technical-pause", 0)
    assert not paused(rich)
    assert rich.transact(SYNC, SENSOR.data)["status"] == "0x1"


def test_a_peer_that_was_changed_or_cleared_reads_so(client):
    client.network.fault("peer-mismatch")
    assert peer(client, "MACHINE_BRIDGE_ADAPTER") == STRANGERS_CONTRACT.lower()
    assert peer(client, "SUBSCRIPTION_TOKEN_PROVISION_POOL") == POOL.lower()
    client.network.fault("peer-unset")
    client.network.fault("peer-mismatch", 0)
    assert int(peer(client, "SUBSCRIPTION_TOKEN_PROVISION_POOL"), 16) == 0
    assert peer(client, "MACHINE_BRIDGE_ADAPTER") == ADAPTER.lower()
    client.network.fault("peer-unset", 0)
    assert peer(client, "SUBSCRIPTION_TOKEN_PROVISION_POOL") == POOL.lower()
    assert peer(client, "CROSS_CHAIN_MIRROR") == MIRROR.lower()


def test_a_condition_counts_requests_not_reads(rich):
    """Three tiers asked in one batch are one look; the second look finds it gone."""
    rich.network.fault("no-price", 1)
    data = [calldata("requiredPeaqAmount(uint8)", tier) for tier in range(3)]
    batch = [
        {
            "jsonrpc": "2.0",
            "id": number,
            "method": "eth_call",
            "params": [{"to": SUBSCRIPTION, "data": "0x" + each.hex()}, "latest"],
        }
        for number, each in enumerate(data)
    ]
    looks = [rich.http.post(rich.network.rpc_url, json=batch).json() for _ in range(2)]
    refused = selector("PriceNotAvailable()")
    assert [one["error"]["data"] for one in looks[0]] == [refused] * 3
    assert [int(one["result"], 16) for one in looks[1]] == [ENTRY, 2 * ENTRY, 5 * ENTRY]


@pytest.mark.parametrize("times", [None, 2])
def test_a_condition_stands_from_the_start_of_a_network(start, times):
    client = start(faults=[Fault("technical-pause", times)])
    looks = [paused(client) for _ in range(3)]
    assert looks == [True, True, times is None]


def test_a_condition_survives_a_restart_and_ends_with_its_fault(start, tmp_path):
    store = tmp_path / "network"
    client = start(store=store, faults=[Fault("technical-pause"), Fault("peer-unset")])
    client.network.stop()
    again = start(store=store, faults=[Fault("technical-pause")])
    assert paused(again)
    assert peer(again, "SUBSCRIPTION_TOKEN_PROVISION_POOL") == POOL.lower()


# Prices


def test_the_price_rises_between_approval_and_activation(rich):
    rich.network.fault("price-raised", 1)
    assert quote(rich) == ENTRY
    pay(rich)
    assert quote(rich) == RAISED
    with pytest.raises(RpcFailure, match="more than allowed"):
        simulate(rich)
    pay(rich, RAISED)
    assert quote(rich) == RAISED
    assert rich.transact(SYNC, SENSOR.data)["status"] == "0x1"
    assert subscription(rich)[3] == RAISED


def test_taking_an_allowance_back_raises_no_price(rich):
    """Nor does an approval for someone else."""
    rich.network.fault("price-raised")
    rich.transact(ERC20, approve(0))
    rich.transact(ERC20, approve(ENTRY, spender=OTHER.address))
    assert quote(rich) == ENTRY


def test_an_activation_reverts_although_its_simulation_passed(rich):
    rich.network.fault("activation-reverts", 1)
    pay(rich)
    assert int(simulate(rich), 16) == ID
    assert rich.transact(SYNC, SENSOR.data)["status"] == "0x0"
    assert quote(rich) == RAISED
    assert allowance(rich) == ENTRY
    assert rich.network.activations(MACHINE.address) == []
    pay(rich, RAISED)
    assert rich.transact(SYNC, SENSOR.data)["status"] == "0x1"


def test_an_activation_reverts_where_blocks_take_their_time(start):
    """The price is up before the block that holds the transaction."""
    client = start(block_time=3600)
    client.network.send(MACHINE.address, 5 * PEAQ)
    client.network.mine()
    client.transact(ERC20, approve(ENTRY))
    client.network.mine()
    client.network.fault("activation-reverts", 1)
    assert client.transact(SYNC, SENSOR.data) is None
    client.network.mine()
    sent = client.network.sent_transactions()[-1]
    assert client.rpc("eth_getTransactionReceipt", sent.hash)["status"] == "0x0"


@pytest.mark.parametrize("name", VOUCHERS)
def test_a_wallet_finds_a_voucher(rich, name):
    """One a wallet, however often it asks, until it is redeemed."""
    rich.network.fault(name)
    found = {rich.call(SUBSCRIPTION, CREDIT, MACHINE.address) for _ in range(3)}
    assert found == {VOUCHERS[name]}
    credit = min(VOUCHERS[name], ENTRY)
    if credit < ENTRY:
        pay(rich, ENTRY - credit)
    receipt = rich.transact(SYNC, SENSOR.data)
    assert receipt["status"] == "0x1"
    (redeemed,) = logs(receipt, SUBSCRIPTION, "VoucherRedeemed(uint256,address,uint256)")
    assert words(redeemed["data"]) == [credit]
    assert rich.network.balance(SUBSCRIPTION) == ENTRY - credit
    assert rich.call(SUBSCRIPTION, CREDIT, MACHINE.address) == VOUCHERS[name] - credit


def test_a_voucher_with_a_number_is_for_that_many_wallets(rich):
    rich.network.fault("voucher-full", 1)
    wallets = (MACHINE, OTHER)
    found = [rich.call(SUBSCRIPTION, CREDIT, wallet.address) for wallet in wallets]
    assert found == [VOUCHERS["voucher-full"], 0]


# Someone was faster


def test_a_subject_is_taken_when_its_activation_could_be_paid(rich):
    """Before the approval the machine reads as absent; after it a stranger owns it."""
    rich.network.fault("subject-taken", 1)
    with pytest.raises(RpcFailure, match="more than allowed"):
        simulate(rich)
    pay(rich)
    assert rich.revert_of(SYNC, SENSOR.data) == TAKEN
    assert owner_of(rich) == STRANGER.lower()
    assert subscription(rich)[1] != 0
    assert rich.transact(SYNC, SENSOR.data)["status"] == "0x0"
    assert allowance(rich) == ENTRY
    other = SENSOR.but(subject=b"another")
    assert rich.transact(SYNC, other.data)["status"] == "0x1"


@pytest.mark.parametrize("look", [simulate, lambda client: client.transact(SYNC, SENSOR.data)])
def test_a_machine_turns_out_to_be_minted_without_a_subscription(rich, look):
    """It is ours, with our document; its subscription is activated on its own."""
    rich.network.fault("minted-inactive", 1)
    pay(rich)
    if look is simulate:
        with pytest.raises(RpcFailure) as refused:
            look(rich)
        assert refused.value.data == TAKEN
    else:
        assert look(rich)["status"] == "0x0"
    assert owner_of(rich) == MACHINE.address.lower()
    assert subscription(rich) == (0, 0, 0, 0, 0)
    assert rich.call(MIRROR, "isHomedLocally(uint256)", ID, returns="bool") is True
    activate_only = calldata("activate(uint256,uint8)", ID, 0)
    not_ours = selector("NotOwnerOrController()")
    assert rich.revert_of(SUBSCRIPTION, activate_only, sender=OTHER) == not_ours
    assert rich.revert_of(SUBSCRIPTION, calldata("renew(uint256)", ID)) == (
        selector("NotActivated()")
    )
    receipt = rich.transact(SUBSCRIPTION, activate_only)
    assert receipt["status"] == "0x1"
    signature = "Activated(uint256,address,uint8,uint256,uint64,uint64)"
    assert len(logs(receipt, SUBSCRIPTION, signature)) == 1
    assert logs(receipt, SYNC, "MachineOnboarded(uint256,address)") == []
    assert subscription(rich)[3] == ENTRY


# Events


def test_forged_events_come_from_another_contract(rich):
    """They bear the right names and topics; only their emitter gives them away."""
    rich.network.fault("forged-event", 1)
    receipt = activate(rich)
    names = (
        ("MachineOnboarded(uint256,address)", SYNC),
        ("MachineMinted(uint256,address,address,string)", REGISTRY),
        ("Activated(uint256,address,uint8,uint256,uint64,uint64)", SUBSCRIPTION),
    )
    for signature, emitter in names:
        assert len(logs(receipt, emitter, signature)) == 1
        assert len(logs(receipt, ADAPTER, signature)) == 1
    for signature in (
        "PaidWithUsdt(address,uint256,uint256)",
        "VoucherRedeemed(uint256,address,uint256)",
    ):
        assert logs(receipt, SUBSCRIPTION, signature) == []
        assert len(logs(receipt, ADAPTER, signature)) == 1
    assert subscription(rich)[3] == ENTRY
    assert logs(activate(rich, SENSOR.but(subject=b"another")), ADAPTER, names[0][0]) == []
    assert rich.network.activations(MACHINE.address) == [
        ID,
        SENSOR.but(subject=b"another").machine_id,
    ]


# MCR


def card(client) -> httpx.Response:
    return client.http.get(f"{client.network.mcr_url}/machine/did:peaq:{ID}")


def test_a_conflict_names_the_other_chain(rich):
    activate(rich)
    rich.network.fault("mcr-conflict", 1)
    conflict = card(rich)
    assert conflict.status_code == 409
    assert conflict.json()["detail"]["code"] == "MACHINE_HOMED_ELSEWHERE"
    assert conflict.json()["detail"]["home_protocol_chain_id"] > 1
    assert card(rich).status_code == 200


def test_silence_lasts_until_the_client_gives_up(client):
    """Other requests are answered meanwhile, and the network stops although one still waits."""
    client.network.fault("mcr-silent", 1)
    where = urlsplit(client.network.mcr_url)
    with socket.create_connection((where.hostname, where.port)) as waiting:
        waiting.sendall(b"GET /mcr/machine/0x0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while not client.network.requests["GET /mcr/machine/{account}"]:
            pass
        assert card(client).status_code == 404
        client.network.stop()
        assert waiting.recv(100) == b""
