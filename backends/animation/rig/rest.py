"""What undoes the expression of a photo: smiles relax, stern mouths soften, brows come to the middle."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.topology import (
    MOUTH_LEFT_CORNER,
    MOUTH_RIGHT_CORNER,
)

Array = NDArray[np.float64]

NEUTRAL_LIFT = -0.012
"""Mouth corners above the lips' middle in a face at rest, in eye distances; as all of these."""
NEUTRAL_WIDTH, SMILE_WIDENS = 0.74, 1.3
"""Widest mouth at rest; and the most by which a smile is taken to have widened one."""
FULLER_UPPER, FULLER_LOWER = 0.020, 0.026
"""What 1 of the field fullLips adds to the height of the lips."""
FULLEST = 1.6
UPPER_CLOSES = 0.34
"""Of the gap between the photo's lips, what the upper one does to close it."""
PHILTRUM, LOWEST_MOUTH, LOW_MOUTH = 0.335, 0.05, 0.1
"""From the nose to the line between closed lips, which smiles shorten, baring the upper teeth; the most by which the
mouth is lowered to that; and what 1 of the field lowMouth does."""
CHEEK_FALLS = 0.7
"""cheekSquint that a relaxed smile takes away."""
LOWER_LID_FALLS = 0.45
"""eyeSquint that a relaxed smile takes away."""
NEUTRAL_INNER_BROW, NEUTRAL_OUTER_BROW = 0.240, 0.215
"""Height of the brows' ends above the line of the eyes."""
NEUTRAL_LID_GAP = 0.166
MOST_RISE = 1.6
"""The most by which narrow lids rise further than in proportion to their gap."""
STERN_LIFT = 0.045
"""The most that hanging mouth corners are lifted."""
NEWTON_STEPS = 4


@dataclass(frozen=True, slots=True)
class RestCorrection:
    mouth: Array
    """(n, 3) displacement that takes mouth and cheeks to rest."""
    brows: Array
    """(n, 3) displacement that takes brows and lids to rest."""
    smile: float
    """How much of a smile is taken away, 0..1.5."""


def lid_rise(local: Array) -> Array:
    """(2,) factors on eyeWide, right and left: lids that are narrow at rest rise as far as others."""
    gaps = local[[145, 374], 1] - local[[159, 386], 1]
    return np.asarray(np.clip(NEUTRAL_LID_GAP / np.maximum(gaps, 1e-3), 1.0, MOST_RISE))


def own_smile_lift(local: Array, lean: float = 0.0) -> float:
    """How far the mouth's corners lie above the lips' middle; with the head's `lean`, seem to."""
    height = local[:, 1] - lean * local[:, 2]
    corners = height[[MOUTH_LEFT_CORNER, MOUTH_RIGHT_CORNER]].mean()
    return float(height[[13, 14]].mean() - corners)


def _width(local: Array) -> float:
    return float(local[MOUTH_LEFT_CORNER, 0] - local[MOUTH_RIGHT_CORNER, 0])


def correct_rest(
    local: Array,
    fields: Mapping[str, Array],
    closing: tuple[Array, Array] | None,
    own_gap: Array,
    lean: float = 0.0,
) -> RestCorrection:
    """Finds smile and stretch by Newton's method on the deformed face itself; brows and lids follow from heights.

    Args:
        fields: Displacements (n, 3) of 1 of each field.
        closing: Responses of the lips' columns, where the photo's mouth is open and has to close.
        own_gap: (9,) between the lips.
        lean: Of the head, from `FaceFrame.lean`: seen from above, corners at rest look raised, and are lowered.
    """
    lift, width = own_smile_lift(local, lean), _width(local)
    smiling = lift > 0.03 or (closing is not None and width > 0.85)
    wanted_lift = NEUTRAL_LIFT if lift > NEUTRAL_LIFT else min(lift + STERN_LIFT, NEUTRAL_LIFT)
    narrow = min(width, max(NEUTRAL_WIDTH, width / SMILE_WIDENS))
    wanted = np.array([wanted_lift, narrow if smiling else width])

    def measure(amounts: Array) -> Array:
        points = local + amounts[0] * fields["plainSmile"] + amounts[1] * fields["mouthStretch"]
        if closing is not None:
            points[:, 1] += closing[0] @ (UPPER_CLOSES * own_gap)
            points[:, 1] -= closing[1] @ ((1.0 - UPPER_CLOSES) * own_gap)
        return np.array([own_smile_lift(points, lean), _width(points)])

    amounts, step = np.zeros(2), 1e-2
    free = np.array([True, smiling or lean > 0.0])
    for _ in range(NEWTON_STEPS):
        now = measure(amounts)
        slopes = np.stack([(measure(amounts + d) - now) / step for d in step * np.eye(2)], axis=1)
        slopes = np.where(np.outer(free, free), slopes, np.eye(2))
        amounts = amounts + np.linalg.solve(slopes, np.where(free, wanted - now, 0.0))
        amounts = np.clip(amounts, [-1.5, -1.6], [0.5, 1.0])
    narrowed = width / max(measure(amounts)[1], 0.1)
    smile = max(-float(amounts[0]), (narrowed - 1.0) / (SMILE_WIDENS - 1.0) if smiling else 0.0)
    smile = smile if smile > 0.1 else 0.0
    mouth = amounts[0] * fields["plainSmile"] + amounts[1] * fields["mouthStretch"]
    mouth += _fullness(local, narrowed) * fields["fullLips"]
    mouth += _lowered(local, closing, own_gap, smile) * fields["lowMouth"]
    brows = _brow_correction(local, fields, smiling)
    return RestCorrection(
        mouth=mouth - CHEEK_FALLS * min(1.0, smile) * fields["cheekSquint"],
        brows=brows - LOWER_LID_FALLS * min(1.0, smile) * fields["eyeSquint"],
        smile=smile,
    )


def _fullness(local: Array, narrowed: float) -> float:
    """How much fuller lips get, of unchanged area, as the mouth becomes this many times narrower."""
    upper, lower = local[13, 1] - local[0, 1], local[17, 1] - local[14, 1]
    grown = (narrowed - 1.0) * (upper + lower) / (FULLER_UPPER + FULLER_LOWER)
    return float(np.clip(grown, 0.0, FULLEST))


def _lowered(
    local: Array, closing: tuple[Array, Array] | None, own_gap: Array, smile: float
) -> float:
    """How much of lowMouth a relaxed smile gets."""
    length = float(local[13, 1] - local[2, 1])
    if closing is not None:
        length += UPPER_CLOSES * float(own_gap[len(own_gap) // 2])
    return float(np.clip(PHILTRUM - length, 0.0, LOWEST_MOUTH)) / LOW_MOUTH * min(1.0, smile)


def _brow_correction(local: Array, fields: Mapping[str, Array], smiling: bool) -> Array:
    inner, outer = -local[[55, 285], 1].mean(), -local[[46, 276], 1].mean()
    lids = float(np.mean(local[[145, 374], 1] - local[[159, 386], 1]))
    inner_up = np.clip(0.6 * (NEUTRAL_INNER_BROW - inner) / 0.085, -0.35, 0.35)
    outer_up = np.clip(0.5 * (NEUTRAL_OUTER_BROW - outer) / 0.085, -0.25, 0.25)
    wide = np.clip(0.8 * (NEUTRAL_LID_GAP - lids) / (0.30 * max(lids, 1e-3)), 0, 0.8)
    brows: Array = inner_up * fields["browInnerUp"] + outer_up * fields["browOuterUp"]
    return brows + (float(wide) if smiling else 0.0) * fields["eyeWide"]
