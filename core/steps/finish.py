"""The end of an onboarding: wait for finality, query the MCR API, write the receipt."""

from __future__ import annotations

import asyncio
import platform
from importlib.metadata import version as installed

from core.clock import stamp
from core.config.settings import GAS_STATION_URL, MCR_URL, RPC_URL, Settings
from core.errors.problem import OnboardingError, fault
from core.journal import events as ev
from core.receipt.document import build_receipt, write_receipt
from core.steps.context import Context
from core.text import clean

MCR_PATIENCE = 6.0
"""Seconds. Short, because the index may lag 90 s and the receipt can be made again later."""


async def finish(context: Context, version: str) -> bool:
    """Wait for finality and write the receipt; return False if a reorganization undid something.

    Raises OnboardingError: TRANSACTION_LATE, DISK_FULL, RPC_….
    """
    # A reorganization can reopen a transaction that nothing waits for any more, such as an approval
    # whose allowance was used: it is sent again before the receipt is written.
    if context.state.open_transactions:
        await context.transactions.settle(context.memory.key)
    if not await context.transactions.finalise():
        return False
    await context.protocol.check_final(context)
    finished = ev.OnboardingFinished(
        mcr=await _rating(context),
        finished_at=stamp(context.clock.now()),
        host=platform.node(),
        endpoints=_endpoints(context.settings),
        versions=_versions(version),
    )
    facts = context.protocol.machine_facts(context.state)
    try:
        receipt = build_receipt(context.state, finished, facts)
        await asyncio.to_thread(write_receipt, context.folder, receipt)
    except OSError as error:
        raise fault("DISK_FULL", path=context.folder, reason=error.strerror or error) from error
    await context.store.record(finished)
    return True


def _endpoints(settings: Settings) -> dict[str, str]:
    """Return the services used, without query strings, because some providers put API keys
    there.
    """
    variables = {"rpc": RPC_URL, "gas_station": GAS_STATION_URL, "mcr": MCR_URL}
    return {
        name: settings.values[variable].partition("?")[0].partition("#")[0]
        for name, variable in variables.items()
    }


async def _rating(context: Context) -> str:
    """Return the machine's rating in the MCR API; empty if the API does not know it yet."""
    if context.mcr is None:
        return ""
    started = context.clock.monotonic()
    with context.store.waiting("Reading the machine credit rating", usual=MCR_PATIENCE):
        while True:
            try:
                found = await context.mcr.machine(context.address)
            except OnboardingError:
                found = None  # best effort: the onboarding is complete without it
            if found:
                return clean(found.get("mcr") or "", 40)
            if context.clock.monotonic() - started >= MCR_PATIENCE:
                return ""
            await context.clock.sleep(2.0)


def _versions(version: str) -> dict[str, str]:
    return {
        "peaq-onboard": version,
        "python": platform.python_version(),
        **{name: installed(name) for name in ("web3", "eth-account", "textual")},
    }
