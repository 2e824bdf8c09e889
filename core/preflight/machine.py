"""This machine: interpreter, architecture, memory, disk. Looks, and writes nothing."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
from pathlib import Path

from core.config.settings import PRIVATE_KEY, Settings
from core.errors.problem import OnboardingError, Problem, problem
from core.keys.keystore import choose_kdf
from core.keys.private_key import parse_key
from core.preflight.check import Light
from core.preflight.finding import Finding, green, of_problem
from core.storage.durable_files import place_fault

_OLDEST = (3, 10)
_KNOWN = ("x86_64", "amd64", "aarch64", "arm64")
"""Machines for which every package comes built."""
_MIB = 1024 * 1024
_MEMORY_WANTED = 150 * _MIB
"""Bytes. The wizard with web3 takes some 80 MiB (measured)."""
_DISK_WANTED = 50 * _MIB
"""Bytes. The journal of a whole onboarding takes some 30 kB, a log at most 2 MB."""


def interpreter(version: tuple[int, int, int] = sys.version_info[:3]) -> Finding:
    text = f"{'.'.join(map(str, version))} ({platform.python_implementation()})"
    if version[:2] >= _OLDEST:
        return green("python", "Python", text)
    oldest = ".".join(map(str, _OLDEST))
    remedy = f"Install Python {oldest} or later, and make the virtual environment with it."
    return Finding("python", "Python", Light.RED, f"{text} is too old", remedy)


def architecture(machine: str | None = None) -> Finding:
    name = machine or platform.machine() or "unknown"
    bits = "64-bit" if sys.maxsize > 2**32 else "32-bit"
    text = f"{name}, {bits}"
    if name.lower() in _KNOWN and bits == "64-bit":
        return green("architecture", "Architecture", text)
    remedy = "It may work; where a package does not install, build tools (gcc) are needed."
    return Finding("architecture", "Architecture", Light.AMBER, f"{text}, not tried", remedy)


def memory(available: int) -> Finding:
    """`available` in bytes, 0 where the system does not say."""
    kdf = choose_kdf(available)
    used = f"the key will be locked with {kdf.title}"
    if available >= _MEMORY_WANTED:
        return green("memory", "Memory", f"{available // _MIB} MiB free; {used}")
    if not available:
        text = f"the system does not say how much is free; {used}"
        remedy = "Nothing needs to be done. At least 150 MiB should be free."
    else:
        text = f"only {available // _MIB} MiB free; {used}"
        remedy = "End what is not needed while the wizard runs: it wants 150 MiB."
    return Finding("memory", "Memory", Light.AMBER, text, remedy)


def state_folder(folder: Path) -> Finding:
    """Whether the state folder, or the nearest one above it that exists, can be written."""
    key, title = "folder", "State folder"
    try:
        reason, place = _folder_fault(folder)
        free = shutil.disk_usage(place).free
    except OSError as error:
        reason, free = error.strerror or str(error), 0
    if reason:
        remedy = "Make it a folder that only this user can write, or name another with --state-dir."
        return Finding(key, title, Light.RED, f"{folder}: {reason}", remedy)
    if free < _DISK_WANTED:
        text = f"{folder}: only {free // _MIB} MiB free"
        remedy = "Free some space: every step is written down before it is done."
        return Finding(key, title, Light.AMBER if free >= _MIB else Light.RED, text, remedy)
    return green(key, title, f"{folder}, {free // _MIB} MiB free")


def _folder_fault(folder: Path) -> tuple[str, Path]:
    """Why the folder cannot be used, and the nearest place that exists."""
    place = next((p for p in (folder, *folder.parents) if p.exists()), Path("/"))
    reason = place_fault(folder)
    if reason:
        return reason, place
    if not place.is_dir():
        return f"{place} is not a folder", place.parent
    if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        return f"{place} cannot be written by this user", place
    info = place.stat()
    foreign = info.st_uid != os.geteuid()
    if place == folder and info.st_mode & 0o022 and (foreign or any(place.iterdir())):
        return "other users can write to it (chmod 700 closes it)", place
    if os.statvfs(place).f_flag & os.ST_RDONLY or not stat.S_ISDIR(info.st_mode):
        return f"{place} is on a file system that is read only", place
    return "", place


def settings(found: Settings) -> list[Finding]:
    """One line a variable that cannot be used; one line where all can."""
    key, title = "variables", "Settings"
    problems = [*found.problems, *_of_private_key(found)]
    if problems:
        return [_of_variable(one) for one in problems]
    if found.warnings:
        text = f"{found.env_file} can be read by other users"
        return [Finding(key, title, Light.AMBER, text, f"chmod 600 {found.env_file}")]
    own = sum(source != "default" for source in found.sources.values())
    return [green(key, title, f"{own} set, the others are the network's own")]


def _of_private_key(found: Settings) -> list[Problem]:
    """Whoever has set it means to use it, for the machine or as the owner who pays."""
    if found.private_key is None:
        return []
    try:
        parse_key(found.private_key)
    except OnboardingError as error:
        return [problem("VARIABLE_INVALID", variable=PRIVATE_KEY, reason=error.problem.cause)]
    return []


def _of_variable(problem: Problem) -> Finding:
    named = problem.params.get("variable")
    key = f"variables:{named}" if named else "variables"
    return of_problem(key, "Settings", problem, network=False)
