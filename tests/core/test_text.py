"""Foreign text cannot take over a terminal, hide what it says, or bring a screen to its knees."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.http import Http
from core.lookalikes import short_host
from core.secrets import Secret
from core.text import RECURSION_LIMIT, clean, grouped, read_json, shorten

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x9b\x9d\x07\x00\x08\r\n\u202e\u2066\u200f\u0301\u0489[];m"),
    ),
    max_size=400,
)


@given(HOSTILE, st.integers(min_value=1, max_value=300))
def test_nothing_that_steers_a_terminal_gets_through(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown) <= limit
    marks = 0
    for character in shown:
        category = unicodedata.category(character)
        assert not category.startswith("C"), f"{character!r} got through"
        assert category not in ("Zl", "Zp")
        marks = marks + 1 if category.startswith("M") else 0
        assert marks <= 2, "marks pile up over the lines above"
    assert shown == shown.strip()


@given(HOSTILE)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Faucet rate limit exceeded", "Faucet rate limit exceeded"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;evil title\x07after", "after"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPdevice control\x1b\\x", "x"),
        ("\x1b]52;c;ZXZpbA==", ""),
        ("a\nb\r\nc\td", "a b c d"),
        ("a\u2028b", "a b"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("a\x00\x01\x02b", "a\ufffdb"),
        ("e\u0301\u0301\u0301\u0301", "e\u0301\u0301"),
        (
            "[bold]markup[/bold] stays as it is written",
            "[bold]markup[/bold] stays as it is written",
        ),
        ("\ud800", "\ufffd"),
        ("ünïcode 漢字 ✓", "ünïcode 漢字 ✓"),
        ("Сервис недоступен, код 5х5", "Сервис недоступен, код 5х5"),
        ("Η υπηρεσία κοιμάται, 3 kΩ, 5 μs, Δt", "Η υπηρεσία κοιμάται, 3 kΩ, 5 μs, Δt"),
        ("Ծառայություն · Tシャツ · KBS가 · AA制", "Ծառայություն · Tシャツ · KBS가 · AA制"),
        ("İstanbul'da ışık, ǅ, Ⅷ", "İstanbul'da ışık, ǅ, Ⅷ"),
        ("naïve café Zürich Łódź", "naïve café Zürich Łódź"),
        ("شبكة، רשת, नेटवर्क, เครือข่าย", "شبكة، רשת, नेटवर्क, เครือข่าย"),
        ("p\u0435aq", "p\\u0435aq"),
        ("\u0440\u0301aypal", "\\u0440\u0301aypal"),
        ("0\u04454f3A", "0\\u04454f3A"),
        ("\U0001d5c9\U0001d5be", "\\U0001d5c9\\U0001d5be"),
        ("see https://ре\u0430.xyz/a", "see https://xn--80aj6a.xyz/a"),
        ("see https://bücher.example/ü", "see https://xn--bcher-kva.example/ü"),
        ("a\u3164b\u115fc\uffa0d\u2800e\u1160", "a\ufffdb\ufffdc\ufffdd\ufffde\ufffd"),
        ("a\u034fb\u17b4c", "abc"),
        (7, "7"),
        (None, "None"),
        (ValueError("a sentence"), "a sentence"),
        (Path("/var/lib/x"), "/var/lib/x"),
    ],
)
def test_what_people_see_of_it(text: object, shown: str) -> None:
    assert clean(text) == shown


def test_a_secret_stays_one() -> None:
    assert clean(Secret("hunter2")) == "Secret(***)"


def test_what_is_cut_says_so() -> None:
    assert clean("x" * 400, 10) == "x" * 9 + "…"


@pytest.mark.parametrize("piece", ["x", "\x1b[31m", "\x1b]", "e\u0301\u0301\u0301", "\n", "\u202e"])
def test_a_megabyte_takes_no_time(piece: str) -> None:
    started = time.perf_counter()
    assert len(clean(piece * (1_000_000 // len(piece)))) <= 300
    assert time.perf_counter() - started < 0.5


def test_addresses_are_recognised_but_never_sent_to_shortened() -> None:
    assert shorten("0x4f3A00000000000000000000000000000000 9c1E".replace(" ", "")) == "0x4f3A…9c1E"
    assert shorten("0x1234") == "0x1234"
    assert grouped("ABCDEFGHIJ") == "ABCD EFGH IJ"


@given(HOSTILE.map(lambda text: "see https://" + text.replace(" ", "")))
def test_the_host_of_a_url_is_ascii_and_stays_the_same(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    host = re.split(r"[\s/?#]", once.partition("://")[2])[0]
    letters = [character for character in host if character.isalnum()]
    assert all(character.isascii() for character in letters), host


def test_of_a_long_host_the_end_is_kept_because_it_counts() -> None:
    host = "depinstation.peaq.network." + "a" * 60 + ".evil.example"
    shown = short_host(host, 60)
    assert len(shown) == 60
    assert shown.startswith("depinstation.peaq.ne…")
    assert shown.endswith(".evil.example")
    assert short_host("p\u0435aq.xyz:8443", 60) == "xn--paq-rdd.xyz:8443"
    assert Http(f"https://{host}/x").host == shown


# JSON

TOP = Path(__file__).resolve().parents[2]
WORDS = st.text(st.sampled_from('[]{}"\\\\,:u0dé\n'), max_size=12)
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=3),
)


@UNHURRIED
@given(VALUES, st.booleans())
def test_json_reads_as_written_whatever_its_strings_hold(value: Any, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@UNHURRIED
@given(VALUES, st.integers(min_value=101, max_value=300), st.booleans())
def test_nesting_is_counted_whatever_the_strings_before_it_hold(
    value: Any, levels: int, named: bool
) -> None:
    before = json.dumps(value)
    opened = '{"a":' if named else "["
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json(f"[{before},{opened * levels}".encode())


@pytest.mark.parametrize(
    "unit",
    ['["]",', '{"]":', '["\\"]",', '["\\\\",', '[{"}}":'],
    ids=["list", "dict", "1", "2", "3"],
)
def test_brackets_inside_strings_do_not_hide_the_depth(unit: str) -> None:
    """Run with web3's limit, at which the parser would end the process."""
    code = (
        "import sys; sys.setrecursionlimit(100_000); from core.text import read_json\n"
        "try: read_json(sys.argv[1].encode() * 99_000)\n"
        "except ValueError as error: print(error)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, unit],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (0, "nested too deeply\n"), ended


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"{", b'"\\', b"NaN", b"-Infinity", b"\xff\xfe[\x00]\x00", b"9" * 10_000],
)
def test_what_is_no_json_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(content)


def test_a_byte_order_mark_before_json_is_skipped() -> None:
    assert read_json(b"\xef\xbb\xbf[1]") == [1]


@pytest.mark.parametrize(
    "module", ["core.keys.private_key", "core.keys.keystore", "core.chain.abi", "core.engine"]
)
def test_importing_web3_does_not_raise_the_recursion_limit(module: str) -> None:
    code = f"import sys, {module}; assert 'py_ecc' in sys.modules; print(sys.getrecursionlimit())"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, check=True
    )
    assert int(ended.stdout) == RECURSION_LIMIT
