"""Check the settings: one result per unusable variable, or one for all."""

from __future__ import annotations

from core.config.settings import GAS_STATION_URL, MCR_URL, PRIVATE_KEY, RPC_URL, Settings
from core.errors.problem import OnboardingError, Problem, problem
from core.keys.private_key import parse_key
from core.preflight.check import TITLES, CheckResult, of_problem, passed, warning


def check_settings(settings: Settings) -> list[CheckResult]:
    if settings.problems:
        return [_of_variable(found, settings) for found in settings.problems]
    if settings.warnings:
        advice = "Run that command: the file can hold a private key."
        return [warning("variables", settings.warnings[0], advice)]
    own = sum(source != "default" for source in settings.sources.values())
    return [passed("variables", f"{own} set, the others are the network's own")]


def check_private_key(settings: Settings) -> list[CheckResult]:
    """Return a result only for a private key that is set but unusable."""
    if settings.private_key is None:
        return []
    try:
        parse_key(settings.private_key)
    except OnboardingError as error:
        cause = error.problem.cause
        found = problem("VARIABLE_INVALID", variable=PRIVATE_KEY, reason=cause)
        return [_of_variable(found, settings)]
    return []


def refused_variables(settings: Settings) -> dict[str, str]:
    """Return the variables whose service must not even be contacted, each with the title of the
    result that says why.
    """
    variables = [found.params.get("variable") for found in settings.problems]
    if _rehearsal_is_over(settings):
        urls = {GAS_STATION_URL: settings.gas_station_url, MCR_URL: settings.mcr_url}
        variables += [variable for variable, url in urls.items() if not url]
    return {variable: TITLES["variables"] for variable in variables if variable}


def _rehearsal_is_over(settings: Settings) -> bool:
    """Return whether the network is the rehearsal's, and no variable says where it runs."""
    return settings.network.name == "rehearsal" and not settings.rpc_url


def _of_variable(found: Problem, settings: Settings) -> CheckResult:
    variable = found.params.get("variable")
    if variable == RPC_URL and _rehearsal_is_over(settings):
        found = problem("REHEARSAL_NOT_RUNNING")
    return of_problem(f"variables:{variable}" if variable else "variables", found)
