"""A page in a browser on this machine cannot use the network, and no request ends it."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import httpx
import pytest

from app.rehearsal.node.genesis import CHAIN_ID
from tests.app.rehearsal.client import Client

ASKED = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []})
OWNER = "0x" + "33" * 20
SETUP = json.dumps({"ownerAddress": OWNER, "format": "svg"})


def post(
    client: Client,
    path: str = "/rpc",
    content: str = ASKED,
    *,
    host: str | None = None,
    kind: str | None = "application/json",
) -> httpx.Response:
    url = client.network.rpc_url.replace("/rpc", path)
    headers = {"host": host or urlsplit(url).netloc}
    if kind:
        headers["content-type"] = kind
    return client.http.post(url, content=content, headers=headers)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8545",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "[2001:db8::1]:8545",
        "[::1",
        "0",
    ],
)
@pytest.mark.parametrize("path", ["/rpc", "/gas-station/2fa/setup"])
def test_a_foreign_name_as_host_is_refused(client: Client, host: str, path: str) -> None:
    """DNS rebinding: the name of a page that resolves to this machine."""
    refused = post(client, path, SETUP, host=host)
    assert refused.status_code == 403
    assert "localhost" in refused.json()["error"]
    assert client.network.current_code(OWNER) is None


def test_a_foreign_host_reads_nothing_either(client: Client) -> None:
    url = f"{client.network.mcr_url}/machine/did:peaq:{OWNER}"
    assert client.http.get(url, headers={"host": "evil.example"}).status_code == 403
    assert client.http.get(url).status_code == 404


@pytest.mark.parametrize("host", ["localhost", "localhost:9", "LOCALHOST", "127.0.0.1", "[::1]:9"])
def test_every_loopback_name_and_the_port_of_a_tunnel_are_taken(client: Client, host: str) -> None:
    assert int(post(client, host=host).json()["result"], 16) == CHAIN_ID


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None]
)
@pytest.mark.parametrize("path", ["/rpc", "/gas-station/2fa/setup"])
def test_what_a_page_may_post_without_asking_is_refused(
    client: Client, kind: str | None, path: str
) -> None:
    refused = post(client, path, SETUP, kind=kind)
    assert refused.status_code == 415
    assert "application/json" in refused.json()["error"]
    assert client.network.current_code(OWNER) is None


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_with_parameters_is_taken(client: Client, kind: str) -> None:
    assert int(post(client, kind=kind).json()["result"], 16) == CHAIN_ID


@pytest.mark.parametrize("content", ["[" * 200_000, '["]",' * 100_000], ids=["plain", "strings"])
@pytest.mark.parametrize("path", ["/rpc", "/gas-station/2fa/setup"])
def test_json_nested_without_end_does_not_end_it(client: Client, path: str, content: str) -> None:
    refused = post(client, path, content)
    assert "error" in refused.json() or refused.json()["status"] == "error"
    assert int(post(client).json()["result"], 16) == CHAIN_ID
