"""Fills in what the documents take from the program, so that they stay true: the codes of the
catalogue, the options of the command line, the fields of receipt and status, and the events of the
journal.

Run it from the top folder: python docs/make_tables.py
With --check it changes nothing, names what is out of date and exits 1.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent
DOCS = TOP / "docs"
sys.path.insert(0, str(TOP))

from app.arguments import build_parser
from app.rehearsal.faults import FAULTS
from core.errors import activation, gas_station, machine, network, preflight
from core.errors.entry import Entry
from core.errors.exit_codes import exit_code
from core.errors.surfaces import NEUTRAL
from core.journal import activation_events, events

_BLOCK = re.compile(r"(<!-- made: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_GROUPS: dict[str, tuple[Entry, ...]] = {
    "Settings and details": machine.SETTINGS,
    "Files and passphrase": machine.FILES,
    "RPC endpoint": network.RPC,
    "2FA and Gas Station": gas_station.GAS_STATION,
    "Money": network.FUNDS,
    "The owner's wallet": network.OWNER,
    "Transactions and contracts": network.CHAIN,
    "Checks of doctor and step 1": preflight.PREFLIGHT,
    "Activation: the deployment": activation.DEPLOYMENT,
    "Activation: the machine's identity": activation.IDENTITY,
    "Activation: quote and allowance": activation.QUOTE,
    "The program": machine.PROGRAM,
}


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    for row in rows:
        cells = (cell.replace("|", "\\|").replace("\n", " ") for cell in row)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def words(text: str) -> str:
    """Return a sentence of the catalogue for no surface in particular, other names in italics."""
    said = NEUTRAL.words()
    return re.sub(r"\{(\w+)\}", lambda m: said.get(m[1], f"*{m[1]}*"), text)


def codes() -> str:
    parts = []
    for group, entries in _GROUPS.items():
        parts.append(f"### {group}\n")
        for entry in entries:
            lines = [
                f"#### {entry.code}\n",
                f"The screen says: **{words(entry.title)}**\n",
                f"- Cause: {words(entry.cause)}",
                f"- Fix: {words(entry.remedy)}",
            ]
            if entry.money:
                lines.append(f"- Money: {words(entry.money)}")
            lines.append(f"- Exit code: {exit_code(entry.kind)}\n")
            parts.append("\n".join(lines))
    return "\n".join(parts)


def titles() -> str:
    """What the screen says, and the codes that say it."""
    found: dict[str, list[str]] = {}
    for entries in _GROUPS.values():
        for entry in entries:
            link = f"[{entry.code}](#{entry.code.lower()})"
            found.setdefault(words(entry.title), []).append(link)
    rows = [(title, ", ".join(links)) for title, links in sorted(found.items())]
    return table(("the screen says", "code"), rows)


def _options(parser: argparse.ArgumentParser) -> str:
    rows = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction) or "--help" in action.option_strings:
            continue
        names = ", ".join(action.option_strings) or str(action.metavar)
        value = action.metavar if action.option_strings and action.nargs != 0 else None
        if action.choices:
            value = "|".join(action.choices)
        rows.append((f"`{names} {value}`" if value else f"`{names}`", action.help or ""))
    return table(("option", "meaning"), rows)


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands by name, in their order."""
    return next(a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction))


def options() -> str:
    parser = build_parser()
    parts = ["### peaq-onboard\n", f"{parser.description}\n", _options(parser)]
    for name, command in commands(parser).items():
        epilog = str(command.epilog).partition("\nfaults (")[0]
        examples, _, exits = epilog.removeprefix("examples:\n").partition("exit codes: ")
        lines = "\n".join(line.strip() for line in examples.strip().splitlines())
        parts += [f"### {name}\n", f"{command.description}\n", f"```\n{lines}\n```\n"]
        parts.append(_options(command))
        if exits:
            parts.append(f"Exit codes: {' '.join(exits.split())}.\n")
    return "\n".join(parts)


def faults() -> str:
    return table(("name", "what goes wrong"), [(f"`{n}`", what) for n, what in FAULTS.items()])


def _kind(part: dict[str, Any]) -> str:
    """Its type in words; a list of values says it by what is in it."""
    if "const" in part:
        return "integer" if isinstance(part["const"], int) else "string"
    kind = part.get("type", ["string", "null"] if None in part.get("enum", ()) else "string")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _schema_rows(schema: dict[str, Any], above: str) -> list[tuple[str, ...]]:
    rows = []
    for name, part in schema["properties"].items():
        path = f"{above}{name}"
        rows.append((f"`{path}`", _kind(part), part["description"]))
        if "properties" in part:
            rows += _schema_rows(part, f"{path}.")
        elif "properties" in part.get("items", {}):
            rows += _schema_rows(part["items"], f"{path}[].")
    return rows


def schema(name: str, beside: str = "") -> Callable[[], str]:
    """A table of the fields of a schema; of those alone that the schema `beside` does not have."""

    def made() -> str:
        known = _rows_of(beside) if beside else []
        rows = [row for row in _rows_of(name) if row not in known]
        return table(("field", "type", "meaning"), rows)

    return made


def _rows_of(name: str) -> list[tuple[str, ...]]:
    content = json.loads((DOCS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return list(_schema_rows(content, ""))


def journal() -> str:
    """One row an event; what its docstring says is its meaning."""
    rows = []
    of_activation = activation_events.__name__
    known = sorted(events._REGISTRY.items(), key=lambda entry: entry[1].__module__ == of_activation)
    for name, event in known:
        said = inspect.getdoc(event) or ""
        meaning = "" if said.startswith(f"{name}(") else " ".join(said.split())
        rows.append((f"`{name}`", ", ".join(f"`{f.name}`" for f in fields(event)), meaning))
    return table(("event", "fields", "meaning"), rows)


_MAKERS: dict[str, Callable[[], str]] = {
    "codes": codes,
    "titles": titles,
    "options": options,
    "faults": faults,
    "doctor": schema("doctor"),
    "receipt": schema("receipt"),
    "receipt-activation": schema("receipt-activation", beside="receipt"),
    "status": schema("status"),
    "error": schema("error"),
    "events": journal,
}


def made(page: str) -> str:
    """The page with its made parts as they should be."""
    return _BLOCK.sub(lambda m: f"{m[1]}{_MAKERS[m[2]]().rstrip()}\n{m[3]}", page)


def main(arguments: list[str]) -> int:
    stale = []
    wanted = {}
    for path in sorted(DOCS.glob("*.md")):
        wanted[path] = made(path.read_text(encoding="utf-8"))
    for path, content in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            stale.append(path.relative_to(TOP))
            if "--check" not in arguments:
                path.write_text(content, encoding="utf-8")
    for name in stale:
        print(f"{name}: {'out of date' if '--check' in arguments else 'made anew'}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
