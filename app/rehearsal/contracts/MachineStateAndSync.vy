# pragma version 0.4.3
# pragma evm-version shanghai
"""
@title State of machines on the rehearsal network
@notice The one call of an activation, which the other contracts carry out, and the technical
        pauses. Storage starts at zero.
"""

struct VerificationMethod:
    id: String[256]
    methodType: String[128]
    controller: address
    publicKeyMultibase: String[512]

struct ServiceEndpoint:
    id: String[256]
    serviceType: String[128]
    serviceEndpoint: String[2560]

struct DIDDocument:
    id: String[256]
    controller: address
    verificationMethods: DynArray[VerificationMethod, 8]
    authentication: DynArray[uint256, 16]
    serviceEndpoints: DynArray[ServiceEndpoint, 16]

interface MachineRegistry:
    def computeTokenId(machineType: String[256], credentialSubject: Bytes[1024]) -> uint256: pure
    def onMachineOnboarded(
        machineId: uint256,
        operator: address,
        document: DIDDocument,
        machineType: String[256],
        credentialSubject: Bytes[1024],
        manufacturer: address,
    ): nonpayable

interface MachineSubscription:
    def onMachineOnboarded(machineId: uint256, operator: address, tier: uint8): nonpayable

interface CrossChainMirror:
    def onMachineOnboarded(machineId: uint256, operator: address): nonpayable

interface MachineBridgeAdapter:
    def onMachineOnboarded(machineId: uint256, operator: address): nonpayable

event MachineOnboarded:
    machineId: indexed(uint256)
    operator: indexed(address)

ADMIN: constant(address) = 0x42DBF78278F8843BeB0a2737d491cC5e68Ceb0e4
REGISTRY: constant(address) = 0x64b93Cc29b251fAFa83BD110cDB1C24207f85536
SUBSCRIPTION: constant(address) = 0x9e37AD189c334C92e6B8a812Ca4c02f35Ac43895
MIRROR: constant(address) = 0x71DCB313977d6884212395505f081a2991Bfe8E5
ADAPTER: constant(address) = 0x791087c35484b567c53f392a624d2e4BaDcC53DF

isTechnicalPausedGlobal: public(bool)
isTechnicalPaused: public(HashMap[uint256, bool])


@external
@view
def isRelocating(machineId: uint256) -> bool:
    # Nothing here ever moves to another chain.
    return False


@external
def activateMachine(
    doc: DIDDocument,
    machineType: String[256],
    credentialSubject: Bytes[1024],
    manufacturer: address,
    tier: uint8,
) -> uint256:
    machineId: uint256 = self._mint(msg.sender, doc, machineType, credentialSubject, manufacturer)
    extcall MachineSubscription(SUBSCRIPTION).onMachineOnboarded(machineId, msg.sender, tier)
    extcall MachineBridgeAdapter(ADAPTER).onMachineOnboarded(machineId, msg.sender)
    log MachineOnboarded(machineId=machineId, operator=msg.sender)
    return machineId


@external
def mintFor(
    operator: address,
    doc: DIDDocument,
    machineType: String[256],
    credentialSubject: Bytes[1024],
    manufacturer: address,
) -> uint256:
    """
    @notice Rehearsal only: a machine that exists without a subscription.
    """
    assert msg.sender == ADMIN, "rehearsal admin only"
    return self._mint(operator, doc, machineType, credentialSubject, manufacturer)


@external
def setTechnicalPausedGlobal(state: bool):
    """
    @notice Rehearsal only.
    """
    assert msg.sender == ADMIN, "rehearsal admin only"
    self.isTechnicalPausedGlobal = state


@external
def setTechnicalPaused(machineId: uint256, state: bool):
    """
    @notice Rehearsal only.
    """
    assert msg.sender == ADMIN, "rehearsal admin only"
    self.isTechnicalPaused[machineId] = state


@internal
def _mint(
    operator: address,
    doc: DIDDocument,
    machineType: String[256],
    credentialSubject: Bytes[1024],
    manufacturer: address,
) -> uint256:
    machineId: uint256 = staticcall MachineRegistry(REGISTRY).computeTokenId(
        machineType, credentialSubject
    )
    extcall MachineRegistry(REGISTRY).onMachineOnboarded(
        machineId, operator, doc, machineType, credentialSubject, manufacturer
    )
    extcall CrossChainMirror(MIRROR).onMachineOnboarded(machineId, operator)
    return machineId
