"""`python -m app`, and the command."""

import gc
import sys

from app.hardening import harden
from app.json_output import INTERRUPTED, asks_for_json, print_interrupted

harden()
# Until the first screen stands, or it is known that there will be none: what imports make stays,
# and looking through it again and again for what could be freed takes a tenth of the start.
gc.disable()
try:
    from app.cli import main
except KeyboardInterrupt:  # ctrl+c before anything was begun
    if asks_for_json(sys.argv[1:]):
        print_interrupted()
    raise SystemExit(INTERRUPTED) from None

if __name__ == "__main__":
    raise SystemExit(main())
