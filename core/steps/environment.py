"""Step 1: check everything that later steps need before any money moves. Read-only."""

from __future__ import annotations

from dataclasses import replace

from core.chain.did import check_details
from core.errors.problem import OnboardingError
from core.journal import events as ev
from core.journal.state import Details
from core.preflight.check import STEP_ONE, CheckResult, Report, first_failed
from core.preflight.essentials import Services, check_essentials
from core.preflight.machine import check_state_directory
from core.preflight.services import PATIENCE, check_clock
from core.preflight.settings import check_settings, refused_variables
from core.steps.context import Context

SNAPSHOT_LASTS = 300.0
"""Seconds for which the last snapshot of the network stays valid."""


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
    services = Services(
        context.chain,
        gas_station,
        context.mcr,
        refused,
        read_snapshot=lambda patience: context.protocol.read_snapshot(context, patience=patience),
        check_contracts=lambda snapshot: context.protocol.check_contracts(context, snapshot),
    )
    found = await check_essentials(settings, services, collect)
    if found.snapshot is not None:
        context.memory.snapshot = (context.clock.monotonic(), found.snapshot)
    skews = [part.skew for part in (found.endpoint, gas_station) if part is not None]
    collect(check_clock(skews))
    return [results[key] for key in STEP_ONE]


async def pass_environment(context: Context, version: str) -> None:
    """Record that no required check failed; this starts every journal.

    Uses the snapshot of `check_environment` while it is fresh. Raises OnboardingError
    (VARIABLE_…, RPC_…, NO_CODE_AT_ADDRESS, CONTRACT_UNEXPECTED).
    """
    settings = context.settings
    if settings.problems:
        raise OnboardingError(settings.problems[0])
    read_at, snapshot = context.memory.snapshot or (0.0, None)
    if snapshot is None or context.clock.monotonic() - read_at > SNAPSHOT_LASTS:
        snapshot = await context.protocol.read_snapshot(context, patience=PATIENCE)
    failed = first_failed(context.protocol.check_contracts(context, snapshot))
    if failed is not None and failed.problem is not None:
        raise OnboardingError(failed.problem)
    if context.state.started is None:
        await context.store.record(context.protocol.started(settings, version))
    await context.store.record(ev.EnvironmentPassed(snapshot.bond or 0, snapshot.height))


async def record_details(context: Context, details: Details) -> None:
    """Check and record the machine's details. Raises OnboardingError (the first that fails)."""
    found = check_details(details)
    if found:
        raise OnboardingError(found[0])
    if context.state.details != details:
        await context.store.record(
            ev.DetailsRecorded(details.documentation_url, details.data_api, details.data_visibility)
        )
