"""The examples of the documents: what a fleet runs at night, run here against a devnet."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

import pytest

from core.secrets import Secret
from core.services.otpauth import read_enrolment

TOP = Path(__file__).resolve().parents[2]
EXAMPLES = TOP / "docs" / "examples"
PATIENCE = 240.0
"""Seconds for one whole onboarding on a busy machine."""


@pytest.fixture
def devnet(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment that leads to a running `peaq-onboard devnet`, owner's key included."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "devnet"], cwd=TOP, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    environ = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PAUSE": "1",
    }
    for line in process.stdout:
        if line.startswith("# 0x"):
            environ["PEAQOS_PRIVATE_KEY"] = line.removeprefix("# ").strip()
            break
        if line.startswith("export "):
            name, _, value = shlex.split(line)[1].partition("=")
            environ[name] = value
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse battery staple\n")
    passphrase.chmod(0o600)
    try:
        yield environ
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    "form",
    ["secret=JBSWY3DPEHPK3PXP", "secret=MFRGGZDFMZTWQ2LK&algorithm=SHA512&digits=8&period=60"],
)
def test_the_authenticator_prints_the_codes_of_an_80_bit_secret(form: str, tmp_path: Path) -> None:
    uri = f"otpauth://totp/peaq:arm-7?{form}"
    command = [sys.executable, EXAMPLES / "authenticator.py", tmp_path / "secret"]
    entry = read_enrolment(Secret(uri), "0x" + "a" * 40)
    before = datetime.now(timezone.utc)
    for given in (uri, ""):
        printed = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
        after = datetime.now(timezone.utc)
        assert printed.stdout.strip() in (entry.code_at(before), entry.code_at(after))


def events(state: Path) -> list[str]:
    try:
        lines = (state / "journal.jsonl").read_text().splitlines()
    except FileNotFoundError:
        return []
    return [json.loads(line)["event"] for line in lines if line.endswith("}")]


@pytest.mark.terminal
def test_a_machine_is_onboarded_with_nobody_there_killed_in_between_and_checked(
    devnet: dict[str, str], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    environ = {
        **devnet,
        "NETWORK": "rehearsal",
        "STATE_DIR": str(state),
        "PASSPHRASE_FILE": str(tmp_path / "passphrase"),
        "NAME": "arm-7",
    }

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [EXAMPLES / "onboard.sh"],
            cwd=tmp_path,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    first = start()
    end = time.monotonic() + PATIENCE
    while "TransactionSigned" not in events(state):
        assert time.monotonic() < end, "nothing was ever signed"
        with suppress(subprocess.TimeoutExpired):
            first.wait(timeout=0.05)
            pytest.fail(first.communicate()[0])
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    before = events(state)
    assert "OnboardingFinished" not in before

    second = start()
    said, _ = second.communicate(timeout=PATIENCE)
    assert second.returncode == 0, said
    assert "lines match." in said
    assert events(state)[: len(before)] == before, "what was recorded was done again"
    assert events(state).count("MachineRegistered") == 1
    receipt = json.loads((state / "receipt.json").read_text())
    assert receipt["funding"]["way"] == "owner"
    assert receipt["did_attributes"]["documentation_url"] == "https://example.com/arm-7"

    finished = events(state)
    third = start()
    said, _ = third.communicate(timeout=PATIENCE)
    assert third.returncode == 0, said
    assert events(state) == finished, "a finished machine did something"


def test_the_lines_that_start_a_devnet_wait_for_it(tmp_path: Path) -> None:
    """A devnet takes seconds to start: what it prints was read before it was there."""
    page = (TOP / "docs" / "automation.md").read_text(encoding="utf-8")
    lines = page.partition("```\npeaq-onboard devnet")[2].partition("\n```")[0].splitlines()
    assert lines.pop().endswith("docs/examples/onboard.sh"), "another test runs that"
    script = "\n".join([f"peaq-onboard devnet{lines[0]}", *lines[1:], "env", "kill $!"])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert found["PEAQOS_RPC_URL"].startswith("http://127.0.0.1:")
    assert len(found["PEAQOS_PRIVATE_KEY"]) == 66


@pytest.mark.long
def test_codes_can_come_from_a_program_that_keeps_the_secret(
    devnet: dict[str, str], tmp_path: Path
) -> None:
    del devnet["PEAQOS_PRIVATE_KEY"]
    state, secret = tmp_path / "state", tmp_path / "secret"
    codes = shlex.join([sys.executable, str(EXAMPLES / "authenticator.py"), str(secret)])
    answers = (
        f"--no-input --key generate --passphrase-file {tmp_path}/passphrase --backup copied "
        "--documentation-url https://example.com/arm-7 --data-api https://example.com/data "
        "--data-visibility public --fund gas-station --yes"
    )
    done = subprocess.run(
        ["peaq-onboard", "--state-dir", state, *answers.split(), "--code-command", codes],
        cwd=tmp_path,
        env={**devnet, "PEAQOS_NETWORK": "rehearsal"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((state / "receipt.json").read_text())["funding"]["way"] == "gas-station"
    assert secret.stat().st_mode & 0o777 == 0o600
    kept = secret.read_text()
    assert kept.startswith("otpauth://")
    value = kept.partition("secret=")[2].partition("&")[0]
    for path in state.iterdir():
        assert value.encode() not in path.read_bytes(), f"{path.name} holds the 2FA secret"
