"""Entry point of `python -m app` and of the installed command."""

import sys

from app.json_output import INTERRUPTED, asks_for_json, print_interrupted
from app.startup import begin_start

begin_start()
try:
    from app.cli import main
except KeyboardInterrupt:  # Ctrl+C before anything started
    if asks_for_json(sys.argv[1:]):
        print_interrupted()
    raise SystemExit(INTERRUPTED) from None

if __name__ == "__main__":
    raise SystemExit(main())
