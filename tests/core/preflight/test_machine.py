"""A machine that cannot carry the wizard is found out on site, in the middle of the work."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest

from core.config.settings import load_settings
from core.preflight import machine
from core.preflight.check import Light
from core.preflight.finding import Finding

MIB = 1024 * 1024


def light_of(finding: Finding) -> Light:
    assert finding.text
    assert (finding.light is Light.GREEN) == (not finding.remedy), "each fault has its remedy"
    return finding.light


@pytest.mark.parametrize(
    ("version", "light"),
    [((3, 9, 18), Light.RED), ((3, 10, 0), Light.GREEN), ((3, 13, 1), Light.GREEN)],
)
def test_an_interpreter_that_is_too_old_is_red(version: tuple[int, int, int], light: Light) -> None:
    assert light_of(machine.interpreter(version)) is light


@pytest.mark.parametrize(
    ("name", "light"),
    [("x86_64", Light.GREEN), ("aarch64", Light.GREEN), ("armv7l", Light.AMBER), ("", None)],
)
def test_a_processor_that_nobody_has_tried_is_said(name: str, light: Light | None) -> None:
    assert light_of(machine.architecture(name)) is (light or light_of(machine.architecture()))


@pytest.mark.parametrize(
    ("available", "light", "words"),
    [
        (2048 * MIB, Light.GREEN, "scrypt, 256 MiB"),
        (200 * MIB, Light.GREEN, "scrypt, 64 MiB"),
        (100 * MIB, Light.AMBER, "pbkdf2 (1000000 rounds)"),
        (0, Light.AMBER, "does not say"),
    ],
)
def test_memory_says_how_the_key_will_be_locked(available: int, light: Light, words: str) -> None:
    finding = machine.memory(available)
    assert light_of(finding) is light
    assert words in finding.text


def test_a_folder_that_can_be_used_is_green_and_is_not_made(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert light_of(machine.state_folder(folder)) is Light.GREEN
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "file above", "dangling link", "open to others"])
def test_a_folder_that_would_be_refused_is_red(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "state"
    if kind == "open to others":
        folder.mkdir()
        (folder / "theirs").touch()
        folder.chmod(0o777)
    elif kind == "dangling link":
        folder.symlink_to(tmp_path / "nowhere")
    else:
        folder.touch()
    finding = machine.state_folder(folder / "below" if kind == "file above" else folder)
    assert light_of(finding) is Light.RED
    assert str(folder) in finding.text


def test_a_folder_that_only_others_may_write_is_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine.os, "access", lambda place, mode: False)  # root may everything
    assert light_of(machine.state_folder(tmp_path / "state")) is Light.RED


@pytest.mark.parametrize(
    ("free", "light"), [(60 * MIB, Light.GREEN), (2 * MIB, Light.AMBER), (1000, Light.RED)]
)
def test_a_disk_that_is_nearly_full_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, light: Light
) -> None:
    usage = namedtuple("usage", "total used free")(10**9, 0, free)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda place: usage)
    assert light_of(machine.state_folder(tmp_path / "state")) is light


def test_each_variable_that_cannot_be_used_is_a_line_of_its_own(tmp_path: Path) -> None:
    environ = {"PEAQOS_RPC_URL": "ftp://x", "MACHINE_NFT_ADDRESS": "0x12"}
    found = machine.settings(load_settings(environ=environ, env_file=tmp_path / ".env"))
    assert [light_of(finding) for finding in found] == [Light.RED] * 2
    assert {finding.key for finding in found} == {f"variables:{name}" for name in environ}
    assert all(name in " ".join(f.remedy for f in found) for name in environ)


def test_variables_that_others_can_read_are_a_remark(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PEAQOS_NETWORK=agung\n")
    (tmp_path / ".env").chmod(0o644)
    (finding,) = machine.settings(load_settings(environ={}, env_file=tmp_path / ".env"))
    assert light_of(finding) is Light.AMBER
    assert "chmod 600" in finding.remedy
