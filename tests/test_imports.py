"""Imports go one way: core can be used without a terminal, and a first screen need not wait."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ABOVE_CORE = ("app", "rich", "screens", "textual")
SLOW = ("eth_account", "httpx", "web3")

# Runs in the child: import one module, then name those of the others that came with it. Where click
# is there, which only the tools of development bring, httpx loads its own command line and rich.
PROBE = """
import importlib, sys
sys.modules["click"] = None
importlib.import_module(sys.argv[1])
print(*sorted(name for name in sys.argv[2:] if name in sys.modules))
"""


def core_modules() -> list[str]:
    paths = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / "core").rglob("*.py")]
    return sorted(".".join(path.parts).removesuffix(".__init__") for path in paths)


def pulled_in(module: str, unwanted: tuple[str, ...]) -> list[str]:
    """Import `module` in a fresh interpreter and return which of `unwanted` came along."""
    child = subprocess.run(
        [sys.executable, "-c", PROBE, module, *unwanted],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return child.stdout.split()


def test_the_probe_sees_what_a_module_pulls_in() -> None:
    assert pulled_in("textual", ABOVE_CORE) == ["rich", "textual"]


def test_what_is_watched_for_is_installed() -> None:
    for name in (*ABOVE_CORE, *SLOW):
        assert find_spec(name) is not None, f"{name} is not there to be missed"


@pytest.mark.parametrize("module", core_modules())
def test_core_comes_without_terminal_screens_or_app(module: str) -> None:
    assert pulled_in(module, ABOVE_CORE) == []


def test_core_alone_does_not_wait_for_web3() -> None:
    assert pulled_in("core", SLOW) == []


def test_the_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    child = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert child.returncode == 0, child.stdout + child.stderr
