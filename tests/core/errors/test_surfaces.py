"""Each remedy on each surface: whole sentences, and only keys that exist there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from core.errors.catalogue import CATALOGUE
from core.errors.problem import Problem, problem
from core.errors.surfaces import COMMAND, DOCTOR, NEUTRAL, PLAIN, SCREEN, Surface

SURFACES = {
    "screen": SCREEN,
    "plain": PLAIN,
    "command": COMMAND,
    "doctor": DOCTOR,
    "neutral": NEUTRAL,
}
CORE = Path(__file__).resolve().parents[3] / "core"
_KEY_OF_THE_SCREEN = re.compile(
    r"\bF\d\b|\bEsc\b|\bctrl\b|\btab\b|\barrow|this screen", re.IGNORECASE
)
_ANY_KEY = re.compile(_KEY_OF_THE_SCREEN.pattern + r"|\bpress\b", re.IGNORECASE)


def example(code: str) -> Problem:
    """Return a problem whose own placeholders are all filled with the word `word`."""
    entry = CATALOGUE[code]
    text = entry.title + entry.cause + entry.remedy + entry.money
    names = {name for _, name, _, _ in Formatter().parse(text) if name}
    return problem(code, **dict.fromkeys(names - set(NEUTRAL.words()), "word"))


@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
@pytest.mark.parametrize("code", CATALOGUE)
def test_a_remedy_is_whole_sentences_on_each_surface(code: str, surface: Surface) -> None:
    said = example(code).remedy(surface)
    assert not re.search(r"[{}?]", said)
    assert said.endswith(".")
    for sentence in re.split(r"(?<=\.) ", said):
        assert sentence[:1].isupper() or sentence.startswith("word"), said


@pytest.mark.parametrize("code", CATALOGUE)
def test_only_the_screen_names_keys_of_the_screen(code: str) -> None:
    found = example(code)
    assert not _KEY_OF_THE_SCREEN.search(found.remedy(PLAIN))
    for surface in (COMMAND, DOCTOR, NEUTRAL):
        assert not _ANY_KEY.search(found.remedy(surface)), "nothing waits for a key here"


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("VARIABLE_INVALID", "F2"),
        ("CAP_EXCEEDED_OWNER", "F3"),
        ("FUNDING_TOO_SMALL", "F3"),
        ("CODE_OF_OLD_ENTRY", "Esc"),
        ("RPC_UNREACHABLE", "Enter"),
        ("2FA_LOCKED", "Enter"),
        ("DISK_FULL", "Enter"),
    ],
)
def test_the_screen_names_the_key_to_press(code: str, key: str) -> None:
    assert f"ress {key}" in example(code).remedy(SCREEN)


def test_doctor_and_commands_say_which_program_to_start() -> None:
    found = example("RPC_UNREACHABLE")
    assert "run doctor again" in found.remedy(DOCTOR)
    assert "start the wizard again" in found.remedy(COMMAND)


def test_a_remedy_that_names_no_surface_is_neutral() -> None:
    for code in CATALOGUE:
        assert example(code).remedy() == example(code).remedy(NEUTRAL)


def test_each_placeholder_of_a_surface_is_used() -> None:
    text = " ".join(entry.remedy for entry in CATALOGUE.values()).lower()
    for name in NEUTRAL.words():
        assert f"{{{name.lower()}}}" in text, name


def test_no_fault_brings_a_name_that_a_surface_fills() -> None:
    reserved = set(NEUTRAL.words())
    for place, names in _calls():
        assert not names & reserved, place


def _calls() -> Iterator[tuple[str, set[str | None]]]:
    """Yield the place and the argument names of each call of `fault` and `problem` in core."""
    for path in CORE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("fault", "problem")
            ):
                yield f"{path.name}:{node.lineno}", {word.arg for word in node.keywords}


def test_words_of_a_fault_are_no_placeholders() -> None:
    said = problem("VARIABLE_MISSING", variable="{retry}").remedy(SCREEN)
    assert "{retry}" in said
