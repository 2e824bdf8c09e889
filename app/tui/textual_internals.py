"""Private names of Textual that this program uses; no other file may use one.

Textual has no public API for these functions. tests/app/tui/test_textual_internals.py names each of
them, and fails if a new version of Textual lacks one.
"""

from __future__ import annotations

import logging
from codecs import IncrementalDecoder, getincrementaldecoder
from functools import partial

from textual.app import App
from textual.driver import Driver
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from core.errors.crash import describe_crash

log = logging.getLogger("peaq_onboard")


class QuietApp(App[int]):
    """An app that logs where it crashed, without values of variables."""

    @property
    def terminal_driver(self) -> Driver | None:
        """Return the driver, once the app runs."""
        return self._driver

    def _fatal_error(self) -> None:
        """End without Textual's traceback, which prints the values of variables: see wizard.log."""
        if self._exception is not None:
            log.warning("the screen failed: %s", describe_crash(self._exception))
        self._close_messages_no_wait()


class SizedDriver(LinuxDriver):
    """A driver that reports the size of its terminal."""

    def terminal_size(self) -> tuple[int, int]:
        """Return columns and rows."""
        return self._get_terminal_size()


def _tolerant_decoder(encoding: str) -> partial[IncrementalDecoder]:
    """Replace bytes that are invalid in `encoding`: noise on a serial line must not end the
    program.
    """
    return partial(getincrementaldecoder(encoding), errors="replace")


linux_driver.getincrementaldecoder = _tolerant_decoder  # type: ignore[attr-defined, assignment]
