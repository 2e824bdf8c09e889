"""The form of a catalogue entry.

Titles keep the words of the public guide if it has any, because people search for those. The fault
fills `{name}`. A remedy says what to do next, without blame; the surface that shows it fills
`{retry}` and the other placeholders of `surfaces`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

NOTHING_LOST = "No money was spent."
THIS_PAID_NOTHING = "This request paid nothing. The balance is {wallet}."
"""Replaces NOTHING_LOST if the wallet holds money; the fault then has `wallet`."""
GAS_ONLY = "Only the network fee was spent. The bond was not paid."
SAFE = "Completed steps are saved."


class Kind(Enum):
    """Who has to act, which also determines the exit code if the wizard ends on this error."""

    INPUT = "input"
    NETWORK = "network"
    CONFIGURATION = "configuration"
    LOCKED = "locked"
    WAITING = "waiting"


@dataclass(frozen=True)
class Entry:
    code: str
    title: str
    cause: str
    remedy: str
    kind: Kind = Kind.INPUT
    money: str = NOTHING_LOST
    again: str = "now"
    """`now`, `later`, `after a change` or `never`."""
