"""From a moved mesh to the picture's inverse map: for every pixel, where in the portrait it comes from."""

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled

STEPS = 32
"""OpenCV's fixed-point maps know 1/32 of a pixel (INTER_TAB_SIZE)."""


def painting_order(
    triangles: NDArray[np.int32], surface_count: int, depth: NDArray[np.float32]
) -> NDArray[np.int32]:
    """(k, 3) triangles from back to front: what fills openings, then the surface by the depth of its middle."""
    surface = triangles[:surface_count]
    far_first = np.argsort(-depth[surface].sum(1), kind="stable")
    return np.concatenate([triangles[surface_count:], surface[far_first]])


@compiled
def rasterize(
    triangles: NDArray[np.int32],
    target: NDArray[np.float32],
    source: NDArray[np.float32],
    left: int,
    top: int,
    whole: NDArray[np.int32],
    fraction: NDArray[np.uint16],
) -> None:
    """Fills the spans of triangles, later ones over earlier ones.

    Args:
        triangles: (k, 3) from back to front.
        target: (n, 2) vertices in the picture that is drawn.
        source: (n, 2) where they are in the portrait.
        left, top: Of the region that the maps cover.
        whole: (h, w) pixel of the portrait, x in the lower half and y in the upper half of the word: read as (h, w, 2)
            int16 it is the map CV_16SC2 of `cv2.remap`.
        fraction: (h, w) thirty-seconds of a pixel beyond, the map CV_16UC1 of `cv2.remap`.
    """
    height, width = whole.shape
    five, half_word = np.int32(5), np.int32(16)
    low, word = np.int32(31), np.int32(0xFFFF)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        if target[b, 1] < target[a, 1]:
            a, b = b, a
        if target[c, 1] < target[b, 1]:
            b, c = c, b
        if target[b, 1] < target[a, 1]:
            a, b = b, a
        ax, ay = float(target[a, 0]) - left, float(target[a, 1]) - top
        bx, by = float(target[b, 0]) - left, float(target[b, 1]) - top
        cx, cy = float(target[c, 0]) - left, float(target[c, 1]) - top
        area = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy)
        if abs(area) < 1e-5:
            continue
        long_edge = (cx - ax) / (cy - ay)
        upper_edge = (bx - ax) / (by - ay) if by - ay > 1e-6 else 0.0
        lower_edge = (cx - bx) / (cy - by) if cy - by > 1e-6 else 0.0
        px, py = float(source[c, 0]) * STEPS, float(source[c, 1]) * STEPS
        pa, pb = source[a, 0] * STEPS - px, source[b, 0] * STEPS - px
        qa, qb = source[a, 1] * STEPS - py, source[b, 1] * STEPS - py
        p_dx = ((by - cy) * pa + (cy - ay) * pb) / area
        p_dy = ((cx - bx) * pa + (ax - cx) * pb) / area
        q_dx = ((by - cy) * qa + (cy - ay) * qb) / area
        q_dy = ((cx - bx) * qa + (ax - cx) * qb) / area
        du, dv = np.float32(p_dx), np.float32(q_dx)
        for y in range(max(0, int(np.ceil(ay - 1e-3))), min(height, int(np.floor(cy + 1e-3)) + 1)):
            at = min(max(float(y), ay), cy)
            x0 = ax + (at - ay) * long_edge
            x1 = ax + (at - ay) * upper_edge if at < by else bx + (at - by) * lower_edge
            start = max(0, int(np.ceil(min(x0, x1) - 1e-3)))
            end = min(width, int(np.floor(max(x0, x1) + 1e-3)) + 1)
            p = np.float32(px + 0.5 + p_dx * (start - cx) + p_dy * (y - cy))
            q = np.float32(py + 0.5 + q_dx * (start - cx) + q_dy * (y - cy))
            pixels, rests = whole[y, start:end], fraction[y, start:end]
            for k in range(end - start):
                step = np.float32(k)
                u, v = np.int32(p + du * step), np.int32(q + dv * step)
                pixels[k] = ((v >> five) << half_word) | ((u >> five) & word)
                rests[k] = ((v & low) << five) | (u & low)
