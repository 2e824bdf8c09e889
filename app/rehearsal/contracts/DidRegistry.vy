# pragma version 0.4.3
# pragma evm-version shanghai
"""
@title DID registry of the rehearsal network
@notice Stands in for peaq's DID precompile (0x...0800). Error texts are those of peaq's
        DID pallet as they come out of a failed dispatch; sizes are the pallet's limits.
"""

struct Attribute:
    name: Bytes[64]
    value: Bytes[2560]
    validity: uint32
    created: uint256

event AddAttribute:
    did_account: address
    name: Bytes[64]
    value: Bytes[2560]
    validity: uint32

event UpdateAttribute:
    did_account: address
    name: Bytes[64]
    value: Bytes[2560]
    validity: uint32

event RemoveAttribute:
    did_account: address
    name: Bytes[64]

MAX_NAME: constant(uint256) = 64
MAX_VALUE: constant(uint256) = 2560

attributes: HashMap[address, HashMap[bytes32, Attribute]]


@external
@view
def readAttribute(did_account: address, name: Bytes[256]) -> Attribute:
    found: Attribute = self.attributes[did_account][keccak256(name)]
    if found.created == 0:
        raw_revert(
            abi_encode(did_account, name, method_id=method_id("EntryNotFound(address,bytes)"))
        )
    return found


@external
def addAttribute(
    did_account: address, name: Bytes[256], content: Bytes[4096], validityFor: uint32
) -> bool:
    self._check(did_account, name, content)
    assert self.attributes[did_account][keccak256(name)].created == 0, \
        "Dispatched call failed with error: AttributeAlreadyExist"
    self._write(did_account, name, content, validityFor)
    log AddAttribute(
        did_account=did_account,
        name=convert(name, Bytes[64]),
        value=convert(content, Bytes[2560]),
        validity=validityFor,
    )
    return True


@external
def updateAttribute(
    did_account: address, name: Bytes[256], content: Bytes[4096], validityFor: uint32
) -> bool:
    self._check(did_account, name, content)
    assert self.attributes[did_account][keccak256(name)].created != 0, \
        "Dispatched call failed with error: AttributeNotFound"
    self._write(did_account, name, content, validityFor)
    log UpdateAttribute(
        did_account=did_account,
        name=convert(name, Bytes[64]),
        value=convert(content, Bytes[2560]),
        validity=validityFor,
    )
    return True


@external
def removeAttribute(did_account: address, name: Bytes[256]) -> bool:
    self._check(did_account, name, b"")
    assert self.attributes[did_account][keccak256(name)].created != 0, \
        "Dispatched call failed with error: AttributeNotFound"
    self.attributes[did_account][keccak256(name)] = empty(Attribute)
    log RemoveAttribute(did_account=did_account, name=convert(name, Bytes[64]))
    return True


@internal
@view
def _check(did_account: address, name: Bytes[256], content: Bytes[4096]):
    assert msg.sender == did_account, \
        "Dispatched call failed with error: AttributeAuthorizationFailed"
    assert len(name) <= MAX_NAME, \
        "Dispatched call failed with error: AttributeNameExceedMax64"
    assert len(content) <= MAX_VALUE, \
        "Dispatched call failed with error: AttributeValueExceedMax2560"


@internal
def _write(did_account: address, name: Bytes[256], content: Bytes[4096], validityFor: uint32):
    self.attributes[did_account][keccak256(name)] = Attribute(
        name=convert(name, Bytes[64]),
        value=convert(content, Bytes[2560]),
        validity=self._validUntil(validityFor),
        created=block.timestamp * 1000,
    )


@internal
@view
def _validUntil(validityFor: uint32) -> uint32:
    # The pallet stores the last block of validity; 0 asked means no expiry.
    if validityFor == 0:
        return max_value(uint32)
    return convert(block.number, uint32) + validityFor
