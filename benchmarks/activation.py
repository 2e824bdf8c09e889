"""Activation as the official SDK (0.12.1) makes it, run by an interpreter that has it.

The SDK knows peaq's chains only. A record of its own is added for this network, the one of peaq's
mainnet with another chain id and MCR: the addresses are the same. Prints one line of JSON, which
holds an error's code where the SDK refuses.

    python activation.py activate|renew|read MACHINE_TYPE SUBJECT_HEX
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from types import MappingProxyType
from typing import Any

import peaq_os_sdk as sdk
from peaq_os_sdk import deployments

DEPLOYMENT_ID = "rehearsal"
ENDPOINTS = (
    ("#docs", "DocumentationService", "https://example.com/docs"),
    ("#data", "DataService", "https://example.com/data"),
)
"""As the wizard makes them of the machine's two URLs."""


def client() -> Any:
    """The SDK's client of the network that the environment names."""
    mainnet = deployments.DEPLOYMENTS["peaq-mainnet"]
    mcr = dataclasses.replace(mainnet.monetization, api_base=os.environ["PEAQOS_MCR_API_URL"])
    record = dataclasses.replace(mainnet, chain_id=int(os.environ["CHAIN_ID"]), monetization=mcr)
    known = {**deployments.DEPLOYMENTS, DEPLOYMENT_ID: record}
    deployments.DEPLOYMENTS = MappingProxyType(known)
    os.environ["PEAQOS_DEPLOYMENT_ID"] = DEPLOYMENT_ID
    return sdk.PeaqosClient.from_env()


def activate(peaq: Any, machine_type: str, subject: bytes) -> int:
    """Approve and activate the lowest tier. Returns the machine id."""
    made = peaq.activate_machine(
        sdk.ActivateMachineParams(
            controller=peaq.address,
            verification_methods=(),
            authentication=(),
            service_endpoints=tuple(
                sdk.ServiceEndpointInput(id=name, service_type=kind, service_endpoint=url)
                for name, kind, url in ENDPOINTS
            ),
            machine_type=machine_type,
            credential_subject=subject,
            manufacturer=peaq.address,
            tier=0,
        )
    )
    return int(made.machine_id)


def read(peaq: Any, machine_id: int) -> dict[str, Any]:
    """What the SDK finds on the chain and in the MCR API; 256-bit numbers as texts."""
    state = peaq.get_machine_activation_state(machine_id)
    did = f"did:peaq:{machine_id}"
    fleet = peaq.query_operator_machines(f"did:peaq:{peaq.address}")
    return {
        "machine_id": str(machine_id),
        "address": peaq.address,
        "owner": state.owner,
        "controller": state.controller,
        "subscription": dataclasses.asdict(state.subscription),
        "status": peaq.get_machine_subscription(machine_id).status,
        "homed": state.is_homed_locally,
        "profile": peaq.query_machine(did)["peaqos"]["did"],
        "rating": peaq.query_mcr(did)["bond_status"],
        "fleet": [str(machine["machine_id"]) for machine in fleet["machines"]],
    }


def answer(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")


def main(what: str, machine_type: str, subject: str) -> None:
    """Do one thing and tell what is found afterwards."""
    peaq = client()
    raw = bytes.fromhex(subject)
    if what == "activate":
        machine_id = activate(peaq, machine_type, raw)
    else:
        machine_id = int(peaq.compute_machine_id(machine_type, raw))
    if what == "renew":
        peaq.renew_machine(
            sdk.RenewMachineParams(
                machine_id=machine_id, payment="peaq", max_net_peaq_amount=10**18
            )
        )
    answer(read(peaq, machine_id))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except sdk.PeaqosError as error:
        answer({"error": error.code})
