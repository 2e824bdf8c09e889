"""The rehearsal network over HTTP, with the faults of that level."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from email.utils import format_datetime
from urllib.parse import urlsplit

from aiohttp import web

from app.rehearsal.api.rpc import Rpc
from app.rehearsal.faults import FaultBook
from app.rehearsal.payloads import Refusal
from app.rehearsal.services.gas_station import Answer, GasStation, refusal_answer
from app.rehearsal.services.mcr import HOMED_ELSEWHERE, MOST_MACHINES, Mcr
from app.rehearsal.services.qr_images import QrImages
from core.text import read_json

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PORTAL = "<!doctype html><title>Welcome</title><p>Sign in to use this network."
UNAVAILABLE = "<!doctype html><title>503</title><h1>Service Temporarily Unavailable</h1>"
MAX_BODY_BYTES = 4 * 1024**2


class Server:
    """The routes under /rpc, /gas-station and /mcr."""

    def __init__(
        self,
        *,
        rpc: Rpc,
        gas_station: GasStation,
        images: QrImages,
        mcr: Mcr,
        faults: FaultBook,
        counter: Counter[str],
        now: Callable[[], datetime],
    ) -> None:
        self._rpc = rpc
        self._gas_station = gas_station
        self._images = images
        self._mcr = mcr
        self._faults = faults
        self._counter = counter
        self._now = now

    def application(self) -> web.Application:
        """Return the aiohttp application."""
        application = web.Application(
            middlewares=[_guard, self._observe], client_max_size=MAX_BODY_BYTES
        )
        application.router.add_post("/rpc", self._answer_rpc)
        for call in ("2fa/setup", "2fa/confirm", "faucet/fund"):
            application.router.add_post(f"/gas-station/{call}", self._answer_gas_station)
        application.router.add_get("/gas-station/qr/{name}", self._answer_qr)
        application.router.add_get("/mcr/machine/{account}", self._answer_account)
        application.router.add_get("/mcr/mcr/{account}", self._answer_rating)
        application.router.add_get("/mcr/machines/{machine_id}", self._answer_machine)
        application.router.add_get("/mcr/operator/{account}/machines", self._answer_operator)
        return application

    @web.middleware
    async def _observe(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count the request, apply HTTP faults, and date the response."""
        # Closing a connection with unread bytes resets it, which clients report differently, so
        # read everything first.
        await request.read()
        resource = request.match_info.route.resource
        path = resource.canonical if resource else request.path
        self._counter[f"{request.method} {path}"] += 1
        if request.path.startswith("/mcr") and self._faults.take("mcr-silent"):
            await asyncio.Event().wait()  # until the client gives up or the network stops
        response = self._fault(request) or await handler(request)
        # The network's own clock, which tests move: clients compare theirs with this header.
        date = self._now().astimezone(timezone.utc)
        response.headers["Date"] = format_datetime(date, usegmt=True)
        return response

    def _fault(self, request: web.Request) -> web.Response | None:
        if request.path.startswith("/rpc"):
            if self._faults.take("rpc-down"):
                return _hang_up(request)
            if self._faults.take("rpc-html"):
                return web.Response(text=PORTAL, content_type="text/html")
        elif request.path.startswith("/gas-station"):
            if self._faults.take("gas-station-down"):
                return web.Response(status=503, text=UNAVAILABLE, content_type="text/html")
            if self._faults.take("gas-station-html"):
                return web.Response(text=PORTAL, content_type="text/html")
        elif request.path.startswith("/mcr"):
            if self._faults.take("mcr-down"):
                return web.json_response({"detail": "Service unavailable"}, status=503)
            if self._faults.take("mcr-conflict"):
                return web.json_response(HOMED_ELSEWHERE, status=409)
        return None

    async def _answer_rpc(self, request: web.Request) -> web.Response:
        answer = self._rpc.answer(await request.read())
        return web.Response(status=204) if answer is None else web.json_response(answer)

    async def _answer_gas_station(self, request: web.Request) -> web.Response:
        try:
            payload = read_json(await request.read())
        except ValueError:
            refused = Refusal("INVALID_PAYLOAD", "The body must be JSON")
            return _gas_station_response(request, refusal_answer(refused))
        call = request.path.removeprefix("/gas-station/")
        return _gas_station_response(request, self._gas_station.answer(call, payload))

    async def _answer_qr(self, request: web.Request) -> web.Response:
        image = self._images.image(request.match_info["name"], at=self._now().timestamp())
        if image is None:
            missing = Refusal("NOT_FOUND", "This QR code has expired")
            return _gas_station_response(request, refusal_answer(missing))
        content, content_type = image
        return web.Response(body=content, content_type=content_type)

    async def _answer_account(self, request: web.Request) -> web.Response:
        status, body = self._mcr.machine(request.match_info["account"])
        return web.json_response(body, status=status)

    async def _answer_rating(self, request: web.Request) -> web.Response:
        status, body = self._mcr.rating(request.match_info["account"])
        return web.json_response(body, status=status)

    async def _answer_machine(self, request: web.Request) -> web.Response:
        status, body = self._mcr.by_machine_id(request.match_info["machine_id"])
        return web.json_response(body, status=status)

    async def _answer_operator(self, request: web.Request) -> web.Response:
        status, body = self._mcr.operated_by(
            request.match_info["account"],
            _number(request, "offset", 0),
            min(_number(request, "limit", MOST_MACHINES), MOST_MACHINES),
        )
        return web.json_response(body, status=status)


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests that a page in a local browser could send.

    The Host header reveals a foreign name that resolves to loopback. A page can post anything but
    JSON without a preflight request.
    """
    if not _loopback(request.headers.get("Host", "")):
        text = "The rehearsal network answers only to localhost, 127.0.0.1 and [::1]."
        return web.json_response({"error": text}, status=403)
    if request.method == "POST" and request.content_type != "application/json":
        text = "Send the header Content-Type: application/json."
        return web.json_response({"error": text}, status=415)
    return await handler(request)


def _loopback(host: str) -> bool:
    """Return whether the Host header names this machine. A tunnel may use another port."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _gas_station_response(request: web.Request, answer: Answer) -> web.Response:
    if answer.dropped:
        return _hang_up(request)
    return web.json_response(answer.body, status=answer.status, headers=answer.headers)


def _number(request: web.Request, name: str, default: int) -> int:
    """Return a query parameter; the default if it is not a number."""
    text = request.query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _hang_up(request: web.Request) -> web.Response:
    """Drop the connection; the returned value reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
