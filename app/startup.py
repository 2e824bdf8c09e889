"""The order of a start, and the one file that touches the garbage collector.

1. `begin_start`, before all other imports (app/__main__.py).
2. The arguments; then only the module of the command is imported (app/cli.py).
3. State directory and journal; then Textual and the first screen (app/run.py).
4. `end_start`, once the first screen is painted, or it is known that there will be none.
5. The styles of later screens, and in a thread web3 and the steps (app/tui/wizard_app.py). Each
   other screen is imported when it is its turn (app/tui/screen_order.py).
"""

from __future__ import annotations

import gc

from app.hardening import harden


def begin_start() -> None:
    """Disable core dumps, and the garbage collector until `end_start`.

    Imported objects stay, and scanning them repeatedly takes a tenth of the start.
    """
    harden()
    gc.disable()


def end_start() -> None:
    """Enable garbage collection, except for existing objects, most of which stay until the end."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
