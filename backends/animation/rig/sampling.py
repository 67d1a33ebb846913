"""Pixels of a texture at the places of a map, over a picture: the innermost loops of drawing.

A pixel is a word of R, G, B, A bytes; two of them at a time are worked on in halves of a word.
"""

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled
from backends.animation.rig.raster import NOWHERE, STEPS, UNIT_BITS, UNITS

Words = NDArray[np.uint32]
Places = NDArray[np.int32]
Pairs = NDArray[np.uint64]

STEP_SHIFT = UNIT_BITS - STEPS.bit_length() + 1
BLOCK = 64
"""Neighbours that are looked at together for one that hides another."""


class Maps:
    """The memory of maps, and of what is sampled with them, for pictures of up to so many pixels."""

    def __init__(self, pixels: int) -> None:
        self._columns, self._rows = np.empty(pixels, np.int32), np.empty(pixels, np.int32)
        self._colours = np.empty(pixels, np.uint32)

    def clear(self, height: int, width: int) -> tuple[Places, Places, Words]:
        """Columns, rows and colours, (height, width) each, with nothing in them."""
        size, shape = height * width, (height, width)
        self._columns[:size] = NOWHERE
        return (
            self._columns[:size].reshape(shape),
            self._rows[:size].reshape(shape),
            self._colours[:size].reshape(shape),
        )


@compiled
def sample(
    columns: Places, rows: Places, texture: Words, under: Words, left: int, top: int, out: Words
) -> None:
    """Mixes four pixels of the texture at each place and puts them (not premultiplied) over an opaque picture.

    Args:
        columns, rows: (h, w) maps from `rasterize`; places beyond the texture are those at its edge.
        texture: (r, c), both at least 2.
        under: The picture; (left, top) lies under the first pixel.
        out: (h, w), written.
    """
    width = columns.shape[1]
    at, pairs = np.empty(width, np.uint32), np.empty((2, width), np.uint64)
    for y in range(columns.shape[0]):
        below = under[top + y, left : left + width]
        start, end = 0, width
        while start < end and columns[y, start] == NOWHERE:
            start += 1
        while start < end and columns[y, end - 1] == NOWHERE:
            end -= 1
        for x in range(start):
            out[y, x] = below[x]
        for x in range(end, width):
            out[y, x] = below[x]
        u, v = columns[y, start:end], rows[y, start:end]
        _index(u, v, texture, at)
        _gather(at[: end - start], texture, pairs[0], pairs[1])
        upper, lower = pairs[0].view(np.uint32), pairs[1].view(np.uint32)
        _mix_over(u, v, upper, lower, below[start:end], out[y, start:end])


@compiled
def _index(columns: Places, rows: Places, texture: Words, at: Words) -> None:
    zero, stride = np.int32(0), np.uint32(texture.shape[1])
    last_x, last_y = np.int32(texture.shape[1] - 2), np.int32(texture.shape[0] - 2)
    for x in range(columns.shape[0]):
        i = np.uint32(min(max(np.int32(columns[x] >> UNIT_BITS), zero), last_x))
        j = np.uint32(min(max(np.int32(rows[x] >> UNIT_BITS), zero), last_y))
        at[x] = np.uint32(np.uint32(j * stride) + i)


@compiled
def _gather(at: Words, texture: Words, upper: Pairs, lower: Pairs) -> None:
    """The four pixels around each place. What cannot be done for many places at a time is by itself."""
    flat, stride = texture.reshape(-1), np.uint64(texture.shape[1])
    one, word = np.uint64(1), np.uint64(32)
    for x in range(at.shape[0]):
        k = np.uint64(at[x])
        upper[x] = np.uint64(flat[k]) | np.uint64(np.uint64(flat[k + one]) << word)
        k = np.uint64(k + stride)
        lower[x] = np.uint64(flat[k]) | np.uint64(np.uint64(flat[k + one]) << word)


@compiled
def _mix_over(
    columns: Places, rows: Places, upper: Words, lower: Words, under: Words, out: Words
) -> None:
    pair, half = np.uint32(0x00FF00FF), np.uint32(0x00800080)
    byte, seven, alpha = np.uint32(8), np.uint32(7), np.uint32(16)
    steps, nothing, nowhere = np.int32(STEPS - 1), np.uint32(0), np.int32(NOWHERE)
    for x in range(columns.shape[0]):
        right = np.uint32(np.int32(columns[x] >> STEP_SHIFT) & steps)
        down = np.uint32(np.int32(rows[x] >> STEP_SHIFT) & steps)
        a, b, c, d = upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]
        even = _between(a & pair, b & pair, c & pair, d & pair, right, down) & pair
        odd = _between(
            np.uint32(a >> byte) & pair, np.uint32(b >> byte) & pair,
            np.uint32(c >> byte) & pair, np.uint32(d >> byte) & pair, right, down,
        ) & pair  # fmt: skip
        share = np.uint32(odd >> alpha)
        share = np.uint32(share + np.uint32(share >> seven))  # 0..256
        share = nothing if columns[x] == nowhere else share
        below = under[x]
        odd_below, even_below = np.uint32(below >> byte) & pair, below & pair
        odd_step = np.uint32(np.uint32(odd - odd_below) * share)
        even_step = np.uint32(np.uint32(even - even_below) * share)
        odd = np.uint32(odd_below + np.uint32(np.uint32(odd_step + half) >> byte)) & pair
        even = np.uint32(even_below + np.uint32(np.uint32(even_step + half) >> byte)) & pair
        out[x] = even | np.uint32(odd << byte)


@compiled
def _between(
    a: np.uint32, b: np.uint32, c: np.uint32, d: np.uint32, right: np.uint32, down: np.uint32
) -> np.uint32:
    """Two bytes each, sixteen bits apart, between four pixels; what is beyond the bytes is not cleared. Exact to an
    eighth before the last rounding, which is all that halves of a word hold."""
    five, two, byte = np.uint32(5), np.uint32(2), np.uint32(8)
    quarter, half, eleven = np.uint32(0x00020002), np.uint32(0x00800080), np.uint32(0x07FF07FF)
    upper = np.uint32(np.uint32(a << five) + np.uint32(np.uint32(b - a) * right))
    lower = np.uint32(np.uint32(c << five) + np.uint32(np.uint32(d - c) * right))
    upper = np.uint32(np.uint32(upper + quarter) >> two) & eleven
    lower = np.uint32(np.uint32(lower + quarter) >> two) & eleven
    mixed = np.uint32(np.uint32(upper << five) + np.uint32(np.uint32(lower - upper) * down))
    return np.uint32(np.uint32(mixed + half) >> byte)


@compiled
def soften(
    colours: Words, columns: Places, rows: Places, left: int, right: int, top: int, bottom: int
) -> None:
    """Mixes a quarter of each other into neighbours that are far apart in the texture: a part of
    the person hides another there.

    Args:
        colours: (h, w), changed.
        columns, rows: (h, w) maps from `rasterize`.
        left, top, right, bottom: Where to look.
    """
    right, bottom = min(right, columns.shape[1] - 1), min(bottom, columns.shape[0] - 1)
    for y in range(top, bottom):
        for start in range(left, right, BLOCK):
            end = min(start + BLOCK, right)
            if not _torn(columns, rows, y, start, end):
                continue
            for x in range(start, end):
                if _far(columns, rows, y, x, y, x + 1):
                    _join(colours, columns, y, x, y, x + 1)
                if _far(columns, rows, y, x, y + 1, x):
                    _join(colours, columns, y, x, y + 1, x)


@compiled
def _torn(columns: Places, rows: Places, y: int, start: int, end: int) -> bool:
    """Whether any has a far neighbour on its right or below."""
    shift, beyond = np.int32(UNITS), np.int32(-4 * UNITS)
    u, right_u, next_u = columns[y, start:end], columns[y, start + 1 :], columns[y + 1, start:end]
    v, right_v, next_v = rows[y, start:end], rows[y, start + 1 :], rows[y + 1, start:end]
    far = np.int32(0)
    for x in range(u.shape[0]):
        far |= np.int32(np.int32(right_u[x] - u[x]) + shift) & beyond
        far |= np.int32(np.int32(next_u[x] - u[x]) + shift) & beyond
        far |= np.int32(np.int32(right_v[x] - v[x]) + shift) & beyond
        far |= np.int32(np.int32(next_v[x] - v[x]) + shift) & beyond
    return bool(far != 0)


@compiled
def _far(columns: Places, rows: Places, y: int, x: int, below: int, beside: int) -> bool:
    """Further than -1 to 3 pixels: all that is left of a difference then is in these bits."""
    shift, beyond = np.int32(UNITS), np.int32(-4 * UNITS)
    across = np.int32(np.int32(columns[below, beside] - columns[y, x]) + shift)
    down = np.int32(np.int32(rows[below, beside] - rows[y, x]) + shift)
    return bool(((across | down) & beyond) != 0)


@compiled
def _join(colours: Words, columns: Places, y: int, x: int, below: int, beside: int) -> None:
    if columns[y, x] == NOWHERE or columns[below, beside] == NOWHERE:
        return
    a, b = int(colours[y, x]), int(colours[below, beside])
    one, other = 0, 0
    for bits in range(0, 32, 8):
        p, q = (a >> bits) & 255, (b >> bits) & 255
        one |= ((3 * p + q + 2) >> 2) << bits
        other |= ((3 * q + p + 2) >> 2) << bits
    colours[y, x], colours[below, beside] = np.uint32(one), np.uint32(other)
