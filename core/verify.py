"""A receipt compared with the chain, line by line. Read only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.chain import Chain
from core.text import clean


@dataclass(frozen=True)
class Row:
    what: str
    expected: str
    found: str

    @property
    def same(self) -> bool:
        return self.expected.lower() == self.found.lower()


async def compare(receipt: Mapping[str, Any], chain: Chain) -> list[Row]:
    """What the receipt says and what the chain says. Raises OnboardingError (RPC_…,
    CONTRACT_UNEXPECTED).
    """
    address = str(receipt["address"])
    machine_id, _, _, height = await chain.registration(address)
    rows = [Row("machine id", str(receipt["machine_id"]), str(machine_id))]
    if machine_id:
        owner, staked = await chain.machine(machine_id, at_least=height)
        rows.append(Row("Identity NFT's owner", address, owner))
        rows.append(Row("bond", "staked", "staked" if staked else "not staked"))
        token, _, _ = await chain.token(machine_id, address, at_least=height)
        rows.append(Row("Machine NFT", str(receipt["machine_nft_token_id"]), str(token)))
        if token:
            token_owner, _ = await chain.token_owner(token, at_least=height)
            rows.append(Row("Machine NFT's owner", address, token_owner))
    found, _, _ = await chain.attributes(address, at_least=height)
    for name, value in receipt["did_attributes"].items():
        present = found.get(name)
        text = "nothing" if present is None else clean(present.decode("utf-8", "replace"), 2560)
        rows.append(Row(name, str(value), text))
    for row in receipt["transactions"]:
        if row["status"] in ("included", "final"):
            receipt_found = await chain.receipt(row["hash"])
            block = str(receipt_found.block) if receipt_found else "no such transaction"
            rows.append(Row(f"block of {row['purpose']}", str(row["block"]), block))
    return rows
