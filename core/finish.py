"""The end: everything final, the MCR API asked, the receipt written."""

from __future__ import annotations

import asyncio
import platform
from importlib.metadata import version as installed

from core import events as ev
from core.context import Context
from core.errors import OnboardingError, fault
from core.receipt import build_receipt, write_receipt
from core.text import clean

MCR_PATIENCE = 6.0
"""Seconds. The index may lag 90 s; the receipt can be made again later, so this is short."""


async def finish(context: Context, version: str) -> bool:
    """Waits for finality and writes the receipt; False where something was taken back.

    Raises OnboardingError: TRANSACTION_LATE, DISK_FULL, RPC_….
    """
    if not await context.sender.finalise():
        return False
    mcr = await _rating(context)
    receipt = build_receipt(
        context.state,
        context.settings,
        mcr=mcr,
        finished_at=context.clock.now(),
        versions=versions(version),
    )
    try:
        await asyncio.to_thread(write_receipt, context.folder, receipt, context.token)
    except OSError as error:
        raise fault("DISK_FULL", path=context.folder, reason=error.strerror or error) from error
    await context.book.record(ev.OnboardingFinished(mcr))
    return True


async def _rating(context: Context) -> str:
    """What the MCR API says of the machine; empty where it does not know it yet."""
    if context.mcr is None:
        return ""
    started = context.clock.monotonic()
    with context.book.waiting("The MCR API is asked", usual=MCR_PATIENCE):
        while True:
            try:
                found = await context.mcr.machine(context.address)
            except OnboardingError:
                found = None  # best effort: the machine is onboarded without it
            if found:
                return clean(found.get("mcr") or "", 40)
            if context.clock.monotonic() - started >= MCR_PATIENCE:
                return ""
            await context.clock.sleep(2.0)


def versions(version: str) -> dict[str, str]:
    return {
        "peaq-onboard": version,
        "python": platform.python_version(),
        **{name: installed(name) for name in ("web3", "eth-account", "textual")},
    }
