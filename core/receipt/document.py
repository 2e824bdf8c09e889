"""The receipt's data: receipt.json for programs, receipt.txt for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from core.clock import parse_stamp, stamp
from core.config.networks import MAINNET, NETWORKS, Network
from core.journal import events as ev
from core.journal.file import Record
from core.journal.reducer import fold
from core.journal.state import State, TxStatus
from core.receipt.text import Layout, receipt_lines
from core.storage.durable_files import read_file, replace_file
from core.text import clean, read_json

SCHEMA_VERSION = 1
JSON_NAME = "receipt.json"
TEXT_NAME = "receipt.txt"
_MOST = 2**20
"""Bytes. A receipt has about four thousand."""
_NEEDED = {"peaq_id", "token", "funding", "endpoints", "transactions", "rebuilt_at"}
"""Fields that the text needs and that an older or foreign file may lack."""


def network_of(state: State) -> Network:
    """Return the journal's network, independent of the current settings."""
    name = state.started.network if state.started else ""
    return NETWORKS.get(name, MAINNET)


@dataclass(frozen=True)
class MachineFacts:
    """What the machine received: the protocol's part of the receipt, as JSON-ready data."""

    peaq_id: str
    ids: Mapping[str, Any]
    """The machine's numbers on the network, by field."""
    bond_wei: int
    description: Mapping[str, Any]
    """What the network stores about the machine, by field."""


def build_receipt(
    state: State, finished: ev.OnboardingFinished, facts: MachineFacts
) -> dict[str, Any]:
    """Build the receipt as JSON-ready data (docs/receipt.schema.json) from the journal alone.

    Wei are decimal strings. Holds no secret. Raises ValueError before there is a keypair.
    """
    if not (state.keypair and state.started):
        raise ValueError("the onboarding is not finished")
    address = state.keypair.address
    network = network_of(state)
    return {
        "schema_version": SCHEMA_VERSION,
        "network": state.started.network,
        "chain_id": state.started.chain_id,
        "token": network.token,
        "peaq_id": facts.peaq_id,
        "address": address,
        "link": network.address_link(address),
        **facts.ids,
        "bond_wei": str(facts.bond_wei),
        "funding": _funding(state),
        "gas_spent_wei": str(state.gas_spent),
        "transactions": transaction_rows(state),
        **facts.description,
        "mcr": finished.mcr,
        "endpoints": {
            "rpc": finished.endpoints.get("rpc", ""),
            "gas_station": finished.endpoints.get("gas_station") or None,
            "mcr": finished.endpoints.get("mcr") or None,
        },
        "contracts": dict(state.started.contracts),
        "backup": state.backup,
        "host": finished.host,
        "versions": dict(finished.versions),
        "finished_at": finished.finished_at,
        "rebuilt_at": None,
    }


def receipt_of(
    records: Sequence[Record], folder: Path, machine_facts: Callable[[State], MachineFacts]
) -> dict[str, Any]:
    """Build the receipt from the records of a finished journal.

    In an older journal, the last record has only the rating; the other facts come from that day's
    receipt.json in `folder`, if it still exists. Raises what `build_receipt` raises.
    """
    last = next((r for r in reversed(records) if isinstance(r.event, ev.OnboardingFinished)), None)
    if last is None or not isinstance(last.event, ev.OnboardingFinished):
        raise ValueError("the onboarding is not finished")
    # A renewal is no part of the onboarding, but a backup that was made later protects it as well.
    own = [r for r in records if r.number <= last.number or isinstance(r.event, ev.KeypairBackedUp)]
    state = fold(own)
    return build_receipt(state, _completed(last.event, last.at, folder), machine_facts(state))


def _completed(
    finished: ev.OnboardingFinished, recorded: datetime, folder: Path
) -> ev.OnboardingFinished:
    if finished.finished_at:
        return finished
    kept = read_receipt(folder) or {}
    try:
        at = stamp(parse_stamp(str(kept.get("finished_at", ""))))
    except ValueError:
        at = stamp(recorded)
    return replace(
        finished,
        finished_at=at,
        host=clean(kept.get("host") or "", 255),
        endpoints=_texts(kept.get("endpoints")),
        versions=_texts(kept.get("versions")),
    )


def _texts(value: object) -> dict[str, str]:
    """Return clean text from a file that users can edit."""
    items = value.items() if isinstance(value, dict) else ()
    return {clean(name, 40): clean(text, 2000) for name, text in items if isinstance(text, str)}


def _funding(state: State) -> dict[str, Any]:
    """Return how the wallet was funded. For a manual payment, or one whose response was lost, hash
    and amount are unknown; only the resulting balance is known.
    """
    paid = [answer for answer in state.answered if answer.code == "SUCCESS"]
    sent = [tx for tx in state.transactions if tx.purpose == "funding" and _counts(tx.status)]
    amount = sum(answer.amount_wei for answer in paid) + sum(tx.value_wei for tx in sent)
    funded = state.funded
    if funded and (funded.way == "manual" or (funded.way == "gas-station" and not amount)):
        amount = max(funded.held_wei, amount)
    known = [answer.transaction_hash for answer in paid if answer.transaction_hash]
    hashes = [tx.hash for tx in sent] or known
    return {
        "way": funded.way if funded else "none",
        "request_id": state.last_request.request_id if state.last_request else None,
        "hash": hashes[-1] if hashes else None,
        "wei": str(amount),
        "held_wei": str(funded.held_wei) if funded else None,
        "block": funded.block if funded else None,
    }


def _counts(status: TxStatus) -> bool:
    return status in (TxStatus.INCLUDED, TxStatus.FINAL)


def transaction_rows(state: State) -> list[dict[str, Any]]:
    """Return all our transactions, oldest first; `status --json` shows them too."""
    network = network_of(state)
    return [
        {
            "purpose": tx.purpose,
            "hash": tx.hash,
            "sender": tx.sender,
            "nonce": tx.nonce,
            "status": tx.status.value,
            "block": tx.block,
            "value_wei": str(tx.value_wei),
            "fee_wei": str(tx.fee_wei),
            "link": network.transaction_link(tx.hash),
        }
        for tx in state.transactions
    ]


def write_receipt(folder: Path, receipt: dict[str, Any]) -> None:
    """Write both files, 0600, each atomically; skip a file that is already correct. Raises
    OSError.
    """
    text = json.dumps(receipt, indent=2, ensure_ascii=True) + "\n"
    page = "\n".join(receipt_lines(receipt, Layout.PAGE)) + "\n"
    for name, content in ((JSON_NAME, text.encode()), (TEXT_NAME, page.encode())):
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            replace_file(path, content)


def differing(kept: dict[str, Any], made: dict[str, Any]) -> list[str]:
    """Return the fields that both have with different values, such as `funding.wei`."""
    found = []
    for name in made.keys() & kept.keys():
        old, new = kept[name], made[name]
        if isinstance(old, dict) and isinstance(new, dict):
            found += [f"{name}.{inner}" for inner in differing(old, new)]
        elif old != new:
            found.append(name)
    return sorted(found)


def read_receipt(folder: Path) -> dict[str, Any] | None:
    """Return the receipt of a finished onboarding, or None if there is none or it is unreadable."""
    try:
        receipt = read_json(read_file(folder / JSON_NAME, _MOST))
    except (OSError, ValueError):
        return None
    return receipt if isinstance(receipt, dict) and receipt.keys() >= _NEEDED else None
