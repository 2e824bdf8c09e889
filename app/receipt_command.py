"""`peaq-onboard receipt`: the handover papers again; with --verify compared with the chain."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

from app.run import read_settings, state_folder
from core.clock import SystemClock
from core.errors import EXIT_DONE, EXIT_NETWORK, EXIT_STOPPED
from core.receipt import receipt_lines
from core.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

_OF_THE_DAY = ("mcr", "endpoints", "host", "versions", "finished_at")


def run_receipt(options: argparse.Namespace) -> int:
    """Prints the receipt made anew from the journal; 0, 1 where there is none yet, 2 where
    --verify finds the chain saying something else.
    """
    settings = read_settings(options)
    folder = state_folder(options, settings.network.name)
    receipt = _rebuilt(folder, settings)
    if receipt is None:
        print("The onboarding is not finished: there is no receipt yet.", file=sys.stderr)
        return EXIT_STOPPED
    if options.json:
        print(json.dumps(receipt, indent=2))
    else:
        print("\n".join(receipt_lines(receipt, settings.network.token)))
    return asyncio.run(_verify(receipt, settings)) if options.verify else EXIT_DONE


def _rebuilt(folder: Path, settings: Settings) -> dict[str, Any] | None:
    from core.finish import versions
    from core.fold import fold
    from core.journal import FILE_NAME, read_records
    from core.receipt import build_receipt, read_receipt, write_receipt

    records = read_records(folder / FILE_NAME)
    state = fold(records)
    if state.finished is None:
        return None
    from app.version import installed_version

    receipt = build_receipt(
        state,
        settings,
        mcr=state.finished.mcr,
        finished_at=records[-1].at,
        versions=versions(installed_version()),
    )
    kept = read_receipt(folder)
    if kept is None:
        write_receipt(folder, receipt, settings.network.token)
        return receipt
    # What was true on the day is not replaced by what happens to be set today.
    return receipt | {name: kept[name] for name in _OF_THE_DAY if name in kept}


async def _verify(receipt: dict[str, Any], settings: Settings) -> int:
    from core.chain import Chain
    from core.rpc import Rpc
    from core.verify import compare

    urls = (settings.rpc_url, *settings.fallback_urls)
    network = settings.network
    rpc = Rpc(urls, network.chain_id, network.title, SystemClock())
    try:
        rows = await compare(receipt, Chain(rpc, network, settings.contracts))
    finally:
        await rpc.close()
    print("\nCompared with the network:")
    for row in rows:
        sign = "ok " if row.same else "BAD"
        other = "" if row.same else f"; the network says {row.found}"
        print(f"  {sign} {row.what:<22} {row.expected}{other}")
    return EXIT_DONE if all(row.same for row in rows) else EXIT_NETWORK
