"""The wizard's theme, and a variant for terminals with sixteen colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

FULL = Theme(
    name="peaq",
    primary="#7aa2d8",
    secondary="#8fb3a6",
    accent="#b9a3e3",
    warning="#e0b36a",
    error="#e58b88",
    success="#8cc68f",
    foreground="#d7dbe0",
    background="#14181d",
    surface="#14181d",
    panel="#222932",
    boost="#2c3540",
    dark=True,
    variables={
        "quiet": "#8a949f",
        "label": "#a7b0ba",
        "field": "#222932",
        "field-focus": "#33414f",
        "key": "#7aa2d8",
        "key-text": "#14181d",
    },
)

ANSI = Theme(
    name="peaq-ansi",
    ansi=True,
    primary="ansi_default",  # bold: a terminal's blue is hard to read on black
    secondary="ansi_cyan",
    accent="ansi_magenta",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        # Textual's own widgets need variables that only its ansi themes define.
        **BUILTIN_THEMES["ansi-dark"].variables,
        "quiet": "ansi_bright_black",
        "label": "ansi_default",
        "field": "ansi_default",
        "field-focus": "ansi_default",
        "key": "ansi_default",
        "key-text": "ansi_default",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
    },
)


# NO_COLOR turns all colours into greys: completed and quiet text is dimmed, the rest is white.
PLAIN = replace(
    FULL,
    name="peaq-plain",
    primary="#ffffff",
    accent="#d7dbe0",
    warning="#ffffff",
    error="#ffffff",
    success="#a8a8a8",
)


def choose_theme(environ: Mapping[str, str]) -> str:
    """Return the full theme only if the terminal reports true colour.

    Also under NO_COLOR: Textual turns the theme's colours into greys, and terminal colours into
    black.
    """
    if "NO_COLOR" in environ:
        return PLAIN.name
    return FULL.name if environ.get("COLORTERM") in ("truecolor", "24bit") else ANSI.name
