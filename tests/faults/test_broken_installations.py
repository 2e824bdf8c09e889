"""A folder that is gone and an installation with a part missing: plain words, and a true remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors.exit_codes import EXIT_CONFIGURATION

TOP = Path(__file__).resolve().parent.parent.parent
START = "import sys\n{before}\nfrom app.__main__ import main\nsys.exit(main(sys.argv[1:]))"
WITHOUT_THE_EVM = """
class Gone:
    @staticmethod
    def find_spec(name, path, target=None):
        if name == "eth":
            raise ModuleNotFoundError("No module named 'eth'", name="eth")

sys.meta_path.insert(0, Gone)
"""
UNATTENDED = ["--plain", "--no-input"]


def start(
    folder: Path, *arguments: str, before: str = "", path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """The real program in a shell whose current folder is deleted first, if it is named `gone`."""
    command = [sys.executable, "-c", START.format(before=before), *arguments]
    leave = "rmdir ../gone; " if folder.name == "gone" else ""
    paths = [str(one) for one in (path, TOP) if one]
    return subprocess.run(
        ["sh", "-c", f'{leave}exec "$@"', "sh", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "HOME": str(folder.parent)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [UNATTENDED, ["status"], ["doctor"], ["receipt"], ["verify-key"], ["--env-file", "x.env"]],
    ids=str,
)
def test_a_deleted_current_folder_is_said_with_what_to_do(
    tmp_path: Path, command: list[str]
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    done = start(folder, *command)
    assert done.returncode == EXIT_CONFIGURATION, done
    assert done.stderr.splitlines()[0].endswith("(CURRENT_FOLDER_GONE)")
    assert "`cd` alone" in done.stderr


@pytest.mark.parametrize("command", [["--rehearse", *UNATTENDED], ["devnet"]], ids=str)
def test_without_the_rehearsal_extra_the_remedy_is_the_folder_at_hand_and_no_index(
    tmp_path: Path, command: list[str]
) -> None:
    done = start(tmp_path, *command, before=WITHOUT_THE_EVM)
    words = " ".join(done.stderr.split())
    assert done.returncode == EXIT_CONFIGURATION, done
    assert "(REHEARSAL_NOT_INSTALLED) It needs the package eth," in words
    assert "`pip install './peaq-onboard[rehearsal]'`" in words


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("raise ImportError('libffi.so.8: cannot open shared object file')", "libffi.so.8: cannot"),
        ("import pydantic_core._pydantic_gone", "No module named 'pydantic_core._pydantic_gone'"),
        ("import lru.gone", "No module named 'lru.gone'"),
    ],
)
def test_any_other_fault_of_an_import_is_not_called_a_missing_extra(
    tmp_path: Path, fault: str, said: str
) -> None:
    """As where an environment of Python 3.13 is started by 3.14."""
    broken = tmp_path / "broken" / "eth"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text(fault + "\n")
    done = start(tmp_path, "--rehearse", *UNATTENDED, path=broken.parent)
    words = " ".join(done.stderr.split())
    assert done.returncode == EXIT_CONFIGURATION, done
    assert "(INSTALLATION_BROKEN)" in words
    assert said in words
    assert "[rehearsal]" not in words
    assert "Install peaq-onboard again" in words
