"""Sentences of the catalogue by code, so that tests hold no wording."""

from __future__ import annotations

from core.errors.catalogue import CATALOGUE


def title(code: str, **params: object) -> str:
    return CATALOGUE[code].title.format(**params)


def part(code: str, field: str) -> str:
    """Return the longest run of a title, cause or remedy without a placeholder."""
    text = getattr(CATALOGUE[code], field)
    runs = "".join(c if c != "}" else "{" for c in text).split("{")[::2]
    return max((run.strip() for run in runs), key=len)
