"""What is corrected on the first screen is saved, and nothing else in the file is touched."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config.env_file import save_values
from core.errors.problem import OnboardingError

TEXT = """# my machine
export PEAQOS_RPC_URL="https://old.example"  # the old one

OTHER='keep # me'
PEAQOS_NETWORK=mainnet
MULTI="two
lines"
  INDENTED = yes
not a line of a variable
"""

# One line: what cannot be in a line is refused, and tested below.
VALUES = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def read(path: Path) -> dict[str, str | None]:
    return dotenv_values(path, interpolate=False)


def test_other_lines_comments_and_order_are_kept(path: Path) -> None:
    path.write_text(TEXT)
    save_values(path, {"PEAQOS_RPC_URL": "https://new.example", "NEW": "1"})
    lines = TEXT.splitlines()
    lines[1] = "export PEAQOS_RPC_URL=https://new.example"
    assert path.read_text().splitlines() == [*lines, "NEW=1"]


@pytest.mark.parametrize("text", ["A=1\r\nB=2\r\n", "A='x\x0by\u2028z'\nB=2\n", "A=1\nB=2"])
def test_line_ends_and_odd_characters_of_others_are_kept(path: Path, text: str) -> None:
    path.write_bytes(text.encode())
    save_values(path, {"C": "3"})
    assert path.read_bytes().decode().startswith(text)
    assert read(path)["C"] == "3"
    assert read(path)["A"] == dotenv_values(stream=__import__("io").StringIO(text))["A"]


def test_an_empty_value_removes_its_line_and_a_second_line_of_the_same_name_goes(
    path: Path,
) -> None:
    path.write_text("A=1\nB=2\nA=3\n")
    save_values(path, {"A": "4"})
    assert path.read_text() == "A=4\nB=2\n"
    save_values(path, {"A": "", "B": ""})
    assert path.read_text() == ""


def test_a_new_file_is_for_this_user_alone(path: Path) -> None:
    mask = os.umask(0)
    try:
        save_values(path, {"A": "1"})
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_closed(path: Path) -> None:
    path.write_text("A=1\n")
    path.chmod(0o644)
    save_values(path, {"A": "2"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("there", [True, False])
def test_nothing_is_written_through_a_link(path: Path, tmp_path: Path, there: bool) -> None:
    target = tmp_path / "shared.env"
    if there:
        target.write_text("A=1\n")
    path.symlink_to(target)
    with pytest.raises(OnboardingError) as refused:
        save_values(path, {"A": "2"})
    assert refused.value.code == "ENV_FILE_UNSAFE"
    assert path.is_symlink()
    assert target.exists() is there
    assert not there or target.read_text() == "A=1\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_lines_of_another_user_are_not_adopted_by_saving(path: Path) -> None:
    path.write_text("PEAQOS_RPC_URL=https://evil.example\n")
    os.chown(path, 65534, 65534)
    with pytest.raises(OnboardingError) as refused:
        save_values(path, {"A": "2"})
    assert refused.value.code == "ENV_FILE_UNSAFE"
    assert path.stat().st_uid == 65534


@pytest.mark.parametrize(
    ("text", "line"),
    [("X='open\nY=1\n", 1), ("A=0\nX=\"open\n# it's\n", 2), ("# fine\nX='\n", 2)],
)
def test_a_value_that_an_open_quote_would_swallow_is_refused_with_its_line(
    path: Path, text: str, line: int
) -> None:
    path.write_text(text)
    values = {"PEAQOS_RPC_URL": "it's 'two' \"three\""}
    with pytest.raises(OnboardingError) as refused:
        save_values(path, values)
    assert refused.value.code == "ENV_FILE_MALFORMED"
    assert f"{path}, line {line}: " in refused.value.problem.cause
    assert path.read_text() == text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text("AB='\"\\\n #x", max_size=40), VALUES)
def test_whatever_stood_there_a_value_that_is_saved_reads_back(
    path: Path, before: str, value: str
) -> None:
    path.write_text(before)
    others = {name: text for name, text in read(path).items() if name != "C"}
    try:
        save_values(path, {"C": value})
    except OnboardingError:
        assert path.read_text() == before
    else:
        assert (read(path).get("C") or "") == value
        assert {name: text for name, text in read(path).items() if name != "C"} == others


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(VALUES, VALUES)
def test_every_value_reads_back_as_it_was_also_after_a_second_save(
    path: Path, first: str, second: str
) -> None:
    path.unlink(missing_ok=True)
    save_values(path, {"A": first, "B": second})
    save_values(path, {"C": "end"})
    found = read(path)
    assert (found.get("A") or "", found.get("B") or "") == (first, second)
    assert found["C"] == "end"


@pytest.mark.parametrize("value", ["a\nPEAQOS_NETWORK=mainnet", "a\rb", "a\0b", "\ud800"])
def test_a_value_that_would_be_more_than_one_line_is_refused_and_nothing_changes(
    path: Path, value: str
) -> None:
    path.write_text("A=1\n")
    with pytest.raises(OnboardingError) as refused:
        save_values(path, {"A": value})
    assert refused.value.code == "ENV_FILE_UNWRITABLE"
    assert path.read_text() == "A=1\n"


@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_rubbish(
    path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    path.write_text("A=1\n")

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, full)
    with pytest.raises(OnboardingError) as refused:
        save_values(path, {"A": "2"})
    monkeypatch.undo()
    assert "No space left" in refused.value.problem.cause
    assert path.read_text() == "A=1\n"
    assert [entry.name for entry in path.parent.iterdir()] == [".env"]
