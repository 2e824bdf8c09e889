"""Files that survive a power cut and that nobody else may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from core.errors.problem import OnboardingError
from core.storage.durable_files import (
    create_file,
    prepare_state_folder,
    read_file,
    replace_file,
    write_all,
)


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def full(*_: object, **__: object) -> int:
    raise OSError(28, "No space left on device")


def test_a_created_file_is_private_from_its_first_moment(
    tmp_path: Path, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    seen: list[int] = []
    write = os.write

    def watched(handle: int, data: bytes) -> int:
        seen.append(stat.S_IMODE(os.fstat(handle).st_mode))
        return write(handle, data)

    monkeypatch.setattr(os, "write", watched)
    create_file(path, b"secret")
    assert path.read_bytes() == b"secret"
    assert set(seen) == {0o600}


def test_a_file_that_is_there_is_never_overwritten_also_not_through_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"old")
    link.symlink_to(path)
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "elsewhere")
    for name in (path, link, dangling):
        with pytest.raises(OSError, match=r"exists|symbolic"):
            create_file(name, b"new")
    assert path.read_bytes() == b"old"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
def test_a_replaced_file_is_the_old_one_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")
    monkeypatch.setattr(os, broken, full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"four")
    assert read_file(path, 4) == b"four"
    with pytest.raises(OSError, match="too large"):
        read_file(path, 3)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    open_before = len(os.listdir("/proc/self/fd"))
    for nothing in (pipe, tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match="not a file"):
            read_file(nothing, 4)
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_a_disk_that_takes_a_part_gets_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, bytes(data[:3])))
    with (tmp_path / "file").open("wb") as file:
        write_all(file.fileno(), b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_the_folder_is_synced_so_that_the_name_survives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    sync = os.fsync

    def watched(handle: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(handle).st_mode))
        sync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    create_file(tmp_path / "file", b"x")
    assert synced == [False, True], "first the content, then the name"
    synced.clear()
    replace_file(tmp_path / "file", b"y")
    assert synced[-1] is True


# The state folder


def test_a_missing_state_folder_is_made_with_all_above_it_closed_to_others(
    tmp_path: Path, umask: int
) -> None:
    folder = tmp_path / "state" / "peaq-onboard" / "mainnet"
    assert prepare_state_folder(folder) == []
    assert mode(folder) == 0o700
    for above in (folder.parent, folder.parent.parent):
        assert mode(above) & 0o022 == 0, "others could swap the state folder for their own"
    assert list(folder.iterdir()) == []


def test_an_empty_folder_is_closed_and_one_in_use_is_warned_about(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(0o755)
    assert prepare_state_folder(folder) == []
    assert mode(folder) == 0o700
    (folder / "journal.jsonl").touch()
    folder.chmod(0o755)
    (warning,) = prepare_state_folder(folder)
    assert f"chmod 700 {folder}" in warning


def test_a_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir(mode=0o700)
    link.symlink_to(real)
    assert prepare_state_folder(link) == []


@pytest.mark.parametrize(
    "kind", ["file", "dangling", "below a file", "world-writable", "read-only"]
)
def test_a_folder_that_cannot_be_used_is_told_with_path_and_reason(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "state"
    match kind:
        case "file":
            folder.touch()
        case "dangling":
            folder.symlink_to(tmp_path / "nowhere")
        case "below a file":
            folder.touch()
            folder = folder / "deeper"
        case "world-writable":
            folder.mkdir()
            (folder / "something").touch()
            folder.chmod(0o777)
        case "read-only":
            folder.mkdir()
            monkeypatch.setattr(os, "open", _read_only(os.open))
    with pytest.raises(OnboardingError) as refused:
        prepare_state_folder(folder)
    assert refused.value.code == "STATE_FOLDER_UNUSABLE"
    assert refused.value.problem.cause.startswith(f"{folder}: ")
    assert "Posix" not in refused.value.problem.cause


def _read_only(real):
    def opened(path, flags, *rest, **more):
        if flags & os.O_CREAT:
            raise OSError(30, "Read-only file system")
        return real(path, flags, *rest, **more)

    return opened
