"""Networks: chain ids, endpoints, addresses and explorers (public peaqOS documentation)."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Contracts:
    """Checksummed addresses of one network, named like their environment variables."""

    identity_registry: str
    identity_staking: str
    event_registry: str
    machine_nft: str
    did_registry: str
    batch_precompile: str

    def as_dict(self) -> dict[str, str]:
        return {field.name: str(getattr(self, field.name)) for field in fields(self)}


CONTRACT_VARIABLES: dict[str, str] = {
    "IDENTITY_REGISTRY_ADDRESS": "identity_registry",
    "IDENTITY_STAKING_ADDRESS": "identity_staking",
    "EVENT_REGISTRY_ADDRESS": "event_registry",
    "MACHINE_NFT_ADDRESS": "machine_nft",
    "DID_REGISTRY_ADDRESS": "did_registry",
    "BATCH_PRECOMPILE_ADDRESS": "batch_precompile",
}

GWEI = 10**9
_DID_REGISTRY = "0x0000000000000000000000000000000000000800"
_BATCH_PRECOMPILE = "0x0000000000000000000000000000000000000805"


@dataclass(frozen=True)
class Network:
    name: str
    title: str
    chain_id: int
    token: str
    real_money: bool
    contracts: Contracts
    rpc_url: str | None
    """Default endpoint; None if the user must name one."""
    public_rpc_urls: tuple[str, ...]
    """Second opinions, used only if the endpoint in use is one of them."""
    gas_station_url: str | None
    """None if the network has no Gas Station."""
    gas_station_chain: str
    mcr_url: str | None
    explorer: str | None
    faucet_url: str | None
    block_seconds: float
    """Usual seconds between blocks; used only for polling and for estimates shown to the user."""
    max_gas_price_wei: int
    """Maximum wei per gas that the wizard ever signs: about 100 times the usual price.

    peaq and agung: the runtime of peaq-network-node takes 1000 gwei times a multiplier that falls
    to 0.1 while blocks are not full (`TransactionPaymentAsGasPrice`, `SlowAdjustingFeeUpdate`). All
    networks here have a base fee, so a node that hides it is not trusted.
    """
    block_gas_limit: int
    """Maximum gas of a block. A larger estimate is wrong, because no block could include it.

    peaq and agung: `BlockGasLimit` of peaq-network-node's runtime, 40 million gas a second, for
    two seconds, of which transactions may use three quarters.
    """
    anew: str = ""
    """A hint if the network may restart under the same chain id; empty otherwise."""

    def transaction_link(self, transaction_hash: str) -> str | None:
        return f"{self.explorer}/tx/{transaction_hash}" if self.explorer else None

    def address_link(self, address: str) -> str | None:
        return f"{self.explorer}/account/{address}" if self.explorer else None


MAINNET = Network(
    name="mainnet",
    title="peaq mainnet",
    chain_id=3338,
    token="PEAQ",
    real_money=True,
    contracts=Contracts(
        identity_registry="0xb53Af985765031936311273599389b5B68aC9956",
        identity_staking="0x11c05A650704136786253e8685f56879A202b1C7",
        event_registry="0x43c6AF2E14dc1327dc3cc6c7117D1CD72fffEcbA",
        machine_nft="0x2943F80e9DdB11B9Dd275499C661Df78F5F691F9",
        did_registry=_DID_REGISTRY,
        batch_precompile=_BATCH_PRECOMPILE,
    ),
    rpc_url="https://peaq.api.onfinality.io/public",
    public_rpc_urls=(
        "https://peaq.api.onfinality.io/public",
        "https://quicknode1.peaq.xyz",
        "https://quicknode2.peaq.xyz",
        "https://quicknode3.peaq.xyz",
        "https://peaq-rpc.publicnode.com",
    ),
    gas_station_url="https://depinstation.peaq.network",
    gas_station_chain="peaq",
    mcr_url="https://mcr.peaq.xyz",
    explorer="https://peaq.subscan.io",
    faucet_url=None,
    block_seconds=6.0,
    max_gas_price_wei=10_000 * GWEI,
    block_gas_limit=60_000_000,
)

AGUNG = Network(
    name="agung",
    title="agung testnet",
    chain_id=9990,
    token="AGNG",
    real_money=False,
    contracts=Contracts(
        identity_registry="0x9E9463a65c7B74623b3b6Cdc39F71be7274e5971",
        identity_staking="0x55f336714aDb0749DbFE33b057a1702405564E3d",
        event_registry="0x2DAD8905380993940e340C5cE6d313d5c2780040",
        machine_nft="0xB41C2A4f1c19b6B06beaAce0F5CD8439e77C4b1c",
        did_registry=_DID_REGISTRY,
        batch_precompile=_BATCH_PRECOMPILE,
    ),
    rpc_url="https://peaq-agung.api.onfinality.io/public",
    public_rpc_urls=(
        "https://peaq-agung.api.onfinality.io/public",
        "https://wss-async-agung.peaq.xyz",
    ),
    gas_station_url=None,
    gas_station_chain="peaq",
    mcr_url="https://mcr.peaq.xyz",
    explorer="https://testnet.peaqscan.xyz",
    faucet_url="https://docs.peaq.xyz/peaqchain/build/getting-started/get-test-tokens",
    block_seconds=6.0,
    max_gas_price_wei=10_000 * GWEI,
    block_gas_limit=60_000_000,
)

# eth-tester's own chain id, so that nothing signed in a rehearsal is valid on a real network.
REHEARSAL = Network(
    name="rehearsal",
    title="rehearsal",
    chain_id=131277322940537,
    token="PEAQ",
    real_money=False,
    contracts=MAINNET.contracts,
    rpc_url=None,
    public_rpc_urls=(),
    gas_station_url=None,
    gas_station_chain="peaq",
    mcr_url=None,
    explorer=None,
    faucet_url=None,
    block_seconds=2.0,
    anew="If this is a new rehearsal network, start with a new state directory (--state-dir).",
    # The rehearsal network's usual price and block time (app/rehearsal/node/genesis.py).
    max_gas_price_wei=1_000 * GWEI,
    block_gas_limit=30_000_000,
)

NETWORKS: dict[str, Network] = {network.name: network for network in (MAINNET, AGUNG, REHEARSAL)}
_ALIASES = {"peaq": "mainnet", "testnet": "agung"}


def find_network(name: str) -> Network:
    """Return the network of that name or alias. Raises ValueError with a sentence for people."""
    key = name.strip().lower()
    key = _ALIASES.get(key, key)
    if key not in NETWORKS:
        raise ValueError(f"{name!r} is not a known network. Use mainnet, agung or rehearsal.")
    return NETWORKS[key]
