"""Smooth borders of an opening in the skin: lids and inner lips."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

SUBDIVISIONS = 6
MARGIN = 2
"""Pixels that the tables reach beyond the corners."""


@lru_cache(maxsize=8)
def _spline(points: int) -> Array:
    """(m, points) Catmull-Rom basis through evenly spaced points, ends doubled by reflection."""
    steps = np.linspace(0, points - 1, (points - 1) * SUBDIVISIONS + 1)
    basis = np.zeros((len(steps), points + 2))
    at = np.minimum(steps.astype(int), points - 2)
    t = (steps - at)[:, None]
    weights = 0.5 * np.concatenate(
        [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3], 1
    )
    for k in range(4):
        basis[np.arange(len(steps)), at + k] = weights[:, k]
    inner = basis[:, 1:-1].copy()
    inner[:, [0, 1]] += np.outer(basis[:, 0], [2.0, -1.0])
    inner[:, [-1, -2]] += np.outer(basis[:, -1], [2.0, -1.0])
    return inner


def smooth(points: Array) -> Array:
    """(n, d) points to ((n - 1) · SUBDIVISIONS + 1, d) on the Catmull-Rom curve through them."""
    return _spline(len(points)) @ points


@compiled
def gather(
    projected: Array, above: NDArray[np.int64], below: NDArray[np.int64], left: int, top: int
) -> Array:
    """(2, n, 2) pixels of a picture at (left, top) of the frame: the borders above and below an opening."""
    borders = np.empty((2, above.shape[0], 2))
    for k in range(above.shape[0]):
        borders[0, k, 0], borders[0, k, 1] = (
            projected[above[k], 0] - left,
            projected[above[k], 1] - top,
        )
        borders[1, k, 0], borders[1, k, 1] = (
            projected[below[k], 0] - left,
            projected[below[k], 1] - top,
        )
    return borders


@compiled
def trace_opening(
    borders: Array, pad: float, shape: tuple[int, ...]
) -> tuple[Array, Floats, Floats, NDArray[np.int64]]:
    """An opening between two borders over the axis from its left corner to its right one.

    Args:
        borders: From `gather`; corners included, left to right.
        pad: Pixels around the opening that the box includes.
        shape: Of the picture that the box is clipped to.

    Returns:
        Origin (x, y), axis (unit vector) and length, in pixels; the heights of both borders below the axis, at every
        pixel from -MARGIN on; left, top, right, bottom of the box.
    """
    frame, box = np.empty(5), np.empty(4, np.int64)
    for c in range(2):
        frame[c] = borders[0, 0, c]
        frame[2 + c] = borders[0, -1, c] - borders[0, 0, c]
        low, high = frame[c], frame[c]
        for row in range(2):
            for k in range(borders.shape[1]):
                low, high = min(low, borders[row, k, c]), max(high, borders[row, k, c])
        box[c] = max(0, int(np.floor(low - pad)))
        box[2 + c] = min(shape[1 - c], int(np.ceil(high + pad)) + 1)
    frame[4] = max(1.0, np.sqrt(frame[2] ** 2 + frame[3] ** 2))
    frame[2], frame[3] = frame[2] / frame[4], frame[3] / frame[4]
    tables = np.empty((2, int(frame[4]) + 2 + 2 * MARGIN), np.float32)
    for row in range(2):
        trace(borders[row], frame[2:4], tables[row])
    return frame, tables[0], tables[1], box


@compiled
def trace(points: Array, axis: Array, table: NDArray[np.float32]) -> None:
    """Heights of the Catmull-Rom curve through the points, at every pixel along the axis from -MARGIN on."""
    count = points.shape[0]
    along, across = np.empty(count), np.empty(count)
    for k in range(count):
        x, y = points[k, 0] - points[0, 0], points[k, 1] - points[0, 1]
        along[k], across[k] = x * axis[0] + y * axis[1], y * axis[0] - x * axis[1]
    filled, from_u, from_v = 0, along[0], across[0]
    while filled < table.shape[0] and filled - MARGIN <= from_u:
        table[filled] = from_v
        filled += 1
    for k in range(count - 1):
        before, after = max(0, k - 1), min(count - 1, k + 2)
        u0 = along[before] if k else 2 * along[0] - along[1]
        v0 = across[before] if k else 2 * across[0] - across[1]
        u3 = along[after] if k < count - 2 else 2 * along[-1] - along[-2]
        v3 = across[after] if k < count - 2 else 2 * across[-1] - across[-2]
        for step in range(1, SUBDIVISIONS + 1):
            t = step / SUBDIVISIONS
            to_u = max(from_u, blend(u0, along[k], along[k + 1], u3, t))
            to_v = blend(v0, across[k], across[k + 1], v3, t)
            while filled < table.shape[0] and filled - MARGIN <= to_u:
                share = (filled - MARGIN - from_u) / max(1e-9, to_u - from_u)
                table[filled] = from_v + share * (to_v - from_v)
                filled += 1
            from_u, from_v = to_u, to_v
    table[filled:] = from_v


@compiled
def blend(a: float, b: float, c: float, d: float, t: float) -> float:
    """Catmull-Rom between b and c."""
    return float(
        0.5
        * (
            2 * b
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t * t
            + (3 * b - a - 3 * c + d) * t * t * t
        )
    )


@compiled
def extremes(values: Floats | Array) -> tuple[float, float]:
    """The least and the greatest of (n,), n at least 1."""
    least = greatest = values[0]
    for k in range(1, values.shape[0]):
        least, greatest = min(least, values[k]), max(greatest, values[k])
    return float(least), float(greatest)


@compiled
def height_at(table: NDArray[np.float32], along: float) -> float:
    """The height of a border at a place on the axis; constant beyond the table."""
    at = along + MARGIN
    last = table.shape[0] - 1
    if at <= 0.0:
        return float(table[0])
    if at >= last:
        return float(table[last])
    i = int(at)
    f = at - i
    return float(table[i] * (1.0 - f) + table[i + 1] * f)


@compiled
def covered(across: float, upper: float, lower: float, soft: float) -> float:
    """Share of a window of ± soft pixels that lies between the borders; nothing where they cross."""
    inside = min(across + soft, lower) - max(across - soft, upper)
    return max(0.0, inside) / (2.0 * soft)


@compiled
def ramp(x: float) -> float:
    """Smoothstep of 0..1."""
    t = min(1.0, max(0.0, x))
    return t * t * (3.0 - 2.0 * t)
