"""The end: everything final, the MCR API asked, the receipt written."""

from __future__ import annotations

import asyncio
import platform
from importlib.metadata import version as installed
from typing import Any

from core.chain.query import Ask
from core.clock import stamp
from core.config.settings import GAS_STATION_URL, MCR_URL, RPC_URL, Settings
from core.errors.problem import OnboardingError, fault
from core.journal import events as ev
from core.receipt.document import build_receipt, write_receipt
from core.steps.context import Context
from core.steps.reverts import odd
from core.text import clean

MCR_PATIENCE = 6.0
"""Seconds. The index may lag 90 s; the receipt can be made again later, so this is short."""


async def finish(context: Context, version: str) -> bool:
    """Waits for finality and writes the receipt; False where something was taken back.

    Raises OnboardingError: TRANSACTION_LATE, DISK_FULL, RPC_….
    """
    final = _Final(context)
    if not await context.sender.finalise(also=final.asks):
        return False
    await final.check()
    finished = ev.OnboardingFinished(
        mcr=await _rating(context),
        finished_at=stamp(context.clock.now()),
        host=platform.node(),
        endpoints=_endpoints(context.settings),
        versions=_versions(version),
    )
    try:
        receipt = build_receipt(context.state, finished)
        await asyncio.to_thread(write_receipt, context.folder, receipt)
    except OSError as error:
        raise fault("DISK_FULL", path=context.folder, reason=error.strerror or error) from error
    await context.book.record(finished)
    return True


def _endpoints(settings: Settings) -> dict[str, str]:
    """The services used. Some providers put an account's key into the query: it is left out."""
    variables = {"rpc": RPC_URL, "gas_station": GAS_STATION_URL, "mcr": MCR_URL}
    return {
        name: settings.values[variable].partition("?")[0].partition("#")[0]
        for name, variable in variables.items()
    }


class _Final:
    """The last look, asked along with the final block: whose the machine and its token are, and
    that the bond is held.
    """

    def __init__(self, context: Context) -> None:
        state, chain = context.state, context.chain
        if state.registered is None or state.minted is None:
            raise RuntimeError("the end comes after the registration and the token")
        self._context = context
        self._bonded = state.registered.way == "sent"
        self._owner = chain.machine_owner(state.registered.machine_id)
        self._staked = chain.staked(state.registered.machine_id)
        self._holder = chain.token_owner(state.minted.token_id)
        self.asks: tuple[Ask[Any], ...] = (self._owner, self._staked, self._holder)

    def _wrong(self) -> list[OnboardingError]:
        address = self._context.address
        return [
            odd(what, expected, found or "nobody")
            for what, expected, found in (
                ("the owner of the Identity NFT", address, self._owner.value),
                ("the owner of the Machine NFT", address, self._holder.value),
                ("the stake", "staked", "staked" if self._staked.value else "not staked"),
            )
            if expected.lower() != found.lower() and (self._bonded or what != "the stake")
        ]

    async def check(self) -> None:
        """Raises OnboardingError (READ_BACK_FAILED, RPC_…)."""
        await self._context.chain.read_back(
            *self.asks, right=lambda: not self._wrong(), at_least=self._context.state.height
        )
        for error in self._wrong():
            raise error


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


def _versions(version: str) -> dict[str, str]:
    return {
        "peaq-onboard": version,
        "python": platform.python_version(),
        **{name: installed(name) for name in ("web3", "eth-account", "textual")},
    }
