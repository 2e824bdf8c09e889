"""What the one-file program checks before anything else in it is imported.

Any Python 3 may start the file, so this is written for old ones too and needs nothing but the
standard library.
"""

import os
import platform
import sys

EXIT_CONFIGURATION = 3
"""As in core/errors/exit_codes.py, which cannot be imported yet."""


def check(python, machine, glibc, folder, size):
    """End the program in plain words where this system cannot run it.

    `python` and `glibc` are (major, minor). The file unpacks itself once into `folder`, unless
    SHIV_ROOT names another, and takes `size` bytes there.
    """
    name = sys.argv[0]
    folder = os.path.expanduser(os.environ.get("SHIV_ROOT") or folder)
    said = (
        _wrong_python(name, python)
        or _wrong_processor(machine)
        or _wrong_library(glibc)
        or _cannot_unpack(name, folder, size)
    )
    if said:
        sys.stderr.write(said + "\n")
        sys.exit(EXIT_CONFIGURATION)


def _wrong_python(name, python):
    if sys.version_info[:2] == python:
        return ""
    wanted, here = (f"{major}.{minor}" for major, minor in (python, sys.version_info[:2]))
    return (
        f"This file needs Python {wanted}. Python {here} started it.\n"
        f"Start it with:  python{wanted} {name}\n"
        f"Where there is no Python {wanted}, take the file for Python {here}."
    )


def _wrong_processor(machine):
    bits = 64 if sys.maxsize > 2**32 else 32
    here = platform.machine()
    if (here, bits) == (machine, 64):
        return ""
    return (
        f"This file is for {machine} and a 64-bit Python. Here is {here} and a {bits}-bit one.\n"
        "Take the file for this processor, or install from the source (README.md)."
    )


def _wrong_library(glibc):
    try:
        library = os.confstr("CS_GNU_LIBC_VERSION") or ""  # such as "glibc 2.36"
    except (ValueError, OSError):
        library = ""
    version = library.partition(" ")[2] or "0"
    if tuple(int(part) for part in version.split(".")[:2]) >= glibc:
        return ""
    return (
        f"This file needs the C library glibc {glibc[0]}.{glibc[1]} or later."
        f" This system has {library or 'another one'}.\n"
        "Install from the source instead (README.md)."
    )


def _cannot_unpack(name, folder, size):
    try:
        why = _no_place(name, folder, size)
    except OSError as error:
        why = error.strerror
    if not why:
        return ""
    return (
        f"This file unpacks itself once, {size >> 20} MiB, into {folder}. It cannot: {why}.\n"
        f"Name another folder:  SHIV_ROOT=/path/to/folder {name}"
    )


def _no_place(name, folder, size):
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o700)
    found = os.stat(folder)
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        return "others can change what runs from there"
    if any(entry.startswith(os.path.basename(name)) for entry in os.listdir(folder)):
        return ""  # it has begun at least, and needs no more room than that
    if not os.access(folder, os.W_OK):
        return "that folder cannot be written"
    disk = os.statvfs(folder)
    return "there is no room" if disk.f_bavail * disk.f_frsize < size else ""
