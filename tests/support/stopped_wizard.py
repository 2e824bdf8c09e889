"""The program with `stop_at`: `python -m tests.support.stopped_wizard MOMENT TOLD ARGUMENTS…`."""

from __future__ import annotations

import sys
from pathlib import Path

import app.cli
from core.keys import keystore
from tests.support.stop_at import stop_at

if __name__ == "__main__":
    moment, told, *arguments = sys.argv[1:]
    keystore.choose_kdf = lambda available: keystore.Kdf("pbkdf2", 100, 0)
    stop_at(moment, 0, Path(told))
    sys.exit(app.cli.main(arguments))
