"""However the program is stopped while it stores the key, the same command continues."""

from __future__ import annotations

import signal
from collections import Counter

import pytest

from core.journal.events import KeypairStored
from core.journal.file import read_records
from core.keys.keystore import open_file
from core.secrets import Secret
from tests.support.chain_handle import ChainHandle
from tests.support.clock import FakeClock
from tests.support.meanwhile import Case, finish
from tests.support.process import PASSPHRASE, Technician
from tests.support.stop_at import MOMENTS, UNDONE
from tests.support.world import World


@pytest.fixture
def technician(technician: Technician) -> Technician:
    """Stops by itself after the key: the backup is not answered for."""
    backup = technician.arguments.index("--backup")
    del technician.arguments[backup : backup + 2]
    return technician


def stored(technician: Technician) -> list[KeypairStored]:
    events = [record.event for record in read_records(technician.folder / "journal.jsonl")]
    return [event for event in events if isinstance(event, KeypairStored)]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=["term", "hup", "int"]
)
def test_after_a_signal_keystore_and_record_are_both_there(
    technician: Technician, moment: str, number: signal.Signals
) -> None:
    ended = technician.run(stop_at=moment, number=number)
    assert ended.code == (1 if number == signal.SIGINT else 128 + number)
    assert "Traceback" not in ended.stderr
    (event,) = stored(technician)
    check_continues(technician, event.address)


@pytest.mark.parametrize("moment", MOMENTS)
def test_after_a_kill_the_same_command_continues_with_the_key_that_is_there(
    technician: Technician, moment: str
) -> None:
    assert technician.run(stop_at=moment, number=signal.SIGKILL).killed
    path = technician.folder / "keystore.json"
    assert path.exists() == (moment not in UNDONE)
    address = open_file(path, Secret(PASSPHRASE)).key.address if path.exists() else None
    assert len(stored(technician)) == (moment == "recorded")
    check_continues(technician, address)


def check_continues(technician: Technician, address: str | None) -> None:
    """With the key that was stored, if any, and without anything left over."""
    ended = technician.run()
    assert (ended.code, "--backup is missing" in ended.stderr) == (1, True), ended
    (event,) = stored(technician)
    assert address in (None, event.address)
    opened = open_file(technician.folder / "keystore.json", Secret(PASSPHRASE))
    assert (opened.key.address, opened.sha256) == (event.address, event.keystore_sha256)
    assert [path.name for path in technician.folder.glob("keystore*")] == ["keystore.json"]


def test_with_another_passphrase_an_unrecorded_keystore_is_kept_and_the_way_out_named(
    technician: Technician,
) -> None:
    assert technician.run(stop_at="recording", number=signal.SIGKILL).killed
    path = technician.folder / "keystore.json"
    before = path.read_bytes()
    given = technician.arguments[technician.arguments.index("--passphrase-file") + 1]
    with open(given, "w", encoding="utf-8") as file:
        file.write("another passphrase, a long one\n")
    ended = technician.run()
    assert ended.code == 1
    assert "--key keep" in ended.stderr
    assert path.read_bytes() == before
    assert not stored(technician)
    with open(given, "w", encoding="utf-8") as file:
        file.write(f"{PASSPHRASE}\n")
    check_continues(technician, open_file(path, Secret(PASSPHRASE)).key.address)


def test_a_brought_key_is_continued_with_too(technician: Technician, shared_world: World) -> None:
    key = "0x" + "42" * 32
    technician.environ["PEAQOS_PRIVATE_KEY"] = key
    technician.arguments[technician.arguments.index("--key") + 1] = "environment"
    technician.arguments[technician.arguments.index("--fund") + 1] = "manual"
    assert technician.run(stop_at="recording", number=signal.SIGKILL).killed
    path = technician.folder / "keystore.json"
    (technician.folder / "keystore.json.new").unlink()  # its own address is enough to know it by
    check_continues(technician, open_file(path, Secret(PASSPHRASE)).key.address)


def test_a_copy_of_another_keystore_is_not_taken_for_a_new_key(technician: Technician) -> None:
    assert technician.run(stop_at="recording", number=signal.SIGKILL).killed
    new = technician.folder / "keystore.json.new"
    content = new.read_bytes()
    new.unlink()
    new.write_bytes(content)
    ended = technician.run()
    assert ended.code == 1
    assert "--key keep" in ended.stderr
    assert not stored(technician)
    technician.arguments[technician.arguments.index("--key") + 1] = "keep"
    path = technician.folder / "keystore.json"
    check_continues(technician, open_file(path, Secret(PASSPHRASE)).key.address)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["term", "kill"])
def test_the_whole_onboarding_is_finished_after_it(
    *,
    technician: Technician,
    chain: ChainHandle,
    shared_clock: FakeClock,
    shared_world: World,
    tally: Counter[str],
    number: signal.Signals,
) -> None:
    technician.arguments += ["--backup", "copied"]
    chain.hold()
    case = Case(technician, chain, shared_clock)
    technician.run(stop_at="linked", number=number)
    tally["crash points"] += 1
    finish(case, shared_world, tally)
