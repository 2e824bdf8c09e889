"""A trip for nothing, because a name or a certificate that was bad looked good."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.clock import SystemClock
from core.errors.surfaces import DOCTOR
from core.http import Http
from core.preflight import hosts
from core.preflight.check import CheckResult, Status
from core.preflight.hosts import check_host, origin

VECTORS = Path(__file__).parent / "vectors"
"""A test authority and two certificates of it for localhost: good until 2120, and expired."""
ENDS = datetime(2120, 1, 1, tzinfo=timezone.utc)
NOW = datetime(2026, 11, 1, tzinfo=timezone.utc)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(VECTORS / "authority.pem"))


def connect(url: str) -> Http:
    """A client that takes the authority of SSL_CERT_FILE for localhost too."""
    named = os.environ.get("SSL_CERT_FILE")
    if "//localhost:" not in url or not named:
        return Http(url)
    context = ssl.create_default_context(cafile=named)
    return Http(url, transport=httpx.AsyncHTTPTransport(verify=context))


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Refuse any request in a way that shows that there is a server."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\n\r\n")
        await writer.drain()
    writer.close()


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        await reader.read()
    writer.close()


@contextlib.asynccontextmanager
async def listening(certificate: str | None, talk: Talk = answer) -> AsyncIterator[int]:
    """A port that shows a certificate, or one without TLS; `talk` serves each connection."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(VECTORS / certificate)
    # What goes wrong with a handshake is for the other side to say.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def check(
    name: str, port: int, now: datetime = NOW, *, needed: bool = True, scheme: str = "https"
) -> CheckResult:
    class At(SystemClock):
        def now(self) -> datetime:
            return now

    result = await check_host(f"{scheme}://{name}:{port}", At(), connect, needed=needed)
    assert result.key == f"host:{name}:{port}"
    assert (result.status is Status.PASSED) == (result.problem is None)
    return result


def code(result: CheckResult) -> str:
    return result.problem.code if result.problem else ""


async def test_a_good_certificate_is_told_with_the_days_it_still_has(trusting: None) -> None:
    async with listening("good.pem") as port:
        result = await check("localhost", port, ENDS - timedelta(days=63))
    assert result.status is Status.PASSED
    assert result.text == "localhost: certificate valid for 63 days"


async def test_one_that_expires_before_the_trip_is_a_warning(trusting: None) -> None:
    async with listening("good.pem") as port:
        result = await check("localhost", port, ENDS - timedelta(days=1, hours=5))
    assert (result.status, code(result)) == (Status.WARNING, "HOST_CERTIFICATE_ENDS")
    assert result.problem is not None
    assert result.problem.cause == "Days that are left: 1."


async def test_any_answer_shows_that_the_host_is_there(trusting: None) -> None:
    async def compressed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with listening("good.pem", compressed) as port:
        result = await check("localhost", port)
    assert (result.status, result.text) == (Status.PASSED, "localhost: answers")


@pytest.mark.parametrize(
    ("certificate", "name", "trusted", "words"),
    [
        ("expired.pem", "localhost", True, "has expired"),
        ("good.pem", "localhost", False, "unable to get local issuer"),
        ("good.pem", "elsewhere.example", True, "not valid for 'elsewhere.example'"),
    ],
)
async def test_a_bad_certificate_says_why_and_asks_about_the_clock(
    monkeypatch: pytest.MonkeyPatch, certificate: str, name: str, trusted: bool, words: str
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(VECTORS / "authority.pem"))
    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    resolve_to_this_machine(monkeypatch)
    async with listening(certificate) as port:
        result = await check(name, port)
    assert (result.status, code(result)) == (Status.FAILED, "HOST_CERTIFICATE")
    assert result.problem is not None
    assert words in result.problem.cause
    assert "2026-11-01 00:00 UTC" in result.problem.cause, "the time of this machine's clock"
    assert "timedatectl" in result.remedy(DOCTOR)


async def test_a_name_that_nobody_knows_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*arguments: Any, **named: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    result = await check("nowhere.example", 443)
    assert (result.status, code(result)) == (Status.FAILED, "HOST_UNKNOWN")
    assert result.text == "nowhere.example:443 cannot be found"
    assert "name server" in result.remedy(DOCTOR)
    result = await check("nowhere.example", 443, needed=False)
    assert result.status is Status.WARNING, "an onboarding does not depend on this one"


@pytest.mark.parametrize("name", ["a" * 70 + ".example", "..", "xn--"])
async def test_a_name_that_cannot_be_one_breaks_nothing(name: str) -> None:
    assert (await check(name, 443)).status is Status.FAILED


async def test_a_name_server_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    def hang(*arguments: Any, **named: Any) -> Any:
        let_go.wait(60)
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(hosts, "PATIENCE", 0.05)
    try:
        result = await check("slow.example", 443)
        assert not let_go.is_set()
    finally:
        let_go.set()
    assert code(result) == "HOST_UNREACHABLE"
    assert result.problem is not None
    assert "no answer within" in result.problem.cause


async def test_a_server_that_says_nothing_is_left_in_time(
    trusting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "PATIENCE", 1.0)
    async with listening("good.pem", say_nothing) as port:
        result = await check("localhost", port)
    assert (result.status, code(result)) == (Status.FAILED, "HOST_UNREACHABLE")


async def test_a_port_that_refuses_is_told_apart(trusting: None) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        result = await check("127.0.0.1", taken.getsockname()[1])
    assert code(result) == "HOST_UNREACHABLE"
    assert result.problem is not None
    assert "it refused the connection" in result.problem.cause
    assert "firewall" in result.remedy(DOCTOR)


async def test_a_proxy_of_the_environment_is_used_and_its_refusal_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n")
        writer.close()

    async with listening(None, refuse) as proxy:
        for variable in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy}")
        for variable in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(variable, raising=False)
        result = await check("far.example", 443)
    assert asked[0].startswith(b"CONNECT far.example:443 ")
    assert code(result) == "HOST_UNREACHABLE"


async def test_plain_http_is_this_machine_and_is_not_asked() -> None:
    result = await check("localhost", 9, scheme="http")
    assert result.text == "localhost: this machine itself"


@pytest.mark.parametrize(
    ("url", "start"),
    [
        ("https://a.example/rpc?key=1", "https://a.example"),
        ("https://[::1]:8545/x", "https://[::1]:8545"),
    ],
)
def test_an_origin_is_without_the_path_which_may_hold_a_key(url: str, start: str) -> None:
    assert origin(url) == start


def resolve_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda name, port, *more, **hints: real("127.0.0.1", port, *more, **hints),
    )
