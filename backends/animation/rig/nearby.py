"""Which colours the person and the background have near a pixel between them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled

Floats = NDArray[np.float32]

NEAR = 0.6
"""Eye distances from a pixel in which colours are nearby."""
SAMPLES = 9
"""That are looked at to each side of it."""
SAME_COLOUR = 0.04
"""Distance at which a pixel may well be of what has such a colour nearby."""
BUSY = (0.12, 0.22)
"""Spread of the background's colours from which on some are taken for the person's, and at which they tell nothing."""


def likeness(colours: Floats, place: Floats, unit: float) -> tuple[Floats, Floats]:
    """(h, w) twice, 0..1: how well a pixel within the band goes with a colour of the person's nearby, and with one of
    the background's.

    Args:
        colours: (h, w, 3) 0..1.
        place: (h, w) -1 and below where the background is, 1 and above where the person is.
        unit: Eye distance in pixels.
    """
    differs = np.ones((*place.shape, 2), np.float32)
    compare(differs, colours, place, max(1, round(NEAR / SAMPLES * unit)))
    like = np.exp(-0.5 * (differs / np.float32(SAME_COLOUR)) ** 2)
    return like[..., 0], like[..., 1]


def busyness(colours: Floats, known: Floats, unit: float) -> Floats:
    """(h, w) 0..1, how little colours tell because the background nearby has many.

    Args:
        colours: (h, w, 3) 0..1.
        known: (h, w) 1 where the background is, 0 elsewhere.
        unit: Eye distance in pixels.
    """
    step = max(1, round(NEAR / SAMPLES * unit))
    some, seen = colours[::step, ::step], known[::step, ::step]
    weighted = np.dstack([some, (some * some).sum(2), np.ones_like(seen)]) * seen[..., None]
    sums = cv2.blur(weighted, (2 * SAMPLES + 1,) * 2)
    means = sums[..., :4] / np.maximum(sums[..., 4:], 1e-6)
    spread = np.sqrt(np.maximum(means[..., 3] - (means[..., :3] ** 2).sum(2), 0))
    busy = np.clip((spread - BUSY[0]) / (BUSY[1] - BUSY[0]), 0, 1)
    return np.asarray(cv2.resize(busy, known.shape[::-1]), np.float32)


@compiled
def compare(differs: Floats, colours: Floats, place: Floats, step: int) -> None:
    """How far a pixel's colour is from the nearest one of the person's and of the background's.

    Args:
        differs: (h, w, 2) written within the band.
        step: Pixels between the colours that are looked at.
    """
    height, width = place.shape
    rows, columns = (height - 1) // step + 1, (width - 1) // step + 1
    for y in range(height):
        top, bottom = max(y // step - SAMPLES, 0), min(y // step + SAMPLES + 1, rows)
        for x in range(width):
            if not -1.0 < place[y, x] < 1.0:
                continue
            left, right = max(x // step - SAMPLES, 0), min(x // step + SAMPLES + 1, columns)
            persons = backgrounds = np.float32(1.0)
            for v in range(top * step, bottom * step, step):
                for u in range(left * step, right * step, step):
                    far = np.float32(0.0)
                    for c in range(3):
                        far += (colours[v, u, c] - colours[y, x, c]) ** 2
                    if place[v, u] >= 1.0:
                        persons = min(persons, far)
                    elif place[v, u] <= -1.0:
                        backgrounds = min(backgrounds, far)
            differs[y, x, 0], differs[y, x, 1] = np.sqrt(persons), np.sqrt(backgrounds)
