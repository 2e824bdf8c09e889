"""The units of deploy/systemd: what systemd says of them, and what their commands really do."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from app.version import installed_version
from tests.deploy.fleet import TOP, example, run, tool

pytestmark = pytest.mark.fleet

UNITS = TOP / "deploy" / "systemd"
PROGRAM = "/opt/peaq-onboard/venv/bin/peaq-onboard"
PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with the program of this environment in place of the installed one."""
    here = Path(sys.executable).with_name("peaq-onboard")
    folder = tmp_path / "units"
    folder.mkdir()
    for path in UNITS.iterdir():
        (folder / path.name).write_text(path.read_text().replace(PROGRAM, str(here)))
    return folder


def values(unit: Path, name: str) -> list[str]:
    text = unit.read_text().replace("\\\n", " ")
    pairs = (line.partition("=") for line in text.splitlines())
    return [value for key, _, value in pairs if key == name]


def test_systemd_finds_no_fault_in_the_units(units: Path) -> None:
    said = run("systemd-analyze", "verify", *units.glob("peaq-onboard*"))
    assert said == ""


@pytest.mark.parametrize("name", ["peaq-onboard.service", "peaq-onboard-status.service"])
def test_the_services_are_little_exposed(name: str, units: Path) -> None:
    """Out of 10. Without the hardening lines it is above 8."""
    run("systemd-analyze", "security", "--offline=true", "--threshold=15", units / name)


def test_the_service_onboards_with_encrypted_credentials_and_reports(
    units: Path, tmp_path: Path, devnet: dict[str, str]
) -> None:
    service, reporter = units / "peaq-onboard.service", units / "peaq-onboard-status.service"
    owner = devnet.pop("OWNER_KEY")
    credentials = tmp_path / "credentials"
    credentials.mkdir(mode=0o700)
    secrets = {"passphrase": PASSPHRASE, "owner-key": owner}
    for value in values(service, "LoadCredentialEncrypted"):
        name, _, path = value.partition(":")
        encrypted = tmp_path / Path(path).name
        creds = ("systemd-creds", f"--name={name}")
        encrypt = [*creds, "--with-key=host", "encrypt", "-", encrypted]
        subprocess.run(encrypt, input=secrets[name], text=True, check=True, capture_output=True)
        run(*creds, "decrypt", encrypted, credentials / name)
        assert secrets[name].encode() not in encrypted.read_bytes()
        (credentials / name).chmod(0o400)
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    settings = dict(
        line.split("=", 1)
        for line in (UNITS / "settings.example").read_text().splitlines()
        if not line.startswith("#")
    )
    environ = {"PATH": os.environ["PATH"], "HOME": "/", **settings, **devnet}
    (started,) = values(service, "ExecStart")
    for _ in range(2):  # at the next boot it has nothing to do
        done = subprocess.run(
            shlex.split(started),
            env={
                **environ,
                "CREDENTIALS_DIRECTORY": str(credentials),
                "STATE_DIRECTORY": str(state),
            },
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        for secret in secrets.values():
            assert secret.removeprefix("0x") not in done.stdout + done.stderr
    receipt = json.loads((state / "receipt.json").read_text())
    assert receipt["funding"]["way"] == "owner"
    assert receipt["did_attributes"]["documentation_url"] == settings["DOCUMENTATION_URL"]

    (report,) = values(reporter, "ExecStart")
    words = shlex.split(report.replace("/var/lib/peaq-onboard", str(state)))
    told = json.loads(run(*words, env=environ))
    assert told["finished"] is True


def test_the_units_are_installed_as_the_documents_say(tmp_path: Path) -> None:
    """Below a directory of this test, with a user of its own; systemd need not run."""
    login = f"peaq-{os.getpid()}-unit"
    commands = example("systemd")
    for real in ("/opt/", "/etc/"):
        assert real in commands
        commands = commands.replace(real, f"{tmp_path}{real}")
    commands = commands.replace("nologin peaq-onboard", f"nologin {login}")
    commands = commands.replace("systemctl enable", f"systemctl --root={tmp_path} enable")
    commands = commands.replace("systemd-creds", "systemd-creds --with-key=host")
    commands = commands.replace("dist/peaq_onboard-*.whl", f"{tmp_path}/dist/peaq_onboard-*.whl")
    (tmp_path / "etc" / "systemd" / "system").mkdir(parents=True)
    build = example("release").replace(".venv-ansible/bin/pip", tool("pip"))
    run("bash", "-euc", build.replace("-w dist", f"-w {tmp_path}/dist"))
    asks = tmp_path / "bin" / "systemd-ask-password"
    asks.parent.mkdir()
    asks.write_text("#!/bin/sh\nprintf secret\n")
    asks.chmod(0o755)
    path = f"{asks.parent}:{os.environ['PATH']}"
    try:
        run("bash", "-euo", "pipefail", "-c", commands, env={**os.environ, "PATH": path})
    finally:
        subprocess.run(["userdel", login], check=False, capture_output=True)
    program = Path(f"{tmp_path}{PROGRAM}")
    assert run(program, "--version").strip().endswith(installed_version())
    wanted = tmp_path / "etc" / "systemd" / "system" / "multi-user.target.wants"
    assert (wanted / "peaq-onboard.service").is_symlink()
    for value in values(UNITS / "peaq-onboard.service", "LoadCredentialEncrypted"):
        name, _, there = value.partition(":")
        decrypt = ("systemd-creds", f"--name={name}", "decrypt", f"{tmp_path}{there}", "-")
        assert run(*decrypt) == "secret"
