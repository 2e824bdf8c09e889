"""The one-file program: the same bytes wherever it is made, and a whole onboarding from it alone.

Marked `deploy`: it wants a package index.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from app.version import installed_version
from core.errors.exit_codes import EXIT_CONFIGURATION
from core.journal.file import read_records

pytestmark = pytest.mark.deploy
TOP = Path(__file__).resolve().parents[2]
NEEDED = ("abis", "app", "core", "deploy", "screens", "LICENSE", "README.md", "pyproject.toml")
# Starts the file as another Python would: what it says of itself is all that the guard looks at.
AS_ANOTHER = """
import runpy, sys
sys.version_info = (3, 9, 0, "final", 0)
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    print(*(name for name in ("_bootstrap", "app") if name in sys.modules))
"""


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds what requirements-deploy.lock names."""
    folder = tmp_path_factory.mktemp("maker")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    locked = ("--only-binary", ":all:", "-r", str(TOP / "requirements-deploy.lock"))
    subprocess.run([python, "-m", "pip", "install", "-q", *locked], check=True, timeout=300)
    return python


def make(maker: Path, sources: Path, folder: Path) -> Path:
    done = subprocess.run(
        [maker, sources / "deploy" / "make_pyz.py", "--folder", folder],
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=True,
    )
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def pyz(maker: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(maker, TOP, tmp_path_factory.mktemp("made"))


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": str(tmp_path)}


def start(
    pyz: Path, *arguments: str, environ: dict[str, str], before: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """With this Python, but nothing that is installed beside it."""
    return subprocess.run(
        [sys.executable, "-S", *before, pyz, *arguments],
        cwd=environ["HOME"],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_no_compiler_is_needed_on_any_python_and_processor_that_is_served(
    maker: Path, tmp_path: Path, machine: str, python: str, lock: str
) -> None:
    """One package without a wheel for it, and the first command of the README fails there."""
    served = ("--python-version", python, "--python-platform", f"{machine}-manylinux_2_28")
    done = subprocess.run(
        [
            *(maker.with_name("uv"), "pip", "install", "--dry-run", "--python", maker, *served),
            *("--no-build", "--require-hashes", "--target", tmp_path, "-r", TOP / lock),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_same_sources_give_the_same_bytes_in_another_folder(
    maker: Path, pyz: Path, tmp_path: Path
) -> None:
    sources = tmp_path / "another" / "folder"
    sources.mkdir(parents=True)
    for path in [*map(TOP.joinpath, NEEDED), *TOP.glob("requirements*.lock")]:
        if path.is_dir():
            left_out = shutil.ignore_patterns("__pycache__")
            shutil.copytree(path, sources / path.name, ignore=left_out)
        else:
            shutil.copy(path, sources)
    again = make(maker, sources, tmp_path / "made")
    assert again.name == pyz.name
    assert again.read_bytes() == pyz.read_bytes()


def test_it_onboards_a_machine_with_nothing_installed(
    pyz: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    version = start(pyz, "--version", environ=environ)
    assert (version.returncode, version.stdout.strip()) == (0, installed_version())
    passphrase = tmp_path / "passphrase"
    passphrase.touch(0o600)
    passphrase.write_text("correct horse battery staple\n")
    done = start(
        pyz,
        *("--rehearse", "--plain", "--no-input", "--yes", "--key", "generate"),
        *("--backup", "copied", "--passphrase-file", str(passphrase), "--fund", "gas-station"),
        *("--documentation-url", "https://a.example/d", "--data-api", "https://a.example/a"),
        *("--data-visibility", "public", "--state-dir", str(tmp_path / "state")),
        environ=environ,
    )
    assert done.returncode == 0, done.stderr
    names = [type(one.event).__name__ for one in read_records(tmp_path / "state" / "journal.jsonl")]
    assert names.count("MachineRegistered") == 1
    assert names[-1] == "OnboardingFinished"


def test_another_python_is_refused_before_anything_is_imported_or_unpacked(
    pyz: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    done = start(pyz, "--version", environ=environ, before=("-c", AS_ANOTHER))
    assert done.returncode == EXIT_CONFIGURATION
    assert f"Start it with:  python{sys.version_info[0]}.{sys.version_info[1]} " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.strip() == "", "imported all the same"
    assert list(tmp_path.iterdir()) == []
