"""A transaction's content before it has a nonce, a fee and a signature."""

from __future__ import annotations

from dataclasses import dataclass, replace

SINGLE = "single"
TITLES = {
    "funding": "The transfer from the owner's wallet",
    "register": "The registration",
    "mint": "The Machine NFT mint",
    "did": "The DID update",
    SINGLE: "The combined transaction",
    "approve": "The approval of the bond",
    "activate": "The activation",
    "revoke": "The removal of the allowance",
    "renew": "The renewal",
}


@dataclass(frozen=True)
class UnsignedTransaction:
    """The content of a transaction. `value` in wei, `gas` with its margin, `data` 0x-hex."""

    purpose: str
    sender: str
    to: str
    value: int
    data: str
    gas: int

    def with_gas(self, gas: int) -> UnsignedTransaction:
        return replace(self, gas=gas)

    def as_call(self) -> dict[str, str]:
        return {
            "from": self.sender,
            "to": self.to,
            "value": hex(self.value),
            "data": self.data,
        }
