"""Errors that stop the rehearsal network."""

from __future__ import annotations


class RehearsalError(Exception):
    """The rehearsal network cannot start or is not running; the text says why."""
