"""Imports go one way: core can be used without a terminal, and a first screen need not wait."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ABOVE_CORE = ("app", "rich", "screens", "textual")
SLOW = ("eth_account", "httpx", "web3")

# Runs in the child: import modules, then name those of the others that came with them. If click is
# installed, which only development tools bring, httpx loads its own command line and rich.
PROBE = """
import importlib, sys
sys.modules["click"] = None
modules, unwanted = sys.argv[1].split(), sys.argv[2:]
for module in modules:
    importlib.import_module(module)
    found = sorted(name for name in unwanted if name in sys.modules)
    if found:
        print(module, *found)
        break
"""


def core_modules() -> list[str]:
    paths = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / "core").rglob("*.py")]
    return sorted(".".join(path.parts).removesuffix(".__init__") for path in paths)


def pulled_in(modules: list[str], unwanted: tuple[str, ...]) -> list[str]:
    """Import `modules` afresh; name the first one that brings some of `unwanted`, and those."""
    child = subprocess.run(
        [sys.executable, "-c", PROBE, " ".join(modules), *unwanted],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return child.stdout.split()


def test_the_probe_sees_what_a_module_pulls_in() -> None:
    assert pulled_in(["core.text", "textual"], ABOVE_CORE) == ["textual", "rich", "textual"]


def test_what_is_watched_for_is_installed() -> None:
    for name in (*ABOVE_CORE, *SLOW):
        assert find_spec(name) is not None, f"{name} is not there to be missed"


def test_core_comes_without_terminal_screens_or_app() -> None:
    assert pulled_in(core_modules(), ABOVE_CORE) == []


def test_core_alone_does_not_wait_for_web3() -> None:
    assert pulled_in(["core"], SLOW) == []


def test_the_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    child = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert child.returncode == 0, child.stdout + child.stderr
