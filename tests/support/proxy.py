"""A line that lies: a proxy on TCP before a rehearsal network, which spoils what passes.

`plan` looks at each request and says its fate; None lets it pass. What is spoiled is spoiled on
the wire: connections are reset, answers are cut short, requests arrive later than they were asked.
"""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Asked:
    """A request on its way."""

    method: str
    path: str
    body: bytes

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Its JSON-RPC calls; none where it is no JSON-RPC."""
        if not self.path.endswith("/rpc"):
            return []
        found = json.loads(self.body)
        return found if isinstance(found, list) else [found]

    @property
    def methods(self) -> list[str]:
        return [call["method"] for call in self.calls]


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fate:
    """What becomes of a request and its answer."""

    forwarded: bool = True
    later: bool = False
    """It is kept, and arrives with `Proxy.deliver`."""
    reset: bool = False
    """The connection is reset in place of an answer."""
    cut: bool = False
    """The answer ends half-way."""
    until: threading.Event | None = None
    """The answer waits for this."""
    reply: Reply | None = None
    """Told in place of the answer."""
    ask: Callable[[Asked], bytes] | None = None
    """The body that is forwarded instead."""
    tell: Callable[[Asked, Reply], Reply] | None = None
    """The answer that is given instead."""


DROP_BEFORE = Fate(forwarded=False, reset=True)
DROP_AFTER = Fate(reset=True)
ARRIVES_LATE = Fate(forwarded=False, later=True, reset=True)
CUT = Fate(cut=True)
PORTAL = Reply(200, b"<!doctype html><title>Welcome</title>", {"Content-Type": "text/html"})


def status(number: int, *, forwarded: bool, **headers: str) -> Fate:
    """An HTTP status with a page, before or after the work was done."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    page = Reply(number, b"<h1>%d</h1>" % number, {"Content-Type": "text/html", **named})
    return Fate(forwarded=forwarded, reply=page)


def garbage(body: bytes, *, forwarded: bool = True) -> Fate:
    """A status 200 whose body is nothing that was asked for."""
    return Fate(forwarded=forwarded, reply=Reply(200, body, {"Content-Type": "application/json"}))


def rpc_results(changed: Callable[[str, list[Any], Any], Any]) -> Fate:
    """Every JSON-RPC result put through `changed(method, params, result)`; an answer to it that
    is a dict with `error` becomes an error.
    """

    def tell(asked: Asked, reply: Reply) -> Reply:
        calls = {call["id"]: call for call in asked.calls}
        answers = json.loads(reply.body)
        for answer in answers if isinstance(answers, list) else [answers]:
            call = calls.get(answer.get("id"))
            if call is None or "result" not in answer:
                continue
            result = changed(call["method"], call["params"], answer.pop("result"))
            if isinstance(result, dict) and "error" in result:
                answer.update(result)
            else:
                answer["result"] = result
        return Reply(reply.status, json.dumps(answers).encode(), reply.headers)

    return Fate(tell=tell)


def nulls() -> Fate:
    return rpc_results(lambda method, params, result: None)


def node_errors(message: str, code: int = -32603) -> Fate:
    """The work is done, and the answer is an error."""
    error = {"error": {"code": code, "message": message}}
    return rpc_results(lambda method, params, result: error)


def stale(height: int) -> Fate:
    """The whole node is as it was at `height`: a lagging one behind a load balancer."""
    then = hex(height)

    def ask(asked: Asked) -> bytes:
        calls = asked.calls
        for call in calls:
            call["params"] = [then if p in ("latest", "pending") else p for p in call["params"]]
        return json.dumps(calls if asked.body.lstrip().startswith(b"[") else calls[0]).encode()

    def older(method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_blockNumber":
            return then
        if isinstance(result, dict):
            number = result.get("blockNumber") or result.get("number")
            if isinstance(number, str) and int(number, 16) > height:
                return None
        return result

    return Fate(ask=ask, tell=rpc_results(older).tell)


class Proxy:
    """Stands before the network whose `environ` it changes; `asked` is what has passed."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream).netloc
        self.plan: Callable[[Asked], Fate | None] = lambda asked: None
        self.asked: list[Asked] = []
        self._kept: list[Asked] = []
        proxy = self

        class Handler(_Handler):
            def handle_request(self, asked: Asked) -> None:
                proxy._pass_on(self, asked)

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The variables that lead through here."""
        here = f"127.0.0.1:{self.port}"
        return {name: value.replace(self._upstream, here) for name, value in environ.items()}

    def deliver(self) -> int:
        """What was kept arrives now; nobody hears the answers. How many there were."""
        kept, self._kept = self._kept, []
        for asked in kept:
            self._forward(asked, asked.body)
        return len(kept)

    def _pass_on(self, handler: _Handler, asked: Asked) -> None:
        self.asked.append(asked)
        fate = self.plan(asked) or Fate()
        if fate.later:
            self._kept.append(asked)
        reply = fate.reply
        if fate.forwarded:
            answer = self._forward(asked, fate.ask(asked) if fate.ask else asked.body)
            if reply is None and answer is not None:
                reply = fate.tell(asked, answer) if fate.tell else answer
        if fate.until is not None:
            assert fate.until.wait(60), "nobody let the answer go"
        if fate.reset or reply is None:
            handler.reset()
        else:
            handler.reply(reply, cut=fate.cut)

    def _forward(self, asked: Asked, body: bytes) -> Reply | None:
        """What the network answers; None where it hangs up."""
        connection = http.client.HTTPConnection(self._upstream, timeout=60)
        try:
            connection.request(
                asked.method, asked.path, body or None, {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        kept = ("content-type", "date", "retry-after")
        headers = {name: value for name, value in answer.getheaders() if name.lower() in kept}
        return Reply(answer.status, content, headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def shutdown_request(self, request: Any) -> None:
        """Without the FIN that would come before a reset."""
        self.close_request(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_request(self, asked: Asked) -> None:
        raise NotImplementedError

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.handle_request(Asked(self.command, self.path, body))

    do_GET = do_POST = _handle  # noqa: N815 - so http.server calls them

    def reply(self, reply: Reply, *, cut: bool) -> None:
        lines = {"Content-Length": str(len(reply.body)), **reply.headers}
        head = [f"HTTP/1.1 {reply.status} so", *(f"{name}: {text}" for name, text in lines.items())]
        whole = "\r\n".join([*head, "", ""]).encode() + reply.body
        self.wfile.write(whole[: len(whole) - len(reply.body) // 2 - 1] if cut else whole)
        self.wfile.flush()
        if cut:
            self.close_connection = True

    def reset(self) -> None:
        """RST in place of FIN: what a broken line looks like."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Nobody reads it."""
