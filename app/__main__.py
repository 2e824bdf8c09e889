"""`python -m app`, and the command."""

import signal

from app.startup import begin_start

begin_start()
try:
    from app.cli import main
except KeyboardInterrupt:  # ctrl+c before anything was begun
    raise SystemExit(128 + signal.SIGINT) from None

if __name__ == "__main__":
    raise SystemExit(main())
