"""The activation contracts of each network, pinned in this release; nothing is fetched at run time.

Source of the addresses: peaq-os-sdk 0.12.1 (`peaq_os_sdk/deployments`). Every peer is compared with
the record on the chain before each write; InfoDesk, which names the peers, is the trust anchor.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields

from core.config.networks import AGUNG, MAINNET, REHEARSAL, Network
from core.errors.problem import fault

_SDK = "peaq-os-sdk 0.12.1"
PEAQ_TOKEN = "0x0000000000000000000000000000000000000809"
"""The ERC-20 interface of the native coin, a precompile; InfoDesk must name the same address."""


@dataclass(frozen=True)
class ActivationContracts:
    """The seven contracts of one deployment, as checksummed addresses."""

    info_desk: str
    machine_registry: str
    machine_state_and_sync: str
    machine_subscription: str
    cross_chain_mirror: str
    machine_bridge_adapter: str
    subscription_token_provision_pool: str

    def as_dict(self) -> dict[str, str]:
        return {field.name: str(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True)
class Deployment:
    """One set of activation contracts, as pinned in this release."""

    id: str
    network: str
    """Name of the network (`core.config.networks`)."""
    chain_id: int
    first_block: int
    """The first block that has the contracts."""
    contracts: ActivationContracts
    token: str
    event_registry: str | None
    """It has no peer role; None if the source records none."""
    mcr_url: str | None
    source: str
    """Origin of the record."""

    @property
    def digest(self) -> str:
        """Return SHA-256 of the record as JSON with sorted keys, no spaces and no `source`."""
        import hashlib  # importing it loads OpenSSL, which would delay the first screen

        body = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("contracts", "source")
        }
        body["contracts"] = self.contracts.as_dict()
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    @property
    def provenance(self) -> str:
        """Return one line for people: the record, its origin and its digest."""
        return f"{self.id}, from {self.source}, SHA-256 {self.digest[:16]}"


_MAINNET_CONTRACTS = ActivationContracts(
    info_desk="0x6C7426ada37212D94477Ac4CFcA43A38177D6A82",
    machine_registry="0x64b93Cc29b251fAFa83BD110cDB1C24207f85536",
    machine_state_and_sync="0xcD1917FB2a56459AcA34FDD118e08776dE0890f2",
    machine_subscription="0x9e37AD189c334C92e6B8a812Ca4c02f35Ac43895",
    cross_chain_mirror="0x71DCB313977d6884212395505f081a2991Bfe8E5",
    machine_bridge_adapter="0x791087c35484b567c53f392a624d2e4BaDcC53DF",
    subscription_token_provision_pool="0x7088Cf400081428a41a4287B75AC633071c0e92A",
)
_MAINNET_EVENTS = "0xA1e7F1d7B24dAb55Dc92491e6d9B89F6E925Ad1e"

PEAQ_MAINNET = Deployment(
    id="peaq-mainnet",
    network=MAINNET.name,
    chain_id=MAINNET.chain_id,
    first_block=11_446_416,
    contracts=_MAINNET_CONTRACTS,
    token=PEAQ_TOKEN,
    event_registry=_MAINNET_EVENTS,
    mcr_url="https://mcr.peaq.xyz",
    source=_SDK,
)

AGUNG_2026_08_28 = Deployment(
    id="agung-2026-08-28",
    network=AGUNG.name,
    chain_id=AGUNG.chain_id,
    first_block=10_490_372,
    contracts=ActivationContracts(
        info_desk="0x72b66AF120c55371cA6e5Ce38D4e10dF1bA30Bb1",
        machine_registry="0x538da35489B1F0035799a8351E67835ae4ABb377",
        machine_state_and_sync="0xA7D33726232aae30622643a18047f0Ca3e159da9",
        machine_subscription="0xaDCc5dD8CD57E3198B881c3388F25D2fD69B5aDc",
        cross_chain_mirror="0xd5F8d5944c5d488B1cD698D642FC8156a8CD0c0c",
        machine_bridge_adapter="0x0406e7bE522AEa626aee54f6258D415215e59F76",
        subscription_token_provision_pool="0x8A3692Ad0AcF79BB89413514Af9957d95032e19B",
    ),
    token=PEAQ_TOKEN,
    event_registry=None,
    mcr_url=None,
    source=_SDK,
)

# The rehearsal deploys them at mainnet's addresses, on a chain id of its own.
REHEARSAL_DEPLOYMENT = Deployment(
    id="rehearsal",
    network=REHEARSAL.name,
    chain_id=REHEARSAL.chain_id,
    first_block=0,
    contracts=_MAINNET_CONTRACTS,
    token=PEAQ_TOKEN,
    event_registry=_MAINNET_EVENTS,
    mcr_url=None,
    source="the rehearsal network, at the addresses of peaq-mainnet",
)

DEPLOYMENTS: dict[str, Deployment] = {
    deployment.id: deployment
    for deployment in (PEAQ_MAINNET, AGUNG_2026_08_28, REHEARSAL_DEPLOYMENT)
}
_INTERNAL = ("peaq-mainnet-michael",)
"""A test set of the network's developers: on a real chain, with real money."""


def deployment_of(network: Network, deployment_id: str = "") -> Deployment:
    """Return the deployment of `network`, which `deployment_id` may also name.

    Raises OnboardingError: DEPLOYMENT_INTERNAL, DEPLOYMENT_UNKNOWN, DEPLOYMENT_ELSEWHERE.
    """
    own = next(entry for entry in DEPLOYMENTS.values() if entry.network == network.name)
    wanted = deployment_id.strip()
    if not wanted:
        return own
    if wanted.lower() in _INTERNAL:
        raise fault("DEPLOYMENT_INTERNAL", deployment=wanted)
    found = DEPLOYMENTS.get(wanted)
    if found is None:
        raise fault("DEPLOYMENT_UNKNOWN", deployment=wanted, known=", ".join(DEPLOYMENTS))
    if found is PEAQ_MAINNET and network is REHEARSAL:
        return own  # tools without a rehearsal mode use mainnet's name for its contracts
    if found is not own:
        raise fault(
            "DEPLOYMENT_ELSEWHERE",
            deployment=found.id,
            elsewhere=found.network,
            network=network.title,
            own=own.id,
        )
    return found


def choose_protocol(option: str | None, deployment_id: str, journal: str | None) -> str:
    """Return the protocol of this run: `guide` or `activation`.

    The first of these decides: `option` (--protocol), `deployment_id` (PEAQOS_DEPLOYMENT_ID; not
    empty means activation), the `journal`'s protocol, the guide. Raises OnboardingError
    (PROTOCOL_MISMATCH) if the result differs from the journal's: a journal has one protocol.
    """
    chosen = option or ("activation" if deployment_id.strip() else None) or journal or "guide"
    if journal is not None and chosen != journal:
        raise fault("PROTOCOL_MISMATCH", journal=journal, now=chosen)
    return chosen


def check_recorded(deployment: Deployment, contracts: Mapping[str, str], digest: str) -> None:
    """Compare a journal's deployment record with the record of this release.

    `contracts`: address by name. Raises OnboardingError (JOURNAL_MISMATCH) with both values, also
    if either side lacks a contract.
    """
    now = deployment.contracts.as_dict()
    for name in sorted({*now, *contracts}):
        journal, current = contracts.get(name, "none"), now.get(name, "none")
        if journal.lower() != current.lower():
            what = f"the contract {name}"
            raise fault("JOURNAL_MISMATCH", what=what, journal=journal, now=current)
    if digest != deployment.digest:
        what = f"the deployment record {deployment.id}"
        raise fault("JOURNAL_MISMATCH", what=what, journal=digest, now=deployment.digest)
