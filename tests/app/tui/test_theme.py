"""Colours: full ones only where the terminal says that it has them."""

from __future__ import annotations

import pytest
from textual.theme import BUILTIN_THEMES

from app.tui.theme import ANSI, FULL, LIGHT, PLAIN, choose_theme


@pytest.mark.parametrize(
    ("environ", "theme"),
    [
        ({}, ANSI),
        ({"COLORTERM": "truecolor"}, FULL),
        ({"COLORTERM": "24bit"}, FULL),
        ({"COLORTERM": "truecolor", "COLORFGBG": "0;15"}, LIGHT),
        ({"COLORTERM": "truecolor", "COLORFGBG": "0;default;7"}, LIGHT),
        ({"COLORTERM": "truecolor", "COLORFGBG": "15;0"}, FULL),
        ({"COLORFGBG": "0;15"}, ANSI),
        ({"COLORTERM": "yes"}, ANSI),
        # Textual greys its own colours then; those of a terminal it would turn black.
        ({"NO_COLOR": "1"}, PLAIN),
        ({"COLORTERM": "truecolor", "NO_COLOR": ""}, PLAIN),
        ({"TERM": "linux"}, ANSI),
    ],
)
def test_the_theme_follows_the_terminal(environ: dict[str, str], theme: object) -> None:
    assert choose_theme(environ) == getattr(theme, "name", "")


def test_the_plain_theme_lacks_no_variable_that_textual_asks_for() -> None:
    assert set(BUILTIN_THEMES["ansi-dark"].variables) <= set(ANSI.variables)
    assert set(FULL.variables) <= set(ANSI.variables)
    assert set(FULL.variables) == set(LIGHT.variables)
    assert ANSI.ansi
