"""The form of an entry of the catalogue.

Titles keep the words of the public guide where it has any, because those are what people search
for. `{name}` is filled from the fault. A remedy says what to do next, without blame; its `{retry}`
and the other placeholders of `surfaces` are filled by the surface that shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

NOTHING_LOST = "No money was spent."
THIS_PAID_NOTHING = "This request paid nothing. The balance is {wallet}."
"""In place of NOTHING_LOST where the wallet holds something; the fault then has `wallet`."""
GAS_ONLY = "Only the network fee was spent. The bond was not paid."
SAFE = "Completed steps are saved."


class Kind(Enum):
    """Who has to act, and so the exit code when the wizard is left in it."""

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
