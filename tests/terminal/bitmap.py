"""The cells of a terminal as a picture, and what a phone reads in it."""

from __future__ import annotations

import pyte
import zxingcpp
from pyte.screens import Char

_WIDE, _HIGH = 8, 16
"""Pixels of a cell, without the space between lines."""
_NAMED = {
    "black": 0,
    "red": 60,
    "green": 110,
    "brown": 140,
    "blue": 30,
    "magenta": 80,
    "cyan": 130,
    "white": 192,
}
"""Brightness."""


def read_codes(
    screen: pyte.Screen,
    *,
    light: bool = False,
    colours: bool = True,
    swapped: bool = False,
    spacing: int = 0,
) -> list[str]:
    """The texts of the QR codes on the screen.

    `light`: the terminal's own colours are black on white. Without `colours` it ignores all of
    them, but not reverse video. `swapped` also reads codes that are light on dark. `spacing`:
    pixels between the lines, which show the ground of the cell above.
    """
    own = (0, 255) if light else (220, 10)
    rows = [_row(screen, y, own=own, colours=colours, spacing=spacing) for y in range(screen.lines)]
    pixels = b"".join(rows)
    width = screen.columns * _WIDE
    image = memoryview(pixels).cast("B", (len(pixels) // width, width))
    found = zxingcpp.read_barcodes(image, zxingcpp.BarcodeFormat.QRCode, try_invert=swapped)
    return [code.text for code in found]


def _row(
    screen: pyte.Screen, y: int, *, own: tuple[int, int], colours: bool, spacing: int
) -> bytes:
    cells = [screen.buffer[y][x] for x in range(screen.columns)]
    looks = [_inks(cell, own, colours) for cell in cells]
    lines = []
    for line in range(_HIGH + spacing):
        upper = line < _HIGH // 2
        lines.append(
            b"".join(
                bytes([ink if line < _HIGH and _is_ink(cell.data, upper) else ground]) * _WIDE
                for cell, (ink, ground) in zip(cells, looks, strict=True)
            )
        )
    return b"".join(lines)


def _is_ink(sign: str, upper: bool) -> bool:
    """Letters are not drawn: they are no part of a code."""
    return sign in ("█", "▀" if upper else "▄")


def _inks(cell: Char, own: tuple[int, int], colours: bool) -> tuple[int, int]:
    ink = _brightness(cell.fg, own[0]) if colours else own[0]
    ground = _brightness(cell.bg, own[1]) if colours else own[1]
    return (ground, ink) if cell.reverse else (ink, ground)


def _brightness(colour: str, own: int) -> int:
    if colour == "default":
        return own
    name = colour.removeprefix("bright")
    if name in _NAMED:
        return min(_NAMED[name] + 63 * (name != colour), 255)
    red, green, blue = (int(colour[i : i + 2], 16) for i in (0, 2, 4))
    return (299 * red + 587 * green + 114 * blue) // 1000
