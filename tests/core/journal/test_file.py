"""The journal is the only memory: what is in it is right, or it is refused with the line."""

from __future__ import annotations

import json
import os
import typing
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config.settings import load_settings
from core.errors.problem import OnboardingError
from core.journal import events as ev
from core.journal.file import (
    ACTIVATION_FORMAT,
    Journal,
    Record,
    _checksum,
    encode,
    parse,
    read_records,
)
from core.secrets import Secret
from core.session import open_session
from tests.support.clock import START, FakeClock

CLASSES = sorted(
    (cls for cls in vars(ev).values() if isinstance(cls, type) and issubclass(cls, ev.Event)),
    key=lambda cls: cls.__name__,
)
CLASSES.remove(ev.Event)
BIG = 123456789012345678901234567890
SAMPLES = {
    "int": BIG,
    "str": 'with "quotes", \\ and ünïcode ✓\u2028',
    "bool": True,
    "dict[str, str]": {"a": "1", "ä": ""},
    "str | None": "2026-03-01T12:00:00.000Z",
}
STARTED = ev.OnboardingStarted("rehearsal", 1, {"identity_registry": "0xAb"}, "1.2.3")


def sample(cls: type[ev.Event]) -> ev.Event:
    return cls(**{field.name: SAMPLES[str(field.type)] for field in fields(cls)})


def run() -> list[ev.Event]:
    """A journal of some length with different kinds of records."""
    return [
        STARTED,
        ev.EnvironmentPassed(10**18, 7),
        ev.KeypairStored("0xAb", "generated", "scrypt", "00ff"),
        ev.StepFailed("FUNDING", "RATE_LIMITED", {"code": "RATE_LIMITED"}, "slow down"),
        ev.TransactionBroadcast("0x12", "accepted"),
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def written(path: Path, *events: ev.Event) -> bytes:
    journal = Journal(path, lambda: START)
    journal.open()
    for event in events:
        journal.append(event)
    journal.close()
    return path.read_bytes()


def damaged(content: bytes, path: Path) -> OnboardingError:
    with pytest.raises(OnboardingError) as refused:
        parse(content, path)
    return refused.value


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_kind_of_event_reads_back_as_it_was(path: Path, cls: type[ev.Event]) -> None:
    event = sample(cls)
    events = [event] if cls is ev.OnboardingStarted else [STARTED, event]
    written(path, *events)
    assert [record.event for record in read_records(path)] == events


def test_amounts_are_strings_on_disk(path: Path) -> None:
    """Readers in other languages lose the digits of large numbers."""
    content = written(path, STARTED, ev.EnvironmentPassed(BIG, 7))
    assert json.loads(content.splitlines()[1])["data"]["bond_wei"] == str(BIG)


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(WORDS, WORDS, max_size=4),
    WORDS,
    st.integers(min_value=0, max_value=2**256),
    st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
)
def test_any_words_amounts_and_times_read_back(
    path: Path, params: dict[str, str], detail: str, wei: int, at: datetime
) -> None:
    path.unlink(missing_ok=True)
    moment = at.replace(tzinfo=timezone.utc)
    events = [
        STARTED,
        ev.StepFailed("FUNDING", "X", params, detail),
        ev.NeedMeasured(wei, 0, 0, 0, 0),
    ]
    journal = Journal(path, lambda: moment)
    journal.open()
    records = [journal.append(event) for event in events]
    journal.close()
    assert read_records(path) == records
    assert abs(records[0].at - moment) <= timedelta(milliseconds=1)


def test_the_file_is_for_this_user_alone_and_only_grows(path: Path) -> None:
    before = os.umask(0)
    try:
        first = written(path, *run())
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert written(path, ev.KeypairBackedUp("copied")).startswith(first)
    assert [record.number for record in read_records(path)] == [1, 2, 3, 4, 5, 6]


VECTORS = Path(__file__).parent / "vectors"


@pytest.mark.parametrize("number", range(1, ACTIVATION_FORMAT + 1))
def test_a_journal_of_an_earlier_version_reads_as_it_was_written(number: int) -> None:
    """Made by make_journal. Else an update would call a machine's journal damaged."""
    golden = VECTORS / f"journal-format-{number}.jsonl"
    records = read_records(golden)
    lines = [json.loads(line) for line in golden.read_text(encoding="ascii").splitlines()]
    assert len(records) == len(lines) >= 29
    for record, line in zip(records, lines, strict=True):
        assert type(record.event).__name__ == line["event"]
        data = record.event.to_data()
        assert {name: data[name] for name in line["data"]} == line["data"]
    texts = [line["data"].get("documentation_url", "") for line in lines]
    assert any(not text.isascii() for text in texts), "the checksum of other letters is not tried"


# Damage


def test_a_torn_tail_is_repaired_in_a_long_journal_too(path: Path) -> None:
    """The limit is that of one record, wherever it stands."""
    events = [STARTED, *[ev.StepFailed("FUNDING", "X", {}, "long " * 200)] * 80]
    content = written(path, *events)
    assert len(content) > 80_000
    path.write_bytes(content[:-40])
    journal = Journal(path, lambda: START)
    assert [record.event for record in journal.open()] == events[:-1]
    assert journal.repaired > 1000
    journal.close()


def test_a_tail_longer_than_any_record_is_refused(path: Path) -> None:
    content = written(path, *run())
    records, good = parse(content + b"x" * 65_536, path)
    assert (len(records), good) == (5, len(content))
    assert damaged(content + b"x" * 65_537, path).problem.params["line"] == "6"


@pytest.mark.parametrize("events", [[STARTED], run()], ids=["the only record", "a later one"])
def test_a_last_line_torn_at_any_byte_is_dropped_said_and_written_over(
    path: Path, events: list[ev.Event]
) -> None:
    content = written(path, *events)
    start = content.rfind(b"\n", 0, -1) + 1
    for cut in range(start, len(content)):
        path.write_bytes(content[:cut])
        journal = Journal(path, lambda: START)
        assert [record.event for record in journal.open()] == events[:-1]
        assert journal.repaired == cut - start
        journal.append(events[-1])
        journal.close()
        assert path.read_bytes() == content


def test_a_tail_of_zeros_as_power_cuts_leave_them_is_dropped(path: Path) -> None:
    content = written(path, *run())
    for tail in (b"\n", b"\0" * 300, b"\0" * 299 + b"\n"):
        records, good = parse(content + tail, path)
        assert (len(records), good) == (5, len(content))


def test_one_bit_flipped_anywhere_before_the_tail_is_refused_with_its_line(path: Path) -> None:
    content = written(path, *run())
    tail = content.rfind(b"\n", 0, -1)
    for index in range(tail + 1):
        line = content.count(b"\n", 0, index) + 1
        for bit in range(8):
            broken = bytearray(content)
            broken[index] ^= 1 << bit
            error = damaged(bytes(broken), path)
            if error.code == "JOURNAL_MISMATCH":
                assert b'"format":' in content[:index][-12:], "only the format's own number"
            else:
                assert error.code == "JOURNAL_DAMAGED"
                assert error.problem.params["line"] == str(line)
                assert f"{path}, line {line}: " in error.problem.cause


def test_one_bit_flipped_in_the_last_record_is_never_believed(path: Path) -> None:
    content = written(path, *run())
    tail = content.rfind(b"\n", 0, -1) + 1
    for index in range(tail, len(content)):
        for bit in range(8):
            broken = bytearray(content)
            broken[index] ^= 1 << bit
            if index == len(content) - 1:
                records, _ = parse(bytes(broken), path)
                assert len(records) == 4, "a missing line end counts as torn"
            else:
                assert damaged(bytes(broken), path).problem.params["line"] == "5"


@pytest.mark.parametrize("line", [1, 2, 3, 4, 5])
def test_a_line_that_stands_twice_is_refused(path: Path, line: int) -> None:
    lines = written(path, *run()).splitlines(keepends=True)
    error = damaged(b"".join([*lines[:line], lines[line - 1], *lines[line:]]), path)
    assert error.code == "JOURNAL_DAMAGED"
    assert error.problem.params["line"] == str(line + 1)


@pytest.mark.parametrize("line", [1, 2, 3, 4])
def test_a_line_that_is_missing_is_refused(path: Path, line: int) -> None:
    lines = written(path, *run()).splitlines(keepends=True)
    error = damaged(b"".join([*lines[: line - 1], *lines[line:]]), path)
    assert error.code == "JOURNAL_DAMAGED"
    assert error.problem.params["line"] == str(line)


@pytest.mark.parametrize(
    "line",
    [b" ", b"{}", b"[]", b"null", b"not json", b"\xff\xfe", b'{"data":{}}', b'{"data":[]}'],
)
def test_a_line_that_is_no_record_is_refused(path: Path, line: bytes) -> None:
    content = written(path, *run())
    assert damaged(content + line + b"\n", path).problem.params["line"] == "6"


def _signed(**changes: typing.Any) -> bytes:
    """A record of another version of this program: with a checksum that fits."""
    body = json.loads(encode(Record(1, START, STARTED)))
    del body["sum"]
    body |= changes
    body["sum"] = _checksum(body)
    return json.dumps(body).encode() + b"\n"


def test_a_journal_of_a_newer_version_is_refused_with_both_versions(path: Path) -> None:
    newer = ACTIVATION_FORMAT + 1
    error = damaged(_signed(format=newer, data={"something": "new"}), path)
    assert error.code == "JOURNAL_MISMATCH"
    assert str(newer) in error.problem.cause
    assert f"is {ACTIVATION_FORMAT}." in error.problem.cause


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "Unheard"},
        {"event": "KeypairBackedUp", "data": {"way": "copied"}},
        {"data": {"network": "rehearsal"}},
        {"data": {"network": 5, "chain_id": "1", "contracts": {}, "version": "1"}},
        {"data": {"network": "x", "chain_id": "²", "contracts": {}, "version": "1"}},
        {"data": {"network": "x", "chain_id": "1", "contracts": {"a": 1}, "version": "1"}},
        {"at": "yesterday"},
        {"at": 5},
        {"n": 2},
    ],
)
def test_a_record_that_does_not_fit_is_refused_although_its_checksum_does(
    path: Path, changes: dict[str, typing.Any]
) -> None:
    error = damaged(_signed(**changes), path)
    assert (error.code, error.problem.params["line"]) == ("JOURNAL_DAMAGED", "1")


def test_a_damaged_journal_stops_the_start_and_is_left_as_it_is(tmp_path: Path, path: Path) -> None:
    content = written(path, *run()).replace(b"generated", b"imported!")
    path.write_bytes(content)
    tmp_path.chmod(0o700)
    usable = load_settings(environ={}, env_file=tmp_path / ".env")
    for _ in range(2):
        with pytest.raises(OnboardingError) as refused:
            open_session(tmp_path, usable, FakeClock())
        assert refused.value.code == "JOURNAL_DAMAGED", "and the lock was given back"
    assert path.read_bytes() == content


# Disks


@pytest.mark.parametrize("broken", ["write", "fsync"])
def test_a_full_disk_leaves_the_file_without_the_record(
    path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    content = written(path, *run())
    journal = Journal(path, lambda: START)
    journal.open()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, full)
    with pytest.raises(OnboardingError) as refused:
        journal.append(ev.KeypairBackedUp("copied"))
    assert refused.value.code == "DISK_FULL"
    assert str(path) in refused.value.problem.cause
    assert path.read_bytes() == content
    monkeypatch.undo()
    assert journal.append(ev.KeypairBackedUp("copied")).number == 6
    journal.close()
    assert len(read_records(path)) == 6


def test_a_disk_that_takes_half_a_line_does_not_keep_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = written(path, *run())
    journal = Journal(path, lambda: START)
    journal.open()
    write, calls = os.write, 0

    def half(handle: int, data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise OSError(28, "No space left on device")
        return write(handle, bytes(data[: len(data) // 2]))

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OnboardingError):
        journal.append(ev.KeypairBackedUp("copied"))
    monkeypatch.undo()
    journal.close()
    assert path.read_bytes() == content


def test_a_record_is_synced_before_it_counts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path, lambda: START)
    journal.open()
    sizes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: sizes.append(os.fstat(handle).st_size))
    journal.append(STARTED)
    assert sizes == [path.stat().st_size]
    journal.close()


def test_a_secret_never_gets_as_far_as_the_disk(path: Path) -> None:
    content = written(path, *run())
    journal = Journal(path, lambda: START)
    journal.open()
    for event in (
        ev.KeypairBackedUp(Secret("hunter2")),
        ev.StepFailed("FUNDING", "X", {"code": Secret("hunter2")}),
    ):
        with pytest.raises(TypeError, match="secret"):
            journal.append(event)
    journal.close()
    assert path.read_bytes() == content


def test_a_link_is_not_written_through(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"")
    path.symlink_to(other)
    with pytest.raises(OnboardingError) as refused:
        Journal(path, lambda: START).open()
    assert refused.value.code == "STATE_FOLDER_UNUSABLE"


@pytest.mark.parametrize("read", [lambda path: Journal(path, lambda: START).open(), read_records])
def test_a_pipe_in_its_place_is_refused_and_not_waited_for(
    path: Path, read: Callable[[Path], object]
) -> None:
    os.mkfifo(path)
    with pytest.raises(OnboardingError) as refused:
        read(path)
    assert refused.value.code == "STATE_FOLDER_UNUSABLE"
    assert "not a file" in refused.value.problem.cause
