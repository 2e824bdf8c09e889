"""What the machine received, for programs (receipt.json) and for people (receipt.txt)."""

from __future__ import annotations

import json
import platform
from datetime import datetime
from pathlib import Path
from typing import Any

from core.amounts import peaq
from core.clock import stamp
from core.did import peaq_id
from core.files import replace_file
from core.settings import GAS_STATION_URL, MCR_URL, RPC_URL, Settings
from core.state import State, TxStatus

SCHEMA_VERSION = 1
JSON_NAME = "receipt.json"
TEXT_NAME = "receipt.txt"


def build_receipt(
    state: State, settings: Settings, *, mcr: str, finished_at: datetime, versions: dict[str, str]
) -> dict[str, Any]:
    """The receipt as JSON-ready data; wei are decimal strings. Holds no secret.

    Raises ValueError before the machine is registered, minted and described.
    """
    if not (state.keypair and state.registered and state.minted and state.did and state.started):
        raise ValueError("the onboarding is not finished")
    address = state.keypair.address
    paid = [answer for answer in state.answered if answer.code == "SUCCESS"]
    funding = {
        "way": state.funded.way if state.funded else "none",
        "request_id": state.last_request.request_id if state.last_request else None,
        "hash": paid[-1].transaction_hash if paid else None,
        "wei": str(sum(answer.amount_wei for answer in paid)),
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "network": settings.network.name,
        "chain_id": settings.network.chain_id,
        "peaq_id": peaq_id(address),
        "address": address,
        "machine_id": state.registered.machine_id,
        "identity_nft_token_id": state.registered.machine_id,
        "machine_nft_token_id": state.minted.token_id,
        "bond_wei": str(state.registered.bond_wei),
        "funding": funding,
        "gas_spent_wei": str(state.gas_spent),
        "transactions": transaction_rows(state, settings),
        "did_attributes": dict(state.did.attributes),
        "mcr": mcr,
        "endpoints": {
            "rpc": settings.values[RPC_URL],
            "gas_station": settings.values[GAS_STATION_URL] or None,
            "mcr": settings.values[MCR_URL] or None,
        },
        "contracts": settings.contracts.as_dict(),
        "backup": state.backup,
        "host": platform.node(),
        "versions": versions,
        "finished_at": stamp(finished_at),
    }


def transaction_rows(state: State, settings: Settings) -> list[dict[str, Any]]:
    """Every transaction of ours, oldest first, as shown by `status --json` too."""
    return [
        {
            "purpose": tx.purpose,
            "hash": tx.hash,
            "nonce": tx.nonce,
            "status": tx.status.value,
            "block": tx.block,
            "fee_wei": str(tx.fee_wei),
            "link": settings.network.transaction_link(tx.hash),
        }
        for tx in state.transactions
    ]


def summary_lines(receipt: dict[str, Any], token: str) -> list[str]:
    """What matters most, for a screen of 80x24: 13 lines, hashes and addresses unbroken."""
    funding = receipt["funding"]
    way = {
        "gas-station": "by the Gas Station",
        "owner": "from the owner's wallet",
        "manual": "by hand",
        "already": "held enough before",
    }.get(funding["way"], funding["way"])
    backup = {
        "copied": "keystore copied",
        "revealed": "key written down",
        "none": "none",
    }.get(receipt["backup"], receipt["backup"])
    bond = int(receipt["bond_wei"])
    lines = [
        f"peaqID        {receipt['peaq_id']}",
        f"Machine       {receipt['machine_id']}   (Identity NFT "
        f"{receipt['identity_nft_token_id']}, Machine NFT {receipt['machine_nft_token_id']})",
        f"Network       {receipt['network']}, chain {receipt['chain_id']}",
        f"Bond          {peaq(bond)} {token}" if bond else "Bond          paid earlier",
        f"Funded        {way}",
        f"Fees          {peaq(int(receipt['gas_spent_wei']), up=True)} {token}",
        f"MCR           {receipt['mcr'] or 'not indexed yet'}",
        f"Key backup    {backup}",
        f"Finished      {receipt['finished_at']}",
    ]
    return [*lines, *(f"{row['purpose']:<8} {row['hash']}" for row in _counting(receipt))]


def receipt_lines(receipt: dict[str, Any], token: str) -> list[str]:
    """The whole receipt for people: fits 80 columns, hashes and addresses unbroken."""
    count = len(_counting(receipt))
    summary = summary_lines(receipt, token)
    lines = [*summary[: len(summary) - count], ""]
    for name, value in receipt["did_attributes"].items():
        lines.append(f"  {name:<18} {value or '(empty: self-managed)'}")
    lines.append("")
    for row in _counting(receipt):
        lines.append(f"  {row['purpose']:<8} block {row['block']}")
        lines.append(f"    {row['hash']}")
        if row["link"]:
            lines.append(f"    {row['link']}")
    return lines


def _counting(receipt: dict[str, Any]) -> list[dict[str, Any]]:
    """The transactions that had an effect."""
    counted = (TxStatus.FINAL.value, TxStatus.INCLUDED.value)
    return [row for row in receipt["transactions"] if row["status"] in counted]


def write_receipt(folder: Path, receipt: dict[str, Any], token: str) -> None:
    """Writes both files, 0600, each in one step. Raises OSError."""
    text = json.dumps(receipt, indent=2, ensure_ascii=True) + "\n"
    replace_file(folder / JSON_NAME, text.encode())
    page = "\n".join(["peaq onboarding receipt", "", *receipt_lines(receipt, token)]) + "\n"
    replace_file(folder / TEXT_NAME, page.encode())


def read_receipt(folder: Path) -> dict[str, Any] | None:
    """The receipt of a finished onboarding, or None where there is none that can be read."""
    try:
        receipt = json.loads((folder / JSON_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return receipt if isinstance(receipt, dict) and "peaq_id" in receipt else None
