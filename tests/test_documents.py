"""What is written is true: links lead somewhere, options exist, commands are understood."""

from __future__ import annotations

import argparse
import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from app.arguments import build_parser
from app.cli import main
from core.config.settings import VARIABLES
from core.errors.catalogue import CATALOGUE

TOP = Path(__file__).resolve().parents[1]
PAGES = sorted([*TOP.glob("*.md"), *(TOP / "docs").glob("*.md")])
EXAMPLES = sorted(path for path in (TOP / "docs" / "examples").iterdir() if path.is_file())
NAMES = [str(path.relative_to(TOP)) for path in PAGES]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
OTHERS = {
    "--no-deps": "pip",
    "--no-build-isolation": "pip",
    "--only-binary": "pip",
    "--require-hashes": "pip",
    "--target": "pip",
    "--python": "deploy/make_pyz.py",
    "--check": "ruff, docs/make_tables.py and ansible-playbook",
    "--ask-vault-pass": "ansible-playbook",
    "--forks": "ansible-playbook",
    "--failed": "systemctl",
    "--name": "systemd-creds",
    "--shell": "useradd",
    "--system": "useradd",
    "--skip-funding": "the official command line",
}
"""Options of other programs that the documents speak of."""


def tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_tables", TOP / "docs" / "make_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def parsers() -> dict[str, argparse.ArgumentParser]:
    parser = build_parser()
    return {"": parser, **tables().commands(parser)}


def options() -> set[str]:
    return {
        name
        for parser in parsers().values()
        for action in parser._actions
        for name in action.option_strings
        if name.startswith("--")
    }


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.+)$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(plain.strip().replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in _LINK.findall(text):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        place, _, anchor = target.partition("#")
        there = (page.parent / place).resolve() if place else page
        assert there.exists(), f"{page.name}: {target}"
        assert there.is_relative_to(TOP), f"{page.name}: {target} leads out of the project"
        if anchor:
            assert anchor in anchors(there), f"{page.name}: {target}"


def test_every_page_and_example_can_be_found_from_the_readme() -> None:
    seen: set[Path] = set()
    todo = [TOP / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md":
            seen.add(page)
            continue
        seen.add(page)
        for target in _LINK.findall(page.read_text(encoding="utf-8")):
            if "://" not in target:
                todo.append((page.parent / target.partition("#")[0]).resolve())
    unread = {TOP / "CHANGELOG.md"}
    assert {*PAGES, *EXAMPLES} - seen - unread == set()


def test_every_picture_is_shown_somewhere() -> None:
    shown = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for picture in (TOP / "docs" / "pictures").iterdir():
        assert f"pictures/{picture.name}" in shown, picture.name


def test_what_is_made_from_the_program_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, TOP / "docs" / "make_tables.py", "--check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}python docs/make_tables.py renews them"


def test_every_code_has_its_cause_and_fix() -> None:
    text = (TOP / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    words = tables().words
    for code, entry in CATALOGUE.items():
        _, found, rest = text.partition(f"\n#### {code}\n")
        assert found, f"{code} is not in the troubleshooting page"
        section = rest.partition("\n#### ")[0]
        for part in (entry.title, entry.cause, entry.remedy):
            assert words(part) in section, code
        assert not re.search(r"[Pp]ress (Enter|F\d|Esc)|\*retry\*", section), code


def test_no_document_tells_of_an_option_that_is_not_there() -> None:
    measuring = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--help"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=True,
    )
    known = options() | set(OTHERS) | set(_OPTION.findall(measuring.stdout))
    for path in [*PAGES, *EXAMPLES, TOP / ".env.example"]:
        unknown = set(_OPTION.findall(path.read_text(encoding="utf-8"))) - known
        assert not unknown, f"{path.name}: {unknown}"


def test_every_option_is_documented_and_says_what_it_does() -> None:
    page = (TOP / "docs" / "commands.md").read_text(encoding="utf-8")
    for option in options() - {"--help"}:
        assert f"`{option}" in page, option
    for name, parser in parsers().items():
        for action in parser._actions:
            assert action.help or action.dest == "command", f"{name} {action.option_strings}"


def test_every_variable_is_in_the_readme_and_in_the_example() -> None:
    for name in ("README.md", ".env.example"):
        text = (TOP / name).read_text(encoding="utf-8")
        for variable in VARIABLES:
            assert variable in text, f"{name}: {variable}"


def command_lines() -> list[str]:
    """Every `peaq-onboard ...` of a code block, as a person would type it."""
    found = []
    for page in PAGES:
        for _, block in _FENCE.findall(page.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                words = line.strip().removeprefix(".venv/bin/").partition(" #")[0]
                if words.startswith("peaq-onboard") and "..." not in words:
                    found.append(re.split(r"[|>&]", words)[0].strip())
    return sorted(set(found))


@pytest.mark.parametrize("line", command_lines())
def test_every_command_line_is_understood(line: str) -> None:
    build_parser().parse_args(shlex.split(line)[1:])


def test_there_are_command_lines_to_look_at() -> None:
    assert len(command_lines()) > 10


@pytest.mark.parametrize("command", ["", *(name for name in parsers() if name)])
def test_help_fits_eighty_columns_and_has_examples_that_are_understood(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if len(line) > 80] == []
    examples = re.findall(r"^  (peaq-onboard.*?)(?:   .*)?$", said, re.MULTILINE)
    assert examples
    for line in examples:
        build_parser().parse_args(shlex.split(line.partition("|")[0])[1:])


def test_the_script_of_the_documents_is_short() -> None:
    script = (TOP / "docs" / "examples" / "onboard.sh").read_text(encoding="utf-8")
    code = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert len(code) <= 20
