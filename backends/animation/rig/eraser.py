"""What takes a photo's own smile out of the skin: its folds are filled from beside them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.folds import LEFT, RIGHT, Stroke
from backends.animation.rig.matte import blurred
from backends.animation.rig.topology import EYES, LOWER_LIP, OVAL, UPPER_LIP

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

FOLD_WIDTH = 0.15
"""Widest fold that is filled to its brim, in eye distances, as all of these."""
SHADE_REACH = 0.11
"""Skin is lightened at most to its average over this."""
DEEPEST = 0.8
"""Logarithm of the strongest lightening."""
HALF_SIZE_UNIT = 140.0
"""Pixels between the eyes from which on folds are wide enough to be filled in a picture of half the size."""
SHARPENINGS = 2
"""Steps towards factors that, enlarged, meet what was wanted."""
RIM = 0.05
"""Logarithm of the most that skin beside a fold is lightened beyond what was wanted."""
BESIDE_WING = {RIGHT.wing: 203, LEFT.wing: 423}


def smile_bands(points: Array) -> list[Stroke]:
    """Where a smile folds the skin: beside nose and mouth, and under the eyes.

    Args:
        points: (468, 2) landmarks in the face's frame.
    """
    bands = []
    for side in (RIGHT, LEFT):
        place = np.array([side.sign, 1.0])
        wing = BESIDE_WING[side.wing]
        folds = points[[side.wing, wing, side.nasolabial, side.below_cheek, side.jowl]]
        beside = points[side.corner] + place * [[0.05, -0.16], [0.075, -0.02], [0.06, 0.09]]
        bands += [
            Stroke(folds, 0.10, 1.5, (0.12, 0.4)),
            Stroke(beside, 0.08, 1.5, (0.2, 0.3)),
            Stroke(points[list(side.pouch)] + [0, 0.015], 0.035, 0.9, (0.2, 0.2)),
        ]
    return bands


def smile_eraser(pixels: Image, points: Array, bands: Floats, unit: float) -> Floats:
    """(h / 2, w / 2, 3) logarithms of the factors that fill folds and lighten shades, per channel.

    One factor for all channels would leave orange lines: light in a fold is redder.

    Args:
        pixels: (h, w, 3) a part of the portrait, h and w even.
        points: (468, 2) landmarks in its pixels.
        bands: (h / 2, w / 2) 0..1, where there may be folds.
        unit: Eye distance in its pixels.
    """
    if unit >= HALF_SIZE_UNIT:
        size = pixels.shape[1] // 2, pixels.shape[0] // 2
        half = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        return _lightening(half, (points + 0.5) / 2 - 0.5, bands, unit / 2)
    large = cv2.resize(bands, pixels.shape[1::-1])
    return _halved(_lightening(pixels, points, np.asarray(large, np.float32), unit))


def _lightening(pixels: Image, points: Array, bands: Floats, unit: float) -> Floats:
    """(h, w, 3) logarithms as from `smile_eraser`; bands (h, w)."""
    solid = _bare_skin(pixels.shape[:2], points)

    def average(values: Floats, sigma: float) -> Floats:
        weighted = np.dstack([values * solid[..., None], solid])
        mean = blurred(weighted, sigma * unit + 0.3)
        mean[..., :3] += np.float32(1e-3) * values
        return np.asarray(mean[..., :3] / (mean[..., 3:] + np.float32(1e-3)), np.float32)

    log = np.log(pixels.astype(np.float32) + 4)
    fine = average(log, 0.010)
    size = 2 * max(2, round(FOLD_WIDTH / 2 * unit)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))  # separable: fast
    skin = np.where(solid[..., None] > 0, fine, fine.min())
    filled = average(np.asarray(cv2.morphologyEx(skin, cv2.MORPH_CLOSE, kernel), np.float32), 0.02)
    depth = np.clip(np.maximum(average(log, SHADE_REACH), filled) - fine, 0, DEEPEST)
    mask = bands * blurred(solid, 0.015 * unit + 0.3)
    return np.asarray(depth * mask[..., None], np.float32)


def _halved(values: Floats) -> Floats:
    """(h / 2, w / 2, 3), at least 0, that bilinearly enlarged come near to (h, w, 3) values, and nowhere far above
    them: a fold beside a light rim is seen more than a fold."""
    height, width = values.shape[:2]
    small, large = (width // 2, height // 2), (width, height)
    half = np.asarray(cv2.resize(values, small, interpolation=cv2.INTER_AREA), np.float32)
    for _ in range(SHARPENINGS):
        missed = values - cv2.resize(half, large, interpolation=cv2.INTER_LINEAR)
        half = half + np.asarray(cv2.resize(missed, small, interpolation=cv2.INTER_AREA))
    above = cv2.resize(half, large, interpolation=cv2.INTER_LINEAR) - values - np.float32(RIM)
    worst = np.maximum(above, 0).reshape(height // 2, 2, width // 2, 2, -1).max((1, 3))
    return np.asarray(np.maximum(half - worst, 0.0), np.float32)


def _bare_skin(shape: tuple[int, ...], points: Array) -> Floats:
    """(h, w) 1 on the face but for eyes, nose and lips."""
    corners = np.rint(points).astype(np.int32)
    skin = np.zeros(shape, np.uint8)
    cv2.fillPoly(skin, [corners[list(OVAL)]], (1,))
    holes = [[*eye.crease, *reversed(eye.lower)] for eye in EYES]
    holes += [[*UPPER_LIP[3], *LOWER_LIP[3][-2:0:-1]], [129, 98, 97, 2, 326, 327, 358, 5]]
    for hole in holes:
        cv2.fillPoly(skin, [corners[hole]], (0,))
    return np.asarray(cv2.erode(skin, np.ones((3, 3), np.uint8)), np.float32)
