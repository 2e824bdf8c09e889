"""The words of the screens where there is no screen: keys that do not exist are not named."""

from __future__ import annotations

import re

_Rules = tuple[tuple[str, str], ...]

_KEYS: _Rules = (
    (r"[Pp]ress F2 and \w+ it, or (?=\w)", ""),
    (r": press F2, or\b", ", or"),
    (r": press F3\.", ", and choose manual (--fund)."),
    (r"(?:[Pp]ress )?F3 to fund it another way", "fund it another way (--fund)"),
    (r" \(F3\)", " (--fund manual)"),
    (r" \(Esc shows it\)", ""),
    (r"This screen notices", "The wizard notices"),
)
"""Keys of the full screen alone."""
_ENTER: _Rules = (
    (r"[Tt]ype (a fresh code|it),? and press Enter", r"start the wizard and type \1"),
    (r"[Pp]ress Enter to (?:ask|look|try) again\b", "start the wizard again"),
    (r"[Pp]ress Enter( to|, then)\b", r"start the wizard\1"),
    (r"[Pp]ress Enter\b", "start the wizard again"),
    (r"^Type (?:it again|the passphrase)\.", "Check the first line of --passphrase-file."),
)
"""What asks nothing has no Enter either."""
_SENTENCES = re.compile(r"(?<=[.?!]) ")
_SCREEN_ALONE = re.compile(r"\b(?:F\d|Esc|ctrl\+q)\b")


def in_lines(text: str) -> str:
    """A remedy for the line-by-line wizard, where Enter tries again."""
    return _replaced(text, _KEYS)


def at_prompt(text: str) -> str:
    """A remedy for what says something and ends."""
    return _replaced(text, (*_KEYS, *_ENTER))


def without_keys(text: str) -> str:
    """An explanation without the sentences that speak of the screen's keys."""
    return " ".join(part for part in _SENTENCES.split(text) if not _SCREEN_ALONE.search(part))


def _replaced(text: str, rules: _Rules) -> str:
    before = text
    for pattern, words in rules:
        text = re.sub(pattern, words, text)
    if text == before:
        return text
    return " ".join(part[:1].upper() + part[1:] for part in _SENTENCES.split(text))
