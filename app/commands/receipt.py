"""`peaq-onboard receipt`: print the receipt again; with --verify, compare it with the chain."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.configuration import read_settings, state_folder, with_recorded_protocol
from app.json_output import print_document
from app.options import Options
from core.clock import SystemClock
from core.config.settings import Settings
from core.errors.exit_codes import EXIT_DONE, EXIT_NETWORK
from core.errors.problem import OnboardingError, fault
from core.receipt.text import Layout, receipt_lines
from core.session import check_belongs
from core.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from core.journal.file import Record
    from core.receipt.verify import Row


def run_receipt(options: Options) -> int:
    """Print the receipt, rebuilt from the journal, and restore missing files of it.

    Returns 0, or 2 if --verify finds a difference to the chain. Raises OnboardingError:
    RECEIPT_NOT_READY, JOURNAL_…, and with --verify RPC_….
    """
    from core.journal.file import FILE_NAME, read_records
    from core.journal.reducer import fold

    settings = read_settings(options.env_file, options.network, required=options.env_file_named)
    folder = state_folder(options.state_dir, settings.network.name)
    settings = with_recorded_protocol(settings, folder)
    records = read_records(folder / FILE_NAME)
    state = fold(records)
    if state.finished is None:
        raise fault("RECEIPT_NOT_READY", path=folder)
    receipt, remarks = _rebuilt(records, folder)
    if not options.json:
        _print_text(receipt, folder)
    rows: list[Row] = []
    if options.verify:
        check_belongs(state, settings)
        if settings.problems:
            raise OnboardingError(settings.problems[0])
        rows = [*remarks, *asyncio.run(_compare(receipt, settings))]
    if options.json:
        print_document({**receipt, **({"verification": _as_data(rows)} if options.verify else {})})
    elif options.verify:
        _print_rows(rows)
    if not options.verify:
        for row in remarks:
            if row.what != "host":
                print(f"{row.what} {row.found}.", file=sys.stderr)
    return EXIT_NETWORK if any(row.wrong for row in rows) else EXIT_DONE


def _print_text(receipt: dict[str, Any], folder: Path) -> None:
    if sys.stdout.isatty() or not _can_print("\N{FULL BLOCK}"):
        # The code is drawn for paper: on a dark screen its colours would be inverted.
        print("\n".join(receipt_lines(receipt)))
        print(f"\nTo print, with a QR code: {folder / 'receipt.txt'}")
    else:
        print("\n".join(receipt_lines(receipt, Layout.PAGE)))


def _rebuilt(records: list[Record], folder: Path) -> tuple[dict[str, Any], list[Row]]:
    """Build the receipt from the journal, and restore its files if they are missing or differ.

    Returns the receipt and remarks about the file that was there.
    """
    from core.protocols.receipt import machine_facts
    from core.receipt.document import read_receipt, receipt_of

    receipt = receipt_of(records, folder, machine_facts)
    remarks = _remarks(read_receipt(folder), receipt, folder)
    if keep_receipt(folder, receipt):
        remarks = [replace(row, found=f"{row.found}; rewritten") for row in remarks]
    return receipt, [*remarks, *_of_host(receipt)]


def keep_receipt(folder: Path, receipt: dict[str, Any]) -> bool:
    """Write the files of the receipt. If that fails, say so on stderr and return False."""
    from core.receipt.document import write_receipt

    try:
        write_receipt(folder, receipt)
    except OSError as error:
        reason = error.strerror or error
        print(f"The files in {folder} could not be written: {reason}.", file=sys.stderr)
        return False
    return True


def _remarks(kept: dict[str, Any] | None, receipt: dict[str, Any], folder: Path) -> list[Row]:
    """Describe how the file differs from the journal, because people may hold a copy of it."""
    from core.receipt.document import JSON_NAME, differing
    from core.receipt.verify import Row

    if kept is None:
        there = os.path.lexists(folder / JSON_NAME)
        return [Row(JSON_NAME, "whole", "was damaged" if there else "was missing", lasting=False)]
    fields = differing(kept, receipt)
    if not fields:
        return []
    return [Row(JSON_NAME, "matches the journal", f"differed in {', '.join(fields)}")]


def _of_host(receipt: dict[str, Any]) -> list[Row]:
    """Return a remark if the receipt names another machine: names may change."""
    from core.receipt.verify import Row

    row = Row("host", str(receipt["host"]), clean(platform.node(), 255), lasting=False)
    return [] if row.same else [row]


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


async def _compare(receipt: dict[str, Any], settings: Settings) -> list[Row]:
    """Compare the receipt with the chain. Raises OnboardingError (RPC_…)."""
    from core.chain.json_rpc import Rpc
    from core.chain.queries import Chain
    from core.http import Http
    from core.protocols.activation import verify as activation
    from core.receipt.verify import compare
    from core.services.mcr import Mcr

    urls = (settings.rpc_url, *settings.fallback_urls)
    network = settings.network
    rpc = Rpc(urls, network.chain_id, network.title, SystemClock())
    mcr = Mcr(Http(settings.mcr_url)) if settings.mcr_url else None
    try:
        chain = Chain(rpc, network, settings.contracts)
        if settings.deployment is not None:
            return await activation.compare(receipt, chain, settings.deployment, mcr)
        return await compare(receipt, chain, mcr)
    finally:
        await rpc.close()
        if mcr:
            await mcr.close()


def _print_rows(rows: list[Row]) -> None:
    print("\nCompared with the network:")
    for row in rows:
        sign = "ok " if row.same else "BAD" if row.wrong else "-- "
        other = "" if row.same else f"; found: {row.found}"
        print(f"  {sign} {row.what:<22} {row.expected}{other}")
    wrong = sum(row.wrong for row in rows)
    print(f"{wrong} of {len(rows)} lines differ." if wrong else f"All {len(rows)} lines match.")


def _as_data(rows: list[Row]) -> dict[str, Any]:
    """Return the rows of the comparison as JSON-ready data (docs/receipt.schema.json)."""
    return {
        "holds": not any(row.wrong for row in rows),
        "lines": [
            {
                "name": row.what,
                "expected": row.expected,
                "found": row.found,
                "result": "same" if row.same else "differs" if row.wrong else "changed",
            }
            for row in rows
        ],
    }
