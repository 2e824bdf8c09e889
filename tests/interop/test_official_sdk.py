"""The official SDK and the wizard on one network: each finds what the other did."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.network import DETAILS
from benchmarks.official import GUIDE, NoIndex, make_environment
from benchmarks.wizard import PASSPHRASE, TOP, clean_environment
from tests.terminal.console import Devnet, devnet

pytestmark = [pytest.mark.interop, pytest.mark.long]

WRITES = "0.5.0"
"""The one that the guide is written for."""
READS = (WRITES, "0.11.2")
"""0.12 and later know machines of another contract only."""


@pytest.fixture(scope="session")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Interpreters with the official SDK, by its version."""
    try:
        yield {
            version: make_environment(
                tmp_path_factory.mktemp(f"sdk-{version}") / "venv",
                f"peaq-os-sdk=={version}",
                "pyotp",
            )
            for version in READS
        }
    except NoIndex as error:
        pytest.skip(f"no package index can be reached: {error}")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Devnet]:
    with devnet(tmp_path) as network:
        yield network


def ask(python: Path, running: Devnet, folder: Path, *arguments: str) -> dict[str, Any]:
    """What the script with the guide's flow answers."""
    done = subprocess.run(
        [python, GUIDE, *arguments],
        env={**clean_environment(folder, running.variables), "PYTHONPATH": ""},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def wizard(running: Devnet, folder: Path, key: str, *more: str, **environ: str) -> str:
    """The program from start to end in plain mode; what it prints as results."""
    passphrase = folder / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n", encoding="utf-8")
    passphrase.chmod(0o600)
    phone = f"{sys.executable} {TOP / 'benchmarks' / 'phone.py'} {folder / 'phone'}"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "app", "--plain", "--no-input", "--yes", "--key", key),
            *("--backup", "copied", "--passphrase-file", str(passphrase)),
            *("--documentation-url", DETAILS["MACHINE_DOCUMENTATION_URL"]),
            *("--data-api", DETAILS["MACHINE_DATA_API"], "--data-visibility", "public"),
            *("--state-dir", str(folder / "state"), "--code-command", phone, *more),
        ],
        env=clean_environment(folder, {**running.variables, **environ}),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def attributes(machine_id: int, token_id: int) -> dict[str, str]:
    return {
        "machineId": str(machine_id),
        "nftTokenId": str(token_id),
        "operator": "",
        "documentation_url": DETAILS["MACHINE_DOCUMENTATION_URL"],
        "data_api": DETAILS["MACHINE_DATA_API"],
        "data_visibility": "public",
    }


def test_the_guide_s_own_flow_runs_unchanged(
    sdk: dict[str, Path], running: Devnet, tmp_path: Path
) -> None:
    made = ask(sdk[WRITES], running, tmp_path, "onboard")
    assert made["funding"] == "success"
    for python in sdk.values():
        found = ask(python, running, tmp_path, "read", made["address"])
        assert (found["machine_id"], found["token_id"]) == (made["machine_id"], made["token_id"])
        assert found["attributes"] == attributes(made["machine_id"], made["token_id"])
        assert found["profile"]["peaqos"]["machine_id"] == made["machine_id"]
        assert found["rating"]["mcr"] == "Provisioned"
        assert found["rating"]["bond_status"] == "bonded"


def test_what_the_wizard_onboarded_is_read_by_the_sdk(
    sdk: dict[str, Path], running: Devnet, tmp_path: Path
) -> None:
    wizard(running, tmp_path, "generate", "--fund", "gas-station")
    receipt = json.loads((tmp_path / "state" / "receipt.json").read_text(encoding="utf-8"))
    for python in sdk.values():
        found = ask(python, running, tmp_path, "read", receipt["address"])
        assert found["machine_id"] == receipt["machine_id"]
        assert found["token_id"] == receipt["machine_nft_token_id"]
        assert found["attributes"] == attributes(found["machine_id"], found["token_id"])
        assert found["profile"]["peaqos"]["did"] == receipt["peaq_id"]


def test_a_machine_of_the_sdk_is_recognised_and_costs_nothing(
    sdk: dict[str, Path], running: Devnet, tmp_path: Path
) -> None:
    made = ask(sdk[WRITES], running, tmp_path, "onboard")
    before = running.transactions()
    wizard(running, tmp_path, "environment", PEAQOS_PRIVATE_KEY=made["private_key"])
    assert running.transactions() == before, "something was sent, although all was there"
    receipt = json.loads((tmp_path / "state" / "receipt.json").read_text(encoding="utf-8"))
    assert receipt["address"] == made["address"]
    assert receipt["machine_id"] == made["machine_id"]
    assert receipt["machine_nft_token_id"] == made["token_id"]
