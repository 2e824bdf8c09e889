"""The log file wizard.log, for maintainers. No secret is ever passed to it."""

from __future__ import annotations

import logging
import os
import re
import time
from pathlib import Path

from core.errors.problem import fault
from core.storage.durable_files import FILE_MODE

NAME = "wizard.log"
_SIZE_LIMIT = 1_000_000
_SECRETS = re.compile(r"(?i)(otpauth://\S+|secret=\w+|twoFactorCode\W+\d+)")


class _Redact(logging.Filter):
    """Second line of defence: redacts text that looks like a secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _SECRETS.sub("***", record.getMessage()), ()
        return True


class _Quiet(logging.StreamHandler):  # type: ignore[type-arg] # no subscript before Python 3.11
    """Handler that stays silent if the log cannot be written (a full disk), to keep the screen
    intact.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its name there
        """Print nothing: the journal, which matters, reports the fault itself."""


_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
"""Follow no link, and do not block on a pipe without a reader."""


def start_log(folder: Path) -> None:
    """Append to the log in `folder`, 0600; a log over 1 MB is first renamed to `.1`.

    Raises OnboardingError (STATE_FOLDER_UNUSABLE).
    """
    path = folder / NAME
    try:
        if path.exists() and path.stat().st_size > _SIZE_LIMIT:
            path.replace(folder / f"{NAME}.1")
        handle = os.open(path, _FLAGS, FILE_MODE)
    except OSError as error:
        reason = error.strerror or error
        raise fault("STATE_FOLDER_UNUSABLE", path=path, reason=reason) from error
    handler = _Quiet(os.fdopen(handle, "a", encoding="utf-8"))
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.addFilter(_Redact())
    logger = logging.getLogger("peaq_onboard")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
