"""A server that answers with a bomb is told in words; the process neither dies nor fills memory."""

from __future__ import annotations

import gzip
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.rehearsal.network import RehearsalNetwork
from core.errors.exit_codes import EXIT_CONFIGURATION, EXIT_NETWORK
from tests.support.proxy import Fate, Proxy, Reply

TOP = Path(__file__).resolve().parent.parent.parent
JSON = {"Content-Type": "application/json"}
MEMORY = 2 * 1024**3
"""Bytes of address space. An usual run takes a fifth of it."""


def stacked_gzip(size: int) -> Reply:
    """`size` zeros, packed twice: a few kilobytes on the wire."""
    body = gzip.compress(gzip.compress(bytes(size)))
    return Reply(200, body, {**JSON, "Content-Encoding": "gzip, gzip"})


BOMBS = {
    "brackets in strings": Reply(200, b"[" + b'"]",[' * 114_000, JSON),
    "stacked gzip": stacked_gzip(1024**3),
    "gzip": Reply(200, gzip.compress(b"{}"), {**JSON, "Content-Encoding": "gzip"}),
}


@pytest.fixture(scope="module")
def devnet() -> Iterator[RehearsalNetwork]:
    with RehearsalNetwork() as running:
        yield running


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def doctor(folder: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", "doctor", "--state-dir", str(folder / "state")],
        cwd=folder,
        env={
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            "HOME": str(folder),
            "PYTHONPATH": str(TOP),
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        preexec_fn=limited,
    )


@pytest.mark.parametrize("name", list(BOMBS))
def test_a_bomb_in_every_answer_is_refused_in_words(
    devnet: RehearsalNetwork, tmp_path: Path, name: str
) -> None:
    with Proxy(devnet.rpc_url) as proxy:
        proxy.plan = lambda asked: Fate(forwarded=False, reply=BOMBS[name])
        ended = doctor(tmp_path, proxy.environment(devnet.environment()))
        asked = {one.path.split("/")[1] for one in proxy.asked}
    assert ended.returncode in (EXIT_NETWORK, EXIT_CONFIGURATION), ended
    assert "Unexpected error" not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert asked >= {"rpc", "gas-station", "mcr"}
    if "gzip" in name:
        assert "compressed" in ended.stdout
