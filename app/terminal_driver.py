"""Textual's driver for Linux, which writes only what changes on the terminal."""

from __future__ import annotations

from typing import Any

from textual.drivers.linux_driver import LinuxDriver

from app.picture import Picture

_ALTERNATE_SCREEN = "\x1b[?1049h"
_UPDATE_BEGINS, _UPDATE_ENDS = "\x1b[?2026h", "\x1b[?2026l"


class ThriftyDriver(LinuxDriver):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._picture = Picture()
        self._held_back = ""

    def write(self, data: str) -> None:
        if data == _UPDATE_BEGINS:
            self._held_back = data  # most updates change nothing, or a few signs
            return
        if data == _UPDATE_ENDS and self._held_back:
            self._held_back = ""
            return
        written = self._picture.changes(data)
        if data == _ALTERNATE_SCREEN:
            written += self._picture.clear()
        if written:
            super().write(self._held_back + written)
            self._held_back = ""

    def clear(self) -> None:
        """Where something else may have written on the terminal: the next paint is a whole one."""
        super().write(self._picture.clear())
