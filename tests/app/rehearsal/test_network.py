"""Starting, stopping and running alone."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import httpx
import pytest
from eth_account import Account
from web3 import Web3

from app.rehearsal.errors import RehearsalError
from app.rehearsal.network import RehearsalNetwork
from app.rehearsal.node.genesis import (
    ACTIVATION_CONTRACTS,
    ADDRESS_VARIABLES,
    ERC20_PRECOMPILE,
)
from tests.app.rehearsal.client import MACHINE, PEAQ


def test_the_environment_leads_to_the_network(client):
    environment = client.network.environment()
    assert environment["PEAQOS_NETWORK"] == "rehearsal"
    assert environment["PEAQOS_RPC_URL"] == client.network.rpc_url
    assert environment["PEAQOS_GAS_STATION_URL"] == client.network.gas_station_url
    assert environment["PEAQOS_MCR_API_URL"] == client.network.mcr_url
    assert environment.items() >= ADDRESS_VARIABLES.items()
    assert len(environment) == 10


def test_web3_can_use_it(client):
    """The client library of the wizard decodes every answer."""
    web3 = Web3(Web3.HTTPProvider(client.network.rpc_url))
    owner = Account.from_key(client.network.owner_key)
    transaction = {
        "to": MACHINE.address,
        "value": PEAQ,
        "from": owner.address,
        "nonce": web3.eth.get_transaction_count(owner.address, "pending"),
        "chainId": web3.eth.chain_id,
        "gas": 21_000,
        "maxFeePerGas": 2 * web3.eth.gas_price,
        "maxPriorityFeePerGas": web3.eth.max_priority_fee,
    }
    assert web3.eth.estimate_gas(transaction) == 21_000
    sent = web3.eth.send_raw_transaction(owner.sign_transaction(transaction).raw_transaction)
    assert web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.01)["status"] == 1
    assert web3.eth.get_transaction(sent)["value"] == PEAQ
    assert web3.eth.get_block("pending")["number"] == 2
    assert web3.eth.get_block("finalized")["number"] == 1
    assert web3.eth.fee_history(1, "latest", [10])["oldestBlock"] == 1
    assert client.network.balance(MACHINE.address) == PEAQ


def test_blocks_come_by_themselves_where_a_block_time_is_set(start):
    client = start(block_time=0.01)
    client.network.send(MACHINE.address, PEAQ)
    while client.network.head < 3:
        pass
    assert client.network.balance(MACHINE.address) == PEAQ


def test_a_taken_port_is_said_to_be_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        network = RehearsalNetwork(port=port)
        with pytest.raises(RehearsalError, match=f"cannot listen on 127.0.0.1:{port}"):
            network.start()


def test_a_stopped_network_can_start_again():
    network = RehearsalNetwork()
    network.stop()
    for _ in range(2):
        network.start()
        assert network.head == 0
        network.stop()
    with pytest.raises(RehearsalError, match="not running"):
        network.balance(MACHINE.address)


def test_it_listens_on_loopback_only(client):
    assert client.network.rpc_url.startswith("http://127.0.0.1:")


def test_starting_twice_is_refused(client):
    with pytest.raises(RehearsalError, match="already running"):
        client.network.start()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_devnet_prints_its_variables_and_ends_with_zero(ending):
    script = (
        "import sys; from app.rehearsal.devnet import run_devnet;"
        "sys.exit(run_devnet(port=0, block_time=0, faults=[], out=sys.stdout))"
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        lines = [child.stdout.readline().strip() for _ in range(22)]
        exports = dict(line.removeprefix("export ").split("=", 1) for line in lines[:10])
        request = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}
        answer = httpx.post(exports["PEAQOS_RPC_URL"], json=request).json()
        child.send_signal(ending)
        assert child.wait(timeout=10) == 0
    assert answer["result"] == "0x0"
    assert lines[11] == "# export PEAQOS_DEPLOYMENT_ID=rehearsal"
    named = dict(line.removeprefix("# ").split(" ") for line in lines[12:20])
    assert named == {**ACTIVATION_CONTRACTS, "PeaqToken": ERC20_PRECOMPILE}
    assert "worthless" in lines[20]
    assert Account.from_key(lines[21].removeprefix("# "))
