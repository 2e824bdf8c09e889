"""`peaq-onboard doctor`: step 1 alone and more, read only; the site survey before the trip."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING

from app.run import read_settings, state_folder
from app.terminal_facts import terminal_check
from app.version import installed_version
from core.checks import Check, Light
from core.clock import SystemClock
from core.errors import EXIT_CONFIGURATION, EXIT_DONE, EXIT_NETWORK, OnboardingError, exit_code
from core.onboarding import Onboarding
from core.session import open_session
from core.settings import Settings
from core.text import clean

if TYPE_CHECKING:
    from core.context import Context

_PATIENCE = 50.0
_DISK_WANTED = 50 * 1024 * 1024
"""Bytes. The journal of a whole onboarding takes some 30 kB."""
_SIGNS = {Light.GREEN: "ok  ", Light.AMBER: "note", Light.RED: "BAD ", Light.PENDING: "?   "}


def run_doctor(options: argparse.Namespace) -> int:
    """Prints the findings; 0 where nothing is red, else 2 (network) or 3 (configuration)."""
    settings = read_settings(options)
    folder = state_folder(options, settings.network.name)
    checks = [*_machine(), _folder(folder), terminal_check()]
    # The engine writes where it works; here it works in a folder that is gone afterwards.
    with tempfile.TemporaryDirectory(prefix="peaq-doctor-") as place:
        checks += asyncio.run(_services(settings, Path(place) / "state"))
    if options.json:
        print(json.dumps(_as_data(checks, settings), indent=2))
    else:
        _print(checks)
    return _exit(checks)


def _machine() -> list[Check]:
    from core.keystore import available_memory, choose_kdf

    version = platform.python_version()
    light = Light.GREEN if sys.version_info >= (3, 10) else Light.RED
    memory = available_memory()
    kdf = choose_kdf(memory)
    return [
        Check("python", "Python", light, f"{version}, {platform.machine()}"),
        Check(
            "memory",
            "Memory",
            Light.GREEN if memory else Light.AMBER,
            f"{memory // 2**20} MiB free; the key is locked with {kdf.title}",
        ),
    ]


def _folder(folder: Path) -> Check:
    """Whether the state folder, or the nearest one above it that exists, can be written."""
    place = next((p for p in (folder, *folder.parents) if p.exists()), Path("/"))
    free = shutil.disk_usage(place).free
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        text = f"{place} cannot be written: use another with --state-dir"
        return Check("folder", "State folder", Light.RED, text)
    if free < _DISK_WANTED:
        return Check("folder", "State folder", Light.AMBER, f"{folder}: {free // 2**20} MiB free")
    return Check("folder", "State folder", Light.GREEN, f"{folder}, {free // 2**20} MiB free")


async def _services(settings: Settings, place: Path) -> list[Check]:
    clock = SystemClock()
    session = open_session(place, settings, clock)
    engine = Onboarding(session, settings, clock, version=installed_version())
    try:
        return await _asked(engine)
    except asyncio.TimeoutError:
        text = f"no complete answer within {_PATIENCE:.0f} s"
        return [Check("rpc", "Network endpoint", Light.RED, text)]
    finally:
        await engine.close()


async def _asked(engine: Onboarding) -> list[Check]:
    context = await engine.load()
    found = await asyncio.wait_for(engine.check_environment(lambda check: None), _PATIENCE)
    checks = [check for check in found if check.key != "folder"]
    if all(check.light is Light.GREEN for check in checks if check.key in ("rpc", "bond")):
        checks.append(await _guarded("register", "Registering", _registering(context)))
    for number, url in enumerate(engine.settings.fallback_urls, 2):
        checks.append(
            await _guarded(f"rpc-{number}", f"Endpoint {number}", _endpoint(context, url))
        )
    return checks


async def _guarded(key: str, title: str, work: Awaitable[tuple[Light, str]]) -> Check:
    try:
        light, text = await work
    except OnboardingError as error:
        return Check(key, title, Light.AMBER, error.problem.title, error.problem)
    return Check(key, title, light, text)


async def _registering(context: Context) -> tuple[Light, str]:
    """Simulated with a wallet that is supposed to hold enough; nothing is sent."""
    from core.contracts import read_revert
    from core.rpc import RpcError

    asked = context.chain.bond()
    await context.chain.read(asked)
    bond = asked.value
    nobody = "0x" + "11" * 20
    call = {
        "from": nobody,
        "to": context.settings.contracts.identity_registry,
        "value": hex(bond),
        "data": context.chain.call_data("identity_registry", "register"),
    }
    supposed = {nobody: {"balance": hex(bond * 10 + 10**18)}}
    answers = await context.chain.rpc.read([("eth_call", [call, "latest", supposed])])
    result = answers.results[0]
    if not isinstance(result, RpcError):
        return Light.GREEN, "is accepted (simulated)"
    revert = read_revert(result)
    if revert is None or revert.poor:
        return Light.AMBER, "cannot be simulated at this endpoint"
    if revert.name == "EnforcedPause":
        return Light.RED, "the contract is paused by its operators"
    return Light.RED, clean(f"is refused: {revert.reason}", 60)


async def _endpoint(context: Context, url: str) -> tuple[Light, str]:
    from core.rpc import Rpc

    network = context.settings.network
    rpc = Rpc((url,), network.chain_id, network.title, context.clock)
    try:
        answers = await rpc.read([], patience=8.0)
    finally:
        await rpc.close()
    return Light.GREEN, f"{rpc.host}, {answers.seconds * 1000:.0f} ms, block {answers.height}"


def _as_data(checks: list[Check], settings: Settings) -> dict[str, object]:
    return {
        "version": installed_version(),
        "network": settings.network.name,
        "checks": [
            {
                "key": check.key,
                "title": check.title,
                "light": check.light.value,
                "text": check.text,
                "code": check.problem.code if check.problem else None,
                "remedy": check.problem.remedy if check.problem else None,
            }
            for check in checks
        ],
    }


def _print(checks: list[Check]) -> None:
    for check in checks:
        print(f"{_SIGNS[check.light]} {check.title:<17} {check.text}")
        if check.problem and check.light is not Light.GREEN:
            print(f"     {check.problem.cause}\n     {check.problem.remedy}")


def _exit(checks: list[Check]) -> int:
    red = [check for check in checks if check.light is Light.RED]
    if not red:
        return EXIT_DONE
    codes = {exit_code(c.problem.kind) if c.problem else EXIT_CONFIGURATION for c in red}
    return EXIT_CONFIGURATION if EXIT_CONFIGURATION in codes else EXIT_NETWORK
