"""Exit codes of the program, one for each kind of error."""

from __future__ import annotations

from core.errors.catalogue import Kind

EXIT_DONE = 0


EXIT_STOPPED = 1


EXIT_NETWORK = 2


EXIT_CONFIGURATION = 3


EXIT_LOCKED = 4


EXIT_WAITING = 75


_EXITS = {
    Kind.INPUT: EXIT_STOPPED,
    Kind.NETWORK: EXIT_NETWORK,
    Kind.CONFIGURATION: EXIT_CONFIGURATION,
    Kind.LOCKED: EXIT_LOCKED,
    Kind.WAITING: EXIT_WAITING,
}


def exit_code(kind: Kind) -> int:
    return _EXITS[kind]
