# pragma version 0.4.3
# pragma evm-version shanghai
"""
@title Home chains of machines on the rehearsal network
@notice Every machine that is activated here is at home here. Storage starts at zero.
"""

event HomeChainRegistered:
    machineId: indexed(uint256)
    homeChainId: uint16

STATE_AND_SYNC: constant(address) = 0xcD1917FB2a56459AcA34FDD118e08776dE0890f2
LOCAL_CHAIN_ID: constant(uint16) = 1

homeChainOf: public(HashMap[uint256, uint16])


@external
@view
def isHomedLocally(machineId: uint256) -> bool:
    return self.homeChainOf[machineId] == LOCAL_CHAIN_ID


@external
def onMachineOnboarded(machineId: uint256, operator: address):
    if msg.sender != STATE_AND_SYNC:
        raw_revert(method_id("NotMachineStateAndSync()"))
    if self.homeChainOf[machineId] != 0:
        raw_revert(method_id("AlreadyRegistered()"))
    self.homeChainOf[machineId] = LOCAL_CHAIN_ID
    log HomeChainRegistered(machineId=machineId, homeChainId=LOCAL_CHAIN_ID)
