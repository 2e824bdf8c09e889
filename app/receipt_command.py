"""`peaq-onboard receipt`: the handover papers again; with --verify compared with the chain."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO

from app.run import read_settings, state_folder
from core.clock import SystemClock, stamp
from core.errors import EXIT_DONE, EXIT_NETWORK, EXIT_STOPPED, OnboardingError
from core.receipt_text import page_lines, receipt_lines
from core.settings import Settings
from core.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from core.journal import Record
    from core.state import State
    from core.verify import Row

_OF_THE_DAY = ("endpoints", "host", "versions", "finished_at")
"""What the journal does not have: it is taken over from the file."""


def run_receipt(options: argparse.Namespace) -> int:
    """Prints the receipt made anew from the journal, and puts back what is missing of its files.

    0, 1 where there is none yet, 2 where --verify finds the chain saying something else. Raises
    OnboardingError: JOURNAL_…, and with --verify RPC_….
    """
    from core.fold import fold
    from core.journal import FILE_NAME, read_records

    settings = read_settings(options)
    folder = state_folder(options, settings.network.name)
    records = read_records(folder / FILE_NAME)
    state = fold(records)
    if state.finished is None:
        print("The onboarding is not finished: there is no receipt yet.", file=sys.stderr)
        return EXIT_STOPPED
    receipt, remarks = _rebuilt(records, state, folder, settings)
    if options.json:
        print(json.dumps(receipt, indent=2))
    elif sys.stdout.isatty() or not _can_print("\N{FULL BLOCK}"):
        # The code is drawn for paper: on a dark screen it would be light on dark.
        print("\n".join(receipt_lines(receipt)))
        print(f"\nThe page to print, with a QR code: {folder / 'receipt.txt'}")
    else:
        print("\n".join(page_lines(receipt)))
    if not options.verify:
        for row in remarks:
            if row.what != "host":
                print(f"{row.what} {row.found}.", file=sys.stderr)
        return EXIT_DONE
    from core.session import check_belongs

    check_belongs(state, settings)
    if settings.problems:
        raise OnboardingError(settings.problems[0])
    # What programs read on stdout stays one JSON document.
    out = sys.stderr if options.json else sys.stdout
    return asyncio.run(_verify(receipt, remarks, settings, out))


def _rebuilt(
    records: list[Record], state: State, folder: Path, settings: Settings
) -> tuple[dict[str, Any], list[Row]]:
    """The receipt as the journal has it, and what was wrong with its file; writes its files where
    they are missing or differ.
    """
    from app.version import installed_version
    from core.finish import versions
    from core.receipt import build_receipt, read_receipt, write_receipt

    last = records[-1]
    receipt = build_receipt(
        state,
        settings,
        mcr=state.finished.mcr if state.finished else "",
        finished_at=last.at,
        versions=versions(installed_version()),
    )
    kept = read_receipt(folder)
    remarks = _remarks(kept, receipt, folder)
    if kept is None or kept.get("address") != receipt["address"]:
        receipt["rebuilt_at"] = stamp(SystemClock().now())
    else:
        # What was true on the day is not replaced by what happens to be set today.
        receipt |= {
            name: kept[name] for name in _OF_THE_DAY if _alike(kept.get(name), receipt[name])
        }
        receipt["rebuilt_at"] = clean(kept["rebuilt_at"], 40) if kept.get("rebuilt_at") else None
    try:
        write_receipt(folder, receipt)
    except OSError as error:
        reason = error.strerror or error
        print(f"The files in {folder} could not be written: {reason}.", file=sys.stderr)
    else:
        remarks = [replace(row, found=f"{row.found}; written again") for row in remarks]
    return receipt, [*remarks, *_of_host(receipt)]


def _remarks(kept: dict[str, Any] | None, receipt: dict[str, Any], folder: Path) -> list[Row]:
    """What is to be said of the file: it is mended, but whoever has a copy should know."""
    from core.receipt import JSON_NAME, differing
    from core.verify import Row

    if kept is None:
        there = os.path.lexists(folder / JSON_NAME)
        return [Row(JSON_NAME, "whole", "was damaged" if there else "was missing", lasting=False)]
    known = {n: v for n, v in receipt.items() if n not in (*_OF_THE_DAY, "rebuilt_at")}
    fields = differing(kept, known)
    fields += [n for n in _OF_THE_DAY if n in kept and not _alike(kept[n], receipt[n])]
    if not fields:
        return []
    return [Row(JSON_NAME, "as the journal", f"was different in {', '.join(fields)}")]


def _of_host(receipt: dict[str, Any]) -> list[Row]:
    """The name of a machine may change; that the paper has another one is worth a line."""
    from core.verify import Row

    row = Row("host", str(receipt["host"]), clean(platform.node(), 255), lasting=False)
    return [] if row.same else [row]


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _alike(kept: Any, made: Any) -> bool:
    """Whether what a file holds is of the form that is written here: anybody can edit a file."""
    if isinstance(made, dict):
        return (
            isinstance(kept, dict)
            and kept.keys() == made.keys()
            and all(_printable(value) for value in kept.values())
        )
    return _printable(kept) and kept is not None


def _printable(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value == clean(value, 2000))


async def _verify(
    receipt: dict[str, Any], remarks: list[Row], settings: Settings, out: TextIO
) -> int:
    from core.chain import Chain
    from core.gather import gather
    from core.http import Http
    from core.mcr import Mcr
    from core.rpc import Rpc
    from core.verify import compare

    urls = (settings.rpc_url, *settings.fallback_urls)
    network = settings.network
    rpc = Rpc(urls, network.chain_id, network.title, SystemClock(), gather=gather)
    mcr = Mcr(Http(settings.mcr_url)) if settings.mcr_url else None
    try:
        rows = [*remarks, *await compare(receipt, Chain(rpc, network, settings.contracts), mcr)]
    finally:
        await rpc.close()
        if mcr:
            await mcr.close()
    print("\nCompared with the network:", file=out)
    for row in rows:
        sign = "ok " if row.same else "BAD" if row.wrong else "-- "
        other = "" if row.same else f"; found: {row.found}"
        print(f"  {sign} {row.what:<22} {row.expected}{other}", file=out)
    wrong = sum(row.wrong for row in rows)
    end = f"{wrong} of {len(rows)} lines differ." if wrong else f"All {len(rows)} lines hold."
    print(end, file=out)
    return EXIT_NETWORK if wrong else EXIT_DONE
