"""One exchange is bounded in time and size, and each fault says whether the request arrived."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone

import httpx
import pytest

from core.http import SIZE_LIMIT, Http, HttpAnswer, HttpFault
from tests.support.transports import Queue, answering

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
URL = "https://service.example/base/"


@pytest.mark.parametrize(
    ("error", "arrived", "words"),
    [
        (httpx.ConnectTimeout(""), False, "no answer within 30 s"),
        (httpx.PoolTimeout(""), False, "no answer within 30 s"),
        (httpx.ReadTimeout(""), True, "no answer within 30 s"),
        (httpx.WriteTimeout(""), True, "no answer within 30 s"),
        (
            httpx.ConnectError("[Errno -2] Name or service not known"),
            False,
            "unknown host name",
        ),
        (httpx.ConnectError("[Errno 111] Connection refused"), False, "refused the connection"),
        (httpx.ConnectError("CERTIFICATE_VERIFY_FAILED"), False, "certificate is not valid"),
        (httpx.ConnectError("something"), False, "no connection"),
        (httpx.ReadError(""), True, "the connection was closed"),
        (httpx.RemoteProtocolError(""), True, "the connection was closed"),
        (httpx.DecodingError(""), True, "the connection was closed"),
        (httpx.UnsupportedProtocol(""), False, "the URL is not valid"),
        (httpx.InvalidURL(""), False, "the URL is not valid"),
        (UnicodeError("a malformed name"), False, "the URL is not valid"),
    ],
)
async def test_each_fault_says_whether_the_request_may_have_arrived(
    error: Exception, arrived: bool, words: str
) -> None:
    http = answering(URL, Queue(error))
    with pytest.raises(HttpFault) as fault:
        await http.request("POST", "/x", body={})
    assert fault.value.arrived is arrived
    assert words in fault.value.reason
    assert fault.value.host == "service.example"
    await http.close()


async def test_a_certificate_is_told_from_other_faults_by_its_cause() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        try:
            raise ssl.SSLCertVerificationError("expired")
        except ssl.SSLError as cause:
            raise httpx.ConnectError("") from cause

    http = answering(URL, refuse)
    with pytest.raises(HttpFault, match="clock"):
        await http.request("GET")
    await http.close()


async def test_an_answer_that_never_comes_ends_in_time() -> None:
    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError

    http = Http(URL, transport=Silent())
    with pytest.raises(HttpFault) as fault:
        await http.request("GET", timeout=0.01)
    assert fault.value.arrived
    await http.close()


class Drip(httpx.AsyncByteStream):
    """Bytes without an end, one after the other."""

    def __init__(self, chunk: bytes) -> None:
        self.chunk = chunk
        self.sent = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.sent += len(self.chunk)
            yield self.chunk
            await asyncio.sleep(0)


async def test_an_answer_that_drips_without_end_ends_in_time() -> None:
    http = answering(URL, lambda _: httpx.Response(200, stream=Drip(b"x")))
    with pytest.raises(HttpFault, match="no answer within"):
        await http.request("GET", timeout=0.05)
    await http.close()


async def test_an_answer_without_end_is_cut_off() -> None:
    drip = Drip(b"x" * 65_536)
    http = answering(URL, lambda _: httpx.Response(200, stream=drip))
    with pytest.raises(HttpFault, match="too long"):
        await http.request("GET")
    assert drip.sent <= SIZE_LIMIT + 2 * 65_536
    await http.close()


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "BR", "deflate", "\x1b[31mx"])
async def test_a_compressed_answer_is_refused_unread(encoding: str) -> None:
    drip = Drip(b"\x1f\x8b" * 100)
    headers = {"content-encoding": encoding}
    http = answering(URL, lambda _: httpx.Response(200, headers=headers, stream=drip))
    with pytest.raises(HttpFault, match="compressed") as fault:
        await http.request("POST", body={})
    assert fault.value.arrived
    assert "\x1b" not in fault.value.reason
    assert drip.sent == 0
    await http.close()


@pytest.mark.parametrize("headers", [{}, {"content-encoding": "Identity"}])
async def test_no_compression_is_asked_for(headers: dict[str, str]) -> None:
    queue = Queue(httpx.Response(200, headers=headers, content=b"{}"))
    http = answering(URL, queue)
    assert (await http.request("GET")).json() == {}
    assert queue.requests[0].headers["accept-encoding"] == "identity"
    await http.close()


async def test_a_redirect_is_an_answer_and_leads_nowhere() -> None:
    queue = Queue(httpx.Response(307, headers={"location": "https://evil.example/"}))
    http = answering(URL, queue)
    answer = await http.request("POST", "/x", body={"code": "123456"})
    assert answer.status == 307
    assert [str(request.url) for request in queue.requests] == ["https://service.example/base/x"]
    await http.close()


@pytest.mark.parametrize("url", ["", "https://[bad", "nonsense", "http://"])
async def test_an_address_that_cannot_be_used_breaks_nothing(url: str) -> None:
    http = Http(url)
    with pytest.raises(HttpFault):
        await http.request("GET")
    await http.close()


async def test_a_proxy_is_for_the_world_outside_and_never_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://proxy.example:3128")
    inside, outside = Http("http://127.0.0.1:1"), Http("https://service.example")
    assert not inside._client._mounts
    assert outside._client._mounts
    await inside.close()
    await outside.close()


def answer(body: bytes = b"", **headers: str) -> HttpAnswer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpAnswer("service.example", 429, httpx.Headers(names), body)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("30", 30),
        (" 30 ", 30),
        ("99999999999999999999999999", 2 * 86_400),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2099 12:00:00 GMT", 2 * 86_400),
        ("", None),
        ("-5", None),
        ("soon", None),
    ],
)
def test_how_long_to_wait_is_understood_and_bounded(text: str, seconds: int | None) -> None:
    moment = answer(retry_after=text).retry_after(NOW)
    assert moment == (None if seconds is None else NOW + timedelta(seconds=seconds))


def test_a_date_to_wait_for_is_measured_with_the_server_s_own_clock() -> None:
    told = answer(date="Sun, 01 Mar 2020 12:00:00 GMT", retry_after="Sun, 01 Mar 2020 12:00:45 GMT")
    assert told.retry_after(NOW) == NOW + timedelta(seconds=45)


@pytest.mark.parametrize(
    "date",
    [
        *("", "yesterday", "Sun, 99 Mar 2026 12:00:00 GMT", "5"),
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Fri, 31 Dec 99999999999999999999 23:59:59 GMT",
    ],
)
def test_a_date_that_is_none_is_none(date: str) -> None:
    assert answer(date=date).server_time is None
    assert answer(retry_after=date if date != "5" else "").retry_after(NOW) is None


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"", "", "an empty body"),
        (b"<html>", "text/plain", "a web page"),
        (b"x", "text/html; charset=utf-8", "a web page"),
        (b"{}", "application/json", "other data"),
    ],
)
def test_what_came_instead_is_said_in_words(body: bytes, kind: str, words: str) -> None:
    assert answer(body, content_type=kind).describe() == f"HTTP status 429 with {words}"


def test_json_that_is_nested_without_end_is_only_bad_json() -> None:
    """Also with the limit that web3 brings along, at which the parser would end the process."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        for body in (b"[" * 99_000, b'{"a":' * 99_000, b"\xff", b"", b"1" * 10_000):
            with pytest.raises(ValueError, match=r"."):
                answer(body).json()
        assert answer(b"[[[{}]]]").json() == [[[{}]]]
    finally:
        sys.setrecursionlimit(before)
