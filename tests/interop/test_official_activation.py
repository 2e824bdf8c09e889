"""The official SDK activates a machine on the rehearsal network, and reads it back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.rehearsal.network import RehearsalNetwork
from benchmarks.official import NoIndex, make_environment
from benchmarks.wizard import TOP, clean_environment

pytestmark = [pytest.mark.interop, pytest.mark.long]

SCRIPT = TOP / "benchmarks" / "activation.py"
ENTRY = 4 * 10**17
PERIOD = 30 * 86_400
SUBJECT = "5dcf"

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

    def run(what: str, machine_type: str = "Sensor") -> dict[str, Any]:
        variables = {
            **network.environment(),
            "CHAIN_ID": str(network.chain_id),
            "PEAQOS_PRIVATE_KEY": network.owner_key,
            "PEAQOS_TELEMETRY": "0",
        }
        done = subprocess.run(
            [python, SCRIPT, what, machine_type, SUBJECT],
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
