"""A release to install, and a network to onboard on."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.fleet import TOP, Release, build_release


@pytest.fixture(scope="session")
def release() -> Iterator[Release]:
    with tempfile.TemporaryDirectory(prefix="peaq-release-") as folder:
        Path(folder).chmod(0o755)
        yield build_release(Path(folder))


@pytest.fixture
def devnet() -> Iterator[dict[str, str]]:
    """The variables of a running `peaq-onboard devnet`, the owner's key among them."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "devnet", "--block-time", "1"],
        cwd=TOP,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    variables = {}
    for line in process.stdout:
        if line.startswith("# 0x"):
            variables["OWNER_KEY"] = line.removeprefix("# ").strip()
            break
        if line.startswith("export "):
            name, _, value = shlex.split(line)[1].partition("=")
            variables[name] = value
    try:
        yield variables
    finally:
        process.kill()
        process.communicate()
