"""What keeps the rehearsal network from running."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


class RehearsalError(Exception):
    """The rehearsal network cannot start or is not running; the text says why."""
