"""Three machines on this one: three users behind an sshd on loopback, and a control directory."""

from __future__ import annotations

import json
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[2]
ROLE = TOP / "deploy" / "ansible"
PATIENCE = 900.0
"""Seconds for one run of the playbook on a busy machine."""


def tool(name: str) -> str:
    """The path of a command from requirements-ansible.lock."""
    folder = os.environ.get("ANSIBLE_VENV", str(TOP / ".venv-ansible"))
    path = Path(folder) / "bin" / name
    assert path.exists(), f"{path} is missing: docs/automation.md says how to install it"
    return str(path)


def run(*words: str | Path, cwd: Path = TOP, timeout: float = PATIENCE, **more: Any) -> str:
    """Run a command and return what it prints."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
        **more,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@dataclass(frozen=True)
class Release:
    """The wheel, and all that its lock names, where every user of this machine can read them."""

    wheel: Path
    wheelhouse: Path


def example(name: str) -> str:
    """The block of docs/automation.md below <!-- tested: NAME -->."""
    page = (TOP / "docs" / "automation.md").read_text(encoding="utf-8")
    block = page.partition(f"<!-- tested: {name} -->\n```")[2].partition("\n```")[0]
    return block.partition("\n")[2] + "\n"


def build_release(base: Path) -> Release:
    build = example("release").replace(".venv-ansible/bin/pip", tool("pip"))
    run("bash", "-euc", build.replace("-w dist", f"-w {base}/dist"))
    wheelhouse = base / "wheelhouse"
    lock = TOP / "requirements.lock"
    run(tool("pip"), "-q", "download", "--require-hashes", "-r", lock, "-d", wheelhouse)
    (wheel,) = (base / "dist").glob("peaq_onboard-*.whl")
    for folder in (base / "dist", wheelhouse):
        folder.chmod(0o755)
    return Release(wheel, wheelhouse)


@dataclass
class Played:
    """How one run of the playbook ended."""

    code: int
    said: str
    leaks: set[str]
    """Command lines that showed a secret while it ran."""

    def recap(self, host: str) -> dict[str, int]:
        """The numbers of the host's line below PLAY RECAP."""
        recap = self.said.rpartition("PLAY RECAP")[2]
        (line,) = (line for line in recap.splitlines() if line.startswith(f"{host} "))
        pairs = (pair.split("=") for pair in line.partition(":")[2].split())
        return {name: int(number) for name, number in pairs}


@dataclass
class Fleet:
    base: Path
    """A directory that other users can enter."""
    control: Path
    """The control machine's: inventory, vault, backup, receipts, report."""
    homes: Mapping[str, Path]
    secrets: Sequence[str]
    """None of these may be in a file in the clear, on a command line or in the output."""
    hosts: dict[str, dict[str, Any]]

    def set(self, host: str, **variables: Any) -> None:
        """Change variables of one host in the inventory."""
        self.hosts[host] |= variables
        inventory = {"peaq_machines": {"hosts": self.hosts}}
        write_yaml(self.control / "inventory" / "hosts.yml", inventory)

    def state(self, host: str, network: str = "rehearsal") -> Path:
        return self.homes[host] / ".local" / "state" / "peaq-onboard" / network

    def play(self, *more: str) -> Played:
        """Run the playbook as the documents say, while every command line is watched."""
        leaks: set[str] = set()
        ended = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(ended, leaks))
        watcher.start()
        try:
            playing = self._start(*more)
            said, _ = playing.communicate(timeout=PATIENCE)
        finally:
            ended.set()
            watcher.join()
        return Played(playing.returncode, said, leaks)

    def kill_when(self, reached: Callable[[], bool]) -> None:
        """Run the playbook, and kill Ansible as soon as `reached` says so."""
        playing = self._start()
        end = time.monotonic() + PATIENCE
        while not reached():
            assert playing.poll() is None, playing.communicate()[0]
            assert time.monotonic() < end, "it never came that far"
            time.sleep(0.05)
        os.killpg(playing.pid, signal.SIGKILL)
        playing.communicate()

    def _start(self, *more: str) -> subprocess.Popen[str]:
        command = (
            example("run")
            .splitlines()[-1]
            .replace("../../.venv-ansible/bin/ansible-playbook", tool("ansible-playbook"))
        )
        asked, given = "--ask-vault-pass", "--vault-password-file ../vault-password"
        assert asked in command
        return subprocess.Popen(
            [*shlex.split(command.replace(asked, given)), *more],
            cwd=self.control,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.base),
                "LANG": "C.UTF-8",
                "ANSIBLE_NOCOLOR": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _watch(self, ended: threading.Event, leaks: set[str]) -> None:
        while not ended.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    if any(secret in line for secret in self.secrets):
                        leaks.add(line)

    def files_with_secrets(self) -> list[str]:
        """Files of the machines and of the control machine that hold a secret.

        A module that Ansible left behind counts: it is packed and may hold what the task got.
        """
        found = []
        for root in (*self.homes.values(), self.control, self.base / ".ansible"):
            for path in root.rglob("*"):
                if path.is_file() and not {"venv", "roles"} & set(path.parts):
                    content = path.read_bytes()
                    left = path.name.startswith("AnsiballZ")
                    if left or any(secret.encode() in content for secret in self.secrets):
                        found.append(str(path))
        return found


@contextmanager
def sshd(base: Path) -> Iterator[int]:
    """An SSH server on loopback for the users of this test. Yields its port."""
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", base / "host_key")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", base / "user_key")
    (base / "authorized_keys").write_text((base / "user_key.pub").read_text())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    (base / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {base}/host_key\nPidFile none\n"
        f"AuthorizedKeysFile {base}/authorized_keys\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nMaxStartups 100\nSubsystem sftp internal-sftp\n"
    )
    key_type, key = (base / "host_key.pub").read_text().split()[:2]
    (base / "known_hosts").write_text(f"[127.0.0.1]:{port} {key_type} {key}\n")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    log = (base / "sshd.log").open("w")
    process = subprocess.Popen(
        [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", base / "sshd_config"],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    try:
        end = time.monotonic() + 30
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, (base / "sshd.log").read_text()
            assert time.monotonic() < end, "sshd does not listen"
        yield port
    finally:
        process.terminate()
        process.wait()
        log.close()


@contextmanager
def users(base: Path, names: Sequence[str]) -> Iterator[dict[str, str]]:
    """A new user of this machine for each name. Yields their login names."""
    made = {}
    try:
        for name in names:
            login = f"peaq-{os.getpid()}-{name}"
            run("useradd", "--create-home", "--home-dir", base / name, "--password", "*", login)
            (base / name).chmod(0o700)
            made[name] = login
        yield made
    finally:
        for login in made.values():
            end = time.monotonic() + 30
            while _processes(pwd.getpwnam(login).pw_uid) and time.monotonic() < end:
                time.sleep(0.1)  # a connection that Ansible keeps open ends by itself
            run("userdel", "--force", login)


def _processes(uid: int) -> list[Path]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if path.stat().st_uid == uid:
                found.append(path)
    return found


@contextmanager
def fleet(
    release: Release, machines: Mapping[str, dict[str, Any]], owner_key: str, **common: Any
) -> Iterator[Fleet]:
    """Machines with the shipped role, playbook and variables. `common` are variables for all."""
    base = Path(tempfile.mkdtemp(prefix="peaq-fleet-"))
    base.chmod(0o755)
    passphrases = {name: f"correct horse of {name} staple" for name in machines}
    try:
        with users(base, list(machines)) as logins, sshd(base) as port:
            control = base / "control"
            shutil.copytree(ROLE, control)
            control.chmod(0o700)
            known = f"-o UserKnownHostsFile={base}/known_hosts"
            hosts = {
                name: {
                    **own,
                    "ansible_host": "127.0.0.1",
                    "ansible_port": port,
                    "ansible_user": logins[name],
                    "ansible_ssh_private_key_file": str(base / "user_key"),
                    "ansible_ssh_common_args": f"{known} -o ControlPersist=5",
                    "ansible_python_interpreter": "/usr/bin/python3",
                }
                for name, own in machines.items()
            }
            group = control / "inventory" / "group_vars" / "peaq_machines"
            write_yaml(control / "inventory" / "hosts.yml", {"peaq_machines": {"hosts": hosts}})
            here = {
                "peaq_onboard_network": "rehearsal",
                "peaq_onboard_wheel": str(release.wheel),
                "peaq_onboard_lock": str(TOP / "requirements.lock"),
                "peaq_onboard_python": "/usr/bin/python3",
                "peaq_onboard_pip_args": ["--no-index", f"--find-links={release.wheelhouse}"],
                **common,
            }
            write_yaml(group / "this_site.yml", here)  # after main.yml, so it wins
            secrets = {"vault_owner_key": owner_key, "vault_passphrases": passphrases}
            encrypt(base, control, secrets)
            homes = {name: base / name for name in machines}
            hidden = [owner_key.removeprefix("0x"), *passphrases.values()]
            yield Fleet(base, control, homes, hidden, hosts)
    finally:
        shutil.rmtree(base, ignore_errors=True)


def encrypt(base: Path, control: Path, secrets: dict[str, Any]) -> None:
    """Make the vault as the documents say, with `secrets` typed into it."""
    password, typed = base / "vault-password", base / "typed"
    for path in (password, typed):
        path.touch(0o600)
    password.write_text("vault\n")
    write_yaml(typed, secrets)
    commands = example("vault").replace("deploy/ansible/", f"{control}/")
    commands = commands.replace(
        "../../../../../.venv-ansible/bin/ansible-vault", tool("ansible-vault")
    )
    environ = {**os.environ, "EDITOR": f"cp {typed}", "ANSIBLE_VAULT_PASSWORD_FILE": str(password)}
    run("bash", "-euc", commands, env=environ)
    typed.unlink()


def write_yaml(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, indent=2) + "\n")  # JSON is YAML
