"""Check this machine: interpreter, architecture, memory, state directory. Writes nothing."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
from pathlib import Path

from core.errors.problem import problem
from core.keys.keystore import choose_kdf
from core.preflight.check import TITLES, CheckResult, Status, of_problem, passed, warning
from core.storage.durable_files import place_fault

_OLDEST = (3, 10)
_KNOWN = ("x86_64", "amd64", "aarch64", "arm64")
"""Architectures with prebuilt wheels of every package."""
_MIB = 1024 * 1024
_MEMORY_WANTED = 150 * _MIB
"""Bytes. The wizard with web3 uses about 80 MiB (measured)."""
_DISK_WANTED = 50 * _MIB
"""Bytes. The journal of an onboarding takes about 30 kB, a log at most 2 MB."""


def check_python(version: tuple[int, int, int] = sys.version_info[:3]) -> CheckResult:
    text = f"{'.'.join(map(str, version))} ({platform.python_implementation()})"
    if version[:2] >= _OLDEST:
        return passed("python", text)
    oldest = ".".join(map(str, _OLDEST))
    advice = f"Install Python {oldest} or later and create the virtual environment with it."
    old = f"{text} is too old"
    return CheckResult("python", TITLES["python"], Status.FAILED, old, advice=advice)


def check_architecture(machine: str | None = None) -> CheckResult:
    name = machine or platform.machine() or "unknown"
    bits = "64-bit" if sys.maxsize > 2**32 else "32-bit"
    text = f"{name}, {bits}"
    if name.lower() in _KNOWN and bits == "64-bit":
        return passed("architecture", text)
    advice = "It may work. If a package does not install, install build tools (gcc)."
    return warning("architecture", f"{text}, not tested", advice)


def check_memory(available: int) -> CheckResult:
    """Check the `available` bytes of memory; 0 if the system does not say."""
    used = f"the key will be locked with {choose_kdf(available).title}"
    if available >= _MEMORY_WANTED:
        return passed("memory", f"{available // _MIB} MiB free; {used}")
    if not available:
        advice = "No action needed. At least 150 MiB should be free."
        return warning("memory", f"the system does not report free memory; {used}", advice)
    advice = "Stop what is not needed while the wizard runs: it wants 150 MiB."
    return warning("memory", f"only {available // _MIB} MiB free; {used}", advice)


def check_state_directory(folder: Path) -> CheckResult:
    """Check that the directory, or its nearest existing parent, is writable."""
    try:
        reason, place = _folder_fault(folder)
        free = shutil.disk_usage(place).free
    except OSError as error:
        reason, free = error.strerror or str(error), 0
    if reason:
        found = problem("STATE_FOLDER_UNUSABLE", path=folder, reason=reason)
        return of_problem("folder", found)
    if free < _DISK_WANTED:
        found = problem("DISK_NEARLY_FULL", path=folder, free=free // _MIB)
        return of_problem("folder", found, Status.WARNING if free >= _MIB else Status.FAILED)
    return passed("folder", str(folder))


def _folder_fault(folder: Path) -> tuple[str, Path]:
    """Return why the folder cannot be used, and its nearest existing parent."""
    place = next((p for p in (folder, *folder.parents) if p.exists()), Path("/"))
    reason = place_fault(folder)
    if reason:
        return reason, place
    if not place.is_dir():
        return f"{place} is not a folder", place.parent
    if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        return f"this user cannot write to {place}", place
    info = place.stat()
    foreign = info.st_uid != os.geteuid()
    if place == folder and info.st_mode & 0o022 and (foreign or any(place.iterdir())):
        return "other users can write to it (run chmod 700)", place
    if os.statvfs(place).f_flag & os.ST_RDONLY or not stat.S_ISDIR(info.st_mode):
        return f"{place} is on a read-only file system", place
    return "", place
