"""The command line: parse the arguments, then call the command. Defers heavy imports."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

from app.arguments import build_parser
from app.json_output import (
    INTERRUPTED,
    asks_for_json,
    print_interrupted,
    print_problem,
    write_no_more,
)
from app.options import Options, options_from
from app.startup import end_start
from core.errors.exit_codes import EXIT_STOPPED
from core.errors.problem import OnboardingError, fault, problem

_OUTPUT_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code. No traceback leaves it.

    With `--json`, stdout gets one JSON document, also on each error.
    """
    words = sys.argv[1:] if arguments is None else arguments
    json = asks_for_json(words)
    try:
        return _parse_and_run(words)
    except OnboardingError as error:
        from app.say import say_problem

        if json:
            print_problem(error.problem)
        return say_problem(error)
    except BrokenPipeError:
        # The reader has closed the pipe (`status | head`).
        write_no_more()
        return EXIT_STOPPED
    except KeyboardInterrupt:
        if json:
            print_interrupted()
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a defect: it is said without the values of variables
        if isinstance(error, OSError) and error.errno in _OUTPUT_FAULTS and not error.filename:
            write_no_more()
            print(f"Standard output cannot be written: {error.strerror}.", file=sys.stderr)
            return EXIT_STOPPED
        from core.errors.crash import describe_crash

        crash = describe_crash(error)
        if json:
            print_problem(problem("UNEXPECTED", reason=crash))
        print(f"Unexpected error: {crash}", file=sys.stderr)
        return EXIT_STOPPED


def _parse_and_run(words: Sequence[str]) -> int:
    parser = build_parser(words)
    parsed = parser.parse_args(words)
    pretend = parsed.rehearse or parsed.command == "devnet"
    if not pretend and (parsed.fault or parsed.block_time):
        parser.error("--fault and --block-time need --rehearse or devnet")
    if sys.stdout is None:
        print("Standard output is closed.", file=sys.stderr)
        return EXIT_STOPPED
    _require_current_folder()
    code = _run(options_from(parsed))
    sys.stdout.flush()
    return code


def _require_current_folder() -> None:
    """Raise OnboardingError (CURRENT_FOLDER_GONE), because relative paths would fail."""
    try:
        os.getcwd()
    except FileNotFoundError:
        raise fault("CURRENT_FOLDER_GONE") from None


def _run(options: Options) -> int:
    """Call the command; only the requested one is imported."""
    if options.command is not None:
        end_start()
    if options.command is None:
        from app.run import run_wizard as run
    elif options.command == "devnet":
        from app.commands.devnet import run_devnet_command as run
    elif options.command == "status":
        from app.commands.status import run_status as run
    elif options.command == "verify-key":
        from app.commands.verify_key import run_verify_key as run
    elif options.command == "backup":
        from app.commands.backup import run_backup as run
    elif options.command == "renew":
        from app.commands.renew import run_renew as run
    elif options.command == "doctor":
        from app.commands.doctor import run_doctor as run
    elif options.command == "receipt":
        from app.commands.receipt import run_receipt as run
    elif options.command == "completion":
        from app.commands.completion import run_completion as run
    else:
        from app.commands.explain import run_explain as run
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
