"""`peaq-onboard verify-key`: does this passphrase open the keystore? Changes nothing."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from app.answers import read_passphrase_file, unsafe_passphrase_file
from app.configuration import read_settings, state_folder
from app.options import Options
from core.errors.exit_codes import EXIT_CONFIGURATION, EXIT_DONE, EXIT_STOPPED, exit_code
from core.errors.problem import OnboardingError
from core.errors.surfaces import COMMAND, PLAIN
from core.journal.file import FILE_NAME, read_records
from core.journal.reducer import fold
from core.secrets import Secret
from core.storage.file_trust import UntrustedFile

_LINE_LIMIT = 4096


def read_passphrase(path: Path | None) -> Secret:
    """The first line of `path`, else what is typed without being shown, or a line of the input
    where that is no terminal.

    Raises OnboardingError (PASSPHRASE_FILE_UNSAFE), OSError, EOFError, UnicodeDecodeError.
    """
    if path is not None:
        try:
            return read_passphrase_file(path)
        except UntrustedFile as error:
            raise unsafe_passphrase_file(path, error) from error
    if sys.stdin is not None and sys.stdin.isatty():
        return Secret(getpass.getpass("Passphrase: ", stream=sys.stderr))
    # getpass would warn that what is typed is shown; a pipe shows nothing.
    line = sys.stdin.readline(_LINE_LIMIT) if sys.stdin is not None else ""
    if not line:
        raise EOFError
    return Secret(line.rstrip("\r\n"))


def run_verify_key(options: Options) -> int:
    """0 where it opens to the machine's address, else 1 (or 3 for the file itself)."""
    settings = read_settings(options.env_file, options.network, required=options.env_file_named)
    folder = state_folder(options.state_dir, settings.network.name)
    path, source = folder / "keystore.json", options.answers.passphrase_file
    if not path.exists():
        print(f"There is no keystore in {folder}.", file=sys.stderr)
        return EXIT_CONFIGURATION
    try:
        passphrase = read_passphrase(source)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        print(f"The passphrase cannot be read: {_reason(error, source)}.", file=sys.stderr)
        return EXIT_STOPPED
    from core.keys.keystore import open_file  # takes a moment to import

    try:
        expected = fold(read_records(folder / FILE_NAME)).address
        stored = open_file(path, passphrase)
    except OnboardingError as error:
        found = error.problem
        remedy = found.remedy(COMMAND if source else PLAIN)
        lines = [found.cause, remedy]
        if str(path) not in found.cause:
            lines.insert(0, str(path))
        print("\n  ".join([found.title, *lines]), file=sys.stderr)
        return exit_code(found.kind)
    if expected is not None and expected != stored.key.address:
        print(f"It opens {stored.key.address}, but this machine is {expected}.", file=sys.stderr)
        return EXIT_CONFIGURATION
    print(f"The passphrase opens the keystore of {stored.key.address}.")
    print(f"{path}\nsha256 {stored.sha256}")
    return EXIT_DONE


def _reason(error: Exception, source: Path | None) -> str:
    if isinstance(error, EOFError):
        return "the input has ended"
    if isinstance(error, OSError):
        return f"{source or 'the input'}: {error.strerror or error}"
    return "it is not text"
