# pragma version 0.4.3
# pragma evm-version shanghai
"""
@title Machine NFT of the rehearsal network
@notice The part of peaq's MachineNFT that onboarding uses. Storage starts at zero.
"""

interface IdentityRegistry:
    def machineExists(machineId: uint256) -> bool: view
    def ownerOf(machineId: uint256) -> address: view

interface IdentityStaking:
    def isStaked(machineId: uint256) -> bool: view

event MachineMinted:
    tokenId: indexed(uint256)
    machineId: indexed(uint256)
    recipient: indexed(address)

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    tokenId: indexed(uint256)

ADMIN: constant(address) = 0x42DBF78278F8843BeB0a2737d491cC5e68Ceb0e4
REGISTRY: constant(address) = 0xb53Af985765031936311273599389b5B68aC9956
STAKING: constant(address) = 0x11c05A650704136786253e8685f56879A202b1C7
# Token ids neither start where machine ids start nor advance with them.
FIRST_TOKEN_ID: constant(uint256) = 7001
TOKEN_ID_STEP: constant(uint256) = 3

paused: public(bool)
totalMinted: public(uint256)
tokenIdOf: public(HashMap[uint256, uint256])
machineIdOf: public(HashMap[uint256, uint256])
tokenOwner: HashMap[uint256, address]


@external
@view
def ownerOf(tokenId: uint256) -> address:
    if self.tokenOwner[tokenId] == empty(address):
        raw_revert(
            abi_encode(tokenId, method_id=method_id("ERC721NonexistentToken(uint256)"))
        )
    return self.tokenOwner[tokenId]


@external
def mint(machineId: uint256, recipient: address):
    if self.paused:
        raw_revert(method_id("EnforcedPause()"))
    if not staticcall IdentityRegistry(REGISTRY).machineExists(machineId):
        raw_revert(method_id("MachineNotFound()"))
    owner: address = staticcall IdentityRegistry(REGISTRY).ownerOf(machineId)
    if msg.sender != owner:
        raw_revert(method_id("NotMachineOwner()"))
    if recipient != owner:
        raw_revert(method_id("RecipientMustBeMachineOwner()"))
    if self.tokenIdOf[machineId] != 0:
        raw_revert(method_id("AlreadyMinted()"))
    if not staticcall IdentityStaking(STAKING).isStaked(machineId):
        raw_revert(method_id("MachineNotBonded()"))
    tokenId: uint256 = FIRST_TOKEN_ID + TOKEN_ID_STEP * self.totalMinted
    self.totalMinted += 1
    self.tokenIdOf[machineId] = tokenId
    self.machineIdOf[tokenId] = machineId
    self.tokenOwner[tokenId] = recipient
    log Transfer(sender=empty(address), receiver=recipient, tokenId=tokenId)
    log MachineMinted(tokenId=tokenId, machineId=machineId, recipient=recipient)


@external
def setPaused(state: bool):
    """
    @notice Rehearsal only.
    """
    assert msg.sender == ADMIN, "rehearsal admin only"
    self.paused = state
