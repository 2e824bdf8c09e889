"""The real command, typed through on a console of 80x24, cut off wherever it hurts most."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.titles import (
    BACKUP,
    CONFIRMATION,
    ENVIRONMENT,
    FUNDING,
    KEYPAIR,
    MACHINE_NFT,
    REGISTRATION,
)
from tests.support.words import title
from tests.terminal.conftest import Note
from tests.terminal.console import (
    COMMAND,
    DETAILS,
    Console,
    Devnet,
    clean_environment,
    console,
    devnet,
)

pytestmark = pytest.mark.terminal


def status(environment: dict[str, str], folder: Path) -> tuple[int, dict[str, object]]:
    done = subprocess.run(
        [*COMMAND, "status", "--json", "--state-dir", str(folder / "machine")],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, json.loads(done.stdout)


def test_a_rehearsal_is_finished_by_typing_and_ends_in_a_receipt(
    tmp_path: Path, note: Note
) -> None:
    """The phone's codes are read off the screen; the second one is waited for."""
    state = tmp_path / "machine"
    arguments = ["--rehearse", "--state-dir", str(state)]
    with console(arguments, clean_environment(tmp_path), tmp_path) as tty:
        tty.sees("passed")
        tty.type(f"{DETAILS[1]}\t{DETAILS[3]}")
        tty.sees(DETAILS[3])
        tty.visibility()
        tty.environment()
        tty.keypair()
        tty.backup()
        tty.sees("enter this secret")
        tty.enter()
        tty.title(CONFIRMATION)
        tty.until(tty.simulated_code, "the simulated authenticator is there")
        first = tty.simulated_code()
        tty.code(first)
        tty.title(FUNDING)
        tty.until(lambda: tty.simulated_code() not in ("", first), "a fresh code is shown")
        tty.code(tty.simulated_code())
        tty.register()
        tty.write()
        tty.sees("The machine is onboarded")
        tty.enter()
        assert tty.ends() == 0
        note("whole", what="all seven screens, 80x24", bytes=len(tty.raw))
        assert len(tty.raw) <= 30_000
        after = tty.raw.rpartition(b"\x1b[?1049l")[2].decode()
    receipt = json.loads((state / "receipt.json").read_text())
    for text in (
        receipt["peaq_id"],
        str(receipt["machine_id"]),
        str(receipt["machine_nft_token_id"]),
        *(row["hash"] for row in receipt["transactions"]),
        *receipt["did_attributes"],
    ):
        assert text in after, f"{text} is not on the normal screen afterwards"
    assert len(receipt["did_attributes"]) == 6
    everything = b"".join(path.read_bytes() for path in state.glob("*.*"))
    assert b"correct horse" not in everything


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Devnet:  # type: ignore[misc]
    with devnet(tmp_path_factory.mktemp("devnet")) as running:
        yield running  # type: ignore[misc]


@pytest.mark.long
def test_killed_on_every_screen_it_onboards_once_and_then_never_again(
    tmp_path: Path, network: Devnet
) -> None:
    """Over HTTP through the path of a real network; the power fails on every screen."""
    environment = clean_environment(tmp_path, **network.variables)
    arguments = ["--state-dir", str(tmp_path / "machine"), *DETAILS]

    def start() -> Console:
        return Console(arguments, environment, tmp_path)

    tty = start()
    tty.title(ENVIRONMENT)
    tty.kill()
    tty = start()
    tty.environment()
    tty.title(KEYPAIR)
    tty.kill()
    tty = start()
    tty.keypair()
    tty.title(BACKUP)
    tty.kill()
    tty = start()
    tty.backup()
    tty.secret()
    tty.kill()
    tty = start()
    totp = tty.secret()
    tty.enter()
    tty.title(CONFIRMATION)
    tty.kill()
    tty = start()
    tty.title(CONFIRMATION)
    tty.code(totp.now())
    tty.title(FUNDING)
    tty.kill()
    tty = start()
    tty.title(FUNDING)
    tty.code(totp.now())
    tty.title(REGISTRATION)
    tty.kill()
    tty = start()
    tty.register(locked=True)
    tty.title(MACHINE_NFT)
    tty.kill()
    tty = start()
    tty.write(locked=True)
    tty.sees("The machine is onboarded")
    tty.kill()

    before = network.rpc("eth_blockNumber")
    with console(arguments, environment, tmp_path) as tty:
        tty.sees("The machine is onboarded")
        tty.enter()
        assert tty.ends() == 0, "a finished machine starts with 0"
    assert network.rpc("eth_blockNumber") == before, "a finished machine cost something"

    code, told = status(environment, tmp_path)
    assert code == 0
    assert told["finished"] is True
    address = str(told["address"])
    assert int(network.rpc("eth_getTransactionCount", address, "latest"), 16) == 3
    all_of_them = network.transactions()
    sent = [tx["to"].lower() for tx in all_of_them if tx["from"].lower() == address.lower()]
    variables = network.variables
    assert sent == [
        variables[name].lower()
        for name in ("IDENTITY_REGISTRY_ADDRESS", "MACHINE_NFT_ADDRESS", "BATCH_PRECOMPILE_ADDRESS")
    ]
    paid = [tx for tx in all_of_them if (tx["to"] or "").lower() == address.lower()]
    assert len(paid) == 1, "the Gas Station paid more than once"


def test_killed_while_a_rate_limit_counts_it_stands_there_again_and_finishes(
    tmp_path: Path,
) -> None:
    environment = clean_environment(tmp_path)
    state = tmp_path / "machine"
    arguments = ["--rehearse", "--fault", "rate-limited:1", "--state-dir", str(state), *DETAILS]

    def left(tty: Console) -> int:
        found = re.search(r"retry in 00:(\d\d)", tty.words)
        return int(found.group(1)) if found else -1

    with console(arguments, environment, tmp_path) as tty:
        tty.environment()
        tty.keypair()
        tty.backup()
        totp = tty.secret()
        tty.enter()
        tty.title(CONFIRMATION)
        used = totp.now()
        tty.code(used)
        tty.title(FUNDING)
        # The next code, a little early: it is taken, and nobody has to wait for it.
        tty.code(next(c for c in (totp.at(_seconds() + 30), totp.now()) if c != used))
        tty.sees(title("RATE_LIMITED"))
        tty.until(lambda: left(tty) > 0, "the countdown")
        before = left(tty)
        tty.kill()
    code, told = status(environment, tmp_path)
    assert code == 75
    assert told["waiting_until"]
    with console(arguments, environment, tmp_path) as tty:
        tty.title(FUNDING)
        tty.sees(title("RATE_LIMITED"))
        tty.until(lambda: left(tty) > 0, "the countdown")
        assert 0 < left(tty) <= before, "the wait began anew"
        tty.type_until("\x1bOR", "press F8 to simulate the payment.")  # F3: another method
        tty.type("\x1b[19~")  # F8
        tty.register(locked=True)
        tty.write()
        tty.sees("The machine is onboarded")
        tty.enter()
        assert tty.ends() == 0
    assert (state / "receipt.json").exists()


def _seconds() -> int:
    import time

    return int(time.time())
