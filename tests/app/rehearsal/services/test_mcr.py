"""The MCR API tells what the chain knows."""

from __future__ import annotations

import pytest

from tests.app.rehearsal.activation import GRACE, PERIOD, RUNOFF, SENSOR, SYNC, activate, pay
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


# Activated machines


ACTIVATED = f"did:peaq:{SENSOR.machine_id}"


def test_an_activated_machine_is_found_by_its_decimal_did_only(rich):
    """Ids are strings: no JSON number holds 256 bits everywhere."""
    activate(rich)
    status, found = get(rich, f"machine/{ACTIVATED}")
    known = found["peaqos"]
    assert status == 200
    assert known["machine_id"] == str(SENSOR.machine_id)
    assert known["did"] == ACTIVATED
    assert known["operator"] == MACHINE.address
    assert (known["mcr"], known["bond_status"]) == ("Provisioned", "bonded")
    assert known["documentation_url"] == "https://example.com/docs"
    assert known["data_api"] == "https://example.com/events"
    for other in (MACHINE.address, f"did:peaq:{MACHINE.address}", str(SENSOR.machine_id)):
        assert get(rich, f"machine/{other}") == (404, ABSENT)
    assert get(rich, f"machines/{SENSOR.machine_id}") == (404, ABSENT)


def test_an_activated_machine_has_a_rating_from_0_to_100(rich):
    assert get(rich, f"mcr/{ACTIVATED}") == (404, ABSENT)
    activate(rich)
    status, rating = get(rich, f"mcr/{ACTIVATED}")
    assert status == 200
    assert (rating["machine_id"], rating["did"]) == (str(SENSOR.machine_id), ACTIVATED)
    assert rating["mcr_score"] == 0


def test_a_bond_lasts_as_long_as_the_subscription(rich, clock):
    activate(rich, SENSOR.but(endpoints=()))
    read = []
    for seconds in (PERIOD + GRACE + RUNOFF - 60, 120):
        clock.forward(seconds)
        rich.network.mine()
        read.append(get(rich, f"machine/{ACTIVATED}")[1]["peaqos"]["bond_status"])
    assert read == ["bonded", "unbonded"]
    assert get(rich, f"machine/{ACTIVATED}")[1]["peaqos"]["documentation_url"] is None


def test_texts_of_another_encoding_are_shown_as_well_as_they_can_be(rich):
    """The contract stores any bytes, and simulating them disturbs nothing."""
    odd = SENSOR.data.replace(b"https://example.com/docs", b"https://ex\xff\xfeple.com/docs")
    pay(rich)
    assert rich.transact(SYNC, odd)["status"] == "0x1"
    url = get(rich, f"machine/{ACTIVATED}")[1]["peaqos"]["documentation_url"]
    assert url == "https://ex\ufffd\ufffdple.com/docs"


def test_an_operator_has_a_list_of_activated_machines(rich):
    rich.register()
    identities = [SENSOR, SENSOR.but(subject=b"two"), SENSOR.but(subject=b"three")]
    for identity in identities:
        activate(rich, identity)
    ids = [str(identity.machine_id) for identity in identities]
    operator = f"did:peaq:{MACHINE.address}"
    status, body = get(rich, f"operator/{operator}/machines")
    assert status == 200
    assert body["operator_did"] == operator
    assert [one["machine_id"] for one in body["machines"]] == ids
    assert all(one["did"] == f"did:peaq:{one['machine_id']}" for one in body["machines"])
    assert body["pagination"] == {"offset": 0, "limit": 100, "total": 3}
    _, page = get(rich, f"operator/{operator}/machines?offset=1&limit=1")
    assert [one["machine_id"] for one in page["machines"]] == [ids[1]]
    assert page["pagination"] == {"offset": 1, "limit": 1, "total": 3}
    _, odd = get(rich, f"operator/{operator}/machines?offset=-1&limit=x")
    assert [one["machine_id"] for one in odd["machines"]] == ids
    _, nothing = get(rich, f"operator/did:peaq:{OTHER.address}/machines")
    assert (nothing["machines"], nothing["pagination"]["total"]) == ([], 0)


@pytest.mark.parametrize(
    "path",
    [
        "machine/did:peaq:007",
        f"machine/did:peaq:{2**256}",
        f"mcr/did:peaq:{'9' * 6000}",
        f"operator/{MACHINE.address}/machines",
        "operator/did:peaq:12/machines",
    ],
)
def test_a_did_that_is_none_is_a_bad_request(client, path):
    status, body = get(client, path)
    assert status == 400
    assert body["detail"]["message"]


def test_the_largest_machine_id_is_merely_absent(client):
    assert get(client, f"machine/did:peaq:{2**256 - 1}") == (404, ABSENT)
