"""A QR code as lines of text, for a console without colours."""

from __future__ import annotations

import segno

from core.secrets import Secret


def qr_lines(text: Secret, *, inverted: bool) -> list[str]:
    """Two modules a line. Light ones are drawn: right on a dark background; `inverted`, on a
    light one.
    """
    code = segno.make_qr(text.reveal(), error="l")
    matrix = [[bool(module) != inverted for module in row] for row in code.matrix_iter(border=2)]
    matrix += [[inverted] * len(matrix[0])] * (len(matrix) % 2)
    return [
        "".join(
            " " if upper and lower else "▄" if upper else "▀" if lower else "█"
            for upper, lower in zip(*pair, strict=True)
        )
        for pair in zip(matrix[::2], matrix[1::2], strict=True)
    ]
