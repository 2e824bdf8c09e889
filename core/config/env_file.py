"""Write values into .env atomically, with mode 0600 and all other lines unchanged."""

from __future__ import annotations

import io
import re
from pathlib import Path

from core.config.settings import ENV_FILE_LIMIT, unsafe_env_file
from core.errors.problem import OnboardingError, fault
from core.storage.durable_files import replace_file
from core.storage.file_trust import UntrustedFile, read_trusted

_LINE = re.compile(r"\s*(export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,?&=~-]*")


def save_values(path: Path, values: dict[str, str]) -> None:
    """Write `values` into the file at `path`; an empty value removes its line.

    Keeps the lines of other variables, the comments and the order. Never follows a link or writes
    into a file that another user controls. Raises OnboardingError (ENV_FILE_UNWRITABLE,
    ENV_FILE_UNSAFE, ENV_FILE_MALFORMED) and then leaves the file unchanged.
    """
    try:
        # Bytes, because text mode would change the line ends of the other lines.
        old = _read(path)
        new = _edited(old, values)
        _check_reads_back(path, old, new, values)
        replace_file(path, new.encode())
    except UntrustedFile as error:
        raise OnboardingError(unsafe_env_file(path, error)) from error
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise fault("ENV_FILE_UNWRITABLE", path=path, reason=reason) from error


def _read(path: Path) -> str:
    try:
        return read_trusted(path, ENV_FILE_LIMIT)[0].decode()
    except FileNotFoundError:
        return ""


def _check_reads_back(path: Path, old: str, new: str, values: dict[str, str]) -> None:
    """Raise OnboardingError (ENV_FILE_MALFORMED) if `new` does not read back as intended.

    An open quote ends at the next quote and swallows the lines in between.
    """
    from dotenv.parser import parse_stream

    before, after = (list(parse_stream(io.StringIO(text, newline=None))) for text in (old, new))
    meant: dict[str | None, str | None] = {one.key: one.value for one in before}
    meant.update(values)
    read = {one.key: one.value for one in after}
    if all((read.get(name) or "") == (value or "") for name, value in meant.items()):
        return
    line = next((one.original.line for one in before if one.error), new.count("\n"))
    reason = "a quotation mark on this line is never closed."
    raise fault("ENV_FILE_MALFORMED", path=path, line=line, reason=reason)


def _edited(text: str, values: dict[str, str]) -> str:
    left = dict(values)
    lines: list[str] = []
    # Not splitlines(): it also splits at characters that a value may contain.
    for line in text.removesuffix("\n").split("\n") if text else ():
        match = _LINE.match(line)
        export, name = (match.group(1) or "", match.group(2)) if match else ("", "")
        if name not in values:
            lines.append(line)
        elif name in left:
            value = left.pop(name)
            if value:
                lines.append(f"{export}{name}={_quoted(value)}")
    lines += [f"{name}={_quoted(value)}" for name, value in left.items() if value]
    return "\n".join(lines) + "\n" if lines else ""


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if any(character in value for character in "\r\n\0"):
        raise OSError("a value must fit on one line")
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
