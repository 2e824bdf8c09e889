"""A machine that cannot carry the wizard is found out on site, in the middle of the work."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest

from core.config.settings import load_settings
from core.preflight import machine
from core.preflight.check import CheckResult, Status
from core.preflight.settings import check_settings

MIB = 1024 * 1024


def status_of(result: CheckResult) -> Status:
    assert result.text
    passed = result.status is Status.PASSED
    assert passed == (not result.remedy()), "each fault has its remedy"
    return result.status


@pytest.mark.parametrize(
    ("version", "status"),
    [((3, 9, 18), Status.FAILED), ((3, 10, 0), Status.PASSED), ((3, 13, 1), Status.PASSED)],
)
def test_an_interpreter_that_is_too_old_fails(
    version: tuple[int, int, int], status: Status
) -> None:
    assert status_of(machine.check_python(version)) is status


@pytest.mark.parametrize(
    ("name", "status"),
    [("x86_64", Status.PASSED), ("aarch64", Status.PASSED), ("armv7l", Status.WARNING), ("", None)],
)
def test_a_processor_that_nobody_has_tried_is_said(name: str, status: Status | None) -> None:
    assert status_of(machine.check_architecture(name)) is (
        status or status_of(machine.check_architecture())
    )


@pytest.mark.parametrize(
    ("available", "status", "words"),
    [
        (2048 * MIB, Status.PASSED, "scrypt, 256 MiB"),
        (200 * MIB, Status.PASSED, "scrypt, 64 MiB"),
        (100 * MIB, Status.WARNING, "pbkdf2 (1000000 rounds)"),
        (0, Status.WARNING, "does not report"),
    ],
)
def test_memory_says_how_the_key_will_be_locked(available: int, status: Status, words: str) -> None:
    result = machine.check_memory(available)
    assert status_of(result) is status
    assert words in result.text


def test_a_folder_that_can_be_used_passes_and_is_not_made(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert status_of(machine.check_state_directory(folder)) is Status.PASSED
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "file above", "dangling link", "open to others"])
def test_a_folder_that_would_be_refused_fails(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "state"
    if kind == "open to others":
        folder.mkdir()
        (folder / "theirs").touch()
        folder.chmod(0o777)
    elif kind == "dangling link":
        folder.symlink_to(tmp_path / "nowhere")
    else:
        folder.touch()
    result = machine.check_state_directory(folder / "below" if kind == "file above" else folder)
    assert status_of(result) is Status.FAILED
    assert result.problem is not None
    assert str(folder) in result.problem.cause


def test_a_folder_that_only_others_may_write_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine.os, "access", lambda place, mode: False)  # root may everything
    assert status_of(machine.check_state_directory(tmp_path / "state")) is Status.FAILED


@pytest.mark.parametrize(
    ("free", "status"),
    [(60 * MIB, Status.PASSED), (2 * MIB, Status.WARNING), (1000, Status.FAILED)],
)
def test_a_disk_that_is_nearly_full_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, status: Status
) -> None:
    usage = namedtuple("usage", "total used free")(10**9, 0, free)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda place: usage)
    assert status_of(machine.check_state_directory(tmp_path / "state")) is status


def test_each_variable_that_cannot_be_used_is_a_line_of_its_own(tmp_path: Path) -> None:
    environ = {"PEAQOS_RPC_URL": "ftp://x", "MACHINE_NFT_ADDRESS": "0x12"}
    found = check_settings(load_settings(environ=environ, env_file=tmp_path / ".env"))
    assert [status_of(result) for result in found] == [Status.FAILED] * 2
    assert {result.key for result in found} == {f"variables:{name}" for name in environ}
    assert all(name in " ".join(f.remedy() for f in found) for name in environ)


def test_variables_that_others_can_read_are_a_warning(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PEAQOS_NETWORK=agung\n")
    (tmp_path / ".env").chmod(0o644)
    (result,) = check_settings(load_settings(environ={}, env_file=tmp_path / ".env"))
    assert status_of(result) is Status.WARNING
    assert "chmod 600" in result.text
