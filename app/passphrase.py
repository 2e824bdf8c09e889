"""The passphrase for a command that needs no other input: from a file, a terminal or a pipe."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from app.answers import read_passphrase_file, unsafe_passphrase_file
from core.secrets import Secret
from core.storage.file_trust import UntrustedFile

_LINE_LIMIT = 4096


def read_passphrase(path: Path | None) -> Secret | None:
    """Return the first line of `path`; without a path, a line typed or read from stdin.

    Returns None after printing to stderr why it cannot be read. Raises OnboardingError
    (PASSPHRASE_FILE_UNSAFE).
    """
    try:
        return _file_or_input(path)
    except EOFError:
        reason = "the input ended"
    except UnicodeDecodeError:
        reason = "it is not a text file"
    except OSError as error:
        reason = f"{path or 'the input'}: {error.strerror or error}"
    print(f"The passphrase cannot be read: {reason}.", file=sys.stderr)
    return None


def _file_or_input(path: Path | None) -> Secret:
    if path is not None:
        try:
            return read_passphrase_file(path)
        except UntrustedFile as error:
            raise unsafe_passphrase_file(path, error) from error
    if sys.stdin is not None and sys.stdin.isatty():
        return Secret(getpass.getpass("Passphrase: ", stream=sys.stderr))
    # getpass would warn about echoed input, but a pipe echoes nothing.
    line = sys.stdin.readline(_LINE_LIMIT) if sys.stdin is not None else ""
    if not line:
        raise EOFError
    return Secret(line.rstrip("\r\n"))
