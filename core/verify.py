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
    number, found = chain.machine_id(address), chain.attributes(address)
    height = await chain.read(number, found)
    machine_id = number.value
    rows = [Row("machine id", str(receipt["machine_id"]), str(machine_id))]
    if machine_id:
        owner, staked = chain.machine_owner(machine_id), chain.staked(machine_id)
        token = chain.token_id(machine_id)
        await chain.read(owner, staked, token, at_least=height)
        rows.append(Row("Identity NFT's owner", address, owner.value or "nobody"))
        rows.append(Row("bond", "staked", "staked" if staked.value else "not staked"))
        rows.append(Row("Machine NFT", str(receipt["machine_nft_token_id"]), str(token.value)))
        if token.value:
            token_owner = chain.token_owner(token.value)
            await chain.read(token_owner, at_least=height)
            rows.append(Row("Machine NFT's owner", address, token_owner.value or "nobody"))
    for name, value in receipt["did_attributes"].items():
        present = found.value.get(name)
        text = "nothing" if present is None else clean(present.decode("utf-8", "replace"), 2560)
        rows.append(Row(name, str(value), text))
    counted = [row for row in receipt["transactions"] if row["status"] in ("included", "final")]
    receipts = [chain.receipt(str(row["hash"]).lower()) for row in counted]
    if receipts:
        await chain.read(*receipts, at_least=height)
    for row, asked in zip(counted, receipts, strict=True):
        block = str(asked.value.block) if asked.value else "no such transaction"
        rows.append(Row(f"block of {row['purpose']}", str(row["block"]), block))
    return rows
