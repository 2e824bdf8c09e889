# pragma version 0.4.3
# pragma evm-version shanghai
"""
@title Bonds of the rehearsal network
@notice The part of peaq's IdentityStaking that onboarding meets. Storage starts at zero.
"""

event Staked:
    machineId: indexed(uint256)
    amount: uint256

ADMIN: constant(address) = 0x42DBF78278F8843BeB0a2737d491cC5e68Ceb0e4
REGISTRY: constant(address) = 0xb53Af985765031936311273599389b5B68aC9956

paused: public(bool)
stakes: HashMap[uint256, uint256]


@external
@view
def isStaked(machineId: uint256) -> bool:
    return self.stakes[machineId] != 0


@external
@view
def getStake(machineId: uint256) -> uint256:
    return self.stakes[machineId]


@external
@payable
def stake(machineId: uint256):
    if self.paused:
        raw_revert(method_id("EnforcedPause()"))
    if msg.sender != REGISTRY:
        raw_revert(method_id("NotAuthorized()"))
    if msg.value == 0:
        raw_revert(method_id("AmountZero()"))
    if self.stakes[machineId] != 0:
        raw_revert(method_id("AlreadyStaked()"))
    self.stakes[machineId] = msg.value
    log Staked(machineId=machineId, amount=msg.value)


@external
def setPaused(state: bool):
    """
    @notice Rehearsal only.
    """
    assert msg.sender == ADMIN, "rehearsal admin only"
    self.paused = state


@external
def release(machineId: uint256):
    """
    @notice Rehearsal only: takes a machine's bond away.
    """
    assert msg.sender == ADMIN, "rehearsal admin only"
    self.stakes[machineId] = 0
