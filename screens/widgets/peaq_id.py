"""The peaqID of an activated machine, whose 77 digits are wider than a body of 76 columns."""

from __future__ import annotations

from core.protocols.activation.identity import did_of

_FIRST = len("did:peaq:") + 40
"""Characters of the first row: the digits are read in forties."""


def two_rows(number: int, indent: int = 0) -> str:
    """Return the peaqID on two rows, the second one indented."""
    text = did_of(number)
    return f"{text[:_FIRST]}\n{' ' * (indent + len('did:peaq:'))}{text[_FIRST:]}"
