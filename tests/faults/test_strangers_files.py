"""Files that somebody else wrote, can change or can read: the real program refuses them, and says
which command makes them safe. Nothing is begun before that.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import EXIT_CONFIGURATION, EXIT_STOPPED

TOP = Path(__file__).resolve().parent.parent.parent
STRANGER = 65534
REGISTRY = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
"""A contract that no network has, checksummed."""
PASSPHRASE = "correct horse battery staple"
COMMANDS = ([], ["status"], ["doctor"], ["receipt"], ["explain", "5"], ["verify-key"])
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


def run(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The real program, with nobody to ask and no variables but those of `environment`."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=folder,
        env={
            **kept,
            "PYTHONPATH": str(TOP),
            "HOME": str(folder / "home"),
            "XDG_STATE_HOME": str(folder / "xdg"),
            **environment,
        },
    )


def unattended(command: list[str]) -> list[str]:
    return command or ["--plain", "--no-input", "--yes", "--accept-bond", "1"]


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text(f"PEAQOS_NETWORK=mainnet\nIDENTITY_REGISTRY_ADDRESS={REGISTRY}\n")
    path.chmod(0o600)
    return path


def check_refused(done: subprocess.CompletedProcess[str], path: Path, reason: str) -> str:
    """The command that the refusal names."""
    words = " ".join(done.stderr.split())
    assert done.returncode == EXIT_CONFIGURATION, done
    assert f"The .env file is not safe to use {path}: {reason}" in words
    assert not (path.parent / "xdg").exists(), "something was begun"
    return words.split("run `")[1].split("`")[0]


@as_root
@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_an_env_file_of_another_user_is_refused_by_every_command(
    env_file: Path, command: list[str]
) -> None:
    os.chown(env_file, STRANGER, STRANGER)
    done = run(*unattended(command), folder=env_file.parent)
    remedy = check_refused(done, env_file, "it belongs to nobody, not to you.")
    assert remedy == f"chown root {env_file} && chmod 600 {env_file}"


@pytest.mark.parametrize("mode", [0o660, 0o602, 0o666], ids=oct)
def test_an_env_file_that_others_can_change_is_refused_until_its_command_was_run(
    env_file: Path, mode: int
) -> None:
    env_file.chmod(mode)
    remedy = check_refused(
        run("status", folder=env_file.parent), env_file, "other users can change it."
    )
    assert remedy == f"chmod 600 {env_file}"
    subprocess.run(remedy, shell=True, check=True)  # noqa: S602 - as a person pastes it
    assert "not safe" not in run("status", folder=env_file.parent).stderr


@pytest.mark.parametrize("there", [True, False])
def test_an_env_file_behind_a_link_is_refused_until_its_command_was_run(
    env_file: Path, there: bool
) -> None:
    target = env_file.rename(env_file.with_name("it's elsewhere"))
    env_file.symlink_to(target)
    if not there:
        target.unlink()
    done = run("status", folder=env_file.parent)
    remedy = check_refused(done, env_file, f"it is a symbolic link to {target}.")
    subprocess.run(remedy, shell=True, check=True)  # noqa: S602 - as a person pastes it
    assert "not safe" not in run("status", folder=env_file.parent).stderr
    assert env_file.exists() is there


def test_a_named_env_file_is_held_to_the_same_rules(env_file: Path, tmp_path: Path) -> None:
    env_file.chmod(0o622)
    (tmp_path / "elsewhere").mkdir()
    done = run("status", "--env-file", str(env_file), folder=tmp_path / "elsewhere")
    check_refused(done, env_file, "other users can change it.")


def test_an_env_file_that_others_can_only_read_is_used(env_file: Path) -> None:
    env_file.chmod(0o644)
    env_file.write_text("PEAQOS_NETWORK=agung\n")
    assert "network  agung" in run("status", folder=env_file.parent).stdout


def test_on_real_money_foreign_contracts_need_consent_before_anything_is_asked(
    env_file: Path, tmp_path: Path
) -> None:
    done = run(*unattended([]), folder=tmp_path)
    words = " ".join(done.stderr.split())
    assert done.returncode == EXIT_STOPPED, done
    assert f"IDENTITY_REGISTRY_ADDRESS {REGISTRY}" in words
    assert "--accept-contracts is missing" in words
    assert not list(tmp_path.glob("xdg/**/keystore.json"))
