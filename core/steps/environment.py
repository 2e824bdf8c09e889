"""Step 1: everything that is needed later is asked now, before any money moves. Read only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from core.chain.did import check_details
from core.chain.types import NetworkSnapshot
from core.config.networks import CONTRACT_VARIABLES
from core.config.settings import GAS_STATION_URL, MCR_URL, RPC_URL
from core.errors.problem import OnboardingError, Problem
from core.journal import events as ev
from core.journal.state import Details
from core.preflight.check import TITLES, Check, Light, Report, essential_red
from core.steps.context import Context

PATIENCE = 6.0
"""Seconds that one endpoint gets here: a technician is looking at the list."""
SURVEY_LASTS = 300.0
"""Seconds for which what was found is taken to be still so."""
_CLOCK_FINE = timedelta(seconds=5)


async def check_environment(context: Context, report: Report) -> list[Check]:
    """Checks everything at once and reports each line as it is known; never raises for a fault."""
    results: dict[str, Check] = {}

    def say(key: str, light: Light, text: str, found: Problem | None = None) -> None:
        check = Check(key, TITLES[key], light, text, found)
        results[key] = check
        report(check)

    _check_settings(context, say)
    say("folder", Light.GREEN, str(context.folder))
    survey, _, _ = await asyncio.gather(
        _check_chain(context, say), _check_gas_station(context, say), _check_mcr(context, say)
    )
    _check_clock(context, survey, say)
    return [results[key] for key in TITLES]


Say = Callable[..., None]


def _check_settings(context: Context, say: Say) -> None:
    settings = context.settings
    if settings.problems:
        first = settings.problems[0]
        say("variables", Light.RED, first.title, first)
    elif settings.warnings:
        say("variables", Light.AMBER, settings.warnings[0])
    else:
        own = sum(source != "default" for source in settings.sources.values())
        say("variables", Light.GREEN, f"{own} set, the others are the network's own")


def _refuse_unusable(context: Context, *variables: str) -> None:
    """Nothing is asked with a variable that was refused: not even whether it answers."""
    for variable in variables:
        found = context.settings.problem_of(variable)
        if found:
            raise OnboardingError(found)


async def _check_chain(context: Context, say: Say) -> NetworkSnapshot | None:
    network = context.settings.network
    try:
        _refuse_unusable(context, RPC_URL, *CONTRACT_VARIABLES)
        survey = await context.protocol.survey(context, patience=PATIENCE)
        context.memory.survey = (context.clock.monotonic(), survey)
    except OnboardingError as error:
        known = error.code == "CHAIN_ID_WRONG"
        say("rpc", Light.GREEN if known else Light.RED, _short(error), _unless(known, error))
        say("chain", Light.RED if known else Light.AMBER, *_after(known, error))
        for key in ("contracts", "bond"):
            say(key, Light.AMBER, "not asked yet")
        return None
    say("rpc", Light.GREEN, f"{survey.host}, {survey.seconds * 1000:.0f} ms")
    say("chain", Light.GREEN, f"{network.title}, chain {network.chain_id}, block {survey.height}")
    for check in context.protocol.check_contracts(context, survey):
        say(check.key, check.light, check.text, check.problem)
    return survey


def _short(error: OnboardingError) -> str:
    return "answers" if error.code == "CHAIN_ID_WRONG" else error.problem.title


def _unless(known: bool, error: OnboardingError) -> Problem | None:
    return None if known else error.problem


def _after(known: bool, error: OnboardingError) -> tuple[str, Problem | None]:
    return (error.problem.title, error.problem) if known else ("not asked yet", None)


async def _check_gas_station(context: Context, say: Say) -> None:
    if context.gas_station is None:
        say("gas-station", Light.GREEN, "none on this network; funding is by hand")
        return
    try:
        _refuse_unusable(context, GAS_STATION_URL)
        await context.gas_station.probe()
    except OnboardingError as error:
        say("gas-station", Light.AMBER, error.problem.title, error.problem)
    else:
        say("gas-station", Light.GREEN, context.gas_station.host)


async def _check_mcr(context: Context, say: Say) -> None:
    if context.mcr is None:
        say("mcr", Light.GREEN, "none on this network")
        return
    try:
        _refuse_unusable(context, MCR_URL)
        await context.mcr.probe()
    except OnboardingError:
        say("mcr", Light.AMBER, "does not answer; it is not needed to go on")
    else:
        say("mcr", Light.GREEN, context.mcr.host)


def _check_clock(context: Context, survey: NetworkSnapshot | None, say: Say) -> None:
    skew = context.gas_station.skew if context.gas_station else None
    if skew is None and survey and survey.server_time:
        skew = survey.server_time - context.clock.now()
    if skew is None:
        say("clock", Light.AMBER, "no server has told the time")
    elif abs(skew) <= _CLOCK_FINE:
        say("clock", Light.GREEN, "right")
    else:
        seconds = round(abs(skew.total_seconds()))
        direction = "behind" if skew > timedelta(0) else "ahead"
        say("clock", Light.AMBER, f"this machine is {seconds} s {direction}; set it if you can")


async def pass_environment(context: Context, version: str) -> None:
    """Records that nothing essential was red; the first thing that is recorded at all.

    What the list has just shown is not asked again. Raises OnboardingError (VARIABLE_…, RPC_…,
    NO_CODE_AT_ADDRESS, CONTRACT_UNEXPECTED).
    """
    settings = context.settings
    if settings.problems:
        raise OnboardingError(settings.problems[0])
    asked, known = context.memory.survey or (0.0, None)
    if known is None or context.clock.monotonic() - asked > SURVEY_LASTS:
        known = await context.protocol.survey(context, patience=PATIENCE)
    survey = known
    red = essential_red(context.protocol.check_contracts(context, survey))
    if red is not None and red.problem is not None:
        raise OnboardingError(red.problem)
    if context.state.started is None:
        await context.store.record(
            ev.OnboardingStarted(
                network=settings.network.name,
                chain_id=settings.network.chain_id,
                contracts=settings.contracts.as_dict(),
                version=version,
            )
        )
    await context.store.record(ev.EnvironmentPassed(survey.bond or 0, survey.height))


async def record_details(context: Context, details: Details) -> None:
    """Checks and records the machine's details. Raises OnboardingError (the first that fails)."""
    found = check_details(details)
    if found:
        raise OnboardingError(found[0])
    if context.state.details != details:
        await context.store.record(
            ev.DetailsRecorded(details.documentation_url, details.data_api, details.data_visibility)
        )
