"""Check the hosts that an onboarding contacts: name, connection and certificate."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

from core.clock import Clock
from core.errors.problem import Problem, problem
from core.http import Http, HttpFault, cause_of
from core.preflight.check import CheckResult, Status, of_problem, passed

PATIENCE = 6.0
"""Seconds for name resolution, connection, handshake and response together."""
_ENDS_SOON = 14
"""Days. Working renewal replaces a certificate earlier than that."""


def origin(url: str) -> str:
    """Return scheme, host and port of a URL that the settings have accepted."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def check_host(
    url: str, clock: Clock, connect: Callable[[str], Http], *, needed: bool
) -> CheckResult:
    """Request the headers of `url`, an origin; any response passes.

    A proxy from the environment applies as to every other request. A host that is not `needed`
    gives a warning instead of a failure.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    key = f"host:{host}:{port}"
    if not secure:  # the settings accept http for this machine only
        return passed(key, f"{host}: this machine itself")
    http = connect(url)
    try:
        answer = await http.request("HEAD", "/", timeout=PATIENCE)
    except HttpFault as error:
        if error.__cause__ is None:  # a response arrived, in a form that no service may use
            return passed(key, f"{host}: answers")
        status = Status.FAILED if needed else Status.WARNING
        return of_problem(key, _problem(error, port, clock), status)
    finally:
        await http.close()
    if answer.certificate_ends is None:
        return passed(key, f"{host}: answers")
    days = (answer.certificate_ends - clock.now()).days
    if days < _ENDS_SOON:
        found = problem("HOST_CERTIFICATE_ENDS", host=host, days=days)
        return of_problem(key, found, Status.WARNING)
    return passed(key, f"{host}: certificate valid for {days} days")


def _problem(error: HttpFault, port: int, clock: Clock) -> Problem:
    certificate = cause_of(error, ssl.SSLCertVerificationError)
    if certificate:
        # A clock that is far off makes every certificate look invalid.
        now = f"{clock.now():%Y-%m-%d %H:%M} UTC"
        reason = certificate.verify_message
        return problem("HOST_CERTIFICATE", host=error.host, reason=reason, now=now)
    if cause_of(error, socket.gaierror) or cause_of(error, UnicodeError):
        return problem("HOST_UNKNOWN", host=error.host)
    return problem("HOST_UNREACHABLE", host=error.host, port=port, reason=error.reason)
