"""`python -m app`, and the command."""

import gc
import signal

gc.disable()  # until app.cli knows what is to be done: nothing of the program is to be freed
try:
    from app.cli import main
except KeyboardInterrupt:  # ctrl+c before anything was begun
    raise SystemExit(128 + signal.SIGINT) from None

if __name__ == "__main__":
    raise SystemExit(main())
