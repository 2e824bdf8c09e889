"""Names and certificates of the hosts that an onboarding talks to."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from core.http import tls_context
from core.preflight.check import Light
from core.preflight.finding import Finding, green
from core.text import clean

NAME_PATIENCE = 5.0
"""Seconds for a name."""
TLS_PATIENCE = 6.0
"""Seconds for connection and handshake."""
CANNOT_BE_ASKED = ("HOST_UNKNOWN", "HOST_UNREACHABLE", "HOST_CERTIFICATE")
"""Codes of the lines after which there is no use in asking what is behind the host."""
_ENDS_SOON = 14
"""Days. Shorter certificates are renewed by then where renewing works."""


@dataclass(frozen=True)
class Host:
    """`needed`: without it nothing goes on, so its faults are red."""

    name: str
    port: int
    secure: bool
    needed: bool

    @property
    def key(self) -> str:
        return f"host:{self.name}:{self.port}"


def host_of(url: str, *, needed: bool) -> Host | None:
    """None for an address that cannot be used, which the settings say."""
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
    except ValueError:
        return None
    return Host(parts.hostname, port, secure, needed) if parts.hostname else None


async def look_at_hosts(hosts: Sequence[Host], now: datetime) -> list[Finding]:
    """All at once; done within NAME_PATIENCE and TLS_PATIENCE together."""
    resolve_in_threads_of_our_own()
    context = await asyncio.to_thread(tls_context)
    return list(await asyncio.gather(*(_look(host, context, now) for host in hosts)))


def resolve_in_threads_of_our_own() -> None:
    """For the running loop: a name server that hangs must not hold up the end of the process.

    The loop's own threads are joined at exit, and nothing can interrupt the system's resolver.
    """
    loop = asyncio.get_running_loop()

    async def getaddrinfo(host: Any, port: Any, **hints: int) -> Any:
        found: asyncio.Future[Any] = loop.create_future()

        def settle(result: Any, error: Exception | None) -> None:
            if not found.done():
                found.set_exception(error) if error else found.set_result(result)

        def work() -> None:
            result, fault = None, None
            try:
                result = socket.getaddrinfo(host, port, **hints)
            except (OSError, UnicodeError) as error:
                fault = error
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(settle, result, fault)

        threading.Thread(target=work, daemon=True, name="resolver").start()
        return await found

    loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign]


async def _look(host: Host, context: ssl.SSLContext, now: datetime) -> Finding:
    if _loopback(host.name) and not host.secure:
        return _good(host, "this machine itself")
    if _proxy(host):
        return _good(host, "reached through the proxy of the environment")
    try:
        addresses = await asyncio.wait_for(
            asyncio.get_running_loop().getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM),
            NAME_PATIENCE,
        )
    except asyncio.TimeoutError:
        return _bad(host, "HOST_UNKNOWN", f"its name was not found within {NAME_PATIENCE:.0f} s")
    except (OSError, UnicodeError):
        return _bad(host, "HOST_UNKNOWN", "its name is not known here")
    address = str(addresses[0][4][0])
    if not host.secure:
        return _good(host, address)
    try:
        ends = await asyncio.wait_for(_certificate(host, context), TLS_PATIENCE)
    except ssl.SSLCertVerificationError as error:
        reason = clean(error.verify_message, 80)
        # A clock that is far off makes every certificate look bad.
        remedy = (
            f"This machine says that it is {now:%Y-%m-%d %H:%M} UTC. If that is wrong, set its "
            f"clock (timedatectl). Else somebody stands between: ask who runs this line."
        )
        return _bad(host, "HOST_CERTIFICATE", f"its certificate is not valid: {reason}", remedy)
    except asyncio.TimeoutError:
        reason = f"no connection within {TLS_PATIENCE:.0f} s ({address})"
        return _bad(host, "HOST_UNREACHABLE", reason)
    except (OSError, ValueError) as error:
        refused = isinstance(error, ConnectionRefusedError)
        reason = "it refuses connections" if refused else "no secure connection could be made"
        return _bad(host, "HOST_UNREACHABLE", f"{reason} ({address})")
    return _judge_end(host, address, (ends - now).days)


async def _certificate(host: Host, context: ssl.SSLContext) -> datetime:
    """When the certificate ends. Raises ssl.SSLError, OSError."""
    _, writer = await asyncio.open_connection(
        host.name, host.port, ssl=context, server_hostname=host.name
    )
    try:
        certificate = writer.get_extra_info("peercert")
        ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
        return datetime.fromtimestamp(ends, timezone.utc)
    finally:
        writer.transport.abort()  # nothing was asked: nobody waits for a polite end


def _judge_end(host: Host, address: str, days: int) -> Finding:
    text = f"{address}, certificate good for {days} day{'' if days == 1 else 's'}"
    if days >= _ENDS_SOON:
        return _good(host, text)
    remedy = "Onboard before it ends, or tell whoever runs that service."
    code = "HOST_CERTIFICATE_ENDS"
    return Finding(host.key, "Host", Light.AMBER, f"{host.name}: {text}", remedy, code)


def _good(host: Host, text: str) -> Finding:
    return green(host.key, "Host", f"{host.name}: {text}")


def _bad(host: Host, code: str, text: str, remedy: str = "") -> Finding:
    light = Light.RED if host.needed else Light.AMBER
    remedy = remedy or (
        "Check that this machine has a network and a name server (ping, resolvectl)."
        if code == "HOST_UNKNOWN"
        else f"Let port {host.port} to {host.name} through the firewall, or set another address."
    )
    text = f"{host.name}: {text}"
    return Finding(host.key, "Host", light, text, remedy, code, network=True)


def _loopback(name: str) -> bool:
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _proxy(host: Host) -> bool:
    """Whether requests go through a proxy, as the client itself decides (`trust_env`)."""
    proxies = getproxies()
    named = proxies.get("https" if host.secure else "http") or proxies.get("all")
    return bool(named) and not _loopback(host.name) and not proxy_bypass(host.name)
