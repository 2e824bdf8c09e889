"""One HTTP exchange with limits on time and size, and the classification of its faults."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import httpx

from core.lookalikes import short_host
from core.text import clean, read_json

SIZE_LIMIT = 4 * 1024 * 1024
_HOST_SHOWN = 60
"""Characters."""
_RETRY_AFTER_LIMIT = timedelta(days=2)
_YEARS = range(2000, 3000)
"""Credible years of a `Date` header."""
_Error = TypeVar("_Error", bound=BaseException)


class HttpFault(Exception):
    """A request without a response. `arrived` is True if the server may have the request."""

    def __init__(self, host: str, reason: str, *, arrived: bool) -> None:
        super().__init__(f"{host}: {reason}")
        self.host = host
        self.reason = reason
        self.arrived = arrived


@dataclass(frozen=True)
class HttpAnswer:
    host: str
    status: int
    headers: httpx.Headers
    body: bytes
    certificate: Mapping[str, Any] | None = None
    """The server's certificate, as `ssl.SSLSocket.getpeercert` returns it; None without TLS."""

    def json(self) -> Any:
        """Return the body as JSON. Raises ValueError."""
        return read_json(self.body)

    @property
    def server_time(self) -> datetime | None:
        return _http_date(self.headers.get("date", ""))

    @property
    def certificate_ends(self) -> datetime | None:
        """Return when the server's certificate expires; None without TLS."""
        if not self.certificate:
            return None
        seconds = ssl.cert_time_to_seconds(self.certificate["notAfter"])
        return datetime.fromtimestamp(seconds, timezone.utc)

    def retry_after(self, now: datetime) -> datetime | None:
        """Return the time that `Retry-After` (seconds or a date) names, at most two days ahead."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            seconds = min(int(text[:12]), int(_RETRY_AFTER_LIMIT.total_seconds()))
            return now + timedelta(seconds=seconds)
        named = _http_date(text)
        if named is None:
            return None
        # Measured against the server's clock, because ours may be wrong.
        ahead = named - (self.server_time or now)
        return now + min(max(ahead, timedelta(0)), _RETRY_AFTER_LIMIT)

    def describe(self) -> str:
        """Return a few words that describe an unexpected response."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        what = "a web page" if "html" in kind or self.body.lstrip()[:1] == b"<" else "other data"
        return f"HTTP status {self.status} with {what if self.body else 'an empty body'}"


def tls_context(*, trust_env: bool = True) -> ssl.SSLContext:
    """Return a standard TLS context that ignores SSLKEYLOGFILE, the log of session keys."""
    context = httpx.create_ssl_context(trust_env=trust_env)
    context.keylog_filename = None  # type: ignore[assignment] # None ends it
    return context


class Http:
    """A client for one service. It does not follow redirects, because they lead to another host."""

    def __init__(self, base_url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self.host = clean(short_host(_host_of(base_url), _HOST_SHOWN))
        # A proxy from the environment applies to remote hosts, never to this machine.
        self._client = httpx.AsyncClient(
            verify=True if transport else tls_context(trust_env=not _loopback(base_url)),
            transport=transport,
            trust_env=not _loopback(base_url),
            follow_redirects=False,
            headers={"user-agent": "peaq-onboard", "accept-encoding": "identity"},
        )

    async def request(
        self, method: str, path: str = "", *, body: Any = None, timeout: float = 30.0
    ) -> HttpAnswer:
        """Exchange one request and response within `timeout` seconds in total. Raises HttpFault."""
        try:
            return await asyncio.wait_for(self._exchange(method, path, body, timeout), timeout)
        except (asyncio.TimeoutError, httpx.TimeoutException) as error:
            arrived = not isinstance(error, (httpx.ConnectTimeout, httpx.PoolTimeout))
            reason = f"no answer within {timeout:.0f} s"
            raise HttpFault(self.host, reason, arrived=arrived) from error
        except httpx.ConnectError as error:
            raise HttpFault(self.host, _connect_reason(error), arrived=False) from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError) as error:
            raise HttpFault(self.host, "the URL is not valid", arrived=False) from error
        except httpx.HTTPError as error:
            raise HttpFault(self.host, "the connection was closed", arrived=True) from error

    async def _exchange(self, method: str, path: str, body: Any, timeout: float) -> HttpAnswer:
        content = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"content-type": "application/json"}
        async with self._client.stream(
            method, self.base_url + path, content=content, headers=headers, timeout=timeout
        ) as response:
            encoding = response.headers.get("content-encoding", "").strip().lower()
            if encoding not in ("", "identity"):
                # Never accept compression: a few kilobytes can expand to gigabytes of memory.
                reason = (
                    f"the answer is compressed ({clean(encoding, 30)}), although the "
                    "wizard asked for plain text"
                )
                raise HttpFault(self.host, reason, arrived=True)
            certificate = _certificate(response)  # while the connection is still open
            received = bytearray()
            # Raw bytes, because `aiter_bytes` would decompress them.
            async for chunk in cast(httpx.AsyncByteStream, response.stream):
                received += chunk
                if len(received) > SIZE_LIMIT:
                    raise HttpFault(self.host, "the answer is too long", arrived=True)
            return HttpAnswer(
                self.host, response.status_code, response.headers, bytes(received), certificate
            )

    async def close(self) -> None:
        await self._client.aclose()


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).netloc or url
    except ValueError:  # the settings have reported it; here it must only not fail
        return url


def _loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _certificate(response: httpx.Response) -> Mapping[str, Any] | None:
    stream = response.extensions.get("network_stream")  # only real connections have one
    tls = stream.get_extra_info("ssl_object") if stream else None
    with contextlib.suppress(ValueError):  # the server has closed the connection already
        return tls.getpeercert() if tls else None
    return None


def cause_of(error: BaseException | None, kind: type[_Error]) -> _Error | None:
    """Return the first error of type `kind` among `error` and its causes."""
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error


def _connect_reason(error: httpx.ConnectError) -> str:
    if cause_of(error, ssl.SSLCertVerificationError):
        return "its certificate is not valid (check this machine's clock)"
    if cause_of(error, ssl.SSLError):
        return "no secure connection"
    if cause_of(error, ConnectionRefusedError):
        return "it refused the connection"
    text = str(error).lower()
    if "name" in text or "getaddrinfo" in text or "nodename" in text:
        return "unknown host name (is this machine online?)"
    if "refused" in text:
        return "it refused the connection"
    if "certificate" in text:
        return "its certificate is not valid (check this machine's clock)"
    return "no connection"


def _http_date(text: str) -> datetime | None:
    """Return the time of an HTTP date in UTC; None for an implausible one, because arithmetic with
    a date of the year 9999 overflows.
    """
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        moment = moment.astimezone(timezone.utc)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.year in _YEARS else None
