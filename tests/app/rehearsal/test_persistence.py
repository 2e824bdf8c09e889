"""A stored network goes on where it was, however its process ended."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import uuid

import pytest

from app.rehearsal.errors import RehearsalError
from app.rehearsal.faults import Fault
from app.rehearsal.network import RehearsalNetwork
from tests.app.rehearsal import activation
from tests.app.rehearsal.client import MACHINE, OTHER, PEAQ, Client, Clock

CHAIN = "chain.jsonl"


@pytest.fixture
def reopen(start, clock, tmp_path):
    """Starts a network on the same store again and again, stopping the one before."""
    clients: list[Client] = []

    def opened(**options: object) -> Client:
        if clients:
            clients[-1].network.stop()
        clients.append(start(store=tmp_path / "network", **options))
        return clients[-1]

    return opened


def everything(client: Client) -> list:
    """All blocks with their transactions, and the state that matters."""
    blocks = [
        client.rpc("eth_getBlockByNumber", hex(number), True)
        for number in range(client.network.head + 1)
    ]
    return [
        blocks,
        client.network.balance(MACHINE.address),
        client.network.registrations(MACHINE.address),
        client.network.transfers(),
        client.network.sent_transactions(),
    ]


def test_a_restart_changes_nothing_that_can_be_seen(reopen, clock):
    client = reopen()
    client.enrol()
    client.fund()
    clock.forward(7)
    client.network.set_min_bond(PEAQ // 2)
    client.network.set_base_fee(3 * 10**9)
    client.register(value=PEAQ // 2)
    client.network.mine(2)
    before = everything(client)
    clock.forward(1000)
    assert everything(reopen()) == before
    assert everything(reopen()) == before


def test_an_activation_survives_with_price_allowance_and_voucher(reopen, clock):
    client = reopen()
    client.network.send(MACHINE.address, 5 * PEAQ)
    client.network.set_peaq_price(10**17)
    client.network.give_voucher(MACHINE.address, PEAQ // 10)
    activation.activate(client)
    activation.pay(client, 123)

    def read(client: Client) -> list:
        return [
            everything(client),
            activation.subscription(client),
            activation.allowance(client),
            activation.quote(client),
            client.network.activations(MACHINE.address),
        ]

    before = read(client)
    clock.forward(1000)
    assert read(reopen()) == before


def test_the_enrolment_and_the_request_ids_survive(reopen, clock):
    client = reopen()
    client.enrol()
    request_id = str(uuid.uuid4())
    client.fund(requestId=request_id)
    code = client.code()
    client = reopen()
    assert client.code() == code
    assert client.setup().json()["code"] == "2FA_ALREADY_CONFIGURED"
    assert client.fund(code=code, requestId=request_id).json()["code"] == (
        "REQUEST_ALREADY_PROCESSED"
    )
    assert client.fund(code=code).json()["code"] == "INVALID_2FA"


def test_waits_go_on_counting_and_faults_stay_used(reopen, clock):
    faults = [Fault("rate-limited", 1)]
    client = reopen(faults=faults)
    client.enrol()
    assert client.fund().json()["code"] == "RATE_LIMITED"
    clock.forward(20)
    client = reopen(faults=faults)
    assert client.fund().headers["Retry-After"] == "10"
    clock.forward(10)
    assert client.fund().json()["code"] == "SUCCESS"


def test_the_pool_survives(reopen):
    client = reopen(block_time=3600)
    client.network.send(MACHINE.address, 2 * PEAQ)
    client.network.mine()
    client.register()
    client = reopen(block_time=3600)
    assert client.rpc("eth_getTransactionCount", MACHINE.address, "pending") == "0x1"
    client.network.mine()
    assert len(client.network.registrations(MACHINE.address)) == 1


def test_what_was_taken_but_not_yet_mined_is_mined_at_the_next_start(reopen):
    """Killed between the pool and the block, where blocks come at once."""
    client = reopen(block_time=3600)
    client.network.send(MACHINE.address, PEAQ)
    assert reopen().network.balance(MACHINE.address) == PEAQ


def test_a_reorganisation_is_remembered(reopen, clock):
    client = reopen()
    snapshot = client.network.snapshot()
    client.network.send(MACHINE.address, PEAQ)
    client.network.revert(snapshot)
    client.network.send(OTHER.address, PEAQ)
    before = everything(client)
    client = reopen()
    assert everything(client) == before
    assert client.network.balance(MACHINE.address) == 0


@pytest.mark.parametrize("torn", [b'{"block":', b"{", b'{"pool":"0x"', b"\xff\xfe", b"nonsense\n"])
def test_a_torn_last_line_is_dropped(reopen, tmp_path, torn):
    client = reopen()
    client.network.send(MACHINE.address, PEAQ)
    before = everything(client)
    client.network.stop()
    with (tmp_path / "network" / CHAIN).open("ab") as file:
        file.write(torn)
    client = reopen()
    assert everything(client) == before
    client.network.send(MACHINE.address, PEAQ)
    assert reopen().network.balance(MACHINE.address) == 2 * PEAQ


def test_every_prefix_of_the_record_can_be_started(reopen, tmp_path, clock):
    """Whatever the moment of the kill, a payment happened once or not at all."""
    client = reopen()
    client.enrol()
    client.fund()
    client.register()
    client.network.stop()
    record = tmp_path / "network" / CHAIN
    whole = record.read_bytes()
    for end in range(0, len(whole), 97):
        record.write_bytes(whole[:end])
        client = reopen()
        assert client.network.balance(MACHINE.address) <= 12 * PEAQ // 10
        assert len(client.network.transfers()) == 1
        assert client.rpc("eth_getTransactionReceipt", client.network.transfers()[0].hash)


def test_other_damage_is_refused_with_its_line(reopen, tmp_path):
    client = reopen()
    client.network.mine(3)
    client.network.stop()
    record = tmp_path / "network" / CHAIN
    lines = record.read_bytes().splitlines(keepends=True)
    record.write_bytes(b"".join([*lines[:2], b"damage\n", *lines[3:]]))
    with pytest.raises(RehearsalError, match=r"line 3 of .* is damaged"):
        reopen()


def test_a_store_of_another_version_is_refused(reopen, tmp_path):
    reopen().network.stop()
    record = tmp_path / "network" / CHAIN
    record.write_text(json.dumps({"format": 1, "genesis": "0x00"}) + "\n")
    with pytest.raises(RehearsalError, match="another version"):
        reopen()


def test_two_networks_cannot_share_a_store(reopen, tmp_path):
    reopen()
    with pytest.raises(RehearsalError, match="another rehearsal network is using"):
        RehearsalNetwork(store=tmp_path / "network").start()


def test_the_files_are_the_users_alone_and_hold_no_secret(reopen, tmp_path):
    client = reopen()
    secret = client.setup().json()["data"]["otpauthUri"].split("secret=")[1].split("&")[0]
    client.confirm()
    folder = tmp_path / "network"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert secret not in file.read_text()
        assert client.code() not in file.read_text()


CHILD = """
import sys
from pathlib import Path
from app.rehearsal.network import RehearsalNetwork
network = RehearsalNetwork(store=Path(sys.argv[1]))
network.start()
while True:
    print(network.send(sys.argv[2], 1), flush=True)
"""


def test_a_killed_process_loses_nothing_it_told_of(tmp_path):
    """SIGKILL in the middle of paying: every announced transaction is there afterwards."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path / "network"), MACHINE.address],
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        told = [child.stdout.readline().strip() for _ in range(5)]
        os.kill(child.pid, signal.SIGKILL)
        told += [line.strip() for line in child.stdout if line.endswith("\n")]
    with RehearsalNetwork(store=tmp_path / "network", now=Clock()) as network:
        client = Client(network)
        for transaction_hash in told:
            assert client.rpc("eth_getTransactionReceipt", transaction_hash)["status"] == "0x1"
        assert network.balance(MACHINE.address) in (len(told), len(told) + 1)
        client.close()
