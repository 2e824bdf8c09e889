"""The official SDK activates a machine on the rehearsal network, and reads it back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from app.rehearsal.network import RehearsalNetwork
from benchmarks.official import NoIndex, make_environment
from benchmarks.wizard import TOP, clean_environment

pytestmark = [pytest.mark.interop, pytest.mark.long]

SCRIPT = TOP / "benchmarks" / "activation.py"
ENTRY = 4 * 10**17
PERIOD = 30 * 86_400
SUBJECT = "5dcf"
LONG_SUBJECT = "0123456789abcdef" * 2
"""The wizard refuses one that others could guess."""

Sdk = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the SDK that activates."""
    try:
        folder = tmp_path_factory.mktemp("sdk-0.12.1") / "venv"
        return make_environment(folder, "peaq-os-sdk==0.12.1")
    except NoIndex as error:
        pytest.skip(f"no package index can be reached: {error}")


@pytest.fixture
def network() -> Iterator[RehearsalNetwork]:
    with RehearsalNetwork() as running:
        yield running


@pytest.fixture
def sdk(python: Path, network: RehearsalNetwork, tmp_path: Path) -> Sdk:
    """Lets the SDK do one thing with the owner's wallet; what it answers."""

    def run(what: str, subject: str = SUBJECT) -> dict[str, Any]:
        variables = {
            **network.environment(),
            "CHAIN_ID": str(network.chain_id),
            "PEAQOS_PRIVATE_KEY": network.owner_key,
            "PEAQOS_TELEMETRY": "0",
        }
        done = subprocess.run(
            [python, SCRIPT, what, "Sensor", subject],
            env={**clean_environment(tmp_path, variables), "PYTHONPATH": ""},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    return run


def test_a_machine_is_activated_read_back_and_renewed(sdk: Sdk, network: RehearsalNetwork) -> None:
    made = sdk("activate")
    assert made["owner"] == made["controller"] == made["address"]
    assert [int(made["machine_id"])] == network.activations(made["address"])
    subscription = made["subscription"]
    assert (subscription["tier"], subscription["bonded_amount"]) == (0, ENTRY)
    assert subscription["period_end"] - subscription["period_start"] == PERIOD
    assert (made["status"], made["homed"], made["rating"]) == ("active", True, "bonded")
    assert made["profile"] == f"did:peaq:{made['machine_id']}"
    assert made["fleet"] == [made["machine_id"]]
    assert len(network.sent_transactions()) == 2
    renewed = sdk("renew")["subscription"]
    assert renewed["bonded_amount"] == 2 * ENTRY
    assert renewed["period_end"] - subscription["period_end"] == PERIOD


def test_a_voucher_is_used_and_events_of_other_contracts_are_not(
    sdk: Sdk, network: RehearsalNetwork
) -> None:
    for name in ("voucher-full", "forged-event"):
        network.fault(name, 1)
    assert sdk("activate")["subscription"]["bonded_amount"] == ENTRY
    assert len(network.sent_transactions()) == 1


@pytest.mark.parametrize(
    ("name", "code", "sent"),
    [
        ("no-price", "PRICE_NOT_AVAILABLE", 0),
        ("technical-pause", "TECHNICALLY_PAUSED", 0),
        ("peer-mismatch", "PEER_MISMATCH", 0),
        ("peer-unset", "PEER_UNSET", 0),
        ("price-raised", "ALLOWANCE_INSUFFICIENT", 1),
        ("subject-taken", "CONTRACT_REVERTED", 1),
        ("minted-inactive", "CONTRACT_REVERTED", 1),
        ("activation-reverts", "CONTRACT_REVERTED", 2),
        ("mcr-conflict", "MACHINE_HOMED_ELSEWHERE", 2),
    ],
)
def test_a_fault_is_what_the_sdk_takes_it_for(
    sdk: Sdk, network: RehearsalNetwork, name: str, code: str, sent: int
) -> None:
    network.fault(name)
    assert sdk("activate") == {"error": code}
    assert len(network.sent_transactions()) == sent


@pytest.fixture
def wizard(network: RehearsalNetwork, tmp_path: Path) -> Callable[[], dict[str, Any]]:
    """Lets the wizard onboard the same machine with the same wallet; its receipt."""

    def run() -> dict[str, Any]:
        words = tmp_path / "words"
        words.touch(0o600)
        words.write_text("correct horse battery staple")
        variables = {**network.environment(), "PEAQOS_PRIVATE_KEY": network.owner_key}
        done = subprocess.run(
            [
                *(sys.executable, "-m", "app", "--protocol", "activation", "--no-input", "--yes"),
                *("--state-dir", tmp_path / "state", "--key", "environment"),
                *("--passphrase-file", words, "--backup", "none", "--fund", "manual"),
                *("--documentation-url", "https://example.com/docs"),
                *("--data-api", "https://example.com/data", "--data-visibility", "public"),
                *("--tier", "0", "--machine-type", "Sensor", "--subject", f"0x{LONG_SUBJECT}"),
                *("--manufacturer", Account.from_key(network.owner_key).address),
            ],
            env=clean_environment(tmp_path, variables),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        receipt: dict[str, Any] = json.loads((tmp_path / "state" / "receipt.json").read_text())
        return receipt

    return run


def test_what_the_wizard_activated_is_read_back_by_the_sdk(
    sdk: Sdk, wizard: Callable[[], dict[str, Any]]
) -> None:
    receipt = wizard()
    read = sdk("read", LONG_SUBJECT)
    assert read["machine_id"] == receipt["machine_id"]
    assert read["owner"] == read["controller"] == receipt["address"]
    assert (read["status"], read["homed"]) == ("active", True)
    assert read["subscription"]["bonded_amount"] == int(receipt["bond_wei"])


def test_what_the_sdk_activated_is_recognised_by_the_wizard_and_not_paid_again(
    sdk: Sdk, wizard: Callable[[], dict[str, Any]], network: RehearsalNetwork
) -> None:
    made = sdk("activate", LONG_SUBJECT)
    sent = len(network.sent_transactions())
    receipt = wizard()
    assert receipt["machine_id"] == made["machine_id"]
    assert receipt["transactions"] == []
    assert len(network.sent_transactions()) == sent
