"""The pixels of shading: sums of layers, their gains, and pictures multiplied by them."""

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled

Floats = NDArray[np.float32]
Image = NDArray[np.uint8]
_Whole = int | np.int64


@compiled
def refresh(
    target: Image,
    source: Image,
    left: int,
    top: int,
    gains: Floats,
    values: Floats,
    patches: NDArray[np.int32],
    weights: Floats,
    before: Floats,
    headroom: Floats,
    eraser: Floats,
    touched: NDArray[np.int64],
    tint: Floats,
) -> NDArray[np.int64]:
    """The pixels of `shading.shade`, pictures as (h, 3 w); `touched` and the result: left, top, right, bottom."""
    rows, columns = headroom.shape
    changed, drawn = np.empty((rows, 2, 2), np.int64), np.empty((rows, 2, 2), np.int64)
    for y in range(rows):
        for side in range(2):
            changed[y, side, 0], changed[y, side, 1] = columns, 0
            drawn[y, side, 0], drawn[y, side, 1] = columns, 0
    erase = weights[-1]
    if erase != before[-1]:
        _include(changed, columns, 0, 0, columns, rows)
    for k in range(patches.shape[0]):
        if weights[k] != before[k]:
            x0, y0 = np.int64(patches[k, 1]), np.int64(patches[k, 2])
            wide, high = np.int64(patches[k, 3]), np.int64(patches[k, 4])
            _include(changed, columns, x0, y0, wide, high)
    total = np.empty(columns, np.float32)
    for y in range(rows):
        for side in range(2):
            x0, x1 = changed[y, side, 0], changed[y, side, 1]
            if x1 > x0:
                _sum_row(total, y, x0, x1, values, patches, weights)
                _gain_row(gains[y], total, headroom[y], eraser[y], x0, x1, erase, tint)
                _include(drawn, columns, x0 - 1, y - 1, x1 - x0 + 2, 3)
    for k in range(touched.shape[0]):
        x0, y0 = touched[k, 0] >> 1, touched[k, 1] >> 1
        wide, high = (touched[k, 2] + 1 >> 1) - x0, (touched[k, 3] + 1 >> 1) - y0
        _include(drawn, columns, x0, y0, wide, high)
    box = np.empty(4, np.int64)
    box[0], box[1], box[2], box[3] = 2 * columns, 2 * rows, 0, 0
    for y in range(rows):
        for side in range(2):
            x0, x1 = drawn[y, side, 0], drawn[y, side, 1]
            if x1 > x0:
                for row in range(2 * y, 2 * y + 2):
                    _apply_row(target[top + row], source[top + row], left, gains, row, x0, x1)
                box[0], box[1] = min(box[0], 2 * x0), min(box[1], 2 * y)
                box[2], box[3] = max(box[2], 2 * x1), 2 * y + 2
    return box


@compiled
def _include(
    lines: NDArray[np.int64], columns: int, left: _Whole, top: _Whole, width: _Whole, height: _Whole
) -> None:
    """Widens the (start, end) of rows, one in each half of the columns, to a box."""
    middle = columns // 2
    for side in range(2):
        x0 = max(left, middle * side)
        x1 = min(left + width, columns if side else middle)
        if x1 > x0:
            for y in range(max(0, top), min(lines.shape[0], top + height)):
                lines[y, side, 0] = min(lines[y, side, 0], x0)
                lines[y, side, 1] = max(lines[y, side, 1], x1)


@compiled
def _sum_row(
    total: Floats,
    y: int,
    x0: int,
    x1: int,
    values: Floats,
    patches: NDArray[np.int32],
    weights: Floats,
) -> None:
    for x in range(x0, x1):
        total[x] = np.float32(0.0)
    for k in range(patches.shape[0]):
        line, weight = y - patches[k, 2], weights[k]
        if weight != 0.0 and 0 <= line < patches[k, 4]:
            left, width = patches[k, 1], patches[k, 3]
            start = patches[k, 0] + line * width - left
            first, last = max(x0, left), min(x1, left + width)
            if last > first:
                part, layer = total[first:last], values[start + first : start + last]
                for x in range(part.shape[0]):
                    part[x] += weight * layer[x]


@compiled
def _gain_row(
    gains: Floats,
    total: Floats,
    headroom: Floats,
    eraser: Floats,
    x0: int,
    x1: int,
    erase: float,
    tint: Floats,
) -> None:
    """e to the sum of layers, as a power of 8 of a polynomial: good to 1e-5 between -2 and 2."""
    one, half, third = np.float32(1.0), np.float32(0.5), np.float32(1 / 6)
    quarter, eighth, share = np.float32(0.25), np.float32(0.125), np.float32(erase)
    zero, count = np.float32(0.0), x1 - x0
    sums, room = total[x0:x1], headroom[x0:x1]
    for x in range(count):
        sums[x] = min(zero, sums[x]) + max(zero, sums[x]) * room[x]
    out, away = gains.reshape(-1)[3 * x0 : 3 * x1], eraser.reshape(-1)[3 * x0 : 3 * x1]
    for x in range(count):
        for c in range(3):
            out[3 * x + c] = tint[c] * sums[x]
    for k in range(3 * count):
        t = (out[k] + share * away[k]) * eighth
        e = one + t * (one + t * (half + t * (third + t * third * quarter)))
        e *= e
        e *= e
        out[k] = e * e


@compiled
def _apply_row(
    target: Image, source: Image, left: int, gains: Floats, row: int, x0: int, x1: int
) -> None:
    """Multiplies a row of a picture by the half-size factors, bilinearly enlarged."""
    rows, columns = gains.shape[0], gains.shape[1]
    other = min(rows - 1, max(0, (row >> 1) + (1 if row & 1 else -1)))
    near, far, half = np.float32(0.75), np.float32(0.25), np.float32(0.5)
    mine, next_one = gains[row >> 1], gains[other]
    start = 3 * (left + 2 * x0)
    pixels, out = source[start : start + 6 * (x1 - x0)], target[start : start + 6 * (x1 - x0)]
    wide = np.empty(6 * (x1 - x0), np.float32)
    line = np.empty((x1 - x0 + 2, 3), np.float32)
    for k in range(line.shape[0]):
        x = min(columns - 1, max(0, x0 + k - 1))
        for c in range(3):
            line[k, c] = near * mine[x, c] + far * next_one[x, c]
    for k in range(x1 - x0):
        for c in range(3):
            middle = near * line[k + 1, c]
            wide[6 * k + c] = middle + far * line[k, c]
            wide[6 * k + 3 + c] = middle + far * line[k + 2, c]
    for k in range(wide.shape[0]):
        value = np.float32(pixels[k]) * wide[k] + half
        out[k] = np.uint8(np.int32(min(np.float32(255.0), value)))


@compiled
def sum_layers(
    gains: Floats,
    values: Floats,
    patches: NDArray[np.int32],
    weights: Floats,
    headroom: Floats,
    eraser: Floats,
    erase: float,
    tint: Floats,
) -> None:
    """Adds the layers and turns the sum into factors per channel."""
    rows, columns = headroom.shape
    total = gains[:, :, 0]
    total[:] = 0.0
    for k in range(patches.shape[0]):
        weight = weights[k]
        if weight == 0.0:
            continue
        offset, left, top = patches[k, 0], patches[k, 1], patches[k, 2]
        width, height = patches[k, 3], patches[k, 4]
        for y in range(height):
            start = offset + y * width
            for x in range(width):
                total[top + y, left + x] += weight * values[start + x]
    for y in range(rows):
        for x in range(columns):
            g = total[y, x]
            if g > 0.0:
                g *= headroom[y, x]
            if g == 0.0 and (erase == 0.0 or eraser[y, x, 1] == 0.0):
                gains[y, x, 0] = gains[y, x, 1] = gains[y, x, 2] = 1.0
                continue
            for c in range(3):
                gains[y, x, c] = np.exp(tint[c] * g + np.float32(erase) * eraser[y, x, c])


@compiled
def apply_gains(target: Image, source: Image, left: int, top: int, gains: Floats) -> None:
    """Multiplies pictures (h, 3 w) by the half-size factors from (left, top) on, bilinearly enlarged."""
    rows, columns = gains.shape[0], gains.shape[1]
    line = np.empty((columns + 2, 3), np.float32)
    wide = np.empty((columns, 6), np.float32)
    factors = wide.ravel()
    near, far, half = np.float32(0.75), np.float32(0.25), np.float32(0.5)
    for y in range(2 * rows):
        row = y >> 1
        other = min(rows - 1, max(0, row + (1 if y & 1 else -1)))
        for x in range(columns):
            for c in range(3):
                line[x + 1, c] = near * gains[row, x, c] + far * gains[other, x, c]
        for c in range(3):
            line[0, c], line[columns + 1, c] = line[1, c], line[columns, c]
        for x in range(columns):
            for c in range(3):
                middle = near * line[x + 1, c]
                wide[x, c] = middle + far * line[x, c]
                wide[x, c + 3] = middle + far * line[x + 2, c]
        pixels, out = source[top + y, 3 * left :], target[top + y, 3 * left :]
        for k in range(factors.shape[0]):
            value = np.float32(pixels[k]) * factors[k] + half
            out[k] = np.uint8(np.int32(min(np.float32(255.0), value)))
