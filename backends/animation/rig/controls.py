"""From a row of a performance to what the rig moves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.deform import ROW, ROWS, FaceRow, FaceShape
from backends.types import INDEX, Performance

Floats = NDArray[np.float32]

LIDS_FOLLOW_DOWN, LIDS_FOLLOW_UP = 0.013, 0.03
"""eyeBlink and eyeWide per degree of gaze: the upper lid goes with the eye."""
SMILE_KEEPS = 0.9
"""Share of the rest correction that an asked smile takes back: the photo's own smile returns."""
SPEECH = tuple(
    INDEX[name]
    for name in (
        "jawOpen", "mouthFunnel", "mouthPucker", "mouthRollLower", "mouthRollUpper",
        "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Controls:
    """One frame's demands on the whole rig."""

    face: FaceRow
    pose: Floats
    gaze_deg: Floats
    tongue: float
    tongue_out: float
    relax: float
    """0..1, how much of the rest correction holds."""


def read(performance: Performance, row: int, shape: FaceShape) -> Controls:
    """The controls of a row of the performance's arrays."""
    c = np.clip(performance.coefficients[row].astype(np.float64), 0.0, 1.0)
    extra = {k: float(np.clip(v[row], 0.0, 1.0)) for k, v in performance.extra.items()}
    gaze = performance.gaze[row].astype(np.float32)
    smile_left, smile_right = INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]
    smile = float(c[smile_left] + c[smile_right]) / 2
    relax = extra.get("relax", 0.0) * (1.0 - SMILE_KEEPS * min(1.0, smile / 0.8))
    jaw, teeth = float(c[INDEX["jawOpen"]]), extra.get("teeth", 0.0)
    closure = max(extra.get("closure", 0.0), _mouth_close(float(c[INDEX["mouthClose"]]), jaw))
    speech = float(sum(c[i] for i in SPEECH))
    speaking = max(relax, min(1.0, speech / 0.2), teeth) * (0.96 - 0.06 * min(1.0, smile))
    amounts = np.zeros(len(ROWS))
    amounts[: len(c)] = c
    for name, share in shape.room.items():
        amounts[ROW[name]] *= share
    amounts[INDEX["mouthRollLower"]] = max(c[INDEX["mouthRollLower"]], 0.5 * teeth)
    for side in ("Left", "Right"):
        upper = INDEX["mouthUpperUp" + side]
        amounts[upper] = max(amounts[upper], 0.20 * teeth)
        amounts[INDEX["eyeBlink" + side]] += LIDS_FOLLOW_DOWN * max(0.0, float(gaze[1]))
        amounts[INDEX["eyeWide" + side]] += LIDS_FOLLOW_UP * max(0.0, -float(gaze[1]))
    _slant_brows(amounts)
    amounts[ROW["restMouth"]] = relax
    amounts[ROW["restBrows"]] = extra.get("relax", 0.0)
    return Controls(
        face=FaceRow(amounts.astype(np.float32), jaw, closure, teeth, speaking),
        pose=performance.pose[row],
        gaze_deg=gaze,
        tongue=extra.get("tongue", 0.0),
        tongue_out=float(c[INDEX["tongueOut"]]),
        relax=relax,
    )


def _mouth_close(mouth_close: float, jaw: float) -> float:
    """ARKit's mouthClose closes the lips over an open jaw: as large as jawOpen, they touch."""
    return min(1.0, mouth_close / max(jaw, 0.2))


def _slant_brows(amounts: NDArray[np.float64]) -> None:
    """Inner brows raised beyond the outer ones slant (AU1+4, worry and grief) instead of arching."""
    inner = INDEX["browInnerUp"]
    outer = (amounts[INDEX["browOuterUpLeft"]] + amounts[INDEX["browOuterUpRight"]]) / 2
    slant = max(0.0, amounts[inner] - outer)
    amounts[inner] -= slant
    amounts[ROW["browOblique"]] = slant
