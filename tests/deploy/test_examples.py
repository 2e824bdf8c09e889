"""The other examples of docs/automation.md: the script beside itself, and the status in Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.fleet import TOP, example, run

pytestmark = pytest.mark.fleet

MACHINES = 5
PATIENCE = 600.0
"""Seconds for five onboardings beside each other."""


def test_five_scripts_beside_each_other_with_one_wallet_all_end_with_0(
    devnet: dict[str, str], tmp_path: Path
) -> None:
    owner = devnet.pop("OWNER_KEY")
    passphrase = tmp_path / "passphrase"
    passphrase.touch(0o600)
    passphrase.write_text("correct horse battery staple\n")
    running = {}
    for number in range(MACHINES):
        state = tmp_path / f"arm-{number}"
        running[state] = subprocess.Popen(
            [TOP / "docs" / "examples" / "onboard.sh"],
            cwd=tmp_path,
            env={
                **devnet,
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "HOME": str(tmp_path),
                "NETWORK": "rehearsal",
                "STATE_DIR": str(state),
                "PASSPHRASE_FILE": str(passphrase),
                "PEAQOS_PRIVATE_KEY": owner,
                "NAME": state.name,
                "PAUSE": "5",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    said = {state: script.communicate(timeout=PATIENCE) for state, script in running.items()}
    codes = {state.name: script.returncode for state, script in running.items()}
    assert set(codes.values()) == {0}, said
    machine_ids = set()
    for state in running:
        receipt = json.loads((state / "receipt.json").read_text())
        machine_ids.add(receipt["machine_id"])
        paid = [tx for tx in receipt["transactions"] if tx["purpose"] == "funding"]
        assert [tx["status"] for tx in paid].count("final") == 1
        assert said[state][0].count("peaq onboarding receipt") == 1, "the receipt is printed twice"
    assert len(machine_ids) == MACHINES


@pytest.mark.parametrize(("journal", "told"), [(None, "None None"), ("damaged\n", "journal")])
def test_the_status_is_read_in_python(journal: str | None, told: str, tmp_path: Path) -> None:
    state = tmp_path / "peaq-onboard" / "mainnet"
    state.mkdir(parents=True, mode=0o700)
    if journal is not None:
        (state / "journal.jsonl").write_text(journal * 2)
    environ = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path),
    }
    assert told in run(sys.executable, "-c", example("status"), cwd=tmp_path, env=environ)
