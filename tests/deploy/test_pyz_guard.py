"""Where the one-file program cannot run, it says so in plain words, and what to do instead."""

from __future__ import annotations

import errno
import importlib.util
import os
import platform
import sys
from pathlib import Path
from types import ModuleType

import pytest

from core.errors.exit_codes import EXIT_CONFIGURATION

GUARD = Path(__file__).resolve().parents[2] / "deploy" / "pyz_guard.py"
HERE = sys.version_info[:2]
NAME = "./peaq-onboard.pyz"
SIZE = 10**6


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("pyz_guard", GUARD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", [NAME])
    monkeypatch.delenv("SHIV_ROOT", raising=False)
    # A system it is made for, whatever runs the tests.
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(os, "confstr", lambda name: "glibc 2.36")
    return module


def refused(
    guard: ModuleType,
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    python: tuple[int, int] = HERE,
    size: int = SIZE,
) -> str:
    with pytest.raises(SystemExit) as ended:
        guard.check(python, "x86_64", (2, 28), str(folder), size)
    assert ended.value.code == EXIT_CONFIGURATION
    return capsys.readouterr().err


def test_the_system_it_is_made_for_passes_in_silence(
    guard: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    guard.check(HERE, "x86_64", (2, 28), str(tmp_path / "new"), SIZE)
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_another_python_is_told_which_one_to_use(
    guard: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(guard, capsys, tmp_path, python=(3, 99))
    assert f"Python {HERE[0]}.{HERE[1]} started it" in said
    assert f"Start it with:  python3.99 {NAME}\n" in said


def test_another_processor_is_named(
    guard: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "armv7l")
    assert "This file is for x86_64" in refused(guard, capsys, tmp_path)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    assert "Here is x86_64 and a 32-bit one" in refused(guard, capsys, tmp_path)


@pytest.mark.parametrize("library", ["glibc 2.9", "glibc 2.27"])
def test_an_old_c_library_is_named(
    guard: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    library: str,
) -> None:
    monkeypatch.setattr(os, "confstr", lambda name: library)
    said = refused(guard, capsys, tmp_path)
    assert f"needs the C library glibc 2.28 or later. This system has {library}." in said


def test_a_system_with_another_c_library_is_refused(
    guard: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As Alpine, whose musl does not know the question, or has no answer to it."""

    def unknown(name: str) -> str:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "confstr", unknown)
    assert "This system has another one" in refused(guard, capsys, tmp_path)
    monkeypatch.setattr(os, "confstr", lambda name: None)
    assert "This system has another one" in refused(guard, capsys, tmp_path)


def test_a_folder_that_cannot_be_made_or_has_no_room_is_named_with_the_way_out(
    guard: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    said = refused(guard, capsys, tmp_path / "file" / "below")
    assert os.strerror(errno.ENOTDIR) in said
    assert f"SHIV_ROOT=/path/to/folder {NAME}\n" in said
    assert "there is no room" in refused(guard, capsys, tmp_path, size=2**60)


def test_a_folder_that_others_can_write_is_refused(
    guard: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As /tmp: what they leave there under the right name would run with the machine's key."""
    tmp_path.chmod(0o777)
    assert "others can change what runs from there" in refused(guard, capsys, tmp_path)


def test_what_is_unpacked_already_needs_no_room(guard: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "peaq-onboard.pyz_0a1b").mkdir()
    guard.check(HERE, "x86_64", (2, 28), str(tmp_path), 2**60)


def test_the_folder_of_the_environment_counts(
    guard: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIV_ROOT", str(tmp_path / "other"))
    guard.check(HERE, "x86_64", (2, 28), str(tmp_path / "usual"), SIZE)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
