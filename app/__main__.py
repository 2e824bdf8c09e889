"""`python -m app`, and the command."""

import gc

gc.disable()  # until app.cli knows what is to be done: nothing of the program is to be freed

from app.cli import main  # noqa: E402

if __name__ == "__main__":
    raise SystemExit(main())
