"""Calls to the rehearsal contracts, and direct reads without HTTP."""

from __future__ import annotations

from typing import Any

from eth_abi import grammar
from eth_abi.abi import decode, encode
from eth_typing import Address
from eth_utils.crypto import keccak

from app.rehearsal.node.evm import Call, Chain, ExecutionReverted
from app.rehearsal.node.genesis import ACTIVATION_CONTRACTS, CONTRACTS, ERC20_PRECOMPILE

REGISTERED = int.from_bytes(keccak(text="Registered(uint256,string,address)"), "big")
ENTRY_NOT_FOUND = keccak(text="EntryNotFound(address,bytes)")[:4]


_ADDRESSES = {**CONTRACTS, **ACTIVATION_CONTRACTS, "Erc20": ERC20_PRECOMPILE}


def contract(name: str) -> Address:
    """Return a contract's address in either protocol; "Erc20" is the interface of the
    native coin.
    """
    return Address(bytes.fromhex(_ADDRESSES[name][2:]))


def selector(signature: str) -> bytes:
    """Return the first four bytes of a call."""
    return keccak(text=signature)[:4]


def arguments_of(signature: str) -> list[str]:
    """Return the types in a signature, each in canonical form."""
    types = signature[signature.index("(") :]
    return [] if types == "()" else [each.to_type_str() for each in grammar.parse(types).components]


def calldata(signature: str, *arguments: Any) -> bytes:
    """Return a call's bytes; the signature in canonical form: `mint(uint256,address)`."""
    return selector(signature) + encode(arguments_of(signature), arguments)


class Contracts:
    """Reads of the newest state."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def _read(self, name: str, returns: str, signature: str, *arguments: Any) -> Any:
        call = Call(to=contract(name), data=calldata(signature, *arguments))
        return decode([returns], self._chain.call(call, self._chain.head.number))[0]

    def min_bond(self) -> int:
        """Return the bond in wei that register() requires."""
        bond: int = self._read("IdentityRegistry", "uint256", "minBond()")
        return bond

    def machine_id_of(self, owner: Address) -> int:
        """Return the machine id; 0 if not registered."""
        machine_id: int = self._read(
            "IdentityRegistry", "uint256", "machineIdOfOwner(address)", owner
        )
        return machine_id

    def owner_of(self, machine_id: int) -> Address | None:
        """Return the owner of a machine; None if there is no such machine."""
        try:
            owner: str = self._read("IdentityRegistry", "address", "ownerOf(uint256)", machine_id)
        except ExecutionReverted:
            return None
        return Address(bytes.fromhex(owner[2:]))

    def is_bonded(self, machine_id: int) -> bool:
        bonded: bool = self._read("IdentityStaking", "bool", "isStaked(uint256)", machine_id)
        return bonded

    def attribute(self, account: Address, name: str) -> str | None:
        """Return the text of a DID attribute; None if it is absent."""
        try:
            found = self._read(
                "DidRegistry",
                "(bytes,bytes,uint32,uint256)",
                "readAttribute(address,bytes)",
                account,
                name.encode(),
            )
        except ExecutionReverted:
            return None
        value: bytes = found[1]
        return value.decode("utf-8", "replace")

    def registrations(self, owner: Address) -> list[int]:
        """Return the machine ids of all Registered events of an owner, oldest first."""
        topic = int.from_bytes(owner, "big")
        return [
            log.topics[1]
            for block in self._chain.blocks
            for receipt in block.receipts
            for log in receipt.logs
            if log.topics[:1] == (REGISTERED,) and log.topics[2] == topic
        ]
