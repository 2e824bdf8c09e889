# pragma version 0.4.3
# pragma evm-version shanghai
"""
@title Machine registry of the rehearsal network
@notice The machine's token and its DID document, with the rules and errors that activation
        meets. Storage starts at zero. Lengths have limits here that the real contract has not.
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

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    tokenId: indexed(uint256)

event MachineMinted:
    tokenId: indexed(uint256)
    receiver: indexed(address)
    controller: indexed(address)
    machineType: String[256]

STATE_AND_SYNC: constant(address) = 0xcD1917FB2a56459AcA34FDD118e08776dE0890f2

owners: HashMap[uint256, address]
documents: HashMap[uint256, DIDDocument]
machineTypes: HashMap[uint256, String[256]]
credentialSubjects: HashMap[uint256, Bytes[1024]]
manufacturers: HashMap[uint256, address]


@external
@pure
def computeTokenId(machineType: String[256], credentialSubject: Bytes[1024]) -> uint256:
    return self._tokenId(machineType, credentialSubject)


@external
@pure
def didFromTokenId(tokenId: uint256) -> String[87]:
    return self._did(tokenId)


@external
@view
def ownerOf(tokenId: uint256) -> address:
    self._requireMinted(tokenId)
    return self.owners[tokenId]


@external
@view
def controllerOf(tokenId: uint256) -> address:
    self._requireMinted(tokenId)
    return self.documents[tokenId].controller


@external
@view
def didDocument(tokenId: uint256) -> DIDDocument:
    self._requireMinted(tokenId)
    document: DIDDocument = self.documents[tokenId]
    document.id = self._did(tokenId)
    return document


@external
@view
def machineTypeOf(tokenId: uint256) -> String[256]:
    self._requireMinted(tokenId)
    return self.machineTypes[tokenId]


@external
@view
def credentialSubjectOf(tokenId: uint256) -> Bytes[1024]:
    self._requireMinted(tokenId)
    return self.credentialSubjects[tokenId]


@external
@view
def manufacturerOf(tokenId: uint256) -> address:
    self._requireMinted(tokenId)
    return self.manufacturers[tokenId]


@external
@view
def authenticationOf(tokenId: uint256) -> DynArray[uint256, 16]:
    self._requireMinted(tokenId)
    return self.documents[tokenId].authentication


@external
def onMachineOnboarded(
    machineId: uint256,
    operator: address,
    document: DIDDocument,
    machineType: String[256],
    credentialSubject: Bytes[1024],
    manufacturer: address,
):
    if msg.sender != STATE_AND_SYNC:
        raw_revert(method_id("NotMachineStateAndSync()"))
    if machineId != self._tokenId(machineType, credentialSubject):
        raw_revert(method_id("CredentialSubjectMismatch()"))
    if document.controller == empty(address):
        raw_revert(method_id("InvalidAddress()"))
    if self.owners[machineId] != empty(address):
        raw_revert(abi_encode(empty(address), method_id=method_id("ERC721InvalidSender(address)")))
    # As on peaq, an authentication index without a method is stored unchecked.
    stored: DIDDocument = document
    stored.id = ""
    self.owners[machineId] = operator
    self.documents[machineId] = stored
    self.machineTypes[machineId] = machineType
    self.credentialSubjects[machineId] = credentialSubject
    self.manufacturers[machineId] = manufacturer
    log Transfer(sender=empty(address), receiver=operator, tokenId=machineId)
    log MachineMinted(
        tokenId=machineId,
        receiver=operator,
        controller=document.controller,
        machineType=machineType,
    )


@internal
@pure
def _tokenId(machineType: String[256], credentialSubject: Bytes[1024]) -> uint256:
    return convert(keccak256(abi_encode(machineType, credentialSubject)), uint256)


@internal
@pure
def _did(tokenId: uint256) -> String[87]:
    return concat("did:peaq:", uint2str(tokenId))


@internal
@view
def _requireMinted(tokenId: uint256):
    if self.owners[tokenId] == empty(address):
        raw_revert(abi_encode(tokenId, method_id=method_id("ERC721NonexistentToken(uint256)")))
