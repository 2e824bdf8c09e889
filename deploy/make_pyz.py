"""Make the program as one file, for one Python minor and one processor.

    python3 -m venv .deploy
    .deploy/bin/pip install --only-binary :all: -r requirements-deploy.lock
    .deploy/bin/python deploy/make_pyz.py --python 3.13

writes `dist/peaq-onboard-VERSION-py3.13-x86_64.pyz`, with the rehearsal. To start it, you need
that Python and nothing else: no pip, no index. Everything inside comes from requirements.lock, and
its hash is checked. The same sources give the same bytes, on any machine, in any folder.

It can be made for another Python or processor than this machine's: nothing is compiled or run.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
GUARD = Path(__file__).with_name("pyz_guard.py")
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
MACHINES = ("x86_64", "aarch64")
GLIBC = (2, 28)
"""The oldest C library that it runs with: wheels are taken for this one, not this machine's."""
FOLDER = "~/.cache/peaq-onboard"
"""Where it unpacks itself once: compiled packages cannot be loaded from inside a file."""
EPOCH = "1735689600"
"""Seconds: the time of every file inside, 2025-01-01, unless SOURCE_DATE_EPOCH says another."""
_OF_THIS_MACHINE = ("RECORD", "direct_url.json", "uv_cache.json")
"""What an installer writes down with its own paths and times. Only uninstalling would read it."""


def run(*command: str | Path) -> None:
    subprocess.run(command, cwd=TOP, check=True)


def uv(*arguments: str | Path) -> None:
    """The uv beside this Python: the one that requirements-deploy.lock names."""
    run(Path(sys.executable).with_name("uv"), *arguments)


def install(site: Path, work: Path, *, python: str, machine: str) -> None:
    """Put the locked packages and the program into the folder `site`, as an installer does."""
    here = ("--quiet", "--python", sys.executable)  # what runs uv, not what it installs for
    target = (
        *("--target", site, "--python-version", python),
        *("--python-platform", f"{machine}-manylinux_{GLIBC[0]}_{GLIBC[1]}"),
        *("--no-build", "--no-deps", "--link-mode", "copy"),
    )
    locked = ("--require-hashes", "-r", "requirements.lock")
    uv("pip", "install", *here, *target, *locked)
    wheels = ("--wheel", "--out-dir", work)
    backend = ("--require-hashes", "--build-constraints", "requirements-build.lock")
    uv("build", *here, *wheels, *backend)
    uv("pip", "install", *here, *target, *work.glob("*.whl"))


def forget_this_machine(site: Path) -> None:
    """Remove what differs from one machine to the next. Scripts name the Python that made them."""
    shutil.rmtree(site / "bin", ignore_errors=True)
    (site / ".lock").unlink(missing_ok=True)
    for name in _OF_THIS_MACHINE:
        for path in site.glob(f"*.dist-info/{name}"):
            path.unlink()


def guard(packed: Path, made: Path, *, python: str, machine: str, size: int) -> None:
    """Copy the archive, with pyz_guard.py called before all that shiv and the program import."""
    minor = tuple(map(int, python.split(".")))
    call = f"import pyz_guard\npyz_guard.check({minor}, {machine!r}, {GLIBC}, {FOLDER!r}, {size})\n"
    with zipfile.ZipFile(packed) as before, made.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "w") as archive:
            for entry in before.infolist():
                content = before.read(entry)
                if entry.filename == "__main__.py":
                    content = call.encode() + content
                    archive.writestr(_beside(entry, GUARD.name), GUARD.read_bytes())
                archive.writestr(entry, content)
    made.chmod(0o755)


def _beside(entry: zipfile.ZipInfo, name: str) -> zipfile.ZipInfo:
    """A further file of the archive, of the same time and compression."""
    made = zipfile.ZipInfo(name, entry.date_time)
    made.compress_type = entry.compress_type
    return made


def make(folder: Path, *, python: str, machine: str) -> Path:
    """Make the file in `folder`; return its path. Raises CalledProcessError where a tool fails."""
    os.environ.setdefault("SOURCE_DATE_EPOCH", EPOCH)
    os.umask(0o022)  # the modes inside are those of the files here
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        site, packed = work / "site", work / "packed.pyz"
        install(site, work, python=python, machine=machine)
        forget_this_machine(site)
        shiv = (sys.executable, "-m", "shiv.cli", "--reproducible", "--root", FOLDER)
        run(*shiv, "--site-packages", site, "--console-script", "peaq-onboard", "-o", packed)
        size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
        version = next(work.glob("*.whl")).name.split("-")[1]
        made = folder / f"peaq-onboard-{version}-py{python}-{machine}.pyz"
        guard(packed, made, python=python, machine=machine, size=size)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description="make the program as one file")
    parser.add_argument("--python", choices=PYTHONS, default="{}.{}".format(*sys.version_info))
    parser.add_argument("--machine", choices=MACHINES, default=platform.machine())
    parser.add_argument("--folder", type=Path, default=TOP / "dist", help="default: dist")
    options = parser.parse_args()
    print(make(options.folder, python=options.python, machine=options.machine))


if __name__ == "__main__":
    main()
