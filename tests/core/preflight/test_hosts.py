"""A trip for nothing, because a name or a certificate that was bad looked good."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from core.preflight import hosts
from core.preflight.check import Light
from core.preflight.finding import Finding
from core.preflight.hosts import Host, host_of, look_at_hosts

VECTORS = Path(__file__).parent / "vectors"
"""A pretend authority and two certificates of it for localhost: good until 2120, and over."""
ENDS = datetime(2120, 1, 1, tzinfo=timezone.utc)
NOW = datetime(2026, 11, 1, tzinfo=timezone.utc)


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(VECTORS / "authority.pem"))


@contextlib.asynccontextmanager
async def listening(certificate: str | None) -> AsyncIterator[int]:
    """A port that shows a certificate, or says nothing at all."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(VECTORS / certificate)

    async def wait_for_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.read()
        writer.close()

    # What goes wrong with a handshake is for the other side to say.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    server = await asyncio.start_server(wait_for_the_end, "127.0.0.1", 0, ssl=context)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def look(host: Host, now: datetime = NOW) -> Finding:
    (finding,) = await look_at_hosts([host], now)
    if finding.light is not Light.GREEN:
        assert finding.remedy
        assert finding.code
    return finding


def named(name: str, port: int, *, needed: bool = True) -> Host:
    return Host(name, port, secure=True, needed=needed)


async def test_a_good_certificate_is_told_with_the_days_it_still_has(trusting: None) -> None:
    async with listening("good.pem") as port:
        finding = await look(named("localhost", port), ENDS - timedelta(days=63))
    assert finding.light is Light.GREEN
    assert finding.text == "localhost: 127.0.0.1, certificate good for 63 days"


async def test_one_that_ends_before_the_trip_is_amber(trusting: None) -> None:
    async with listening("good.pem") as port:
        finding = await look(named("localhost", port), ENDS - timedelta(days=1, hours=5))
    assert finding.light is Light.AMBER
    assert finding.code == "HOST_CERTIFICATE_ENDS"
    assert finding.text.endswith("good for 1 day")


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
    resolve_to_this_machine(monkeypatch)
    async with listening(certificate) as port:
        finding = await look(named(name, port))
    assert (finding.light, finding.code) == (Light.RED, "HOST_CERTIFICATE")
    assert words in finding.text
    assert "2026-11-01 00:00 UTC" in finding.remedy, "what this machine takes the time for"


async def test_a_name_that_nobody_knows_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*arguments: Any, **named: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(hosts.socket, "getaddrinfo", unknown)
    finding = await look(named("nowhere.example", 443))
    assert (finding.light, finding.code) == (Light.RED, "HOST_UNKNOWN")
    assert finding.text.startswith("nowhere.example: ")
    finding = await look(named("nowhere.example", 443, needed=False))
    assert finding.light is Light.AMBER, "nothing hangs on this one"


@pytest.mark.parametrize("name", ["a" * 70 + ".example", "..", "xn--"])
async def test_a_name_that_cannot_be_one_breaks_nothing(name: str) -> None:
    assert (await look(named(name, 443))).code == "HOST_UNKNOWN"


def test_a_name_server_that_hangs_holds_nobody_up_not_even_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The loop's own threads would be joined: the process would hang as long as the resolver."""
    let_go = threading.Event()

    def hang(*arguments: Any, **named: Any) -> Any:
        let_go.wait(60)
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(hosts.socket, "getaddrinfo", hang)
    monkeypatch.setattr(hosts, "NAME_PATIENCE", 0.05)
    try:
        finding = asyncio.run(look(named("slow.example", 443)))
        assert not let_go.is_set()
    finally:
        let_go.set()
    assert finding.code == "HOST_UNKNOWN"
    assert "within" in finding.text


async def test_a_port_that_says_nothing_is_left_in_time(
    trusting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "TLS_PATIENCE", 0.1)
    async with listening(None) as port:
        finding = await look(named("localhost", port))
    assert (finding.light, finding.code) == (Light.RED, "HOST_UNREACHABLE")


async def test_a_port_that_refuses_is_told_apart(trusting: None) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        finding = await look(named("127.0.0.1", taken.getsockname()[1]))
    assert finding.code == "HOST_UNREACHABLE"
    assert "it refuses connections" in finding.text
    assert "firewall" in finding.remedy


async def test_what_goes_through_a_proxy_is_not_asked_for_past_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setattr(hosts.socket, "getaddrinfo", lambda *a, **n: pytest.fail("it was asked"))
    finding = await look(named("far.example", 443))
    assert finding.light is Light.GREEN
    assert "proxy" in finding.text


@pytest.mark.parametrize("url", ["https://[bad", "nonsense", "", "https://a.example:bad"])
def test_an_address_that_is_none_has_no_host(url: str) -> None:
    assert host_of(url, needed=True) is None


def resolve_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(
        hosts.socket, "getaddrinfo", lambda name, port, **hints: real("127.0.0.1", port, **hints)
    )
