"""`completion SHELL`: what Tab offers, in the shell itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from app.arguments import build_parser
from app.commands.completion import SHELLS, script
from app.rehearsal.faults import FAULTS

TOP = Path(__file__).resolve().parents[3]
COMPLETIONS = [
    ("peaq-onboard st", ["status"]),
    ("peaq-onboard --rehearse --fault rpc-", [name for name in FAULTS if name[:4] == "rpc-"]),
    ("peaq-onboard --fund o", ["owner"]),
    ("peaq-onboard --network a", ["agung"]),
    ("peaq-onboard --network=a", ["agung"]),
    ("peaq-onboard status --network=re", ["rehearsal"]),
    ("peaq-onboard --network=agung rec", ["receipt"]),
    ("peaq-onboard receipt --v", ["--verify"]),
    ("peaq-onboard explain fu", ["funding"]),
    ("peaq-onboard backup --to some", ["some-file"]),
    ("peaq-onboard --state-dir=some", ["some-folder"]),
    ("peaq-onboard --key ke", ["keep", "keystore.json"]),
    ("peaq-onboard completion f", ["fish"]),
]
"""A line before Tab, and what it offers."""


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "some-file").touch()
    (tmp_path / "keystore.json").touch()
    (tmp_path / "some-folder").mkdir()
    for name in SHELLS:
        (tmp_path / f".{name}").write_text(script(name))
    return tmp_path


def shell(folder: Path, *words: str) -> str:
    done = subprocess.run(
        words,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(("line", "offered"), COMPLETIONS)
def test_bash_completes(folder: Path, line: str, offered: list[str]) -> None:
    words = line.replace("=", " = ").split()
    quoted = " ".join(f"'{word}'" for word in words)
    asked = (
        f"source .bash; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
        "$(complete -p peaq-onboard | grep -o '_[a-z_]*onboard' | head -1) 2>/dev/null; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    found = set(shell(folder, "bash", "-c", asked).split())
    if "some" in line:
        assert set(offered) <= found
    else:
        assert found == set(offered)


def test_bash_offers_all_values_right_after_the_equals_sign(folder: Path) -> None:
    asked = (
        "source .bash; COMP_WORDS=(peaq-onboard --network =); COMP_CWORD=2; _peaq_onboard; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    assert shell(folder, "bash", "-c", asked).split() == ["mainnet", "agung", "rehearsal"]


@needs("fish")
@pytest.mark.parametrize(("line", "offered"), COMPLETIONS)
def test_fish_completes(folder: Path, line: str, offered: list[str]) -> None:
    shown = shell(folder, "fish", "--no-config", "-c", f"source .fish; complete -C '{line}'")
    found = {row.partition("\t")[0].rpartition("=")[2].rstrip("/") for row in shown.splitlines()}
    assert set(offered) - {"keystore.json"} <= found
    assert len(found) <= len(offered) + 1


@needs("zsh")
@pytest.mark.terminal
@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("peaq-onboard sta", "status"),
        ("peaq-onboard --network=a", "--network=agung"),
        ("peaq-onboard --network a", "--network agung"),
        ("peaq-onboard explain fu", "explain funding"),
        ("peaq-onboard --key gen", "--key generate"),
        ("peaq-onboard backup --to some-fi", "--to some-file"),
    ],
)
def test_zsh_completes(folder: Path, line: str, completed: str) -> None:
    child = pexpect.spawn(
        "zsh",
        ["-f", "-i"],
        cwd=str(folder),
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm", "PS1": "> "},
        encoding="utf-8",
        timeout=20,
        dimensions=(24, 200),
    )
    functions = folder / "functions"
    functions.mkdir()
    (functions / "_peaq-onboard").write_text(script("zsh"))
    try:
        child.sendline("fpath=(~/functions $fpath); autoload -Uz compinit; compinit -u -D")
        child.sendline("print rea''dy")
        child.expect("ready\r\n")
        # What Tab has made of the line is taken into a variable and printed.
        child.sendline(
            'show() { zle -I; print "<$BUFFER>"; BUFFER=; }; zle -N show; bindkey ^O show'
        )
        child.sendline("print go''on")
        child.expect("goon\r\n")
        child.send(f"{line}\t\x0f")
        child.expect(r"<(peaq-onboard [^>]*)>\r\n")
        assert str(child.match[1]).rstrip().endswith(completed)
    finally:
        child.close(force=True)


@pytest.mark.parametrize("name", SHELLS)
def test_the_command_prints_the_script(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "completion", name],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(TOP)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == script(name) + "\n"


def test_completing_does_not_change_what_the_parser_takes() -> None:
    script("bash")
    build_parser().parse_args(["--rehearse", "--fault", "rate-limited:2", "--key", "a.json"])
