"""doctor: a technician who was told that the site is sound must not find out otherwise there."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.rehearsal.network import RehearsalNetwork
from app.tui import terminal_facts
from core.errors.exit_codes import EXIT_CONFIGURATION, EXIT_DONE, EXIT_NETWORK
from core.journal.next_action import Action
from core.preflight import hosts, network
from core.preflight.finding import MEND_FIRST
from tests.support.machine import Machine

Run = Callable[..., int]
NO_TERMINAL = {"terminal", "qr"}
"""These lines are amber in a test, which has none."""


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
    checks = {check["key"]: check for check in data["checks"]}
    assert len(checks) == len(data["checks"])
    order = ["green", "amber", "red"]
    for check in checks.values():
        assert set(check) == {"key", "title", "light", "text", "code", "remedy"}
        assert (check["light"] == "green") == (check["remedy"] is None), check
    assert data["light"] == max((check["light"] for check in checks.values()), key=order.index)
    return checks


def to_be_mended(checks: dict[str, dict[str, Any]]) -> set[str]:
    return {
        key
        for key, check in checks.items()
        if check["light"] != "green" and check["remedy"] != MEND_FIRST and key not in NO_TERMINAL
    }


def test_a_sound_site_is_sound_and_nothing_is_made_or_changed(
    site: Path, devnet: RehearsalNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "kept").write_text("as it is")
    before = snapshot(site)
    assert main(["doctor", "--json"]) == EXIT_DONE
    checks = told(capsys)
    assert to_be_mended(checks) == set()
    assert {"python", "architecture", "memory", "folder", "terminal", "qr", "variables"} < set(
        checks
    )
    assert checks["register"]["text"] == "is accepted (simulated)"
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
    assert to_be_mended(told(capsys)) == set()
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
    assert to_be_mended(checks) == {part}
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
    assert to_be_mended(told(capsys)) == {part}


def test_a_state_folder_that_is_none_is_named(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "state").touch()
    folder = str(site / "state")
    assert main(["doctor", "--json", "--state-dir", folder]) == EXIT_CONFIGURATION
    assert to_be_mended(told(capsys)) == {"folder"}


@pytest.mark.parametrize("name", ["mainnet", "agung"])
def test_without_any_line_it_says_so_for_each_network(
    *,
    site: Path,
    devnet: RehearsalNetwork,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    def unknown(*arguments: Any, **named: Any) -> Any:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    for variable in devnet.environment():
        monkeypatch.delenv(variable)
    monkeypatch.setattr(hosts.socket, "getaddrinfo", unknown)
    assert main(["doctor", "--json", "--network", name]) == EXIT_NETWORK
    checks = told(capsys)
    assert {key.split(":")[0] for key in to_be_mended(checks)} == {"host", "clock"}
    assert checks["register"]["text"] == "not asked: no endpoint can be used"
    by_hand = checks["gas-station"]["text"] == "none on this network; funding is by hand"
    assert by_hand == (name == "agung")


def test_servers_that_take_everything_and_answer_nothing_are_left_in_time(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole command, with a limit that is shorter than any of its parts."""
    held: list[socket.socket] = []
    monkeypatch.setattr(network, "LIMIT", 0.5)
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
    assert checks["survey"]["code"] == "SURVEY_TIMED_OUT"
    assert checks["python"]["light"] == "green", "what was found before is told"


def test_what_is_said_fits_the_screen_and_ends_in_one_sentence(
    site: Path, devnet: RehearsalNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == EXIT_DONE
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) < 80 or str(site) in line for line in lines), "only a path may be longer"
    assert lines[-1].startswith("An onboarding can succeed here")
    devnet.fault("rpc-down")
    try:
        assert main(["doctor"]) == EXIT_NETWORK
    finally:
        devnet.fault("rpc-down", 0)
    said = capsys.readouterr().out
    assert "BAD  Network endpoint  The network cannot be reached" in said
    assert "     -> " in said
    assert "firewall" in said
    assert "run doctor again" in " ".join(said.split())
    assert said.rstrip().endswith("1 to be mended before an onboarding can succeed here.")


@pytest.mark.parametrize(
    ("size", "fits"), [((80, 24), True), ((41, 24), True), ((80, 23), False), ((40, 50), False)]
)
def test_whether_the_qr_code_fits_is_said(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], fits: bool
) -> None:
    monkeypatch.setattr(terminal_facts.shutil, "get_terminal_size", lambda: size)
    monkeypatch.setattr(terminal_facts.sys.stdout, "isatty", lambda: True, raising=False)
    check = terminal_facts.qr_check()
    assert (check.light.value == "green") is fits
    assert bool(check.remedy) is not fits


def test_a_terminal_without_utf_8_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(terminal_facts.shutil, "get_terminal_size", lambda: (80, 24))
    monkeypatch.setattr(terminal_facts.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(
        terminal_facts.locale, "getpreferredencoding", lambda do_setlocale=False: "ANSI_X3.4-1968"
    )
    check = terminal_facts.terminal_check()
    assert check.light.value == "amber"
    assert "C.UTF-8" in check.remedy


@pytest.mark.parametrize(
    ("size", "environ", "light", "words"),
    [
        ((80, 24), {"TERM": "xterm-256color"}, "green", "256 colours"),
        ((80, 24), {"TERM": "linux"}, "green", "16 colours"),
        ((80, 24), {"TERM": "xterm", "COLORTERM": "truecolor"}, "green", "all colours"),
        ((80, 24), {"TERM": "xterm", "NO_COLOR": ""}, "green", "no colours"),
        ((60, 20), {"TERM": "xterm"}, "amber", "80x24 shows all at once"),
        ((80, 24), {"TERM": "dumb"}, "amber", "line by line"),
    ],
)
def test_what_the_terminal_can_show_is_said(
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    environ: dict[str, str],
    light: str,
    words: str,
) -> None:
    for name in ("COLORTERM", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(terminal_facts.shutil, "get_terminal_size", lambda: size)
    monkeypatch.setattr(terminal_facts.sys.stdout, "isatty", lambda: True, raising=False)
    check = terminal_facts.terminal_check()
    assert check.light.value == light
    assert words in check.text
    assert bool(check.remedy) == (light != "green")


async def doctor_on(folder: Path) -> int:
    return await asyncio.to_thread(main, ["doctor", "--json", "--state-dir", str(folder)])


async def test_what_an_earlier_start_left_is_looked_at(
    begun: Path, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await doctor_on(begun) == EXIT_DONE
    checks = told(capsys)
    assert checks["journal"]["text"].startswith("whole, ")
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
async def test_a_folder_that_cannot_be_gone_on_with_is_red_with_its_remedy(
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
    assert "PEAQOS_PRIVATE_KEY is not usable. It has 62 digits instead of 64" in found["text"]
    assert "PEAQOS_PRIVATE_KEY" in found["remedy"]
    assert ".env" in found["remedy"]
