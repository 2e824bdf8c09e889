"""What other programs rely on: receipts and states are of the form that the documents promise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.commands.status import build_status
from core.clock import SystemClock
from core.journal.next_action import Action
from core.journal.reducer import fold
from core.receipt.document import read_receipt
from tests.support.machine import Machine
from tests.support.schema import faults

DOCS = Path(__file__).resolve().parents[1] / "docs"


def schema(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((DOCS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("way", ["gas-station", "owner", "manual", "already", "single"])
async def test_a_receipt_and_every_state_on_the_way_to_it_are_as_documented(
    machine: Machine, way: str
) -> None:
    if way == "owner":
        machine.environ["PEAQOS_PRIVATE_KEY"] = machine.network.owner_key
    machine.single = way == "single"
    machine.way = way if way in ("owner", "manual") else None
    if way == "gas-station":
        for fault in ("rate-limited", "invalid-code", "transfer-failed"):
            machine.network.fault(fault, 1)
    if way == "already":
        await machine.drive(until=Action.BACK_UP_KEYPAIR)
        machine.network.send(machine.address, 2 * 10**18)
    await machine.drive_stubbornly()
    receipt = read_receipt(machine.folder)
    assert receipt is not None
    assert receipt["funding"]["way"] == ("gas-station" if way == "single" else way)
    assert machine.single == any(row["purpose"] == "single" for row in receipt["transactions"])
    assert list(faults(receipt, schema("receipt"))) == []

    records = machine.records
    for count in range(len(records) + 1):
        status = build_status(
            fold(records[:count]), machine.settings(), str(machine.folder), SystemClock()
        )
        assert list(faults(status, schema("status"))) == [], f"after {count} records"


@pytest.mark.parametrize("name", ["doctor", "receipt", "status", "error"])
def test_every_field_says_what_it_means(name: str) -> None:
    def look(part: dict[str, Any]) -> None:
        for field, below in part.get("properties", {}).items():
            assert below.get("description"), field
            look(below)
            look(below.get("items", {}))

    look(schema(name))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bond_wei": 10**18}, "is not string"),
        ({"bond_wei": "1.0"}, "does not match"),
        ({"backup": "perhaps"}, "is none of"),
        ({"machine_id": True}, "is not integer"),
        ({"machine_id": -1}, "is too small"),
        ({"schema_version": 2}, "is not 1"),
        ({"surprise": 1}, "surprise is not documented"),
        ({"transactions": [{}]}, "purpose is missing"),
    ],
)
async def test_what_is_not_as_documented_is_noticed(
    machine: Machine, change: dict[str, Any], said: str
) -> None:
    await machine.drive()
    receipt = read_receipt(machine.folder)
    assert receipt is not None
    assert any(said in found for found in faults(receipt | change, schema("receipt")))
