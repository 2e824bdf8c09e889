"""`python -m app`, and the command."""

import gc
import signal

from app.hardening import harden

harden()
# Until the first screen stands, or it is known that there will be none: what imports make stays,
# and looking through it again and again for what could be freed takes a tenth of the start.
gc.disable()
try:
    from app.cli import main
except KeyboardInterrupt:  # ctrl+c before anything was begun
    raise SystemExit(128 + signal.SIGINT) from None

if __name__ == "__main__":
    raise SystemExit(main())
