"""`peaq-onboard doctor`: all checks before an onboarding. Read-only: creates not even a
directory.
"""

from __future__ import annotations

import asyncio
import textwrap
from dataclasses import replace

from app.configuration import read_settings, state_folder, with_protocol
from app.json_output import print_document
from app.options import Options
from app.say import SIGNS
from app.tui.terminal_facts import qr_check, terminal_check
from app.version import installed_version
from core.clock import SystemClock
from core.config.settings import Settings
from core.errors.catalogue import Kind
from core.errors.exit_codes import EXIT_CONFIGURATION, EXIT_DONE, EXIT_NETWORK
from core.errors.problem import OnboardingError
from core.errors.surfaces import DOCTOR
from core.keys.keystore import available_memory
from core.preflight.check import CheckResult, Status
from core.preflight.machine import (
    check_architecture,
    check_memory,
    check_python,
    check_state_directory,
)
from core.preflight.network import check_network
from core.preflight.settings import check_private_key, check_settings
from core.preflight.state_directory import check_journal, check_keystore, check_subscription
from core.protocols.activation import environment as activation
from core.protocols.guide import preflight as guide

SCHEMA_VERSION = 1
_WIDTH = 79
_LIGHTS = {
    Status.PASSED: "green",
    Status.WARNING: "amber",
    Status.SKIPPED: "amber",
    Status.FAILED: "red",
}
"""By status, from best to worst, with the stable names of `--json`."""


def run_doctor(options: Options) -> int:
    """Print each result as it is known; return 0 if no check failed, else 2 (network) or 3."""
    settings = read_settings(options.env_file, options.network, required=options.env_file_named)
    folder = state_folder(options.state_dir, settings.network.name)
    try:
        settings = with_protocol(settings, options.protocol, folder)
    except OnboardingError as error:
        settings = replace(settings, problems=(*settings.problems, error.problem))
    results: list[CheckResult] = []

    def report(result: CheckResult) -> None:
        results.append(result)
        if not options.json:
            print("\n".join(_lines(result)), flush=True)

    report(check_python())
    report(check_architecture())
    report(check_memory(available_memory()))
    place = check_state_directory(folder)
    report(place)
    report(terminal_check())
    report(qr_check())
    for result in (*check_settings(settings), *check_private_key(settings)):
        report(result)
    if place.status is not Status.FAILED:
        journal, state = check_journal(folder, settings)
        report(journal)
        for result in check_keystore(folder, state) if state else ():
            report(result)
        for result in check_subscription(state, SystemClock().now()) if state else ():
            report(result)
    makes_codes = options.answers.code_command is not None
    protocol = activation if settings.deployment else guide
    contracts = protocol.contract_checks(settings)
    asyncio.run(check_network(settings, SystemClock(), report, contracts, makes_codes=makes_codes))
    if options.json:
        print_document(build_document(results, settings))
    else:
        print(_summary(results))
    return _exit_code(results)


def build_document(results: list[CheckResult], settings: Settings) -> dict[str, object]:
    """Return the results as JSON-ready data (docs/doctor.schema.json)."""
    order = list(_LIGHTS)
    return {
        "schema_version": SCHEMA_VERSION,
        "version": installed_version(),
        "network": settings.network.name,
        "light": _LIGHTS[max((result.status for result in results), key=order.index)],
        "checks": [
            {
                "key": result.key,
                "title": result.title,
                "light": _LIGHTS[result.status],
                "text": _text(result),
                "code": result.problem.code if result.problem else None,
                "remedy": result.remedy(DOCTOR) or None,
            }
            for result in results
        ],
    }


def _text(result: CheckResult) -> str:
    return f"{result.text}. {result.problem.cause}" if result.problem else result.text


def _lines(result: CheckResult) -> list[str]:
    head = f"{SIGNS[result.status]} {result.title:<17} "
    lines = _wrapped(_text(result), head, " " * len(head))
    if result.status is not Status.SKIPPED:
        lines += _wrapped(result.remedy(DOCTOR), "     -> ", "        ")
    return lines


def _wrapped(text: str, first: str, later: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _summary(results: list[CheckResult]) -> str:
    failed = sum(result.status is Status.FAILED for result in results)
    warnings = sum(result.status is Status.WARNING for result in results)
    if failed:
        return f"\nFailed checks: {failed}. Fix them before you onboard this machine."
    if warnings:
        return f"\nYou can onboard here. Warnings: {warnings}."
    return "\nYou can onboard here."


def _exit_code(results: list[CheckResult]) -> int:
    """Return the exit code: the network's only if every failure is one of the network."""
    failed = [result.problem for result in results if result.status is Status.FAILED]
    if not failed:
        return EXIT_DONE
    own = any(problem is None or problem.kind is Kind.CONFIGURATION for problem in failed)
    return EXIT_CONFIGURATION if own else EXIT_NETWORK
