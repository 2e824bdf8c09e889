"""Files that somebody else wrote, can change or can read: the real program refuses them, and says
which command makes them safe. Nothing is begun before that.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors.exit_codes import EXIT_CONFIGURATION, EXIT_DONE, EXIT_STOPPED
from core.errors.problem import OnboardingError
from core.journal.next_action import Action
from core.keys.key_source import KeySource
from core.keys.keystore import Kdf, store_key
from core.keys.private_key import generate_key
from core.secrets import Secret
from tests.support.machine import Machine
from tests.support.words import title

TOP = Path(__file__).resolve().parent.parent.parent
STRANGER = 65534
REGISTRY = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
"""A contract that no network has, checksummed."""
PASSPHRASE = "correct horse battery staple"
COMMANDS = ([], ["status"], ["doctor"], ["receipt"], ["explain", "5"], ["verify-key"])
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


QUICK = Kdf("pbkdf2", 100, 0)


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
    assert f"(ENV_FILE_UNSAFE) {path}: {reason}" in words
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
    assert "--accept-contracts" in words
    assert not list(tmp_path.glob("xdg/**/keystore.json"))


# A passphrase and a key that others can read

AS_ANOTHER_USER = """
import importlib, os, pathlib, pkgutil, sys, tempfile
uid, *arguments = sys.argv[1:]
import app, core, dotenv, encodings.utf_8_sig, platformdirs
for package in (app, core):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.startswith("app.rehearsal"):
            importlib.import_module(module.name)
from core.keys.private_key import generate_key
from core.keys.keystore import Kdf, open_file, store_key
from core.secrets import Secret
with tempfile.TemporaryDirectory() as folder:  # the cipher's own late imports
    store_key(pathlib.Path(folder), generate_key(), Secret("passphrase"), Kdf("pbkdf2", 100, 0))
    open_file(pathlib.Path(folder, "keystore.json"), Secret("passphrase"))
os.setgroups([])
os.setgid(int(uid))
os.setuid(int(uid))
app.hardening.harden()
sys.exit(app.__main__.main(arguments))
"""
"""The real command as a user who may not even read the source code: it is imported before."""


def as_another_user(
    *arguments: str, pass_fds: tuple[int, ...] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", AS_ANOTHER_USER, str(STRANGER), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(TOP), "HOME": "/"},
        pass_fds=pass_fds,
    )


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can enter, unlike tmp_path."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def state(place: Path) -> Path:
    """A state directory with a keystore that PASSPHRASE opens."""
    folder = place / "state"
    folder.mkdir(mode=0o700)
    store_key(folder, generate_key(), Secret(PASSPHRASE), QUICK)
    return folder


@pytest.fixture
def passphrase(place: Path) -> Path:
    path = place / "pass phrase"
    path.write_text(PASSPHRASE + "\n")
    path.chmod(0o600)
    return path


def verify(state: Path, passphrase: Path | str) -> list[str]:
    return ["verify-key", "--state-dir", str(state), "--passphrase-file", str(passphrase)]


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620], ids=oct)
def test_a_passphrase_file_that_others_can_read_is_refused_until_its_command_was_run(
    state: Path, passphrase: Path, mode: int
) -> None:
    if os.geteuid() == 0:
        os.chown(passphrase, -1, STRANGER)
    passphrase.chmod(mode)
    done = run(*verify(state, passphrase), folder=state.parent)
    words = " ".join(done.stderr.split())
    assert done.returncode == EXIT_STOPPED
    assert f"(PASSPHRASE_FILE_UNSAFE) {passphrase}: other users can read" in words
    remedy = words.split("Run `")[1].split("`")[0]
    assert remedy == f"chmod 600 '{passphrase}'"
    subprocess.run(remedy, shell=True, check=True)  # noqa: S602 - as a person pastes it
    assert run(*verify(state, passphrase), folder=state.parent).returncode == EXIT_DONE


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_passphrase_file_of_another_user_is_refused(state: Path, passphrase: Path) -> None:
    """Its owner would choose the passphrase."""
    passphrase.chmod(0o600)
    os.chown(passphrase, STRANGER, -1)
    done = run(*verify(state, passphrase), folder=state.parent)
    assert done.returncode == EXIT_STOPPED
    assert "it belongs to " in " ".join(done.stderr.split())


def test_an_unattended_run_makes_no_key_with_a_passphrase_that_others_can_read(
    passphrase: Path, tmp_path: Path
) -> None:
    passphrase.chmod(0o644)
    folder = tmp_path / "machine"
    details = ["--documentation-url", "https://a.example", "--data-api", "https://a.example"]
    done = run(
        *("--rehearse", "--plain", "--no-input", "--yes", "--key", "generate"),
        *("--passphrase-file", str(passphrase), "--backup", "copied", "--fund", "manual"),
        *("--state-dir", str(folder), *details, "--data-visibility", "public"),
        folder=tmp_path,
    )
    assert done.returncode == EXIT_STOPPED, done
    assert title("PASSPHRASE_FILE_UNSAFE") in done.stderr
    assert not (folder / "keystore.json").exists()


@pytest.mark.parametrize("way", ["substitution", "here-string", "named pipe", "stdin"])
def test_a_passphrase_through_a_pipe_is_taken(state: Path, tmp_path: Path, way: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o644)
    command = shlex.join([sys.executable, "-m", "app", *verify(state, "FILE")])
    given = f"'{PASSPHRASE}'"
    line = {
        "substitution": command.replace("FILE", f"<(echo {given})"),
        "here-string": command.replace("FILE", "/dev/fd/3") + f" 3<<<{given}",
        "named pipe": f"echo {given} > {pipe} & " + command.replace("FILE", str(pipe)),
        "stdin": f"echo {given} | " + command.replace("FILE", "/dev/stdin"),
    }[way]
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=False, timeout=60, cwd=TOP
    )
    assert done.returncode == EXIT_DONE, done


@as_root
@pytest.mark.parametrize(
    ("owner", "group", "mode", "taken"),
    [
        (STRANGER, STRANGER, 0o400, True),  # systemd gives the credential to the service's user
        (0, STRANGER, 0o440, True),  # or lends it to the user's group
        (0, STRANGER, 0o640, True),
        (0, STRANGER, 0o660, False),
        (0, STRANGER, 0o444, False),
        (1, STRANGER, 0o440, False),
    ],
)
def test_a_credential_that_root_lends_to_an_ordinary_user_is_taken(
    state: Path, passphrase: Path, *, owner: int, group: int, mode: int, taken: bool
) -> None:
    for path in (state, state / "keystore.json"):
        os.chown(path, STRANGER, STRANGER)
    os.chown(passphrase, owner, group)
    passphrase.chmod(mode)
    done = as_another_user(*verify(state, passphrase))
    assert done.returncode == (EXIT_DONE if taken else EXIT_STOPPED), done
    if not taken:
        assert "sudo chown nobody" in done.stderr


@as_root
def test_an_ordinary_user_whose_process_cannot_be_traced_still_reads_a_descriptor(
    state: Path,
) -> None:
    """/proc/self belongs to root in such a process; its own descriptors stay open to it."""
    for path in (state, state / "keystore.json"):
        os.chown(path, STRANGER, STRANGER)
    reading, writing = os.pipe()
    os.fchown(reading, STRANGER, STRANGER)  # as if its own shell had made the pipe
    os.write(writing, f"{PASSPHRASE}\n".encode())
    os.close(writing)
    try:
        done = as_another_user(*verify(state, f"/dev/fd/{reading}"), pass_fds=(reading,))
    finally:
        os.close(reading)
    assert done.returncode == EXIT_DONE, done


@pytest.mark.parametrize("mode", [0o604, 0o640], ids=oct)
async def test_a_file_with_a_private_key_that_others_can_read_is_refused(
    machine: Machine, tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "key.hex"
    path.write_text("0x" + "38" * 32)
    if os.geteuid() == 0:
        os.chown(path, -1, STRANGER)
    path.chmod(mode)
    await machine.drive(until=Action.CREATE_KEYPAIR)
    source = KeySource("import", path=path, path_passphrase=Secret(PASSPHRASE))
    with pytest.raises(OnboardingError) as refused:
        await machine.now_open.create_keypair(source, Secret(PASSPHRASE))
    assert refused.value.code == "KEY_FILE_UNSAFE"
    assert f"Run `chmod 600 {path}`" in refused.value.problem.remedy()
    assert not (machine.folder / "keystore.json").exists()
    path.chmod(0o600)
    await machine.now_open.create_keypair(source, Secret(PASSPHRASE))
