"""Reads of the activation contracts, and decoding of activation call data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_typing import Address
from eth_utils.crypto import keccak

from app.rehearsal.node.contract_calls import arguments_of, calldata, contract, selector
from app.rehearsal.node.evm import Call, Chain, ExecutionReverted

DOCUMENT = "(string,address,(string,string,address,string)[],uint256[],(string,string,string)[])"
_ACTIVATE = f"activateMachine({DOCUMENT},string,bytes,address,uint8)"
_MINTED = int.from_bytes(keccak(text="MachineMinted(uint256,address,address,string)"), "big")


@dataclass(frozen=True)
class Activation:
    """The arguments of activateMachine."""

    document: tuple[Any, ...]
    machine_type: str
    subject: bytes
    manufacturer: str
    tier: int

    @property
    def machine_id(self) -> int:
        """Return the keccak of type and subject."""
        encoded = encode(["string", "bytes"], [self.machine_type, self.subject])
        return int.from_bytes(keccak(encoded), "big")


def activation_in(call: Call) -> Activation | None:
    """Return the activation in a call; None for any other call."""
    if call.to != contract("MachineStateAndSync") or call.data[:4] != selector(_ACTIVATE):
        return None
    try:
        return Activation(*decode(arguments_of(_ACTIVATE), call.data[4:]))
    except (DecodingError, ValueError):  # the second: text that is not UTF-8
        return None


class Activations:
    """Reads of the newest state."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def read(self, name: str, returns: str, signature: str, *arguments: Any) -> Any:
        """Return the first value that a call returns. Raises ExecutionReverted."""
        call = Call(to=contract(name), data=calldata(signature, *arguments))
        return decode([returns], self._chain.call(call, self._chain.head.number))[0]

    def owner_of(self, machine_id: int) -> Address | None:
        """Return the owner of a machine; None if it is not minted."""
        try:
            owner: str = self.read("MachineRegistry", "address", "ownerOf(uint256)", machine_id)
        except ExecutionReverted:
            return None
        return Address(bytes.fromhex(owner[2:]))

    def endpoint(self, machine_id: int, kind: str) -> str | None:
        """Return the first service endpoint of a kind in a machine's document.

        Decoded as bytes, which have the same encoding: the contract accepts text in any encoding.
        """
        raw = DOCUMENT.replace("string", "bytes")
        document = self.read("MachineRegistry", raw, "didDocument(uint256)", machine_id)
        urls = (url for _, its_kind, url in document[4] if its_kind == kind.encode())
        found: bytes | None = next(urls, None)
        return None if found is None else found.decode("utf-8", "replace")

    def status(self, machine_id: int) -> int:
        """Return 0 for not activated, 1 active, 2 grace, 3 runoff, 4 terminated."""
        status: int = self.read(
            "MachineSubscription", "uint8", "subscriptionStatus(uint256)", machine_id
        )
        return status

    def price(self) -> int:
        """Return the USD price of one PEAQ, with 18 decimals."""
        price: int = self.read("MachineSubscription", "uint256", "peaqPriceUsd()")
        return price

    def net(self, operator: Address, tier: int) -> int | None:
        """Return what a wallet has to pay for a tier, in wei; None if there is no price."""
        try:
            bond: int = self.read(
                "MachineSubscription", "uint256", "requiredPeaqAmount(uint8)", tier
            )
        except ExecutionReverted:
            return None
        voucher: int = self.read(
            "MachineSubscription", "uint256", "pendingVoucherCredit(address)", operator
        )
        return bond - min(voucher, bond)

    def allowance(self, owner: Address) -> int:
        """Return the wei that MachineSubscription may take from a wallet."""
        allowance: int = self.read(
            "Erc20",
            "uint256",
            "allowance(address,address)",
            owner,
            contract("MachineSubscription"),
        )
        return allowance

    def minted_for(self, owner: Address) -> list[int]:
        """Return the machine ids of all MachineMinted events of an owner, oldest first."""
        registry, topic = contract("MachineRegistry"), int.from_bytes(owner, "big")
        return [
            log.topics[1]
            for block in self._chain.blocks
            for receipt in block.receipts
            for log in receipt.logs
            if log.address == registry and log.topics[0] == _MINTED and log.topics[2] == topic
        ]
