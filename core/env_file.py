"""Values are written into .env: atomically, 0600, every other line kept as it stands."""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import fault
from core.files import replace_file

_LINE = re.compile(r"\s*(export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,?&=~-]*")


def save_values(path: Path, values: dict[str, str]) -> None:
    """Writes `values` into the file at `path`; an empty value removes its line.

    Lines of other variables, comments and order are kept. Raises OnboardingError
    (ENV_FILE_UNWRITABLE) and then leaves the file as it was.
    """
    try:
        # As bytes: reading as text would change the line ends of the other lines.
        text = path.read_bytes().decode() if path.exists() else ""
        replace_file(path.resolve(), _edited(text, values).encode())
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise fault("ENV_FILE_UNWRITABLE", path=path, reason=reason) from error


def _edited(text: str, values: dict[str, str]) -> str:
    left = dict(values)
    lines: list[str] = []
    # Not splitlines(): it also cuts at characters that may stand in a value.
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
        raise OSError("a value must be one line")
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
