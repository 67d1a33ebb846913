"""Lids where the picture has them: landmarks moved to the lash line that is seen."""

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.topology import EYES, Eye

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

OFFSETS = np.linspace(-0.03, 0.11, 15)
"""Shifts of a landmark away from the eye's middle that are tried, in eye distances."""
SKIN_BEYOND = 0.035
"""The skin whose brightness a lash line is compared with lies this far beyond it."""
RELUCTANCE, STIFFNESS = 0.9, 500.0
"""Cost of a shift, per tenth of an eye distance; of neighbours that disagree, per squared eye distance."""
LOWER_RELUCTANCE = 1.5
"""Below, shadows and paint make lines of their own: shifts cost this much more."""
FOLLOWING = 0.6
"""Share of a lid's shift that the rings of landmarks around it take."""


def snap_lids(pixels: Image, landmarks: Array) -> Array:
    """(478, 3) landmarks with both eyes' contours on the darkest line near them that has lighter skin beyond.

    Every contour is the cheapest closed path through the shifts (dynamic programming): dark against the skin, near the
    landmarks, smooth. Where no line is seen the landmarks stay.

    Args:
        pixels: (h, w, 3)
        landmarks: (478, 3) pixels.
    """
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    unit = float(np.linalg.norm(_middle(landmarks, EYES[0]) - _middle(landmarks, EYES[1])))
    light = cv2.GaussianBlur(gray, (0, 0), max(0.5, 0.008 * unit)).astype(np.float32)
    moved = landmarks.copy()
    for eye in EYES:
        _snap(light, landmarks, moved, eye, unit)
    return moved


def _middle(landmarks: Array, eye: Eye) -> Array:
    middle: Array = landmarks[[eye.outer, eye.inner], :2].mean(0)
    return middle


def _snap(light: Floats, landmarks: Array, moved: Array, eye: Eye, unit: float) -> None:
    contour = list(eye.contour)
    at = landmarks[contour, :2]
    ways = at - _middle(landmarks, eye)
    ways[:, 1] *= 2.2  # lids lie above and below, only the corners beside
    ways /= np.linalg.norm(ways, axis=1, keepdims=True) + 1e-9
    reach = OFFSETS * unit
    places = at[:, None] + ways[:, None] * reach[None, :, None]
    here = _sampled(light, places)
    beyond = np.maximum(
        _sampled(light, places + ways[:, None] * SKIN_BEYOND * unit),
        _sampled(light, places + ways[:, None] * 1.6 * SKIN_BEYOND * unit),
    )
    skin = float(np.percentile(beyond, 75))
    dark = np.clip((beyond - here) / max(8.0, 0.45 * skin), -0.5, 1.0)
    reluctance = np.where(np.isin(contour, eye.lower), LOWER_RELUCTANCE, 1.0) * RELUCTANCE
    cost = -dark + reluctance[:, None] * np.abs(OFFSETS) / 0.1
    shift = OFFSETS[_cheapest_ring(cost)]
    shift = (np.roll(shift, 1) + 2 * shift + np.roll(shift, -1)) / 4
    moved[contour, :2] = at + ways * (shift * unit)[:, None]
    for lid, ring in ((eye.upper, eye.crease), (eye.lower, eye.pouch)):
        change = moved[list(lid), :2] - landmarks[list(lid), :2]
        moved[list(ring), :2] += FOLLOWING * change


def _sampled(light: Floats, places: Array) -> Array:
    maps = places.astype(np.float32)
    values: Array = cv2.remap(
        light, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float64)
    return values


def _cheapest_ring(cost: Array) -> NDArray[np.int64]:
    """(n,) a choice for each of (n, k) costs; neighbours, the last and the first too, pay for their distance."""
    count, choices = cost.shape
    jump = STIFFNESS * (OFFSETS[:, None] - OFFSETS[None]) ** 2
    best, best_cost = np.zeros(count, np.int64), np.inf
    for first in range(choices):
        total = np.full(choices, np.inf)
        total[first] = cost[0, first]
        came = np.zeros((count, choices), np.int64)
        for k in range(1, count):
            ways = total[:, None] + jump
            came[k] = ways.argmin(0)
            total = ways.min(0) + cost[k]
        total = total + jump[:, first]
        last = int(total.argmin())
        if total[last] < best_cost:
            best_cost = float(total[last])
            path = [last]
            for k in range(count - 1, 0, -1):
                path.append(int(came[k, path[-1]]))
            best = np.array(path[::-1])
    return best
