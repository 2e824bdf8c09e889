"""wizard.log in tests: opened by the program, closed here."""

from __future__ import annotations

import io
import logging


def close_log(logger: logging.Logger) -> None:
    for handler in logger.handlers:
        stream = getattr(handler, "stream", None)
        if isinstance(stream, io.TextIOWrapper):  # the test runner's own is none
            stream.close()
