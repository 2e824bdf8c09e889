"""Step 1: check everything that later steps need before any money moves. Read only."""

from __future__ import annotations

from dataclasses import replace

from core.chain.presence import read_snapshot
from core.errors.problem import OnboardingError
from core.journal import events as ev
from core.preflight.check import STEP_ONE, CheckResult, Report
from core.preflight.contracts import missing_contract, no_bond
from core.preflight.essentials import Services, check_essentials
from core.preflight.machine import check_state_directory
from core.preflight.services import PATIENCE, check_clock
from core.preflight.settings import check_settings, refused_variables
from core.steps.context import Context

SNAPSHOT_LASTS = 300.0
"""Seconds for which the last snapshot of the network is taken to be still true."""


async def check_environment(context: Context, report: Report) -> list[CheckResult]:
    """Run the checks of step 1, report each result as it is known, and return them in order.

    Never raises for a fault.
    """
    results: dict[str, CheckResult] = {}

    def collect(result: CheckResult) -> None:
        results[result.key] = result
        report(result)

    settings, gas_station = context.settings, context.gas_station
    collect(replace(check_settings(settings)[0], key="variables"))
    collect(check_state_directory(context.folder))
    refused = refused_variables(settings)
    services = Services(context.chain, gas_station, context.mcr, refused)
    found = await check_essentials(settings, services, collect)
    if found.snapshot is not None:
        context.memory.snapshot = (context.clock.monotonic(), found.snapshot)
    skews = [part.skew for part in (found.endpoint, gas_station) if part is not None]
    collect(check_clock(skews))
    return [results[key] for key in STEP_ONE]


async def pass_environment(context: Context, version: str) -> None:
    """Record that nothing essential failed; the first record of every journal.

    Uses the snapshot of `check_environment` while it is fresh. Raises OnboardingError
    (VARIABLE_…, RPC_…, NO_CODE_AT_ADDRESS, CONTRACT_UNEXPECTED).
    """
    settings = context.settings
    if settings.problems:
        raise OnboardingError(settings.problems[0])
    read_at, snapshot = context.memory.snapshot or (0.0, None)
    if snapshot is None or context.clock.monotonic() - read_at > SNAPSHOT_LASTS:
        snapshot = await read_snapshot(context.chain, patience=PATIENCE)
    missing = missing_contract(settings, snapshot)
    if missing is not None or snapshot.bond is None:
        raise OnboardingError(missing or no_bond())
    if context.state.started is None:
        await context.store.record(
            ev.OnboardingStarted(
                network=settings.network.name,
                chain_id=settings.network.chain_id,
                contracts=settings.contracts.as_dict(),
                version=version,
            )
        )
    await context.store.record(ev.EnvironmentPassed(snapshot.bond, snapshot.height))
