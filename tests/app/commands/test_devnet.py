"""`peaq-onboard devnet`: what it prints points any client at a network that works."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from core.config.networks import CONTRACT_VARIABLES
from core.config.settings import load_settings
from tests.support.words import title

TOP = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_it_prints_an_environment_that_works_and_ends_on_a_signal(
    tmp_path: Path, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "devnet", "--fault", "mcr-down"],
        cwd=TOP,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        variables: dict[str, str] = {}
        for line in process.stdout:
            if line.startswith("# 0x"):
                break
            if line.startswith("export "):
                (assignment,) = shlex.split(line.removeprefix("export "))
                name, _, value = assignment.partition("=")
                variables[name] = value
        settings = load_settings(environ=variables, env_file=tmp_path / ".env")
        assert settings.usable, settings.problems
        assert settings.network.name == "rehearsal"
        assert set(CONTRACT_VARIABLES) <= set(variables)

        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
        with httpx.Client(trust_env=False) as client:
            answer = client.post(settings.rpc_url, json=body).json()
            assert int(answer["result"], 16) == settings.network.chain_id
            setup = {"ownerAddress": "", "format": "svg"}
            refused = client.post(f"{settings.gas_station_url}/2fa/setup", json=setup)
            assert refused.json()["status"] == "error"
            machine = client.get(f"{settings.mcr_url}/machine/did:peaq:0x{'0' * 40}")
            assert machine.status_code == 503, "the fault that was asked for does not happen"
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 0
        assert errors == ""
    finally:
        process.kill()
        process.communicate()


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "app", "devnet", "--port", str(port)],
            cwd=TOP,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 3
    assert title("REHEARSAL_UNAVAILABLE") in done.stderr
    assert "Traceback" not in done.stderr
