"""Glasses in a portrait: where their frame is, skin must not move."""

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.fields import BROW_ROWS, MIRRORED_BROW_ROWS
from backends.animation.rig.mesh import Mesh, smoothstep
from backends.animation.rig.topology import EYES

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

SAMPLES_PER_EYE_DISTANCE = 100
BRIDGE = (-0.06, 0.06, -0.16, 0.30)
"""left, right, top, bottom of the bridge of the nose, in eye distances from between the eyes."""
LENS_BELOW = (-0.14, 0.14, 0.16, 0.46)
"""The same around an eye's middle: where the lower rim of a lens runs."""
SEEN = 0.12
"""Strongest edge in every one of these places, as a share of the skin's brightness, from which on a portrait wears
glasses."""
LENS = (0.29, 0.185)
"""Half-axes around an eye within which lids move freely behind a lens."""
RIM_ENDS, RIM_TOP = (0.56, 0.48), 0.36
"""Half-axes within which a frame lies, and its half-axis upwards, to the brows."""
BROW_SHOWS = (1.0, 1.0, 1.0, 0.5, 0.0)
"""How far a brow's upper border, from its inner end, lies free above a rim that covers the lower border: the ends of a
frame rise over the temples."""


def frame_weight(pixels: Image, mesh: Mesh) -> Array:
    """(2, n) 1 for vertices under the frame of a pair of glasses, and for those under frame or lenses; 0 elsewhere, and
    everywhere where none is worn."""
    weight = np.zeros(len(mesh.local))
    if edge_strength(pixels, mesh) < SEEN:
        return np.stack([weight, weight])
    inside = np.zeros(len(mesh.local))
    for eye in EYES:
        away = mesh.local[:, :2] - mesh.local[list(eye.contour), :2].mean(0)
        free = np.hypot(away[:, 0] / LENS[0], away[:, 1] / LENS[1])
        high = np.where(away[:, 1] < 0, RIM_TOP, RIM_ENDS[1])
        end = np.hypot(away[:, 0] / RIM_ENDS[0], away[:, 1] / high)
        weight = np.maximum(weight, smoothstep((1.25 - end) / 0.25))
        inside = np.maximum(inside, smoothstep((1.45 - free) / 0.45))
    weight *= 1 - _above_rims(mesh.local)
    return np.stack([weight * (1 - inside), weight])


def _above_rims(local: Array) -> Array:
    """(n,) 0 at the brows' lower borders and below, up to 1 at their upper borders and above."""
    upper = [i for rows in (BROW_ROWS, MIRRORED_BROW_ROWS) for i in rows[0]]
    lower = [i for rows in (BROW_ROWS, MIRRORED_BROW_ROWS) for i in rows[1]]
    order = np.argsort(local[upper, 0])
    xs = local[upper, 0][order]
    top, bottom, shows = (
        np.interp(local[:, 0], xs, values[order])
        for values in (local[upper, 1], local[lower, 1], np.tile(BROW_SHOWS, 2))
    )
    away: Array = smoothstep((bottom - local[:, 1]) / np.maximum(bottom - top, 0.02)) * shows
    return away


def edge_strength(pixels: Image, mesh: Mesh) -> float:
    """How strongly something horizontal crosses the bridge of the nose and both cheeks under the eyes.

    Of 31 portraits without glasses none showed more than 0.08 in all three places; horn-rimmed ones show 0.3.
    """
    bridge = _strongest_edge(pixels, mesh, np.zeros(2), BRIDGE)
    rims = [
        _strongest_edge(pixels, mesh, mesh.local[list(eye.contour), :2].mean(0), LENS_BELOW)
        for eye in EYES
    ]
    return min(bridge, *rims)


def _strongest_edge(
    pixels: Image, mesh: Mesh, middle: Array, box: tuple[float, float, float, float]
) -> float:
    """The steepest step down a strip, of its rows' mean brightness, over 0.03 eye distances."""
    left, right, top, bottom = box
    xs = np.arange(left, right, 1 / SAMPLES_PER_EYE_DISTANCE) + middle[0]
    ys = np.arange(top, bottom, 1 / SAMPLES_PER_EYE_DISTANCE) + middle[1]
    axes, unit = mesh.frame.axes[:2, :2], mesh.frame.eye_distance
    grid = np.stack(np.meshgrid(xs, ys), -1) @ axes * unit + mesh.frame.origin[:2]
    maps = grid.astype(np.float32)
    gray = cv2.cvtColor(
        cv2.remap(pixels, maps[..., 0], maps[..., 1], cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
    ).astype(np.float64)
    skin = max(20.0, float(np.percentile(gray, 80)))
    rows = np.median(gray, axis=1)
    return float(np.abs(rows[3:] - rows[:-3]).max()) / skin
