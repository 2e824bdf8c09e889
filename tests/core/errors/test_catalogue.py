"""Every fault has its words: what it is, why, what to do, what became of the money, when again."""

from __future__ import annotations

import ast
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from string import Formatter

import pytest

from core.errors.catalogue import CATALOGUE, Entry, Kind
from core.errors.exit_codes import exit_code
from core.errors.problem import Again, OnboardingError, fault, problem
from core.errors.surfaces import NEUTRAL

NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)
CORE = Path(__file__).resolve().parents[3] / "core"
ENTRIES = list(CATALOGUE.values())


def names_in(entry: Entry) -> set[str]:
    words = entry.title + entry.cause + entry.remedy + entry.money
    return {name for _, name, _, _ in Formatter().parse(words) if name} - set(NEUTRAL.words())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_an_entry_has_all_its_words_and_blames_nobody(entry: Entry) -> None:
    for text in (entry.title, entry.cause, entry.remedy):
        assert text
        assert text.isprintable()
    assert entry.remedy.endswith("."), "a remedy is a sentence"
    assert len(entry.title) <= 60
    assert not re.search(
        r"\b(you forgot|your fault|wrong user|invalid user)\b", entry.cause, re.IGNORECASE
    )
    assert Again(entry.again)
    assert exit_code(entry.kind) in (1, 2, 3, 4, 75)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_what_is_filled_in_leaves_no_gap(entry: Entry) -> None:
    found = problem(entry.code, **dict.fromkeys(names_in(entry), "word"))
    for text in (found.title, found.cause, found.remedy(), found.money):
        assert "{" not in text
        assert "?" not in text


def test_every_error_that_core_raises_fills_all_the_words_of_its_entry() -> None:
    """Where a literal call names the code, its arguments are the entry's names."""
    needed = {entry.code: names_in(entry) for entry in ENTRIES}
    seen = 0
    for path in CORE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("fault", "problem")
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                seen += 1
                given = {keyword.arg for keyword in node.keywords}
                place = f"{path.name}:{node.lineno}"
                assert None in given or needed[node.args[0].value] <= given, place
    assert seen > len(ENTRIES) // 2, "the search finds nothing any more"


def test_a_code_that_is_in_no_catalogue_cannot_be_raised() -> None:
    with pytest.raises(KeyError):
        fault("NO_SUCH_CODE")


def test_only_waiting_has_an_end() -> None:
    found = problem("RATE_LIMITED", until=NOW + timedelta(seconds=90))
    assert found.remaining(NOW) == timedelta(seconds=90)
    assert found.remaining(NOW + timedelta(days=1)) == timedelta(0)
    assert problem("INVALID_2FA").remaining(NOW) == timedelta(0)
    assert found.again is Again.LATER


def test_paths_and_other_errors_are_shown_as_people_write_them() -> None:
    found = problem("ENV_FILE_UNREADABLE", path=Path("/etc/x"), reason=ValueError("a reason"))
    assert found.cause == "/etc/x: a reason"


def test_foreign_words_are_clean_before_anybody_sees_them() -> None:
    error = fault("GAS_STATION_REFUSED", code="\x1b[2JX", message="{host}\n", detail="\x07")
    assert isinstance(error, OnboardingError)
    assert error.problem.title.endswith(": X")
    assert error.problem.cause.endswith(": {host}"), "words of a server are no template"
    assert error.problem.detail == "\ufffd"


def test_exit_codes_are_the_outer_contract() -> None:
    assert {kind: exit_code(kind) for kind in Kind} == {
        Kind.INPUT: 1,
        Kind.NETWORK: 2,
        Kind.CONFIGURATION: 3,
        Kind.LOCKED: 4,
        Kind.WAITING: 75,
    }
