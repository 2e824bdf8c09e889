"""The guide's own Python flow through the official SDK, as it stands there.

Runs with the SDK's interpreter, apart from the rest of the project: it reads the variables of the
environment (`peaq-onboard devnet` prints them), and writes one line of JSON.

    guide.py onboard            a new machine, from its key to its DID
    guide.py read ADDRESS       what the SDK reads of a machine
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import pyotp
from peaq_os_sdk import PeaqosClient

ATTRIBUTES = (
    "machineId",
    "nftTokenId",
    "operator",
    "documentation_url",
    "data_api",
    "data_visibility",
)


def new_client() -> tuple[PeaqosClient, str]:
    _, private_key = PeaqosClient.generate_keypair()
    os.environ["PEAQOS_PRIVATE_KEY"] = private_key
    return PeaqosClient.from_env(), private_key


def onboard() -> dict[str, Any]:
    client, private_key = new_client()
    station = os.environ["PEAQOS_GAS_STATION_URL"]
    setup = client.setup_faucet_2fa(owner_address=client.address, faucet_base_url=station)
    phone = pyotp.parse_uri(setup["otpauth_uri"])
    assert isinstance(phone, pyotp.TOTP)
    client.confirm_faucet_2fa(
        owner_address=client.address, faucet_base_url=station, two_factor_code=phone.now()
    )
    funded = client.fund_from_gas_station(
        owner_address=client.address,
        target_wallet_address=client.address,
        chain_id="peaq",
        # Funding wants a fresh code: that of the next half minute is good already.
        two_factor_code=phone.at(time.time() + 30),
        faucet_base_url=station,
    )
    while client.web3.eth.get_balance(client.address) == 0:
        time.sleep(0.5)
    signing = time.time()
    machine_id = client.register_machine()
    client.mint_nft(machine_id=machine_id, recipient=client.address)
    token_id = client.token_id_of(machine_id)
    client.write_machine_did_attributes(
        machine_id=machine_id,
        nft_token_id=token_id,
        operator_did="",
        documentation_url=os.environ["MACHINE_DOCUMENTATION_URL"],
        data_api=os.environ["MACHINE_DATA_API"],
        data_visibility="public",
    )
    return {
        "address": client.address,
        "private_key": private_key,
        "funding": funded["status"],
        "machine_id": machine_id,
        "token_id": token_id,
        "signing": signing,
        "written": time.time(),
    }


def read(address: str) -> dict[str, Any]:
    client, _ = new_client()
    did = f"did:peaq:{address}"
    machine_id = client.identity_registry.functions.machineIdOfOwner(address).call()
    attributes = {}
    for name in ATTRIBUTES:
        found = client.did_precompile.functions.readAttribute(address, name.encode()).call()
        attributes[name] = found[1].decode()
    return {
        "machine_id": machine_id,
        "token_id": client.token_id_of(machine_id),
        "attributes": attributes,
        "profile": client.query_machine(did),
        "rating": client.query_mcr(did),
    }


if __name__ == "__main__":
    answer = onboard() if sys.argv[1] == "onboard" else read(sys.argv[2])
    sys.stdout.write(json.dumps(answer) + "\n")
