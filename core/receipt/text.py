"""The receipt as text, from one renderer for the last screen, terminals and paper."""

from __future__ import annotations

from enum import Enum
from typing import Any

from core.amounts import format_peaq
from core.clock import readable
from core.receipt.qr import qr_lines

PAGE_LINES = 60
"""Lines that fit on A4 in a printer's usual type and margins."""
PAGE_COLUMNS = 80
_ROWS_AT_MOST = 5
"""Transactions on the page; an onboarding has three or four. receipt.json has them all."""
_WAYS = {
    "gas-station": "by the Gas Station",
    "owner": "from the owner's wallet",
    "manual": "by hand",
    "already": "not needed: the balance was sufficient",
    "none": "not needed",
}
_BACKUPS = {
    "copied": "keystore copied",
    "revealed": "key written down",
    "none": "none",
}


class Layout(Enum):
    """Which parts of the receipt to show, in order."""

    SUMMARY = "the main facts and the hashes: the last screen, 80x24"
    TERMINAL = "everything, facts first"
    FACTS_LAST = "everything, facts last: they stay visible on a screen of 24 rows"
    PAGE = "everything, with the peaqID as a QR code, dark on light: paper"


def receipt_lines(receipt: dict[str, Any], layout: Layout = Layout.TERMINAL) -> list[str]:
    """Return the receipt as lines of 80 columns at most; hashes and addresses stay unbroken.

    `receipt` is what `document.build_receipt` or `document.read_receipt` returns.
    """
    if layout is Layout.SUMMARY:
        return [*_facts(receipt, whole=False), *_hashes(receipt)]
    facts = _facts(receipt, whole=True)
    rest = [*_description(receipt), "", *_transactions(receipt)]
    if layout is Layout.FACTS_LAST:
        return [*rest, "", *facts]
    if layout is Layout.PAGE:
        head = "peaq onboarding receipt                   (the square code is the peaqID)"
        return [head, "", *facts, "", *_code(receipt), "", *rest]
    return [*facts, "", *rest]


def _facts(receipt: dict[str, Any], *, whole: bool) -> list[str]:
    token, funding, endpoints = receipt["token"], receipt["funding"], receipt["endpoints"]
    bond, backup = int(receipt["bond_wei"]), receipt["backup"]
    funded, finished = _WAYS.get(funding["way"], funding["way"]), receipt["finished_at"]
    if whole and funding["held_wei"]:
        held = format_peaq(int(funding["held_wei"]))
        funded += f", held {held} {token} at block {funding['block']}"
    if whole and receipt["rebuilt_at"]:
        finished += f", rebuilt {receipt['rebuilt_at']}"
    rows = [
        *_machine(receipt, whole=whole),
        *([("Address", receipt["address"])] if whole else []),
        ("Network", f"{receipt['network']}, chain {receipt['chain_id']}"),
        ("Bond", f"{format_peaq(bond)} {token}" if bond else "paid earlier"),
        *_subscription(receipt),
        ("Funded", funded),
        ("Fees", f"{format_peaq(int(receipt['gas_spent_wei']), up=True)} {token}"),
        ("MCR", receipt["mcr"] or "not indexed yet"),
        ("Key backup", _BACKUPS.get(backup, backup) or "not stated"),
        ("Finished", finished),
    ]
    lines = [f"{name:<14}{value}" if name else f"  {value}" for name, value in rows]
    if whole:
        free_text = [
            ("Host", receipt["host"]),
            ("Endpoint", _host(endpoints["rpc"]) or "not set"),
            ("Gas Station", _host(endpoints["gas_station"]) or "none"),
            ("MCR API", _host(endpoints["mcr"]) or "none"),
            ("Versions", _versions(receipt["versions"])),
        ]
        lines += [_cut(f"{name:<14}{value}") for name, value in free_text]
    return lines


def _machine(receipt: dict[str, Any], *, whole: bool) -> list[tuple[str, str]]:
    if "activation" in receipt:
        # 77 digits fit a line of paper only alone, and a line of the screen not at all.
        number = str(receipt["machine_id"])
        rows = [number] if whole else [number[:40], number[40:]]
        return [("peaqID", "did:peaq: and the machine id below"), *(("", row) for row in rows)]
    return [
        ("peaqID", receipt["peaq_id"]),
        (
            "Machine",
            f"{receipt['machine_id']}   (Identity NFT {receipt['identity_nft_token_id']}, "
            f"Machine NFT {receipt['machine_nft_token_id']})",
        ),
    ]


def _subscription(receipt: dict[str, Any]) -> list[tuple[str, str]]:
    activation = receipt.get("activation")
    if activation is None:
        return []
    paid = format_peaq(int(activation["paid_wei"]), up=True)
    tier = f"{activation['tier']}, {paid} {receipt['token']} paid by this wallet"
    return [("Tier", tier), ("Renew before", readable(activation["renew_before"]))]


def _host(url: str | None) -> str:
    """Return only the host: a path can contain an API key, and paper passes through many hands."""
    return url.partition("://")[2].partition("/")[0] if url else ""


def _versions(versions: dict[str, str]) -> str:
    """Return the versions that support asks for; receipt.json has them all."""
    shown = ("peaq-onboard", "python", "web3")
    return ", ".join(f"{name} {versions[name]}" for name in shown if name in versions)


def _hashes(receipt: dict[str, Any]) -> list[str]:
    """Return the transactions that took effect."""
    rows = [row for row in receipt["transactions"] if row["status"] in ("final", "included")]
    return [f"{row['purpose']:<8} {row['hash']}" for row in rows]


def _code(receipt: dict[str, Any]) -> list[str]:
    # Level M survives being copied twice. One module of margin, because the empty lines add the
    # rest.
    rows = qr_lines(receipt["peaq_id"], ink="dark", level="m", quiet=1)
    return [f"    {row}".rstrip() for row in rows]


def _description(receipt: dict[str, Any]) -> list[str]:
    activation = receipt.get("activation")
    if activation is not None:
        return _stored(activation)
    attributes = receipt["did_attributes"].items()
    return [
        "DID attributes, as read back from the network",
        *(_cut(f"  {name:<18} {value or '(empty: self-managed)'}") for name, value in attributes),
    ]


def _stored(activation: dict[str, Any]) -> list[str]:
    rows = [
        ("type", activation["machine_type"]),
        ("subject", activation["credential_subject"]),
        ("manufacturer", activation["manufacturer"]),
        ("controller", activation["controller"]),
        *((str(name), str(url)) for name, _, url in activation["document"]["endpoints"]),
    ]
    return ["The machine, as read back from the network"] + [
        _cut(f"  {name:<14} {value}") for name, value in rows
    ]


def _transactions(receipt: dict[str, Any]) -> list[str]:
    token, rows = receipt["token"], receipt["transactions"]
    used = [row for row in rows if row["block"] is not None]
    link = next((row["link"] for row in used if row["link"]), None)
    lines = ["Transactions" + (f", each at {link[: link.rindex('/')]}/HASH" if link else "")]
    for row in used[-_ROWS_AT_MOST:]:
        fee = f"fee {format_peaq(int(row['fee_wei']), up=True)} {token}"
        lines.append(f"  {row['purpose']:<8} block {row['block']}, {row['status']}, {fee}")
        lines.append(f"    {row['hash']}")
    paid = receipt["funding"]["hash"]
    if paid and all(row["hash"] != paid for row in used):
        lines += ["  funding  by the Gas Station", f"    {paid}"]
    if len(rows) > min(len(used), _ROWS_AT_MOST):
        lines.append(f"  receipt.json lists all {len(rows)} signed transactions.")
    if receipt["link"]:
        lines.append(f"  {receipt['link']}")
    return lines


def _cut(line: str) -> str:
    """Return one line of the page; receipt.json has the whole value."""
    return line if len(line) <= PAGE_COLUMNS else line[: PAGE_COLUMNS - 3] + "..."
