"""Smooth borders of an opening in the skin: lids and inner lips."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening between two curves over the axis from its left corner to its right one, in pixels."""

    origin: tuple[float, float]
    axis: tuple[float, float]
    """Unit vector."""
    length: float
    upper: Floats
    """Height of the upper border below the axis, at every pixel from -MARGIN on."""
    lower: Floats
    box: tuple[int, int, int, int]
    """left, top, right, bottom of what can be seen of it."""

    @classmethod
    def between(cls, upper: Array, lower: Array, pad: float, width: int, height: int) -> "Opening":
        """From (n, 2) points of both borders, corners included, left to right.

        Args:
            pad: Pixels around the opening that its box includes.
            width, height: Of the picture that the box is clipped to.
        """
        origin, end = upper[0], upper[-1]
        length = max(1.0, float(np.hypot(end[0] - origin[0], end[1] - origin[1])))
        axis = (end - origin) / length
        tables = np.empty((2, int(length) + 2 + 2 * MARGIN), np.float32)
        for border, table in zip((upper, lower), tables, strict=True):
            trace(np.ascontiguousarray(border), axis, table)
        both = np.concatenate([upper, lower])
        low = np.maximum(np.floor(both.min(0) - pad), 0).astype(int)
        high = np.minimum(np.ceil(both.max(0) + pad) + 1, [width, height]).astype(int)
        return cls(
            (float(origin[0]), float(origin[1])),
            (float(axis[0]), float(axis[1])),
            length,
            tables[0],
            tables[1],
            (int(low[0]), int(low[1]), int(high[0]), int(high[1])),
        )


@compiled
def trace(points: Array, axis: Array, table: NDArray[np.float32]) -> None:
    """Heights of the Catmull-Rom curve through the points, at every pixel along the axis from -MARGIN on."""
    count = points.shape[0]
    offset = points - points[0]
    along = offset[:, 0] * axis[0] + offset[:, 1] * axis[1]
    across = offset[:, 1] * axis[0] - offset[:, 0] * axis[1]
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
