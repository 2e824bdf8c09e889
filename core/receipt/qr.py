"""QR code as lines of text, two modules per line, for paper and monochrome consoles."""

from __future__ import annotations

from typing import Literal

from core.secrets import Secret, unwrap


def qr_lines(
    text: Secret | str, *, ink: Literal["dark", "light"], level: str = "l", quiet: int = 2
) -> list[str]:
    """Return the QR code of `text` as lines.

    `ink` is what the characters draw: dark modules on paper and on a light terminal, light ones on
    a dark terminal. `level`: error correction. `quiet`: modules of margin.
    """
    import segno  # needed only here

    code = segno.make_qr(unwrap(text), error=level, boost_error=False)
    drawn = ink == "dark"
    matrix = [[bool(module) == drawn for module in row] for row in code.matrix_iter(border=quiet)]
    matrix += [[not drawn] * len(matrix[0])] * (len(matrix) % 2)
    return [
        "".join(" ▄▀█"[2 * upper + lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(matrix[::2], matrix[1::2], strict=True)
    ]
