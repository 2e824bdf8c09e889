"""The whole way, over HTTP against the rehearsal network: what a technician would see happen."""

from __future__ import annotations

import json

from core.journal.next_action import Action, step_statuses
from core.step import Step, StepStatus
from tests.support.machine import DETAILS, Machine, check_once


async def test_a_machine_goes_from_nothing_to_a_receipt(machine: Machine) -> None:
    await machine.drive()
    check_once(machine)
    state = machine.state
    assert state.registered
    assert state.minted
    assert state.did
    assert state.did.attributes == {
        "machineId": str(state.registered.machine_id),
        "nftTokenId": str(state.minted.token_id),
        "operator": "",
        "documentation_url": DETAILS.documentation_url,
        "data_api": DETAILS.data_api,
        "data_visibility": DETAILS.data_visibility,
    }
    receipt = json.loads((machine.folder / "receipt.json").read_text())
    assert receipt["peaq_id"] == f"did:peaq:{machine.address}"
    assert receipt["mcr"] == "Provisioned"
    rail = step_statuses(state, machine.clock.now())
    assert set(rail.values()) == {StepStatus.DONE}
    assert list(state.since) == list(Step)
    assert machine.now_open.action is Action.NOTHING
