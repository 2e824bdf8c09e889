"""The receipt in words: a summary for the last screen, the whole, and the page to be printed."""

from __future__ import annotations

from typing import Any

from core.amounts import format_peaq
from core.receipt.qr import qr_lines

PAGE_LINES = 60
"""What fits on A4 in the usual type of a printer, with its margins."""
PAGE_COLUMNS = 80
_ROWS_AT_MOST = 5
"""Transactions on the page; an onboarding makes three or four. All stand in receipt.json."""
_WAYS = {
    "gas-station": "by the Gas Station",
    "owner": "from the owner's wallet",
    "manual": "by hand",
    "already": "held enough before",
    "none": "not needed",
}
_BACKUPS = {
    "copied": "keystore copied",
    "revealed": "key written down",
    "none": "none",
}


def summary_lines(receipt: dict[str, Any], token: str) -> list[str]:
    """What matters most, for a screen of 80x24: hashes and addresses unbroken."""
    return [
        *_facts(receipt, token),
        *(f"{row['purpose']:<8} {row['hash']}" for row in _counting(receipt)),
    ]


def _facts(receipt: dict[str, Any], token: str) -> list[str]:
    way = receipt["funding"]["way"]
    backup = receipt["backup"]
    bond = int(receipt["bond_wei"])
    return [
        f"peaqID        {receipt['peaq_id']}",
        f"Machine       {receipt['machine_id']}   (Identity NFT "
        f"{receipt['identity_nft_token_id']}, Machine NFT {receipt['machine_nft_token_id']})",
        f"Network       {receipt['network']}, chain {receipt['chain_id']}",
        f"Bond          {format_peaq(bond)} {token}" if bond else "Bond          paid earlier",
        f"Funded        {_WAYS.get(way, way)}",
        f"Fees          {format_peaq(int(receipt['gas_spent_wei']), up=True)} {token}",
        f"MCR           {receipt['mcr'] or 'not indexed yet'}",
        f"Key backup    {_BACKUPS.get(backup, backup) or 'not stated'}",
        f"Finished      {receipt['finished_at']}",
    ]


def receipt_lines(receipt: dict[str, Any], *, facts_last: bool = False) -> list[str]:
    """The whole receipt for a terminal: 80 columns, hashes and addresses unbroken. `facts_last`
    where it stays on a screen of 24 rows, which it is longer than: what matters most is seen then.
    """
    facts, rest = _upper_half(receipt), _lower_half(receipt)
    return [*rest, "", *facts] if facts_last else [*facts, "", *rest]


def page_lines(receipt: dict[str, Any]) -> list[str]:
    """The same to be printed on one page, with the peaqID as a QR code, dark on light paper."""
    # Level M for a copy of a copy; one module of quiet zone, the empty lines around are the rest.
    rows = qr_lines(receipt["peaq_id"], ink="dark", level="m", quiet=1)
    code = [f"    {row}".rstrip() for row in rows]
    return [
        "peaq onboarding receipt                   (the square code is the peaqID)",
        "",
        *_upper_half(receipt),
        "",
        *code,
        "",
        *_lower_half(receipt),
    ]


def _upper_half(receipt: dict[str, Any]) -> list[str]:
    token = receipt["token"]
    funding = receipt["funding"]
    lines = _facts(receipt, token)
    at = next(number for number, line in enumerate(lines) if line.startswith("Funded"))
    if funding["held_wei"]:
        held = f"{format_peaq(int(funding['held_wei']))} {token} at block {funding['block']}"
        lines[at] += f", held {held}"
    if receipt["rebuilt_at"]:
        lines[-1] += f", made again {receipt['rebuilt_at']}"
    lines.insert(1, f"Address       {receipt['address']}")
    endpoints = receipt["endpoints"]
    lines += [
        _cut(f"Host          {receipt['host']}"),
        _cut(f"Endpoint      {_host(endpoints['rpc']) or 'not set'}"),
        _cut(f"Gas Station   {_host(endpoints['gas_station']) or 'none'}"),
        _cut(f"MCR API       {_host(endpoints['mcr']) or 'none'}"),
        _cut(f"Versions      {_versions(receipt['versions'])}"),
    ]
    return lines


def _host(url: str | None) -> str:
    """Whom it is: paths can hold the key of an account, and paper goes through many hands."""
    return url.partition("://")[2].partition("/")[0] if url else ""


def _versions(versions: dict[str, str]) -> str:
    """Those that people ask for; all stand in receipt.json."""
    shown = ("peaq-onboard", "python", "web3")
    return ", ".join(f"{name} {versions[name]}" for name in shown if name in versions)


def _lower_half(receipt: dict[str, Any]) -> list[str]:
    token = receipt["token"]
    lines = ["Description, as read back from the network"]
    for name, value in receipt["did_attributes"].items():
        lines.append(_cut(f"  {name:<18} {value or '(empty: self-managed)'}"))
    rows = receipt["transactions"]
    used = [row for row in rows if row["block"] is not None]
    link = next((row["link"] for row in used if row["link"]), None)
    lines += ["", "Transactions" + (f", each at {link[: link.rindex('/')]}/HASH" if link else "")]
    for row in used[-_ROWS_AT_MOST:]:
        fee = f"fee {format_peaq(int(row['fee_wei']), up=True)} {token}"
        lines.append(f"  {row['purpose']:<8} block {row['block']}, {row['status']}, {fee}")
        lines.append(f"    {row['hash']}")
    paid = receipt["funding"]["hash"]
    if paid and all(row["hash"] != paid for row in used):
        lines += ["  funding  by the Gas Station", f"    {paid}"]
    if len(rows) > min(len(used), _ROWS_AT_MOST):
        lines.append(f"  All {len(rows)} that were signed stand in receipt.json.")
    if receipt["link"]:
        lines.append(f"  {receipt['link']}")
    return lines


def _cut(line: str) -> str:
    """On one line; the whole of it stands in receipt.json."""
    return line if len(line) <= PAGE_COLUMNS else line[: PAGE_COLUMNS - 3] + "..."


def _counting(receipt: dict[str, Any]) -> list[dict[str, Any]]:
    """The transactions that had an effect."""
    return [row for row in receipt["transactions"] if row["status"] in ("final", "included")]
