# pragma version 0.4.3
# pragma evm-version shanghai
"""
@title Bridge of the rehearsal network
@notice Activation only checks that there is code at its address. Where the rehearsal asks for
        it, it forges the events of the other contracts, which a client must not believe.
        Storage starts at zero.
"""

event MachineOnboarded:
    machineId: indexed(uint256)
    operator: indexed(address)

event MachineMinted:
    tokenId: indexed(uint256)
    receiver: indexed(address)
    controller: indexed(address)
    machineType: String[256]

event Activated:
    machineId: indexed(uint256)
    operator: indexed(address)
    tier: uint8
    bondedAmount: uint256
    periodStart: uint64
    periodEnd: uint64

event VoucherRedeemed:
    machineId: indexed(uint256)
    operator: indexed(address)
    amount: uint256

event PaidWithUsdt:
    operator: indexed(address)
    peaqAmount: uint256
    usdtAmount: uint256

ADMIN: constant(address) = 0x42DBF78278F8843BeB0a2737d491cC5e68Ceb0e4
STATE_AND_SYNC: constant(address) = 0xcD1917FB2a56459AcA34FDD118e08776dE0890f2

forging: public(HashMap[uint256, bool])


@external
def onMachineOnboarded(machineId: uint256, operator: address):
    if msg.sender != STATE_AND_SYNC:
        raw_revert(method_id("NotMachineStateAndSync()"))
    if not self.forging[machineId]:
        return
    forged: uint256 = machineId ^ 1
    log MachineOnboarded(machineId=forged, operator=self)
    log MachineMinted(tokenId=forged, receiver=self, controller=self, machineType="Forged")
    log VoucherRedeemed(machineId=machineId, operator=operator, amount=10**18)
    log PaidWithUsdt(operator=operator, peaqAmount=10**18, usdtAmount=10**6)
    log Activated(
        machineId=machineId,
        operator=operator,
        tier=2,
        bondedAmount=1,
        periodStart=1,
        periodEnd=2,
    )


@external
def forge(machineId: uint256):
    """
    @notice Rehearsal only: forges events in the activation of this machine.
    """
    assert msg.sender == ADMIN, "rehearsal admin only"
    self.forging[machineId] = True
