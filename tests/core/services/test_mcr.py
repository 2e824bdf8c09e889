"""The MCR API is asked politely, and nothing depends on what it says."""

from __future__ import annotations

import httpx
import pytest

from core.errors.problem import OnboardingError
from core.services.mcr import Mcr
from tests.support.transports import Queue, answering

CARD = {"schema_version": "1.0", "peaqos": {"machine_id": 1001, "mcr": "Provisioned"}}
UNKNOWN = httpx.Response(404, json={"detail": "Machine not registered"})
ODD = [
    httpx.Response(503, json={"detail": "down"}),
    httpx.Response(429, text=""),
    httpx.Response(200, html="<html>"),
    httpx.Response(200, json=[]),
    httpx.Response(200, content=b"[" * 200_000),
    httpx.Response(302, headers={"location": "https://evil.example"}),
    httpx.ReadError(""),
    httpx.ConnectError("refused"),
]


def api(answer: httpx.Response | Exception) -> tuple[Mcr, Queue]:
    queue = Queue(answer)
    return Mcr(answering("https://mcr.example/", queue)), queue


async def test_a_machine_is_asked_for_by_its_address() -> None:
    mcr, queue = api(httpx.Response(200, json=CARD))
    assert await mcr.machine("0xAb") == CARD["peaqos"]
    assert str(queue.requests[0].url) == "https://mcr.example/machine/0xAb"
    assert queue.requests[0].method == "GET"


@pytest.mark.parametrize("answer", [UNKNOWN, httpx.Response(200, json={"peaqos": None})])
async def test_a_machine_that_is_not_indexed_yet_is_no_fault(answer: httpx.Response) -> None:
    assert await api(answer)[0].machine("0xAb") is None
    await api(answer)[0].probe()


@pytest.mark.parametrize("answer", ODD)
async def test_what_is_no_answer_is_one_kind_of_error(answer: httpx.Response | Exception) -> None:
    for call in (api(answer)[0].machine("0xAb"), api(answer)[0].probe()):
        with pytest.raises(OnboardingError) as found:
            await call
        assert found.value.problem.params["host"] == "mcr.example"
        assert found.value.problem.params["reason"]
