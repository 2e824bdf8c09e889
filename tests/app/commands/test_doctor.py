"""doctor: a technician who was told that the site is sound must not find out otherwise there."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.commands.doctor import build_document
from app.configuration import read_settings
from app.rehearsal.network import RehearsalNetwork
from core.errors.exit_codes import EXIT_CONFIGURATION, EXIT_DONE, EXIT_NETWORK
from core.journal.next_action import Action
from core.preflight import network
from core.preflight.check import FIX_FIRST, CheckResult, Status
from tests.support.machine import Machine
from tests.support.schema import faults

Run = Callable[..., int]
SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[3] / "docs" / "doctor.schema.json").read_text()
)


@pytest.fixture(scope="module")
def devnet() -> Iterator[RehearsalNetwork]:
    with RehearsalNetwork() as running:
        yield running


@pytest.fixture
def site(devnet: RehearsalNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which everything is fine; its home, temporary and current folder."""
    for name in os.environ:
        if name.startswith("PEAQOS_") or name.endswith("_ADDRESS"):
            monkeypatch.delenv(name)
    for name, value in devnet.environment().items():
        monkeypatch.setenv(name, value)
    for name in ("HOME", "TMPDIR", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
async def begun(machine: Machine, site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an onboarding that stopped after its key."""
    for name, value in machine.environ.items():
        monkeypatch.setenv(name, value)
    await machine.drive(until=Action.ENROL)
    await machine.close()
    return machine.folder


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    """The lines by key; what every line owes its reader is checked here."""
    data = json.loads(capsys.readouterr().out)
    assert list(faults(data, SCHEMA)) == []
    checks = {check["key"]: check for check in data["checks"]}
    assert len(checks) == len(data["checks"])
    order = ["green", "amber", "red"]
    for check in checks.values():
        assert (check["light"] == "green") == (check["remedy"] is None), check
    assert data["light"] == max((check["light"] for check in checks.values()), key=order.index)
    return checks


def not_passed(checks: dict[str, dict[str, Any]]) -> set[str]:
    return {
        key
        for key, check in checks.items()
        if check["light"] != "green" and check["remedy"] != FIX_FIRST
    }


def test_a_sound_site_is_sound_and_nothing_is_made_or_changed(
    site: Path, devnet: RehearsalNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "kept").write_text("as it is")
    before = snapshot(site)
    assert main(["doctor", "--json"]) == EXIT_DONE
    checks = told(capsys)
    assert {check["light"] for check in checks.values()} == {"green"}, "nor is a terminal missed"
    assert {"python", "architecture", "memory", "folder", "terminal", "qr", "variables"} < set(
        checks
    )
    assert checks["register"]["text"] == "accepted (simulated)"
    assert snapshot(site) == before, "not even a state folder, nor a temporary one"
    assert not devnet.sent_transactions()
    assert not devnet.transfers()


def test_an_onboarding_under_way_is_left_alone(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A journal, even a damaged one, and the lock of another wizard are not doctor's business."""
    state = site / "state"
    state.mkdir(mode=0o700)
    (state / "journal.jsonl").write_text("damaged")
    (state / "lock").write_text("")
    before = snapshot(site)
    assert main(["doctor", "--json", "--state-dir", str(state)]) == EXIT_DONE
    assert not_passed(told(capsys)) == set()
    assert snapshot(site) == before


def snapshot(place: Path) -> dict[str, tuple[int, int]]:
    """Every name below, with mode and time of the last change (a folder's changes with each name
    that comes or goes).
    """
    paths = [place, *place.rglob("*")]
    return {str(path): (path.stat().st_mode, path.stat().st_mtime_ns) for path in paths}


@pytest.mark.parametrize(
    ("fault", "part", "code", "exit_code"),
    [
        ("rpc-down", "rpc", "RPC_UNREACHABLE", EXIT_NETWORK),
        ("rpc-html", "rpc", "RPC_NOT_A_NODE", EXIT_NETWORK),
        ("gas-station-down", "gas-station", "GAS_STATION_UNREACHABLE", EXIT_DONE),
        ("gas-station-html", "gas-station", "GAS_STATION_NOT_ITSELF", EXIT_DONE),
        ("mcr-down", "mcr", "MCR_SILENT", EXIT_DONE),
    ],
)
def test_each_part_that_is_broken_is_named_and_no_other(
    *,
    site: Path,
    devnet: RehearsalNetwork,
    capsys: pytest.CaptureFixture[str],
    fault: str,
    part: str,
    code: str,
    exit_code: int,
) -> None:
    devnet.fault(fault)
    try:
        assert main(["doctor", "--json"]) == exit_code
    finally:
        devnet.fault(fault, 0)
    checks = told(capsys)
    assert not_passed(checks) == {part}
    assert checks[part]["code"] == code


@pytest.mark.parametrize(
    ("variable", "value", "part", "exit_code"),
    [
        ("PEAQOS_RPC_URL", "ftp://x", "variables:PEAQOS_RPC_URL", EXIT_CONFIGURATION),
        ("PEAQOS_MCR_API_URL", "nonsense", "variables:PEAQOS_MCR_API_URL", EXIT_CONFIGURATION),
        ("MACHINE_NFT_ADDRESS", "0x1", "variables:MACHINE_NFT_ADDRESS", EXIT_CONFIGURATION),
        ("MACHINE_NFT_ADDRESS", "0x" + "22" * 20, "contracts", EXIT_CONFIGURATION),
        ("IDENTITY_REGISTRY_ADDRESS", "0x" + "22" * 20, "contracts", EXIT_CONFIGURATION),
    ],
)
def test_each_setting_that_is_wrong_is_named_and_no_other(
    *,
    site: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    part: str,
    exit_code: int,
) -> None:
    monkeypatch.setenv(variable, value)
    assert main(["doctor", "--json"]) == exit_code
    assert not_passed(told(capsys)) == {part}


def test_a_state_folder_that_is_none_is_named(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "state").touch()
    folder = str(site / "state")
    assert main(["doctor", "--json", "--state-dir", folder]) == EXIT_CONFIGURATION
    assert not_passed(told(capsys)) == {"folder"}


@pytest.mark.parametrize("name", ["mainnet", "agung"])
def test_without_any_line_it_says_so_for_each_network(
    *,
    site: Path,
    devnet: RehearsalNetwork,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    for variable in devnet.environment():
        monkeypatch.delenv(variable)
    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    assert main(["doctor", "--json", "--network", name]) == EXIT_NETWORK
    checks = told(capsys)
    assert {key.split(":")[0] for key in not_passed(checks)} == {"host", "clock"}
    assert checks["register"]["text"] == "not checked; see Contracts"
    by_hand = checks["gas-station"]["text"] == "none on this network; fund the wallet manually"
    assert checks["rpc"]["text"].startswith("not checked; see ")
    assert by_hand == (name == "agung")


def test_servers_that_take_everything_and_answer_nothing_are_left_in_time(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole command, with a limit that is shorter than any of its parts."""
    held: list[socket.socket] = []
    monkeypatch.setattr(network, "LIMIT", 4.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def take() -> None:
            while True:
                try:
                    held.append(silent.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for variable in ("PEAQOS_RPC_URL", "PEAQOS_GAS_STATION_URL", "PEAQOS_MCR_API_URL"):
            monkeypatch.setenv(variable, url)
        started = time.monotonic()
        assert main(["doctor", "--json"]) == EXIT_NETWORK
        assert time.monotonic() - started < 30, "it waited for what never came"
    for connection in held:
        connection.close()
    assert len(held) == 3, "all three were asked, and at once"
    checks = told(capsys)
    assert checks["time-limit"]["code"] == "CHECKS_TIMED_OUT"
    assert checks["python"]["light"] == "green", "what was found before is told"


@pytest.mark.parametrize(
    ("words", "light", "exit_code"),
    [
        (["doctor", "--json"], "amber", EXIT_DONE),
        (["doctor", "--json", "--code-command", "oathtool"], "red", EXIT_CONFIGURATION),
        (["--code-command", "oathtool", "doctor", "--json"], "red", EXIT_CONFIGURATION),
    ],
)
def test_a_clock_that_is_off_fails_where_codes_come_from_this_machine(
    *,
    site: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    light: str,
    exit_code: int,
) -> None:
    with RehearsalNetwork(now=lambda: datetime.now(timezone.utc) + timedelta(minutes=10)) as ahead:
        for name, value in ahead.environment().items():
            monkeypatch.setenv(name, value)
        assert main(words) == exit_code
    checks = told(capsys)
    assert not_passed(checks) == {"clock"}
    assert (checks["clock"]["light"], checks["clock"]["code"]) == (light, "CLOCK_OFF")
    assert "s behind 2 servers" in checks["clock"]["text"]


def test_a_result_of_each_status_is_as_documented(site: Path) -> None:
    settings = read_settings(site / ".env", "rehearsal", required=False)
    results = [
        CheckResult("python", "Python", status, "text", advice="advice")
        for status in Status
        if status is not Status.PENDING
    ]
    document = build_document(results, settings)
    assert list(faults(document, SCHEMA)) == []
    assert document["light"] == "red"
    assert build_document(results[:1], settings)["light"] == "green"


def test_what_is_said_fits_the_screen_and_ends_in_one_sentence(
    site: Path, devnet: RehearsalNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == EXIT_DONE
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) < 80 or str(site) in line for line in lines), "only a path may be longer"
    assert lines[-1].startswith("You can onboard here")
    devnet.fault("rpc-down")
    try:
        assert main(["doctor"]) == EXIT_NETWORK
    finally:
        devnet.fault("rpc-down", 0)
    said = capsys.readouterr().out
    assert "BAD  RPC endpoint" in said
    assert "     -> " in said
    assert "firewall" in said
    assert "run doctor again" in " ".join(said.split())
    assert said.rstrip().endswith("Failed checks: 1. Fix them before you onboard this machine.")


async def doctor_on(folder: Path) -> int:
    return await asyncio.to_thread(main, ["doctor", "--json", "--state-dir", str(folder)])


async def test_what_an_earlier_start_left_is_looked_at(
    begun: Path, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await doctor_on(begun) == EXIT_DONE
    checks = told(capsys)
    assert checks["journal"]["text"].startswith("intact, ")
    assert machine.address in checks["keystore"]["text"]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("journal", "JOURNAL_DAMAGED"),
        ("keystore", "KEYSTORE_MISSING"),
        ("keystore", "KEYSTORE_UNREADABLE"),
        ("keystore", "KEYSTORE_OTHER_ADDRESS"),
    ],
)
async def test_a_folder_that_cannot_be_gone_on_with_fails_with_its_remedy(
    begun: Path, machine: Machine, capsys: pytest.CaptureFixture[str], key: str, code: str
) -> None:
    """Found at the desk, not where the machine stands."""
    path = begun / ("journal.jsonl" if key == "journal" else "keystore.json")
    content = path.read_text()
    match code:
        case "JOURNAL_DAMAGED":
            path.write_text(content.replace("Environment", "environment"))
        case "KEYSTORE_MISSING":
            path.unlink()
        case "KEYSTORE_UNREADABLE":
            path.write_text("{}")
        case "KEYSTORE_OTHER_ADDRESS":
            path.write_text(content.replace(machine.address[2:].lower(), "ab" * 20))
    before = {file.name: file.read_bytes() for file in begun.iterdir()}
    assert await doctor_on(begun) == EXIT_CONFIGURATION
    found = told(capsys)[key]
    assert (found["light"], found["code"]) == ("red", code)
    assert str(path) in found["text"] or code == "KEYSTORE_OTHER_ADDRESS"
    assert {file.name: file.read_bytes() for file in begun.iterdir()} == before


def test_a_private_key_that_is_none_is_named_and_not_shown(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PEAQOS_PRIVATE_KEY", "0x" + "7f" * 31)
    assert main(["doctor", "--json"]) == EXIT_CONFIGURATION
    shown = capsys.readouterr().out
    assert "7f7f" not in shown
    (found,) = (c for c in json.loads(shown)["checks"] if c["light"] == "red")
    assert found["key"] == "variables:PEAQOS_PRIVATE_KEY"
    assert "It has 62 hex digits instead of 64" in found["text"]
    assert "PEAQOS_PRIVATE_KEY" in found["remedy"]
    assert ".env" in found["remedy"]


async def test_the_folder_of_a_rehearsal_says_so_and_how_to_look_at_it(
    begun: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in os.environ:
        if name.startswith("PEAQOS_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    assert await doctor_on(begun) == EXIT_CONFIGURATION
    found = told(capsys)["journal"]
    assert (found["light"], found["code"]) == ("red", "JOURNAL_OF_REHEARSAL")
    assert "the settings name mainnet" in found["text"]
    command = found["remedy"].split("`")[1]
    main(shlex.split(command)[1:])
    assert "network  rehearsal" in capsys.readouterr().out


async def test_a_rehearsal_that_has_ended_is_not_taken_for_a_network_without_services(
    begun: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in os.environ:
        if name.startswith("PEAQOS_"):
            monkeypatch.delenv(name)
    words = ["doctor", "--json", "--network", "rehearsal", "--state-dir", str(begun)]
    assert await asyncio.to_thread(main, words) == EXIT_CONFIGURATION
    checks = told(capsys)
    assert checks["variables:PEAQOS_RPC_URL"]["code"] == "REHEARSAL_NOT_RUNNING"
    assert "of a rehearsal" in checks["journal"]["text"]
    for key in ("rpc", "gas-station", "mcr", "contracts", "register"):
        assert checks[key]["text"].startswith("not checked; see "), key


def no_name(*arguments: Any, **named: Any) -> Any:
    raise socket.gaierror(-3, "Temporary failure in name resolution")


async def test_a_machine_that_is_onboarded_already_is_said_to_be(
    machine: Machine,
    site: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in machine.environ.items():
        monkeypatch.setenv(name, value)
    await machine.drive()
    await machine.close()
    assert await doctor_on(machine.folder) == EXIT_DONE
    assert "this machine is onboarded" in told(capsys)["journal"]["text"]
