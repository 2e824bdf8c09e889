"""What is written in pieces shows what all of it would show; and nothing is written twice."""

from __future__ import annotations

import re

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tui.screen_buffer import CLEAR, ScreenBuffer

COLUMNS, ROWS = 20, 5
LOOKS = [
    *("", "39;49", "49", "1;39;49", "31;49", "90;49", "4;39;49", "2;4;30;47", "7;37;40", "97;104"),
    *("38;5;39;48;5;49", "1;38;2;0;39;49;48;2;1;4;7", "49;38;2;7;7;7", "3;9;32;40"),
]
signs = ["a", "b", " ", "é", "▀", "─", "x\u0301"]
texts = st.lists(st.sampled_from(signs), min_size=1, max_size=12).map("".join)
placed = st.builds(
    lambda row, column, look, text: (
        f"\x1b[{row};{column}H\x1b[{look}m{text}\x1b[0m" if look else f"\x1b[{row};{column}H{text}"
    ),
    st.integers(1, ROWS),
    st.integers(1, COLUMNS - 12),
    st.sampled_from(LOOKS),
    texts,
)
lines = st.lists(st.tuples(st.sampled_from(LOOKS), st.text("ab c", min_size=20, max_size=20)))
whole = lines.map(
    lambda rows: (
        "\x1b[1;1H" + "\r\n".join(f"\x1b[{look}m{text}\x1b[0m" for look, text in rows[:ROWS])
    )
)
updates = st.lists(st.one_of(placed, whole, st.sampled_from(["\x07", "\x1b[?25l", "\x1b[2;3H"])))


def terminal() -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(COLUMNS, ROWS)
    screen.reset_mode(pyte.modes.DECAWM)
    return screen, pyte.Stream(screen)


def seen(screen: pyte.Screen) -> list[object]:
    """All that can be told apart by looking."""
    cells = []
    for y in range(ROWS):
        for x in range(COLUMNS):
            cell = screen.buffer[y][x]
            spans = cell.underscore or cell.reverse or cell.strikethrough
            ink = (cell.fg, cell.bold, cell.italics) if cell.data.strip() or spans else ()
            blank = cell.data if cell.data.strip() else " "
            cells.append((blank, cell.bg, spans, ink))
    return cells


def test_a_frame_of_a_larger_window_leaves_nothing_in_a_smaller_one() -> None:
    picture = ScreenBuffer()
    screen, stream = terminal()
    stream.feed(picture.clear((COLUMNS, ROWS)))
    late = "".join(f"\x1b[{row};1H{'x' * 30}" for row in range(1, 9)) + "\x1b[8;30H"
    stream.feed(picture.changes(late))
    stream.feed(picture.changes("".join(f"\x1b[{row};1H{' ' * COLUMNS}" for row in range(1, 6))))
    assert [line.strip() for line in screen.display] == [""] * ROWS
    stream.feed(picture.clear((40, 10)))
    assert "x" * 30 in picture.changes(late)


@settings(max_examples=300, deadline=None)
@given(updates)
def test_the_terminal_shows_what_was_meant(updates: list[str]) -> None:
    meant, meant_stream = terminal()
    shown, shown_stream = terminal()
    picture = ScreenBuffer()
    shown_stream.feed(picture.clear())
    for update in updates:
        meant_stream.feed(update)
        shown_stream.feed(picture.changes(update))
        assert seen(shown) == seen(meant)


@settings(max_examples=50, deadline=None)
@given(whole)
def test_what_is_there_already_costs_nothing(update: str) -> None:
    picture = ScreenBuffer()
    picture.changes(update)
    assert picture.changes(update) == ""


def test_a_count_costs_its_digits() -> None:
    picture = ScreenBuffer()
    picture.changes("\x1b[1;1H\x1b[36;49mAgain in 00:31, with Enter.\x1b[0m")
    assert picture.changes("\x1b[1;1H\x1b[36;49mAgain in 00:30, with Enter.\x1b[0m") == (
        "\x1b[1;14H0\x1b[1;28H"
    )


def test_the_blanks_between_coloured_words_cost_a_character_each() -> None:
    text = "three coloured words"
    written = ScreenBuffer().changes(f"\x1b[1;1H\x1b[33m{text}\x1b[0m")
    assert text in written
    underlined = ScreenBuffer().changes("\x1b[1;1H\x1b[4;33ma b\x1b[0m\x1b[33m c\x1b[0m")
    assert "a b" in underlined
    assert "b c" not in underlined, "the blank before c is not underlined"


def test_a_line_with_wide_signs_is_written_as_a_whole() -> None:
    """Terminals do not agree on how wide they are."""
    picture = ScreenBuffer()
    picture.changes("\x1b[1;1H\x1b[49m世界 in 9 s\x1b[0m")
    assert "世界 in 8 s" in picture.changes("\x1b[1;1H\x1b[49m世界 in 8 s\x1b[0m")
    shown, stream = terminal()
    stream.feed("\x1b[1;1H世界 in 9 s")
    stream.feed(picture.changes("\x1b[1;1H\x1b[49mno wide one\x1b[0m"))
    assert shown.display[0].rstrip() == "no wide one"


def test_nobody_else_writes_in_our_colours() -> None:
    picture = ScreenBuffer()
    assert picture.changes("\x1b[1;1H\x1b[31;49mred\x1b[0m").endswith("red\x1b[1;4H")
    assert picture.changes("\x1b[?1049l") == "\x1b[m\x1b[?1049l"


def test_nothing_foreign_amid_text_reaches_the_terminal() -> None:
    for hostile in (
        "\x1b]0;owned\x07",
        "\x1b[2J",
        "\x07",
        "\x1b",
        "\x9b31m",
        "\u202e",
        "\x00",
        "\x1b[31",
    ):
        written = ScreenBuffer().changes(f"\x1b[1;1H\x1b[49mbefore{hostile}after\x1b[0m")
        shown = re.fullmatch(r"\x1b\[1;1H(before.*fter)\x1b\[1;\d+H", written, re.DOTALL)
        assert shown, repr(written)
        assert not any(sign in shown.group(1) for sign in "\x1b\x07\x9b\u202e\x00")


def test_after_clearing_everything_is_written_anew() -> None:
    picture = ScreenBuffer()
    line = "\x1b[1;1H\x1b[49mtext\x1b[0m"
    first = picture.changes(line)
    assert picture.changes(line) == ""
    assert picture.clear() == CLEAR
    assert picture.changes(line) == first
