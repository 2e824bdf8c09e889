"""Textual's Linux driver, which here writes only changes and survives input floods."""

from __future__ import annotations

import time
from typing import Any

from textual import events
from textual.message import Message

from app.tui.screen_buffer import ScreenBuffer
from app.tui.textual_internals import SizedDriver

_ALTERNATE_SCREEN = "\x1b[?1049h"
_FLOOD = 2000
"""Keys in a row without a pause of half a second. No user types or pastes that much, but a file
sent by mistake would block the program for minutes. Further characters and Enters are dropped.
"""
_PAUSE = 0.5
_UPDATE_BEGINS, _UPDATE_ENDS = "\x1b[?2026h", "\x1b[?2026l"


class DiffingDriver(SizedDriver):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._buffer = ScreenBuffer()
        self._pending = ""
        self._keys = 0
        self._last_key = 0.0

    def process_message(self, message: Message) -> None:
        if isinstance(message, events.Key):
            now = time.monotonic()
            self._keys = self._keys + 1 if now - self._last_key < _PAUSE else 1
            self._last_key = now
            if self._keys > _FLOOD and (message.is_printable or message.key == "enter"):
                return
        super().process_message(message)

    def write(self, data: str) -> None:
        if data == _UPDATE_BEGINS:
            self._pending = data  # most updates change nothing, or a few characters
            return
        if data == _UPDATE_ENDS and self._pending:
            self._pending = ""
            return
        written = self._buffer.changes(data)
        if data == _ALTERNATE_SCREEN:
            written += self._buffer.clear(self.terminal_size())
        if written:
            super().write(self._pending + written)
            self._pending = ""

    def clear(self) -> None:
        """Repaint everything next time, because another program may have written on the
        terminal.
        """
        super().write(self._buffer.clear(self.terminal_size()))
