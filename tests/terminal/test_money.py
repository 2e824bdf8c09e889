"""Money on a real console: from two sources, from a faucet, and a key that is handed on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from eth_account import Account

from app.rehearsal.node import genesis
from core.config.networks import AGUNG
from core.keys.keystore import open_file
from core.secrets import Secret
from tests.support.proxy import Proxy, rpc_results
from tests.support.titles import BACKUP, CONFIRMATION, FUNDING, REGISTRATION
from tests.terminal.console import (
    DETAILS,
    PASSPHRASE,
    Console,
    Devnet,
    clean_environment,
    console,
    devnet,
    now,
)

pytestmark = pytest.mark.terminal

PEAQ = 10**18
OWNER_KEY = "0x" + genesis.account_key("owner").hex()
"""Of the wallet that devnet prints: its pretend money is in the genesis block."""
F3, F12 = "\x1bOR", "\x1b[24~"


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    """A network whose Gas Station gives half of what is needed."""
    with devnet(tmp_path_factory.mktemp("half"), "--fault", "underfunded") as running:
        yield running


def payments(network: Devnet, address: str) -> list[tuple[str, int]]:
    """Who paid the machine, and how much in wei, oldest first."""
    return [
        (transaction["from"].lower(), int(transaction["value"], 16))
        for transaction in network.transactions()
        if (transaction["to"] or "").lower() == address.lower()
    ]


def records(state: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (state / "journal.jsonl").read_text().splitlines()]


def test_what_the_gas_station_leaves_missing_comes_from_the_owner_in_two_transfers(
    tmp_path: Path, half: Devnet
) -> None:
    state = tmp_path / "machine"
    variables = {**half.variables, "PEAQOS_PRIVATE_KEY": OWNER_KEY}
    arguments = ["--state-dir", str(state), *DETAILS]
    with console(arguments, clean_environment(tmp_path, **variables), tmp_path) as tty:
        tty.environment()
        tty.keypair()
        tty.backup()
        totp = tty.secret()
        tty.enter()
        tty.title(CONFIRMATION)
        used = totp.now()
        tty.code(used)
        tty.title(FUNDING)
        tty.code(next_code(totp, used))
        tty.sees("FUNDING_TOO_SMALL")
        tty.sees("0.55 PEAQ arrived")
        choose(tty, "Enter review the transfer")
        tty.type_until("\r", "Send from the owner's wallet?")
        tty.sees("0.55 PEAQ, and a fee of at most")
        tty.enter()
        tty.register()
        tty.write()
        tty.sees("The machine is onboarded")
        tty.enter()
        assert tty.ends() == 0
        seen = tty.raw.decode(errors="replace")
    receipt = json.loads((state / "receipt.json").read_text())
    paid = payments(half, receipt["address"])
    assert len(paid) == 2, "exactly two transfers"
    (station, first), (owner, second) = paid
    assert station != owner
    assert owner == Account.from_key(OWNER_KEY).address.lower()
    assert first == 55 * PEAQ // 100
    assert first + second >= 11 * PEAQ // 10
    log = (state / "wizard.log").read_text()
    assert f'"amount_wei": "{first}"' in log
    assert f'"value_wei": "{second}"' in log, "exact in the log"
    secrets = {
        "the machine's key": open_file(state / "keystore.json", Secret(PASSPHRASE))
        .key.private_hex()
        .reveal()[2:],
        "the owner's key": OWNER_KEY[2:],
        "the passphrase": PASSPHRASE,
        "the 2FA secret": totp.secret,
    }
    files = {path.name: path.read_text() for path in state.iterdir() if path.is_file()}
    for name, secret in secrets.items():
        shown = {"the 2FA secret"}  # on the third screen, to be typed over
        assert name in shown or secret not in seen, f"{name} went to the terminal"
        for file, text in files.items():
            assert secret.lower() not in text.lower(), f"{file} holds {name}"


def next_code(totp: pyotp.TOTP, used: str) -> str:
    """The code after `used`, a little early where need be: it is taken, and nobody waits."""
    moment = int(now().timestamp())
    codes = (totp.at(moment + 30), totp.at(moment))
    return next(code for code in codes if code != used)


def choose(tty: Console, words: str) -> None:
    """Press F3 until the method is chosen whose screen shows `words`."""
    tty.type_until(F3, words)


def test_on_agung_the_faucet_is_named_and_its_money_is_noticed_without_a_key(
    tmp_path: Path, half: Devnet
) -> None:
    """There is no Gas Station, so no 2FA either: from the key straight to "by hand".

    The chain behind it is the rehearsal's, which says that it is agung.
    """
    state = tmp_path / "machine"
    says_agung = rpc_results(
        lambda method, _, result: hex(AGUNG.chain_id) if method == "eth_chainId" else result
    )
    with Proxy(half.variables["PEAQOS_RPC_URL"]) as line:
        line.plan = lambda asked: says_agung if asked.calls else None
        variables = {**line.environment(half.variables), "PEAQOS_NETWORK": "agung"}
        del variables["PEAQOS_GAS_STATION_URL"]
        arguments = ["--state-dir", str(state), *DETAILS]
        with console(arguments, clean_environment(tmp_path, **variables), tmp_path) as tty:
            tty.environment()
            tty.keypair()
            tty.backup()
            tty.title(FUNDING)
            tty.sees("to this address. The wizard detects")
            assert AGUNG.faucet_url
            assert AGUNG.faucet_url in tty.text, "whole, on one line, to be copied"
            address = next(
                str(record["data"]["address"])  # type: ignore[index]
                for record in records(state)
                if record["event"] == "KeypairStored"
            )
            assert address in tty.text
            pay(half, address, 6 * PEAQ // 10)
            tty.sees("0.600000")
            pay(half, address, 5 * PEAQ // 10)
            tty.title(REGISTRATION)
            tty.type("\x11")
            assert tty.ends() == 1
    events = [str(record["event"]) for record in records(state)]
    assert not any(event.startswith("Enrolment") for event in events)
    assert events[-1] == "WalletFunded"


def pay(network: Devnet, address: str, wei: int) -> None:
    """Somebody sends money from elsewhere."""
    owner = Account.from_key(OWNER_KEY)
    signed = owner.sign_transaction(
        {
            "chainId": int(network.rpc("eth_chainId"), 16),
            "nonce": int(network.rpc("eth_getTransactionCount", owner.address, "latest"), 16),
            "to": address,
            "value": wei,
            "gas": 21_000,
            "gasPrice": 2 * int(network.rpc("eth_gasPrice"), 16),
        }
    )
    network.rpc("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex())


def test_the_key_goes_into_env_on_request_only_and_closed_to_others(
    tmp_path: Path, half: Devnet
) -> None:
    state, env = tmp_path / "machine", tmp_path / ".env"
    env.write_text("# the arm's own\nARM_SPEED=7\nexport ROS_DOMAIN_ID=3\n")
    env.chmod(0o644)
    arguments = ["--state-dir", str(state), *DETAILS]
    variables = clean_environment(tmp_path, **half.variables)
    with console(arguments, variables, tmp_path) as tty:
        tty.environment()
        tty.keypair()
        tty.title(BACKUP)
        assert "PRIVATE_KEY" not in env.read_text()
        tty.type(F12)
        tty.sees("Write the private key to .env?")
        tty.sees("unencrypted")
        tty.sees("Anyone who can read that file")
        tty.type("no\r")
        tty.type("\x1b")
        tty.title(BACKUP)
        assert "PRIVATE_KEY" not in env.read_text(), "it was not agreed to"
        tty.type(F12)
        tty.sees("Write the private key to .env?")
        tty.type("write")
        tty.until(lambda: "write" in tty.words.split(), "the word was typed")
        tty.enter()
        tty.sees("unencrypted, readable for this user only")
        key = open_file(state / "keystore.json", Secret(PASSPHRASE)).key.private_hex().reveal()
        assert env.read_text() == (
            f"# the arm's own\nARM_SPEED=7\nexport ROS_DOMAIN_ID=3\nPEAQOS_PRIVATE_KEY={key}\n"
        )
        assert env.stat().st_mode & 0o777 == 0o600
        assert os.listdir(tmp_path).count(".env") == 1
        assert not [name for name in os.listdir(tmp_path) if name.startswith(".env.")]
        tty.backup()
        tty.secret()
        tty.type("\x11")
        assert tty.ends() == 1
        assert key[2:].encode() not in tty.raw, "the key went to the terminal"
    assert any(record["event"] == "KeyWrittenToEnv" for record in records(state))
    assert key[2:] not in (state / "journal.jsonl").read_text()
    assert key[2:] not in (state / "wizard.log").read_text()
