# pragma version 0.4.3
# pragma evm-version shanghai
"""
@title Subscriptions of the rehearsal network
@notice Takes the bond of an activation or a renewal in PEAQ, and tells where a subscription
        stands. Storage starts at zero. Left out: rewards, and the decay of a bond in runoff.
"""

from ethereum.ercs import IERC20

interface InfoDesk:
    def tierPriceUsd(tier: uint8) -> uint256: view
    def subscriptionPeriodLength() -> uint64: view
    def graceDuration() -> uint64: view
    def runoffDuration() -> uint64: view

interface MachineRegistry:
    def ownerOf(tokenId: uint256) -> address: view
    def controllerOf(tokenId: uint256) -> address: view

interface MachineStateAndSync:
    def isTechnicalPausedGlobal() -> bool: view
    def isTechnicalPaused(machineId: uint256) -> bool: view

struct Subscription:
    tier: uint8
    periodStart: uint64
    periodEnd: uint64
    bondedAmount: uint256
    accumulatedPoints: uint256

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

event Renewed:
    machineId: indexed(uint256)
    operator: indexed(address)
    tier: uint8
    bondedAmount: uint256
    periodEnd: uint64

ADMIN: constant(address) = 0x42DBF78278F8843BeB0a2737d491cC5e68Ceb0e4
INFO_DESK: constant(address) = 0x6C7426ada37212D94477Ac4CFcA43A38177D6A82
REGISTRY: constant(address) = 0x64b93Cc29b251fAFa83BD110cDB1C24207f85536
STATE_AND_SYNC: constant(address) = 0xcD1917FB2a56459AcA34FDD118e08776dE0890f2
PEAQ_TOKEN: constant(address) = 0x0000000000000000000000000000000000000809
TIERS: constant(uint8) = 3
# USD for one PEAQ, with 18 decimals.
DEFAULT_PRICE: constant(uint256) = 5 * 10**16
NOT_ACTIVATED: constant(uint8) = 0
ACTIVE: constant(uint8) = 1
GRACE: constant(uint8) = 2
RUNOFF: constant(uint8) = 3
TERMINATED: constant(uint8) = 4

subscriptions: public(HashMap[uint256, Subscription])
# What a wallet was given, and what it used of that.
vouchersGiven: public(HashMap[address, uint256])
vouchersUsed: HashMap[address, uint256]
priceOverride: uint256
withoutPrice: public(bool)


@external
@view
def requiredPeaqAmount(tier: uint8) -> uint256:
    return self._bond(tier)


@external
@view
def pendingVoucherCredit(operator: address) -> uint256:
    return self._voucher(operator)


@external
@view
def pendingBondingReward(operator: address) -> uint256:
    # Rewards come from epochs that nobody settles here.
    return 0


@external
@view
def isEconomicAuthority() -> bool:
    return True


@external
@view
def subscriptionStatus(machineId: uint256) -> uint8:
    return self._status(machineId)


@external
@view
def peaqPriceUsd() -> uint256:
    """
    @notice Rehearsal only: USD for one PEAQ, with 18 decimals.
    """
    return self._price()


@external
def activate(machineId: uint256, tier: uint8):
    owner: address = self._ownerFor(machineId)
    self._activate(machineId, owner, msg.sender, tier)


@external
def renew(machineId: uint256):
    owner: address = self._ownerFor(machineId)
    status: uint8 = self._status(machineId)
    if status == NOT_ACTIVATED:
        raw_revert(method_id("NotActivated()"))
    if status == TERMINATED:
        raw_revert(method_id("AlreadyTerminated()"))
    self._requireRunning(machineId)
    tier: uint8 = self.subscriptions[machineId].tier
    bond: uint256 = self._bond(tier)
    periodEnd: uint64 = (
        self.subscriptions[machineId].periodEnd
        + staticcall InfoDesk(INFO_DESK).subscriptionPeriodLength()
    )
    self.subscriptions[machineId].periodEnd = periodEnd
    self.subscriptions[machineId].bondedAmount += bond
    self._collect(msg.sender, bond)
    log Renewed(
        machineId=machineId, operator=owner, tier=tier, bondedAmount=bond, periodEnd=periodEnd
    )


@external
def onMachineOnboarded(machineId: uint256, operator: address, tier: uint8):
    if msg.sender != STATE_AND_SYNC:
        raw_revert(method_id("NotMachineStateAndSync()"))
    self._activate(machineId, operator, operator, tier)


@external
def setPeaqPriceUsd(price: uint256):
    """
    @notice Rehearsal only. Zero brings the default back.
    """
    assert msg.sender == ADMIN, "rehearsal admin only"
    self.priceOverride = price


@external
def setWithoutPrice(state: bool):
    """
    @notice Rehearsal only: whether nobody has committed a price.
    """
    assert msg.sender == ADMIN, "rehearsal admin only"
    self.withoutPrice = state


@external
def giveVoucher(operator: address, amount: uint256):
    """
    @notice Rehearsal only.
    """
    assert msg.sender == ADMIN, "rehearsal admin only"
    self.vouchersGiven[operator] += amount


@internal
@view
def _price() -> uint256:
    if self.priceOverride == 0:
        return DEFAULT_PRICE
    return self.priceOverride


@internal
@view
def _bond(tier: uint8) -> uint256:
    if tier >= TIERS:
        raw_revert(method_id("InvalidTier()"))
    if self.withoutPrice:
        raw_revert(method_id("PriceNotAvailable()"))
    usd: uint256 = staticcall InfoDesk(INFO_DESK).tierPriceUsd(tier)
    return usd * 10**18 // self._price()


@internal
@view
def _voucher(operator: address) -> uint256:
    return self.vouchersGiven[operator] - self.vouchersUsed[operator]


@internal
@view
def _status(machineId: uint256) -> uint8:
    # The end counts as over: a period of a second lasts one block at most.
    end: uint64 = self.subscriptions[machineId].periodEnd
    if end == 0:
        return NOT_ACTIVATED
    now: uint64 = convert(block.timestamp, uint64)
    if now < end:
        return ACTIVE
    end += staticcall InfoDesk(INFO_DESK).graceDuration()
    if now < end:
        return GRACE
    end += staticcall InfoDesk(INFO_DESK).runoffDuration()
    if now < end:
        return RUNOFF
    return TERMINATED


@internal
@view
def _ownerFor(machineId: uint256) -> address:
    owner: address = staticcall MachineRegistry(REGISTRY).ownerOf(machineId)
    if msg.sender != owner and msg.sender != (
        staticcall MachineRegistry(REGISTRY).controllerOf(machineId)
    ):
        raw_revert(method_id("NotOwnerOrController()"))
    return owner


@internal
@view
def _requireRunning(machineId: uint256):
    if staticcall MachineStateAndSync(STATE_AND_SYNC).isTechnicalPausedGlobal() or (
        staticcall MachineStateAndSync(STATE_AND_SYNC).isTechnicalPaused(machineId)
    ):
        raw_revert(method_id("TechnicallyPaused()"))


@internal
def _activate(machineId: uint256, operator: address, payer: address, tier: uint8):
    self._requireRunning(machineId)
    status: uint8 = self._status(machineId)
    if status == TERMINATED:
        raw_revert(method_id("AlreadyTerminated()"))
    if status != NOT_ACTIVATED:
        raw_revert(method_id("AlreadyActivated()"))
    bond: uint256 = self._bond(tier)
    credit: uint256 = min(self._voucher(operator), bond)
    start: uint64 = convert(block.timestamp, uint64)
    end: uint64 = start + staticcall InfoDesk(INFO_DESK).subscriptionPeriodLength()
    self.subscriptions[machineId] = Subscription(
        tier=tier, periodStart=start, periodEnd=end, bondedAmount=bond, accumulatedPoints=0
    )
    if credit != 0:
        self.vouchersUsed[operator] += credit
        log VoucherRedeemed(machineId=machineId, operator=operator, amount=credit)
    self._collect(payer, bond - credit)
    log Activated(
        machineId=machineId,
        operator=operator,
        tier=tier,
        bondedAmount=bond,
        periodStart=start,
        periodEnd=end,
    )


@internal
def _collect(payer: address, amount: uint256):
    if amount == 0:
        return
    if not extcall IERC20(PEAQ_TOKEN).transferFrom(payer, self, amount):
        raw_revert(
            abi_encode(PEAQ_TOKEN, method_id=method_id("SafeERC20FailedOperation(address)"))
        )
