"""The catalogue of errors: title, cause, remedy, state of the money, and when to retry."""

from __future__ import annotations

from core.errors.activation import DEPLOYMENT, IDENTITY, QUOTE
from core.errors.entry import Entry, Kind
from core.errors.gas_station import GAS_STATION
from core.errors.machine import FILES, PROGRAM, SETTINGS
from core.errors.network import CHAIN, FUNDS, OWNER, RPC
from core.errors.preflight import PREFLIGHT


def _catalogue(*entries: Entry) -> dict[str, Entry]:
    table = {entry.code: entry for entry in entries}
    if len(table) != len(entries):
        raise ValueError("the catalogue has a code twice")
    return table


CATALOGUE: dict[str, Entry] = _catalogue(
    *SETTINGS,
    *FILES,
    *RPC,
    *GAS_STATION,
    *FUNDS,
    *OWNER,
    *CHAIN,
    *DEPLOYMENT,
    *IDENTITY,
    *QUOTE,
    *PREFLIGHT,
    *PROGRAM,
)

__all__ = ["CATALOGUE", "Entry", "Kind"]
