"""Textual's private names: each one is still there, and only one file uses them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
import textual
from textual.app import App
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen
from textual.widgets import Button, Input, Static

TOP = Path(__file__).resolve().parents[3]
INTERNALS = TOP / "app" / "tui" / "textual_internals.py"
FILES = [*(TOP / "screens").rglob("*.py"), *(TOP / "app" / "tui").glob("*.py")]
IN_APP = ("_driver", "_exception", "_fatal_error", "_close_messages_no_wait")
IN_DRIVER = ("_get_terminal_size",)


def private_names_of_textual() -> set[str]:
    """Those of the classes that this program's classes inherit from, and of their instances."""
    classes = {parent for kind in (App, Screen, Button, Input, Static) for parent in kind.mro()}
    names = {name for kind in {*classes, LinuxDriver, *LinuxDriver.mro()} for name in vars(kind)}
    for instance in (App(), Screen(), Button(), Input(), Static()):
        names |= set(vars(instance))
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def private_names_in(source: str) -> Iterator[str]:
    """Private attributes and functions that `source` uses, sets or defines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and ast.unparse(node) != "os._exit":
            yield node.attr
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def clashes(source: str) -> set[str]:
    return private_names_of_textual().intersection(private_names_in(source))


@pytest.mark.parametrize("name", IN_APP)
def test_the_app_of_textual_has(name: str) -> None:
    assert hasattr(App(), name), _gone(f"App.{name}")


@pytest.mark.parametrize("name", IN_DRIVER)
def test_the_driver_of_textual_has(name: str) -> None:
    assert hasattr(LinuxDriver, name), _gone(f"LinuxDriver.{name}")


def test_a_crash_of_textual_still_ends_in_fatal_error() -> None:
    source = inspect.getsource(App._handle_exception)
    assert "self._fatal_error()" in source, _gone("the call of App._fatal_error")


def test_the_driver_of_textual_still_gets_its_decoder_by_that_name() -> None:
    source = inspect.getsource(LinuxDriver)
    assert "getincrementaldecoder(" in source, _gone("linux_driver.getincrementaldecoder")


def test_the_driver_of_textual_writes_in_one_place() -> None:
    """What another method wrote by itself would be unknown to the screen buffer."""
    source = inspect.getsource(linux_driver)
    assert source.count("_writer_thread.write(") == 1
    assert "_writer_thread.write(" in inspect.getsource(LinuxDriver.write)


def test_the_names_listed_here_are_those_that_the_file_uses() -> None:
    used = clashes(INTERNALS.read_text(encoding="utf-8"))
    assert used == {*IN_APP, *IN_DRIVER}


@pytest.mark.parametrize(
    "path", [path for path in FILES if path != INTERNALS], ids=lambda p: str(p.relative_to(TOP))
)
def test_no_other_file_uses_or_overrides_a_private_name_of_textual(path: Path) -> None:
    assert clashes(path.read_text(encoding="utf-8")) == set()


def _gone(name: str) -> str:
    return f"Textual {textual.__version__} has lost {name}: see {INTERNALS.relative_to(TOP)}"
