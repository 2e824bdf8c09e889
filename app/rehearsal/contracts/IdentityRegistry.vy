# pragma version 0.4.3
# pragma evm-version shanghai
"""
@title Identity registry of the rehearsal network
@notice The part of peaq's IdentityRegistry that onboarding uses, with its rules and errors.
        All storage starts at zero, so that the runtime code can be placed at genesis.
"""

interface IdentityStaking:
    def stake(machineId: uint256): payable

event Registered:
    machineId: indexed(uint256)
    machineURI: String[64]
    owner: indexed(address)

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    tokenId: indexed(uint256)

ADMIN: constant(address) = 0x42DBF78278F8843BeB0a2737d491cC5e68Ceb0e4
STAKING: constant(address) = 0x11c05A650704136786253e8685f56879A202b1C7
# Machine ids and token ids of the Machine NFT come from different sequences on peaq; far
# apart here, so that a mix-up shows at once.
FIRST_MACHINE_ID: constant(uint256) = 1001
DEFAULT_BOND: constant(uint256) = 10**18
STATUS_PENDING: constant(uint8) = 1

machineIdOfOwner: public(HashMap[address, uint256])
totalMachines: public(uint256)
machineOwner: HashMap[uint256, address]
bondOverride: uint256


@external
@view
def minBond() -> uint256:
    return self._minBond()


@external
@view
def machineExists(machineId: uint256) -> bool:
    return self.machineOwner[machineId] != empty(address)


@external
@view
def machineStatus(machineId: uint256) -> uint8:
    if self.machineOwner[machineId] == empty(address):
        return 0
    return STATUS_PENDING


@external
@view
def ownerOf(machineId: uint256) -> address:
    if self.machineOwner[machineId] == empty(address):
        raw_revert(method_id("MachineNotFound()"))
    return self.machineOwner[machineId]


@external
@view
def balanceOf(owner: address) -> uint256:
    if self.machineIdOfOwner[owner] == 0:
        return 0
    return 1


@external
@payable
def register() -> uint256:
    return self._register(msg.sender, msg.value)


@external
def approve(spender: address, tokenId: uint256):
    raw_revert(method_id("IdentityNFTSoulbound()"))


@external
def transferFrom(sender: address, receiver: address, tokenId: uint256):
    raw_revert(method_id("IdentityNFTSoulbound()"))


@external
def safeTransferFrom(sender: address, receiver: address, tokenId: uint256):
    raw_revert(method_id("IdentityNFTSoulbound()"))


@external
@payable
def registerFor(owner: address) -> uint256:
    """
    @notice Rehearsal only: the registration that "someone made earlier".
    """
    assert msg.sender == ADMIN, "rehearsal admin only"
    return self._register(owner, msg.value)


@external
def setMinBond(amount: uint256):
    """
    @notice Rehearsal only. Zero brings the default back.
    """
    assert msg.sender == ADMIN, "rehearsal admin only"
    self.bondOverride = amount


@internal
@view
def _minBond() -> uint256:
    if self.bondOverride == 0:
        return DEFAULT_BOND
    return self.bondOverride


@internal
def _register(owner: address, bond: uint256) -> uint256:
    if self.machineIdOfOwner[owner] != 0:
        raw_revert(method_id("AlreadyRegistered()"))
    if bond != self._minBond():
        raw_revert(method_id("IncorrectBondAmount()"))
    machineId: uint256 = FIRST_MACHINE_ID + self.totalMachines
    self.totalMachines += 1
    self.machineIdOfOwner[owner] = machineId
    self.machineOwner[machineId] = owner
    log Transfer(sender=empty(address), receiver=owner, tokenId=machineId)
    log Registered(machineId=machineId, machineURI="", owner=owner)
    extcall IdentityStaking(STAKING).stake(machineId, value=bond)
    return machineId
