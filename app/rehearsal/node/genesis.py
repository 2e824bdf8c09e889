"""What the rehearsal network starts from: addresses, accounts, contracts.

Everything here is fixed, so that a stored network can be replayed to the same hashes.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any

# eth-tester's chain id: no real network has it, so nothing signed here is valid elsewhere.
CHAIN_ID = 131277322940537

# The mainnet addresses, so that a rehearsal exercises the very same configuration.
CONTRACTS: dict[str, str] = {
    "IdentityRegistry": "0xb53Af985765031936311273599389b5B68aC9956",
    "IdentityStaking": "0x11c05A650704136786253e8685f56879A202b1C7",
    "EventRegistry": "0x43c6AF2E14dc1327dc3cc6c7117D1CD72fffEcbA",
    "MachineNFT": "0x2943F80e9DdB11B9Dd275499C661Df78F5F691F9",
    "DidRegistry": "0x0000000000000000000000000000000000000800",
}
BATCH_PRECOMPILE = "0x0000000000000000000000000000000000000805"

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
# Constant until a test changes it: what a rehearsal shows as gas should not drift with the
# number of empty blocks. About what makes onboarding cost a hundredth of a PEAQ.
BASE_FEE = 10 * 10**9

# Frontier chains put this at precompile addresses (PUSH1 0 PUSH1 0 REVERT), so that a
# contract that looks for code before a call finds some.
PRECOMPILE_MARK = bytes.fromhex("60006000fd")


def account_key(role: str) -> bytes:
    """The private key of a rehearsal account. Public knowledge: worthless outside."""
    return hashlib.sha256(b"peaq-onboard rehearsal " + role.encode()).digest()


# "faucet" pays for the Gas Station, "owner" is the pretend owner's wallet, "giver" pays what
# tests and the pretend owner send by hand, "admin" may change the contracts.
ROLES: dict[str, int] = {
    "faucet": 1_000_000 * ETHER,
    "owner": 10_000 * ETHER,
    "giver": 1_000_000 * ETHER,
    "admin": 1_000_000 * ETHER,
}


@cache
def artifact(name: str) -> dict[str, Any]:
    """A compiled contract: `abi` and `runtime` (hex), from the package's data."""
    text = (files("app.rehearsal") / "contracts" / f"{name}.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
