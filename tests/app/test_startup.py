"""A start waits for nothing that it does not need: which modules come along, in a fresh process."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
CORE = TOP / "core"
HEAVY = ("eth_account", "eth_utils", "httpx", "pydantic", "web3")
"""Each takes as long as a whole start, or longer."""
OTHER_REGISTRY = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
"""A contract that no network of ours has, checksummed."""

COMMAND = """
import sys
sys.modules["click"] = None  # only the tools of development bring it: httpx would load it, and rich
import app.cli
try:
    code = app.cli.main(sys.argv[2:])
except SystemExit as ended:
    code = ended.code
print(file=sys.stderr)
print(*(name for name in sys.argv[1].split(",") if name in sys.modules), file=sys.stderr)
"""

PAINTED = """
import asyncio, os, sys
sys.modules["click"] = None
from pathlib import Path
import app.run
from app.tui.wizard_app import WizardApp
from core.clock import SystemClock
from core.onboarding import Onboarding
from core.session import open_session
from core.config.settings import load_settings

class Painted(WizardApp):
    def painted(self):
        print(*(name for name in sys.argv[1].split(",") if name in sys.modules), file=sys.stderr)
        self.exit(0)

folder = Path(sys.argv[2])
settings = load_settings(environ=os.environ, env_file=folder / ".env")
engine = Onboarding(open_session(folder / "s", settings, SystemClock()), settings, SystemClock(),
                    version="0")

async def main():
    async with Painted(engine, watch_terminal=False).run_test(size=(80, 24)) as pilot:
        while pilot.app.return_value is None:
            await pilot.pause(0.01)

asyncio.run(main())
"""

SYNCED = """
import os, sys
synced = []
sync = os.fsync
os.fsync = lambda handle: (synced.append(handle), sync(handle))
os.environ["TERM"] = "xterm"
import app.cli, app.run
def screens(*_):
    print(len(synced), file=sys.stderr, flush=True)
    os._exit(0)

app.run._run_screens = screens
app.run.sys.stdin.isatty = app.run.sys.stdout.isatty = lambda: True
app.cli.main(["--state-dir", sys.argv[2]])
"""

OPENED = """
import os, sys
from pathlib import Path
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
os.environ["TERM"] = "xterm"
import app.cli, app.run
def screens(*_):
    named = [Path(path).name.partition("-")[0] for path in opened]
    print(*(f"{name}={named.count(name)}" for name in sys.argv[1].split(",")), file=sys.stderr,
          flush=True)
    os._exit(0)

app.run._run_screens = screens
app.run.sys.stdin.isatty = app.run.sys.stdout.isatty = lambda: True
app.cli.main(sys.argv[2:])
"""

WARNED = """
import os, sys
os.environ["TERM"] = "xterm"
import app.cli, app.run
def screens(_, engine, *__):
    print(*([text.partition("; run ")[2]] for text in engine.session.warnings), file=sys.stderr,
          flush=True)
    os._exit(0)

app.run._run_screens = screens
app.run.sys.stdin.isatty = app.run.sys.stdout.isatty = lambda: True
app.cli.main(["--state-dir", sys.argv[2]])
"""

LOADED = """
import asyncio, os, sys
from pathlib import Path
from core.clock import SystemClock
from core.onboarding import Onboarding
from core.session import open_session
from core.config.settings import load_settings

folder = Path(sys.argv[2])
settings = load_settings(environ=os.environ, env_file=folder / ".env")
engine = Onboarding(open_session(folder / "s", settings, SystemClock()), settings, SystemClock(),
                    version="0")
asyncio.run(engine.load())
print(*(name for name in sys.argv[1].split(",") if name in sys.modules), file=sys.stderr)
"""


def imported(program: str, wanted: tuple[str, ...], *arguments: str, folder: Path) -> set[str]:
    """The words of the last line that `program` writes, in a fresh interpreter: which of `wanted`
    are imported.
    """
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", program, ",".join(wanted), *arguments],
        cwd=folder,
        env={
            **kept,
            "HOME": str(folder),
            "PYTHONPATH": str(TOP),
            "PEAQOS_NETWORK": "rehearsal",
            "PEAQOS_RPC_URL": "http://127.0.0.1:9",
            "IDENTITY_REGISTRY_ADDRESS": OTHER_REGISTRY,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("command", ["--version", "--help", "status"])
def test_what_only_says_something_brings_neither_textual_nor_web3(
    command: str, tmp_path: Path
) -> None:
    found = imported(COMMAND, (*HEAVY, "argparse", "rich", "textual"), command, folder=tmp_path)
    assert found == {"argparse"}


def test_the_first_screen_is_there_before_web3_and_what_later_screens_need(tmp_path: Path) -> None:
    later = ("core.steps.environment", "screens.funding", "screens.keypair", "segno")
    wanted = (*HEAVY, *later, "screens.environment", "textual")
    found = imported(PAINTED, wanted, str(tmp_path), folder=tmp_path)
    assert found == {"screens.environment", "textual"}


def test_a_start_waits_for_the_disk_only_where_something_must_be_there_after_a_power_cut(
    tmp_path: Path,
) -> None:
    """On a memory card each sync takes 10 to 100 ms."""
    synced = imported(SYNCED, ("-",), str(tmp_path / "s"), folder=tmp_path)
    assert synced == {"3"}, "the folder's name, the journal, the journal's name"


@pytest.mark.parametrize("more", [[], ["--env-file", ".env"], ["--rehearse"]], ids=str)
def test_a_start_reads_the_variables_once_and_prepares_the_state_directory_once(
    tmp_path: Path, more: list[str]
) -> None:
    (tmp_path / ".env").write_text("PEAQOS_MCR_API_URL=https://mcr.example\n")
    arguments = ["--state-dir", str(tmp_path / "s"), *more]
    opened = imported(OPENED, (".env", ".probe"), *arguments, folder=tmp_path)
    assert opened == {".env=1", ".probe=1"}


def test_a_warning_about_the_state_directory_reaches_the_screens(
    tmp_path: Path,
) -> None:
    """The resume screen repeats it: the line before the first screen is soon gone."""
    folder = tmp_path / "s"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "notes").touch()
    warned = imported(WARNED, ("-",), str(folder), folder=tmp_path)
    assert warned == {"['chmod", "700", f"{folder}']"}


def test_garbage_is_collected_again_once_the_first_screen_stands(tmp_path: Path) -> None:
    said = "print(gc.isenabled(), file=sys.stderr, flush=True); os._exit(0)"
    program = PAINTED.replace(
        "        print(", f"        super().painted(); {said}\n        print("
    )
    program = f"import gc; gc.disable()\n{program}"
    assert imported(program, ("-",), str(tmp_path), folder=tmp_path) == {"True"}


def test_once_loaded_nothing_has_to_be_imported_while_somebody_types(tmp_path: Path) -> None:
    """An import inside of a step would run on the event loop: the engine's are all at the top."""
    paths = [
        *CORE.glob("steps/*.py"),
        *CORE.glob("protocols/**/*.py"),
        CORE / "engine.py",
        CORE / "onboarding.py",
    ]
    late = {
        node.module
        for path in paths
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom)
    }
    assert late == {"core.engine"}
    steps = tuple(f"core.steps.{path.stem}" for path in CORE.glob("steps/[a-z]*.py"))
    wanted = ("core.engine", "web3", *steps)
    assert imported(LOADED, wanted, str(tmp_path), folder=tmp_path) == set(wanted)
