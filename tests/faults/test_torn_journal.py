"""The power goes while a record is being written: it never counted, and nothing is done twice."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from core.errors.problem import OnboardingError
from core.journal.events import Event
from core.journal.file import Journal, Record, encode, parse
from core.journal.next_action import Action
from tests.support.clock import FakeClock
from tests.support.judge import judge
from tests.support.machine import PASSPHRASE, Machine

RECORDS = {"gas-station": 30, "owner": 29}


class Killed(BaseException):
    """As SIGKILL: nothing of ours may catch it."""


@pytest.fixture
def machine(paced_machine: Machine) -> Machine:
    return paced_machine


def funded_by(machine: Machine, way: str) -> None:
    if way == "owner":
        machine.way = way
        machine.environ["PEAQOS_PRIVATE_KEY"] = machine.network.owner_key


@pytest.mark.parametrize(
    ("way", "number"),
    [(way, number) for way, records in RECORDS.items() for number in range(1, records + 1)],
)
async def test_a_run_whose_last_record_is_torn_is_finished_by_the_next_one(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    tally: Counter[str],
    way: str,
    number: int,
) -> None:
    """What the record speaks of was done; only its line is not whole."""
    funded_by(machine, way)
    append = Journal.append

    def deadly(journal: Journal, event: Event) -> Record:
        record = append(journal, event)
        if record.number == number:
            raise Killed
        return record

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", deadly)
        with pytest.raises(Killed):
            await machine.drive()
    records = machine.records
    await machine.close()
    path = machine.folder / "journal.jsonl"
    torn = random.Random(f"{way} {number}").randrange(1, len(encode(records[-1])))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - torn)
    wizard = machine.open()
    assert [record.event for record in wizard.session.store.records] == [
        record.event for record in records[:-1]
    ]
    left = len(encode(records[-1])) - torn
    assert bool(wizard.session.warnings) == (left > 0), "a torn record is dropped, and said"
    await machine.restart()
    if machine.now_open.action is not Action.NOTHING:
        await machine.drive_stubbornly()
    await machine.close()
    by_hand = int(way == "owner")
    verdict = judge(
        machine.network,
        machine.folder,
        passphrase=PASSPHRASE.reveal(),
        secrets={f"the code {n}": code for n, code in enumerate(machine.codes)},
        transfers=1 - by_hand,
        by_hand=by_hand,
    )
    tally.update({**verdict.counts, "crash points": 1})
    assert not verdict.faults


@pytest.mark.parametrize("way", list(RECORDS))
async def test_a_journal_cut_at_any_byte_at_all_is_read_up_to_its_last_whole_record(
    machine: Machine, tally: Counter[str], way: str
) -> None:
    funded_by(machine, way)
    await machine.drive()
    await machine.close()
    path = machine.folder / "journal.jsonl"
    content = path.read_bytes()
    whole = parse(content, path)[0]
    assert len(whole) == RECORDS[way]
    position = 0
    for number, record in enumerate(whole):
        line = encode(record)
        for size in range(len(line)):
            cut = content[: position + size]
            records, good = parse(cut, path)
            assert good == position
            assert records == whole[:number]
            tally["torn tails"] += 1
        position += len(line)
    assert position == len(content)


async def test_a_journal_cut_at_any_byte_of_a_record_is_repaired_on_the_disk(
    machine: Machine, shared_clock: FakeClock, tmp_path: Path
) -> None:
    await machine.drive(until=Action.MINT)
    await machine.close()
    content = (machine.folder / "journal.jsonl").read_bytes()
    start = content.rindex(b"\n", 0, -1) + 1
    path = tmp_path / "journal.jsonl"
    for size in range(start + 1, len(content)):
        path.write_bytes(content[:size])
        journal = Journal(path, shared_clock.now)
        journal.open()
        journal.close()
        assert journal.repaired == size - start
        assert path.read_bytes() == content[:start]


async def test_a_bit_flipped_in_any_record_but_a_torn_last_one_is_refused_with_its_line(
    machine: Machine, tally: Counter[str]
) -> None:
    await machine.drive()
    await machine.close()
    path = machine.folder / "journal.jsonl"
    content = path.read_bytes()
    chance = random.Random("bits")
    for _ in range(300):
        place = chance.randrange(len(content))
        flipped = bytearray(content)
        flipped[place] ^= 1 << chance.randrange(7)
        if flipped[place] == content[place]:
            continue
        line = content[:place].count(b"\n") + 1
        path.write_bytes(flipped)
        if place == len(content) - 1:
            machine.open()  # the very last line break: that record is whole no more, and dropped
            await machine.close()
        else:
            with pytest.raises(OnboardingError) as refused:
                machine.open()
            assert refused.value.code in ("JOURNAL_DAMAGED", "JOURNAL_MISMATCH")
            if refused.value.code == "JOURNAL_DAMAGED":
                assert int(refused.value.problem.params["line"]) in (line, line + 1)
        tally["faults"] += 1


@pytest.mark.parametrize("filler", [b"\0", b"\0\0\0\n", b"garbage", b'{"n":31'])
async def test_what_a_power_cut_leaves_behind_the_last_record_is_dropped(
    machine: Machine, filler: bytes
) -> None:
    await machine.drive(until=Action.REGISTER)
    records = machine.records
    await machine.close()
    path = machine.folder / "journal.jsonl"
    with path.open("ab") as file:
        file.write(filler)
    wizard = machine.open()
    assert list(wizard.session.store.records) == records
    assert wizard.session.warnings
    await machine.restart()
    await machine.drive_stubbornly()
    assert machine.state.finished is not None
