"""From a moved mesh to the picture's inverse map: for every pixel, where in the texture it comes from."""

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled

UNIT_BITS = 17
UNITS = 1 << UNIT_BITS
"""Of a pixel, that places in the texture are counted in: below 16,384 pixels they fit into 32 bits."""
STEPS = 32
"""Of a pixel, that colours are mixed in (`sampling.sample`)."""
NOWHERE = -(1 << 31)
"""In place of the column where no triangle is."""
HALF = UNITS / STEPS / 2
SLACK = 1e-3
"""Of a pixel, by which neighbours overlap, so that rounding leaves no gap between them."""
AHEAD = 8
"""Added before a conversion that cuts digits off, so that it rounds down below zero too."""


DEPTHS = 1024
"""Steps of depth that triangles are told apart by."""


def painting_order(
    triangles: NDArray[np.int32], surface_count: int, depth: NDArray[np.float32]
) -> NDArray[np.int32]:
    """(k, 3) triangles from back to front: what fills openings, then the surface by the depth of its middle."""
    ordered = np.empty_like(triangles)
    fills = len(triangles) - surface_count
    ordered[:fills] = triangles[surface_count:]
    _sort(triangles[:surface_count], depth, ordered[fills:])
    return ordered


@compiled
def _sort(
    triangles: NDArray[np.int32], depth: NDArray[np.float32], ordered: NDArray[np.int32]
) -> None:
    """Counting sort, the farthest first; stable."""
    count = triangles.shape[0]
    middle = np.empty(count, np.float32)
    near, far = np.float32(np.inf), np.float32(-np.inf)
    for t in range(count):
        middle[t] = depth[triangles[t, 0]] + depth[triangles[t, 1]] + depth[triangles[t, 2]]
        near, far = min(near, middle[t]), max(far, middle[t])
    scale = np.float32(DEPTHS - 1) / max(far - near, np.float32(1e-6))
    starts = np.zeros(DEPTHS + 1, np.int32)
    for t in range(count):
        starts[int((far - middle[t]) * scale) + 1] += 1
    for k in range(DEPTHS):
        starts[k + 1] += starts[k]
    for t in range(count):
        k = int((far - middle[t]) * scale)
        at = starts[k]
        starts[k] += 1
        for c in range(3):
            ordered[at, c] = triangles[t, c]


@compiled
def reach(
    triangles: NDArray[np.int32],
    target: NDArray[np.float32],
    width: int,
    strip: int,
    extents: NDArray[np.int32],
) -> None:
    """The columns that triangles touch in each strip of the picture.

    Args:
        strip: Rows of a strip.
        extents: (strips, 2) first column and one past the last; the first is the larger where there are
            none.
    """
    for s in range(extents.shape[0]):
        extents[s, 0], extents[s, 1] = 0x7FFFFFFF, 0
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        low = min(target[a, 1], target[b, 1], target[c, 1])
        high = max(target[a, 1], target[b, 1], target[c, 1])
        left = min(target[a, 0], target[b, 0], target[c, 0])
        right = max(target[a, 0], target[b, 0], target[c, 0])
        first = max(0, int(np.floor(low - 1.0)) // strip)
        last = min(extents.shape[0] - 1, int(np.floor(high + 1.0)) // strip)
        start, end = max(0, int(np.floor(left)) - 1), min(width, int(np.ceil(right)) + 2)
        for s in range(first, last + 1):
            extents[s, 0] = min(extents[s, 0], start)
            extents[s, 1] = max(extents[s, 1], end)


@compiled
def rasterize(
    triangles: NDArray[np.int32],
    target: NDArray[np.float32],
    source: NDArray[np.float32],
    left: int,
    top: int,
    columns: NDArray[np.int32],
    rows: NDArray[np.int32],
) -> None:
    """Fills the spans of triangles, later ones over earlier ones.

    Args:
        triangles: (k, 3) from back to front.
        target: (n, 2) vertices in the picture that is drawn.
        source: (n, 2) where they are in the texture.
        left, top: Of the region that the maps cover.
        columns, rows: (h, w) places in the texture, in UNITS of a pixel and half a step of the mixture further, so
            that cutting digits off rounds them.
    """
    height, width = columns.shape
    across, down, one = columns.reshape(-1), rows.reshape(-1), np.uint64(1)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        lowest = min(target[a, 1], target[b, 1], target[c, 1])
        highest = max(target[a, 1], target[b, 1], target[c, 1])
        if highest < top - SLACK or lowest > top + height - 1 + SLACK:
            continue
        if target[b, 1] < target[a, 1]:
            a, b = b, a
        if target[c, 1] < target[b, 1]:
            b, c = c, b
        if target[b, 1] < target[a, 1]:
            a, b = b, a
        # Places are the picture's, not the region's: rounding is the same whatever region a frame is drawn in.
        ax, ay = float(target[a, 0]), float(target[a, 1])
        bx, by = float(target[b, 0]), float(target[b, 1])
        cx, cy = float(target[c, 0]), float(target[c, 1])
        area = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy)
        if abs(area) < 1e-5:
            continue
        px, py = float(source[c, 0]) * UNITS, float(source[c, 1]) * UNITS
        pa, pb = source[a, 0] * UNITS - px, source[b, 0] * UNITS - px
        qa, qb = source[a, 1] * UNITS - py, source[b, 1] * UNITS - py
        p_dx = ((by - cy) * pa + (cy - ay) * pb) / area
        p_dy = ((cx - bx) * pa + (ax - cx) * pb) / area
        q_dx = ((by - cy) * qa + (cy - ay) * qb) / area
        q_dy = ((cx - bx) * qa + (ax - cx) * qb) / area
        p_zero, q_zero = px + HALF - p_dx * cx - p_dy * cy, py + HALF - q_dx * cx - q_dy * cy
        du, dv = np.int32(np.rint(p_dx)), np.int32(np.rint(q_dx))
        low_x, high_x = max(min(ax, bx, cx), left - 1.0), min(max(ax, bx, cx), float(left + width))
        long_slope = (cx - ax) / (cy - ay)
        for half in range(2):
            if half == 0:
                from_x, from_y, to_y = ax, ay, by
                slope = (bx - ax) / max(by - ay, 1e-6)
            else:
                from_x, from_y, to_y = bx, by, cy
                slope = (cx - bx) / max(cy - by, 1e-6)
            first, last = (
                max(top, int(np.ceil(from_y - SLACK))),
                min(top + height - 1, int(np.floor(to_y + SLACK))),
            )
            for y in range(first, last + 1):
                x0 = min(max(ax + (y - ay) * long_slope, low_x), high_x)
                x1 = min(max(from_x + (y - from_y) * slope, low_x), high_x)
                start = max(left, int(min(x0, x1) + (AHEAD + 1 - SLACK)) - AHEAD)
                end = min(left + width, int(max(x0, x1) + (AHEAD + 1 + SLACK)) - AHEAD)
                u = np.int32(p_zero + p_dx * start + p_dy * y)
                v = np.int32(q_zero + q_dx * start + q_dy * y)
                at = np.uint64((y - top) * width + start - left)
                for _ in range(end - start):
                    across[at], down[at] = u, v
                    u, v, at = np.int32(u + du), np.int32(v + dv), np.uint64(at + one)
