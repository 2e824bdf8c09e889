"""`python -m app`, and the command."""

import sys

from app.json_output import INTERRUPTED, asks_for_json, print_interrupted
from app.startup import begin_start

begin_start()
try:
    from app.cli import main
except KeyboardInterrupt:  # ctrl+c before anything was begun
    if asks_for_json(sys.argv[1:]):
        print_interrupted()
    raise SystemExit(INTERRUPTED) from None

if __name__ == "__main__":
    raise SystemExit(main())
