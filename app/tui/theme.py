"""One theme, calm and legible; and its variant for terminals with sixteen colours of their own."""

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
        "faint": "#8a949f",
        "muted": "#a7b0ba",
        "rule": "#3a4653",
        "on-warning": "#14181d",
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
        # Textual's own widgets ask for variables that only its ansi themes have.
        **BUILTIN_THEMES["ansi-dark"].variables,
        "faint": "ansi_bright_black",
        "muted": "ansi_default",
        "rule": "ansi_bright_black",
        "on-warning": "ansi_black",
        "field": "ansi_default",
        "field-focus": "ansi_default",
        "key": "ansi_default",
        "key-text": "ansi_default",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
    },
)


# Under NO_COLOR Textual turns all into greys: what is done or quiet recedes, the rest is white.
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
    """The full one only where the terminal says that it has all colours.

    Also under NO_COLOR: Textual turns its colours into greys, and those of a terminal into black.
    """
    if "NO_COLOR" in environ:
        return PLAIN.name
    return FULL.name if environ.get("COLORTERM") in ("truecolor", "24bit") else ANSI.name
