"""What the environment asks for must not write secrets down: core dumps, debug logs, TLS keys."""

from __future__ import annotations

import contextlib
import os
import resource
import shlex
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from core.http import Http
from core.keys.keystore import Kdf, store_key
from core.keys.private_key import generate_key
from core.secrets import Secret
from tests.terminal.console import DETAILS, PASSPHRASE, clean_environment, console

TOP = Path(__file__).resolve().parent.parent.parent
VECTORS = TOP / "tests" / "core" / "preflight" / "vectors"
SEGFAULT = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
OPEN_THEN_SEGFAULT = f"""
import ctypes, resource, sys
from app.__main__ import main
assert main(sys.argv[1:]) == 0
print("dumpable", ctypes.CDLL(None).prctl(3), flush=True)
print("limit", resource.getrlimit(resource.RLIMIT_CORE), flush=True)
{SEGFAULT}
"""


def crash(program: str, *arguments: str, folder: Path) -> bool:
    """Run a program that dies by SIGSEGV where core dumps are allowed. Whether it left one."""
    command = shlex.join([sys.executable, "-c", program, *arguments])
    line = f"ulimit -c unlimited; cd {shlex.quote(str(folder))}; exec {command} >said 2>&1"
    environ = {**os.environ, "PYTHONPATH": str(TOP), "HOME": str(folder)}
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", line], environ)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), (folder / "said").read_text()
    assert os.WTERMSIG(status) == signal.SIGSEGV
    return os.WCOREDUMP(status)


def test_a_crash_after_the_key_was_opened_leaves_no_core_dump(tmp_path: Path) -> None:
    state, passphrase = tmp_path / "state", tmp_path / "passphrase"
    state.mkdir(mode=0o700)
    store_key(state, generate_key(), Secret(PASSPHRASE), Kdf("pbkdf2", 100, 0))
    passphrase.write_text(PASSPHRASE + "\n")
    passphrase.chmod(0o600)
    arguments = ["--state-dir", str(state), "--passphrase-file", str(passphrase)]
    dumped = crash(OPEN_THEN_SEGFAULT, "verify-key", *arguments, folder=tmp_path)
    said = (tmp_path / "said").read_text()
    assert "The passphrase opens the keystore" in said
    assert "dumpable 0\nlimit (0, 0)" in said
    assert not dumped
    assert not list(tmp_path.glob("core*"))
    # Else the test would be green where nothing ever leaves one.
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == resource.RLIM_INFINITY:
        control = tmp_path / "control"
        control.mkdir()
        assert crash(SEGFAULT, folder=control) or "|" in core_pattern()


def core_pattern() -> str:
    return Path("/proc/sys/kernel/core_pattern").read_text(encoding="ascii")


@pytest.mark.terminal
def test_textuals_own_log_writes_down_no_key_that_is_typed(tmp_path: Path) -> None:
    log = tmp_path / "tx.log"
    environment = clean_environment(
        tmp_path, TEXTUAL_LOG=str(log), TEXTUAL="debug", TEXTUAL_SCREENSHOT="1"
    )
    arguments = ["--rehearse", "--state-dir", str(tmp_path / "machine"), *DETAILS]
    with console(arguments, environment, tmp_path) as tty:
        tty.environment()
        tty.keypair()
        tty.type("\x11")
        tty.ends()
    assert not log.exists()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or PASSPHRASE not in path.read_text(errors="replace")


def test_of_textuals_variables_only_those_of_looks_are_left() -> None:
    program = "import app.__main__, os; print(*sorted(n for n in os.environ if 'TEXTUAL' in n))"
    looks = ["TEXTUAL_ANIMATIONS", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_DISABLE_KITTY_KEY"]
    others = ["TEXTUAL", "TEXTUAL_DEBUG", "TEXTUAL_DRIVER", "TEXTUAL_LOG", "TEXTUAL_PRESS"]
    environ = {**os.environ, **dict.fromkeys([*looks, *others], "1"), "PYTHONPATH": str(TOP)}
    said = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == looks


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    do_HEAD = do_POST = do_GET  # noqa: N815 - their names there

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def tls_server() -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(VECTORS / "good.pem")
    server = HTTPServer(("127.0.0.1", 0), _Page)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_program_writes_no_tls_keys_where_sslkeylogfile_says(tmp_path: Path) -> None:
    """Whoever has them and the traffic reads the codes and the 2FA secret."""
    log = tmp_path / "keys.log"
    program = (
        "import sys, app.__main__, app.cli, core.http\n"
        "core.http._loopback = lambda url: False\n"
        "sys.exit(app.cli.main(['doctor', '--network', 'agung']))\n"
    )
    with tls_server() as url:
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={
                **clean_environment(tmp_path),
                "PYTHONPATH": str(TOP),
                "SSL_CERT_FILE": str(VECTORS / "authority.pem"),
                "SSLKEYLOGFILE": str(log),
                "PEAQOS_RPC_URL": url,
                "PEAQOS_MCR_API_URL": url,
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert "certificate valid for" in done.stdout, done
    assert not log.exists()


async def test_a_client_logs_no_tls_keys_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    monkeypatch.setenv("SSL_CERT_FILE", str(VECTORS / "authority.pem"))
    monkeypatch.setattr("core.http._loopback", lambda url: False)
    with tls_server() as url:
        http = Http(url)
        assert (await http.request("GET")).status == 200
        await http.close()
    assert not log.exists() or "SECRET" not in log.read_text()
