"""A second session beside broken journals, lost answers and slow disks."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading

import pytest

from core.clock import SystemClock
from core.journal.events import OnboardingStarted
from core.journal.file import Journal, encode
from core.storage.folder_lock import is_locked
from tests.support.proxy import Asked, Fate, Proxy
from tests.terminal.console import (
    COMMAND,
    PASSPHRASE,
    TOP,
    Console,
    Devnet,
    console,
)
from tests.terminal.place import OWNED, SOON, Place
from tests.terminal.test_money import OWNER_KEY

pytestmark = pytest.mark.terminal

HOLD = """
import sys, datetime, pathlib
sys.path.insert(0, sys.argv[1])
from core.storage.folder_lock import FolderLock
FolderLock(pathlib.Path(sys.argv[2])).acquire(datetime.datetime.now(datetime.timezone.utc))
print("held", flush=True)
sys.stdin.read()
"""


def test_watching_survives_a_missing_journal_and_a_line_that_is_being_written(
    place: Place,
) -> None:
    place.state.mkdir(mode=0o700)
    path = place.state / "journal.jsonl"
    command = [sys.executable, "-c", HOLD, str(TOP), str(place.state)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        other = place.start(plain=True)
        other.sees("Choose [watch]:")
        other.enter()
        other.sees("Watching the other session.")
        other.settles(1.0)
        started = OnboardingStarted(
            network="rehearsal\x1b[2J", chain_id=7, contracts={}, version="0.1.0"
        )
        journal = Journal(place.folder / "elsewhere", SystemClock().now)
        journal.open()
        line = encode(journal.append(started))
        journal.close()
        with path.open("wb", buffering=0) as file:
            file.write(line[:50])
            other.settles(1.0)
            assert "Started the onboarding" not in other.words
            file.write(line[50:])
        other.sees("Started the onboarding on rehearsal (chain 7)")
        assert b"\x1b[2J" not in other.raw
        owner.kill()
        other.sees("Resume here [yes]:")
        other.type("no\r")
        assert other.ends() == 1


def test_watching_ends_with_its_terminal_even_if_sighup_is_ignored(
    place: Place, first: Console
) -> None:
    master, slave = pty.openpty()
    with subprocess.Popen(
        ["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", *COMMAND, *place.plain()],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=place.environment,
        cwd=place.folder,
        start_new_session=True,
    ) as watcher:
        os.close(slave)
        os.write(master, b"1\n")
        seen = b""
        while b"visibility public" not in seen:  # of the last record
            seen += os.read(master, 65536)
        os.close(master)
        try:
            assert watcher.wait(timeout=SOON) == 1
        finally:
            watcher.kill()
    assert first.child.isalive()


def test_answers_under_way_are_settled_by_the_session_that_takes_over(
    place: Place, network: Devnet
) -> None:
    """The broadcasts of registration and mint have left, and their answers never come."""
    passphrase = place.folder / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n")
    passphrase.chmod(0o600)
    key = {"PEAQOS_PRIVATE_KEY": OWNER_KEY}
    answers = ["--passphrase-file", str(passphrase), "--backup", "copied", "--data-visibility"]
    answers += ["public", "--fund", "owner", "--yes"]
    answer = threading.Event()
    with Proxy(network.variables["PEAQOS_RPC_URL"]) as line:
        place.environment = line.environment({**place.environment, **key})
        sent: list[str] = []

        def held_back(asked: Asked) -> Fate | None:
            if "eth_sendRawTransaction" not in asked.methods:
                return None
            raw = asked.calls[0]["params"][0]
            if raw in sent:
                return None
            sent.append(raw)
            # The first is the payment of the owner's wallet.
            return Fate(until=answer) if len(sent) in (2, 3) else None

        line.plan = held_back
        before = len(network.transactions())
        with console(
            place.plain(*answers, "--key", "generate"), place.environment, place.folder
        ) as plain:
            plain.until(lambda: len(sent) == 2, "the registration has left")
            full = place.start(*answers)
            full.sees(OWNED)
            full.type("t")
            full.sees("Ending process")
            assert plain.ends(within=SOON) == 128 + signal.SIGTERM
        full.write(locked=False)
        full.until(lambda: len(sent) == 3, "the mint has left")
        last = place.start(*answers, plain=True)
        last.sees("Choose [watch]:")
        last.type("2\r")
        last.sees("Ending process")
        assert full.ends(within=SOON) == 128 + signal.SIGTERM
        line.plan = lambda asked: None
        answer.set()
        assert last.ends() == 0
    assert b"The machine is onboarded" in last.raw
    made = network.transactions()[before:]
    assert len(made) == 4, "payment, registration, mint, DID: each once"
    receipt = json.loads((place.state / "receipt.json").read_text())
    assert len(receipt["transactions"]) == 4


SLOW_DISK = """
import os, pathlib, sys, time
folder = pathlib.Path(sys.argv.pop(1))
sync = os.fsync
def slow(handle):
    name = os.readlink(f"/proc/self/fd/{handle}")
    if name.endswith("/journal.jsonl") and os.fstat(handle).st_size:
        (folder / "syncing").touch()
        while not (folder / "done").exists():
            time.sleep(0.01)
    sync(handle)
os.fsync = slow
from app.cli import main
raise SystemExit(main())
"""


@pytest.mark.parametrize("plain", [False, True], ids=["full-screen", "plain"])
def test_a_record_under_way_is_whole_before_the_lock_is_free(place: Place, plain: bool) -> None:
    """Two sessions take over at once, so the owner gets SIGTERM twice, and the disk is slow."""
    arguments = [*place.arguments, *(["--plain", "--data-visibility", "public"] if plain else [])]
    command = [sys.executable, "-c", SLOW_DISK, str(place.folder)]
    with console(arguments, place.environment, place.folder, command=command) as owner:
        if not plain:
            owner.environment()
        owner.until((place.folder / "syncing").exists, "a record is being written")
        for _ in range(2):
            os.kill(owner.child.pid, signal.SIGTERM)
            owner.settles(1.0)
            assert is_locked(place.state), "the next session could write beside this one"
        (place.folder / "done").touch()
        assert owner.ends(within=SOON) == 128 + signal.SIGTERM
    assert place.events == ["OnboardingStarted"]
    assert not is_locked(place.state)
