"""The MCR API tells what the chain knows."""

from __future__ import annotations

import pytest

from tests.app.rehearsal.client import (
    ADD,
    BATCH,
    DID,
    MACHINE,
    OTHER,
    REGISTRY,
    batch,
    calldata,
)

ABSENT = {"detail": "Machine not registered"}


def get(client, path: str):
    response = client.http.get(f"{client.network.mcr_url}/{path}")
    return response.status_code, response.json()


def test_a_fresh_machine_is_provisioned_by_did_address_and_id(rich):
    rich.register()
    machine_id = rich.call(REGISTRY, "machineIdOfOwner(address)", MACHINE.address)
    by_address = get(rich, f"machine/{MACHINE.address.lower()}")
    assert by_address == get(rich, f"machine/did:peaq:{MACHINE.address}")
    assert by_address == get(rich, f"machines/{machine_id}")
    status, card = by_address
    assert status == 200
    assert card["peaqos"]["machine_id"] == machine_id
    assert card["peaqos"]["did"] == f"did:peaq:{MACHINE.address}"
    assert card["peaqos"]["mcr"] == "Provisioned"
    assert card["peaqos"]["bond_status"] == "bonded"
    assert card["peaqos"]["documentation_url"] is None


def test_the_rating_is_that_of_the_card(rich):
    assert get(rich, f"mcr/did:peaq:{MACHINE.address}") == (404, ABSENT)
    rich.register()
    status, rating = get(rich, f"mcr/did:peaq:{MACHINE.address}")
    card = get(rich, f"machine/{MACHINE.address}")[1]["peaqos"]
    assert status == 200
    assert {name: card[name] for name in rating if name in card}.items() <= rating.items()
    assert rating["machine_id"] == card["machine_id"]
    assert rating["mcr_degraded"] is False


def test_the_card_shows_the_did_documents_details(rich):
    rich.register()
    details = {b"documentation_url": b"https://example.com/m1", b"data_visibility": b"onchain"}
    calls = [
        (DID, 0, calldata(ADD, MACHINE.address, name, value, 0)) for name, value in details.items()
    ]
    rich.transact(BATCH, batch(*calls))
    card = get(rich, f"machine/{MACHINE.address}")[1]["peaqos"]
    assert card["documentation_url"] == "https://example.com/m1"
    assert card["data_visibility"] == "onchain"
    assert card["operator"] is None


@pytest.mark.parametrize(
    "path",
    [
        f"machine/{OTHER.address}",
        "machine/did:peaq:0x12",
        "machine/nonsense",
        "machines/1",
        "machines/x",
        "machines/99999999999999999999",
    ],
)
def test_what_is_not_registered_is_not_found(client, path):
    assert get(client, path) == (404, ABSENT)
