"""Compare a receipt with the chain, row by row. Read-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.amounts import exact_peaq
from core.chain.did import peaq_id
from core.chain.queries import Chain
from core.errors.problem import OnboardingError
from core.services.mcr import Mcr
from core.text import clean


@dataclass(frozen=True)
class Row:
    what: str
    expected: str
    found: str
    lasting: bool = True
    """False for a value that may change without making the receipt wrong."""

    @property
    def same(self) -> bool:
        return self.expected.lower() == self.found.lower()

    @property
    def wrong(self) -> bool:
        return self.lasting and not self.same


async def compare(receipt: Mapping[str, Any], chain: Chain, mcr: Mcr | None = None) -> list[Row]:
    """Return each value of the receipt beside the chain's. Raises OnboardingError (RPC_…,
    CHAIN_ID_WRONG, CONTRACT_UNEXPECTED).
    """
    address = str(receipt["address"])
    number, attributes = chain.machine_id(address), chain.attributes(address)
    # The read itself refuses an endpoint of another chain.
    height = await chain.read(number, attributes)
    rows = [
        Row("chain", str(receipt["chain_id"]), str(chain.network.chain_id)),
        Row("machine id", str(receipt["machine_id"]), str(number.value)),
    ]
    if number.value:
        rows += await _machine(receipt, chain, number.value, height)
    for name, value in receipt["did_attributes"].items():
        present = attributes.value.get(name)
        text = "nothing" if present is None else clean(present.decode("utf-8", "replace"), 2560)
        rows.append(Row(name, str(value), text))
    rows += await compare_transactions(receipt, chain, height)
    if mcr is not None:
        rows.append(await compare_rating(receipt, mcr))
    return rows


async def _machine(
    receipt: Mapping[str, Any], chain: Chain, machine_id: int, height: int
) -> list[Row]:
    address = str(receipt["address"])
    owner, staked = chain.machine_owner(machine_id), chain.staked(machine_id)
    stake, token = chain.stake(machine_id), chain.token_id(machine_id)
    await chain.read(owner, staked, stake, token, at_least=height)
    rows = [
        Row("peaqID", str(receipt["peaq_id"]), peaq_id(owner.value) if owner.value else "nobody's"),
        Row("Identity NFT's owner", address, owner.value or "nobody"),
        Row("bond", "staked", "staked" if staked.value else "not staked"),
    ]
    if receipt["bond_wei"] != "0":  # otherwise it was paid earlier, and the amount is unknown
        paid, found = exact_peaq(int(receipt["bond_wei"])), exact_peaq(stake.value)
        unit = receipt["token"]
        rows.append(Row("bond amount", f"{paid} {unit}", f"{found} {unit}"))
    rows.append(Row("Machine NFT", str(receipt["machine_nft_token_id"]), str(token.value)))
    if token.value:
        holder, machine_of = chain.token_owner(token.value), chain.token_machine(token.value)
        await chain.read(holder, machine_of, at_least=height)
        rows.append(Row("Machine NFT's owner", address, holder.value or "nobody"))
        rows.append(Row("Machine NFT's machine", str(receipt["machine_id"]), str(machine_of.value)))
    return rows


async def compare_transactions(receipt: Mapping[str, Any], chain: Chain, height: int) -> list[Row]:
    """Return each transaction of the receipt beside the chain's. Raises OnboardingError (RPC_…)."""
    # A transaction without a block was signed, but another one with its nonce was executed.
    counted = [row for row in receipt["transactions"] if row["block"] is not None]
    paid = receipt["funding"]["hash"]
    foreign = paid if paid and all(row["hash"] != paid for row in counted) else None
    asks = [chain.receipt(str(row["hash"]).lower()) for row in counted]
    transfer = [chain.receipt(str(foreign).lower())] if foreign else []
    if asks or transfer:
        await chain.read(*asks, *transfer, at_least=height)
    rows = []
    for row, ask in zip(counted, asks, strict=True):
        fee, executed = int(row["fee_wei"]), row["status"] != "reverted"
        expected = _outcome(row["block"], executed, fee, receipt["token"])
        found, outcome = ask.value, "not found"
        if found:
            outcome = _outcome(found.block, found.succeeded, found.fee, receipt["token"])
        rows.append(Row(f"transaction {row['purpose']}", expected, outcome))
    for ask in transfer:
        there = ask.value is not None and ask.value.succeeded
        # The Gas Station's own transaction: a missing one is no fault of the machine.
        rows.append(Row("funding", "paid", "paid" if there else "not found", lasting=False))
    return rows


def _outcome(block: int, succeeded: bool, fee: int, token: str) -> str:
    outcome = "succeeded" if succeeded else "failed"
    return f"block {block}, {outcome}, fee {exact_peaq(fee)} {token}"


async def compare_rating(receipt: Mapping[str, Any], mcr: Mcr) -> Row:
    """Compare the rating, which changes over the machine's life; a difference is no fault."""
    address = str(receipt["address"])
    try:
        card = await mcr.machine(address)
    except OnboardingError as error:
        silent = error.code == "RPC_UNREACHABLE"
        text = f"the MCR API {'cannot be reached' if silent else 'gives an unexpected answer'}"
        return Row("MCR rating", receipt["mcr"] or "not indexed", text, lasting=False)
    found = clean(card.get("mcr") or "", 40) if card else "not indexed"
    return Row("MCR rating", receipt["mcr"] or "not indexed", found, lasting=False)
