"""The colour roles, once for each kind of terminal.

accent: the current step, the primary button; success: done; warning: waits, real money; error:
faults only; foreground, muted, faint: value, label, hint; rule: frames; field, key: surfaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

FULL = Theme(
    name="peaq",
    primary="#9aa7ff",
    secondary="#8fb3a6",
    accent="#a99bff",
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
        "key": "#a99bff",
        "key-text": "#14181d",
    },
)

LIGHT = Theme(
    name="peaq-light",
    primary="#2f5fa8",
    secondary="#2f6f5a",
    accent="#6440b0",
    warning="#8a5200",
    error="#b3261e",
    success="#1f7032",
    foreground="#1b1f24",
    background="#ffffff",
    surface="#ffffff",
    panel="#eceff3",
    boost="#dfe4ea",
    dark=False,
    variables={
        "faint": "#68717b",
        "muted": "#4a525b",
        "rule": "#c3cad2",
        "on-warning": "#ffffff",
        "field": "#eceff3",
        "field-focus": "#d5dfec",
        "key": "#6440b0",
        "key-text": "#ffffff",
    },
)

ANSI = Theme(
    name="peaq-ansi",
    ansi=True,
    primary="ansi_default",  # bold: a terminal's blue is hard to read on black
    secondary="ansi_cyan",
    accent="ansi_bright_blue",
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
    if environ.get("COLORTERM") not in ("truecolor", "24bit"):
        return ANSI.name
    return LIGHT.name if _ground_is_light(environ) else FULL.name


def _ground_is_light(environ: Mapping[str, str]) -> bool:
    """Whether the terminal says so: the last number of COLORFGBG is the color of its background.

    7 and 15 are the two whites of the sixteen colours. Most terminals say nothing.
    """
    return environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")
