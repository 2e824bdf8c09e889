"""Check the prose of the project: spelling, common faults of style, and the project's own terms.

Run `python docs/prose.py [--self-test]` in an environment made from requirements-prose.lock. Reads
docs/prose.toml. Prints one line for each finding and exits with 1 if there are any.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from proselint.checks import __register__ as proselint_checks
from proselint.registry import CheckRegistry
from proselint.registry.checks import Check
from proselint.registry.checks.types import PreferredForms
from proselint.tools import LintFile

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOP = Path(__file__).resolve().parents[1]
SCHEMA_PROSE = re.compile(r'"(?:title|description)": ("(?:[^"\\]|\\.)*")')
MESSAGE = "write '{}', not '{}'"
PLANTED = (
    "The payment came into a block.",
    "You will recieve the code.",
    "It is a very unique machine.",
)


class Text(NamedTuple):
    path: str
    line: int
    text: str


def plain(markdown: str) -> str:
    """Remove what is not prose: inline code, addresses and targets of links."""
    without_code = re.sub(r"`[^`]*`", "CODE", markdown)
    without_links = re.sub(r"\]\([^)]*\)", "]", without_code)
    return re.sub(r"https?://\S+", "URL", without_links)


def document(path: str, source: str) -> Iterator[Text]:
    """Yield the paragraphs and table rows of a Markdown or plain text file."""
    # Blank out code blocks instead of deleting them, so that line numbers stay correct.
    source = re.sub(r"(?ms)^```.*?^```", lambda m: "\n" * m[0].count("\n"), source)
    start, lines = 1, list[str]()
    for number, line in enumerate([*source.splitlines(), ""], 1):
        begins = line.lstrip("# ").startswith(("|", "- ")) or not line.strip("# ")
        if begins and lines:
            yield Text(path, start, plain(" ".join(lines)))
            lines = []
        if line.strip():
            start = start if lines else number
            lines.append(line.strip("# "))


def schema(path: str, source: str) -> Iterator[Text]:
    """Yield titles and descriptions of a JSON schema."""
    for found in SCHEMA_PROSE.finditer(source):
        yield Text(path, source.count("\n", 0, found.start()) + 1, plain(json.loads(found[1])))


def module(path: str, source: str, *, strings: bool) -> Iterator[Text]:
    """Yield the first lines of docstrings and, if `strings`, the sentences in string constants."""
    documented, parts = set[ast.AST](), set[ast.AST]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            documented.add(node.value)
            if isinstance(node.value.value, str):
                first = node.value.value.strip().split("\n\n", 1)[0]
                yield Text(path, node.lineno, plain(" ".join(first.split())))
        elif not strings or node in documented or node in parts:
            continue
        elif isinstance(node, ast.JoinedStr):
            parts.update(node.values)
            # Different names for the placeholders, because a repeated word is a fault.
            words = [
                str(part.value if isinstance(part, ast.Constant) else number)
                for number, part in enumerate(node.values)
            ]
            yield from sentence(path, node.lineno, "".join(words))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from sentence(path, node.lineno, node.value)


def sentence(path: str, line: int, text: str) -> Iterator[Text]:
    """Yield `text` if it has two words or more: keys, ids and formats have one."""
    if len(re.findall(r"[A-Za-z']{2,}", text)) > 1 and " " in text:
        yield Text(path, line, plain(" ".join(text.split())))


def gather(config: dict[str, Any]) -> Iterator[Text]:
    """Yield the prose of the files that docs/prose.toml names."""
    spoken = {path for pattern in config["strings"] for path in TOP.glob(pattern)}
    for pattern in config["files"]:
        for path in sorted(TOP.glob(pattern)):
            name, source = path.relative_to(TOP).as_posix(), path.read_text(encoding="utf-8")
            if path.suffix == ".py":
                yield from module(name, source, strings=path in spoken)
            elif path.suffix == ".json":
                yield from schema(name, source)
            else:
                yield from document(name, source)


def findings(texts: list[Text], config: dict[str, Any]) -> Iterator[tuple[Text, str]]:
    """Yield each text that proselint, the terms or codespell object to, with the objection."""
    for text in texts:
        for result in LintFile(text.path, text.text).lint(config["proselint"]):
            yield text, f"{result.check_result.check_path}: {result.check_result.message}"
    command = [sys.executable, "-m", "codespell_lib", "-L", ",".join(config["words"]), "-"]
    lines = "\n".join(text.text for text in texts)
    spelling = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    for number, objection in re.findall(r"^(\d+): .*\n\t(.*)$", spelling.stdout, re.MULTILINE):
        yield texts[int(number) - 1], f"codespell: {objection}"


def main(arguments: list[str]) -> int:
    """Check the project, or, with --self-test, that each planted fault is found."""
    config = tomllib.loads((TOP / "docs" / "prose.toml").read_text(encoding="utf-8"))
    CheckRegistry().register_many(proselint_checks)
    terms = PreferredForms(config["terms"])
    CheckRegistry().register(Check(terms, path="terms", message=MESSAGE))
    if "--self-test" in arguments:
        planted = [Text("planted", n, text) for n, text in enumerate(PLANTED, 1)]
        found = {text.text for text, _ in findings(planted, config)}
        missed = [text for text in PLANTED if text not in found]
        print("\n".join(f"not found: {text}" for text in missed) or "every planted fault is found")
        return bool(missed)
    excepted = {(e["path"], e["text"]) for e in config.get("exceptions", [])}
    used, code = set[tuple[str, str]](), 0
    for text, objection in findings(list(gather(config)), config):
        allowed = {e for e in excepted if e[0] == text.path and e[1] in text.text}
        used |= allowed
        if not allowed:
            code = 1
            print(f"{text.path}:{text.line}: {objection}\n    {text.text[:300]}")
    for path, part in sorted(excepted - used):
        code = 1
        print(f"{path}: the exception for '{part}' is no longer needed")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
