"""`peaq-onboard doctor`: the site survey before the trip. Read only: not even a folder is made."""

from __future__ import annotations

import asyncio
import json
import textwrap

from app.configuration import read_settings, state_folder
from app.options import Options
from app.tui.terminal_facts import qr_check, terminal_check
from app.version import installed_version
from core.clock import SystemClock
from core.config.settings import Settings
from core.errors.exit_codes import EXIT_CONFIGURATION, EXIT_DONE, EXIT_NETWORK
from core.keys.keystore import available_memory
from core.preflight import machine, state_directory
from core.preflight.check import Check, Light
from core.preflight.finding import MEND_FIRST, Finding
from core.preflight.network import look_at_network

_SIGNS = {Light.GREEN: "ok  ", Light.AMBER: "note", Light.RED: "BAD "}
_WIDTH = 79
_WORST = (Light.GREEN, Light.AMBER, Light.RED)


def run_doctor(options: Options) -> int:
    """Prints each finding as it is made; 0 where nothing is red, else 2 (network) or 3."""
    settings = read_settings(options.env_file, options.network, required=options.env_file_named)
    folder = state_folder(options.state_dir, settings.network.name)
    findings: list[Finding] = []

    def report(finding: Finding) -> None:
        findings.append(finding)
        if not options.json:
            print("\n".join(_lines(finding)), flush=True)

    place = machine.state_folder(folder)
    for finding in (
        machine.interpreter(),
        machine.architecture(),
        machine.memory(available_memory()),
        place,
        _of_check(terminal_check()),
        _of_check(qr_check()),
        *machine.settings(settings),
        *(state_directory.look(folder, settings) if place.light is not Light.RED else ()),
    ):
        report(finding)
    asyncio.run(look_at_network(settings, SystemClock(), report))
    if options.json:
        print(json.dumps(_as_data(findings, settings), indent=2))
    else:
        print(_summary(findings))
    return _exit(findings)


def _of_check(check: Check) -> Finding:
    """What hangs on the terminal is a remark at most: there is plain mode."""
    return Finding(check.key, check.title, check.light, check.text, check.remedy)


def _lines(finding: Finding) -> list[str]:
    head = f"{_SIGNS[finding.light]} {finding.title:<17} "
    lines = _wrapped(finding.text, head, " " * len(head))
    if finding.remedy and finding.remedy != MEND_FIRST:
        lines += _wrapped(finding.remedy, "     -> ", "        ")
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


def _summary(findings: list[Finding]) -> str:
    count = {light: sum(f.light is light for f in findings) for light in _WORST}
    if count[Light.RED]:
        return f"\n{count[Light.RED]} to be mended before an onboarding can succeed here."
    if count[Light.AMBER]:
        return f"\nAn onboarding can succeed here; {count[Light.AMBER]} to be looked at."
    return "\nAn onboarding can succeed here."


def _as_data(findings: list[Finding], settings: Settings) -> dict[str, object]:
    return {
        "version": installed_version(),
        "network": settings.network.name,
        "light": max((f.light for f in findings), key=_WORST.index).value,
        "checks": [
            {
                "key": finding.key,
                "title": finding.title,
                "light": finding.light.value,
                "text": finding.text,
                "code": finding.code or None,
                "remedy": finding.remedy or None,
            }
            for finding in findings
        ],
    }


def _exit(findings: list[Finding]) -> int:
    red = [finding for finding in findings if finding.light is Light.RED]
    if not red:
        return EXIT_DONE
    return EXIT_NETWORK if all(finding.network for finding in red) else EXIT_CONFIGURATION
