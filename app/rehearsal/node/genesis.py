"""Initial state of the rehearsal network: addresses, accounts, contracts.

Everything here is fixed, so that a stored network replays to the same hashes.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any

# eth-tester's chain id: no real network has it, so nothing signed here is valid elsewhere.
CHAIN_ID = 131277322940537

# The mainnet addresses, so that a rehearsal tests the real configuration.
CONTRACTS: dict[str, str] = {
    "IdentityRegistry": "0xb53Af985765031936311273599389b5B68aC9956",
    "IdentityStaking": "0x11c05A650704136786253e8685f56879A202b1C7",
    "EventRegistry": "0x43c6AF2E14dc1327dc3cc6c7117D1CD72fffEcbA",
    "MachineNFT": "0x2943F80e9DdB11B9Dd275499C661Df78F5F691F9",
    "DidRegistry": "0x0000000000000000000000000000000000000800",
}
BATCH_PRECOMPILE = "0x0000000000000000000000000000000000000805"

# The other protocol, on the same chain, also at its mainnet addresses (deployment peaq-mainnet).
DEPLOYMENT_ID = "rehearsal"
ACTIVATION_CONTRACTS: dict[str, str] = {
    "InfoDesk": "0x6C7426ada37212D94477Ac4CFcA43A38177D6A82",
    "MachineRegistry": "0x64b93Cc29b251fAFa83BD110cDB1C24207f85536",
    "MachineStateAndSync": "0xcD1917FB2a56459AcA34FDD118e08776dE0890f2",
    "MachineSubscription": "0x9e37AD189c334C92e6B8a812Ca4c02f35Ac43895",
    "CrossChainMirror": "0x71DCB313977d6884212395505f081a2991Bfe8E5",
    "MachineBridgeAdapter": "0x791087c35484b567c53f392a624d2e4BaDcC53DF",
    "SubscriptionTokenProvisionPool": "0x7088Cf400081428a41a4287B75AC633071c0e92A",
}
ERC20_PRECOMPILE = "0x0000000000000000000000000000000000000809"
PRECOMPILES = (BATCH_PRECOMPILE, ERC20_PRECOMPILE)

ADDRESS_VARIABLES: dict[str, str] = {
    "IDENTITY_REGISTRY_ADDRESS": CONTRACTS["IdentityRegistry"],
    "IDENTITY_STAKING_ADDRESS": CONTRACTS["IdentityStaking"],
    "EVENT_REGISTRY_ADDRESS": CONTRACTS["EventRegistry"],
    "MACHINE_NFT_ADDRESS": CONTRACTS["MachineNFT"],
    "DID_REGISTRY_ADDRESS": CONTRACTS["DidRegistry"],
    "BATCH_PRECOMPILE_ADDRESS": BATCH_PRECOMPILE,
}

ETHER = 10**18
GENESIS_TIMESTAMP = 1_735_689_600  # 2025-01-01T00:00:00Z
BLOCK_GAS_LIMIT = 30_000_000
# Constant until a test changes it, so that gas prices in a rehearsal do not drift with the number
# of empty blocks. At this value, onboarding costs about a hundredth of a PEAQ.
BASE_FEE = 10 * 10**9

# Frontier chains place this at precompile addresses (PUSH1 0 PUSH1 0 REVERT), for contracts that
# check for code before a call.
PRECOMPILE_MARK = bytes.fromhex("60006000fd")


def account_key(role: str) -> bytes:
    """Return the private key of a rehearsal account. Publicly known, so worthless elsewhere."""
    return hashlib.sha256(b"peaq-onboard rehearsal " + role.encode()).digest()


# "faucet" pays for the Gas Station, "owner" is the simulated owner's wallet, "giver" makes the
# manual payments of tests and of the simulated owner, "admin" may change the contracts, and
# "stranger" is faster than the machine if a fault demands it.
ROLES: dict[str, int] = {
    "faucet": 1_000_000 * ETHER,
    "owner": 10_000 * ETHER,
    "giver": 1_000_000 * ETHER,
    "admin": 1_000_000 * ETHER,
    "stranger": 1_000_000 * ETHER,
}


@cache
def artifact(name: str) -> dict[str, Any]:
    """Return a compiled contract: `abi` and `runtime` (hex), from the package's data."""
    text = (files("app.rehearsal") / "contracts" / f"{name}.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
