# pragma version 0.4.3
# pragma evm-version shanghai
"""
@title Directory of the rehearsal's activation contracts
@notice Answers which contract plays which role, what a tier costs in USD and how long a
        subscription lasts. All storage starts at zero, so that the runtime code can be placed
        at genesis.
"""

struct Peer:
    changed: bool
    contractAddress: address

ADMIN: constant(address) = 0x42DBF78278F8843BeB0a2737d491cC5e68Ceb0e4
MACHINE_REGISTRY: constant(address) = 0x64b93Cc29b251fAFa83BD110cDB1C24207f85536
MACHINE_SUBSCRIPTION: constant(address) = 0x9e37AD189c334C92e6B8a812Ca4c02f35Ac43895
MACHINE_STATE_AND_SYNC: constant(address) = 0xcD1917FB2a56459AcA34FDD118e08776dE0890f2
CROSS_CHAIN_MIRROR: constant(address) = 0x71DCB313977d6884212395505f081a2991Bfe8E5
MACHINE_BRIDGE_ADAPTER: constant(address) = 0x791087c35484b567c53f392a624d2e4BaDcC53DF
PROVISION_POOL: constant(address) = 0x7088Cf400081428a41a4287B75AC633071c0e92A
PEAQ_TOKEN: constant(address) = 0x0000000000000000000000000000000000000809
DAY: constant(uint64) = 86_400

peerChanges: HashMap[bytes32, Peer]


@external
@view
def peer(key: bytes32) -> address:
    change: Peer = self.peerChanges[key]
    if change.changed:
        return change.contractAddress
    if key == keccak256("MACHINE_REGISTRY"):
        return MACHINE_REGISTRY
    if key == keccak256("MACHINE_SUBSCRIPTION"):
        return MACHINE_SUBSCRIPTION
    if key == keccak256("MACHINE_STATE_AND_SYNC"):
        return MACHINE_STATE_AND_SYNC
    if key == keccak256("CROSS_CHAIN_MIRROR"):
        return CROSS_CHAIN_MIRROR
    if key == keccak256("MACHINE_BRIDGE_ADAPTER"):
        return MACHINE_BRIDGE_ADAPTER
    if key == keccak256("SUBSCRIPTION_TOKEN_PROVISION_POOL"):
        return PROVISION_POOL
    return empty(address)


@external
@view
def peaqToken() -> address:
    return PEAQ_TOKEN


@external
@view
def localChainId() -> uint16:
    return 1


@external
@view
def tierPriceUsd(tier: uint8) -> uint256:
    # Entry, basic and pro, with 18 decimals. At the default price of PEAQ these are 0.4, 0.8
    # and 2 PEAQ: the Gas Station's 1.2 PEAQ pay for the first two.
    if tier == 0:
        return 20 * 10**15
    if tier == 1:
        return 40 * 10**15
    if tier == 2:
        return 100 * 10**15
    return 0


@external
@view
def subscriptionPeriodLength() -> uint64:
    return 30 * DAY


@external
@view
def graceDuration() -> uint64:
    return 7 * DAY


@external
@view
def runoffDuration() -> uint64:
    return 30 * DAY


@external
def setPeer(key: bytes32, contractAddress: address):
    """
    @notice Rehearsal only. The zero address clears the role.
    """
    assert msg.sender == ADMIN, "rehearsal admin only"
    self.peerChanges[key] = Peer(changed=True, contractAddress=contractAddress)


@external
def restorePeer(key: bytes32):
    """
    @notice Rehearsal only: brings the contract of the deployment back.
    """
    assert msg.sender == ADMIN, "rehearsal admin only"
    self.peerChanges[key] = empty(Peer)
