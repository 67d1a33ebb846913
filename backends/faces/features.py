"""What can be seen of the eyes and the mouth of a face: open, shut or covered."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.faces.detect import LEFT_EYE, RIGHT_EYE, Face
from backends.types import FloatArray, ImageArray

_OUTER_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)  # fmt: skip
_INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)  # fmt: skip
_LIP_COLUMNS = ((13, 14), (82, 87), (312, 317), (81, 178), (311, 402), (80, 88), (310, 318))
"""Upper and lower landmark of the inner lips, from the middle outwards."""
_LIDS = (((160, 144), (159, 145), (158, 153)), ((387, 373), (386, 374), (385, 380)))
"""Upper and lower landmark of each eye's lids: right eye, left eye."""

_SIDE, _EYES = 128, 64  # pixels of the view of a mouth, and of the eye distance in it
_BRIGHT, _MOST_GAIN = 150.0, 8.0  # the upper quartile that views in little light are brought to
_DIM = 32.0  # of it; below, noise hides the lips
_GREY = 3.0  # CIELAB chroma below which a picture has no colour to tell lips by
# What lips amount to at least: faces have 1.4 times as much at the weakest, in any light, size and
# turn that was tried, beards included; most masks, hands, cups and microphones stay below all three.
_RED, _DARK, _BELOW = 0.3, 0.65, 2.0

_DISC = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))


@dataclass(frozen=True, slots=True)
class Mouth:
    """What there is to see of a mouth."""

    lips: float
    """How clearly lips stand out from what is around them: redder, or darker with a line between
    them, or the lower one of another colour than what is below it; in units of the least that
    counts, so that below 1 no lips are where they should be."""
    opening: float
    """Gap between the lips in the middle, in eye distances."""
    light: float
    """How bright the brighter parts around it are, 0..255."""
    colour: float
    """CIELAB chroma of what is most coloured around it; 0 in a grey picture."""

    @property
    def dark(self) -> bool:
        """Whether there is too little light to tell lips from what may cover them."""
        return self.light < _DIM

    @property
    def covered(self) -> bool:
        """Whether something is before it. Grey and dark pictures have the benefit of the doubt: a
        beard may hide in them what else tells lips."""
        return self.lips < 1 and not self.dark and self.colour >= _GREY


def look_at_mouth(pixels: ImageArray, face: Face) -> Mouth:
    """What there is to see where the landmarks have the mouth of a face in (h, w, 3) RGB pixels.

    Colours are CIELAB. Lips count as red (dark) by the chance that a pixel of theirs is redder
    (darker) than one of the skin around, above one half, times how much redder they are (how deep
    the line between them is).
    """
    view, points = _mouth_view(pixels, face)
    light = float(np.percentile(view.max(axis=2), 75))
    gain = min(max(_BRIGHT / max(light, 1.0), 1.0), _MOST_GAIN)
    lab = _lab(np.asarray(cv2.convertScaleAbs(view, alpha=gain), np.uint8))
    lightness, reds = lab[..., 0], lab[..., 1]
    lips, skin = _lips_and_skin(points)
    redness = float(np.median(reds[lips]) - np.median(reds[skin]))
    red = (_above(reds[lips], reds[skin]) - 0.5) * max(redness, 0.0)
    dark = (_above(-lightness[lips], -lightness[skin]) - 0.5) * _seam(lightness, points)
    gap = np.linalg.norm(points[[13, 82, 312]] - points[[14, 87, 317]], axis=1).mean() / _EYES
    return Mouth(
        lips=max(0.0, red / _RED, dark / _DARK, _edge_below(lab, points) / _BELOW),
        opening=float(gap),
        light=light,
        colour=float(np.percentile(np.hypot(lab[..., 1], lab[..., 2]), 90)),
    )


def eye_openings(face: Face) -> tuple[float, float]:
    """Gap between the lids over the eye's width, right eye and left eye; 0.05 shut, 0.3 open."""
    points = face.landmarks
    right, left = (
        float(np.mean([np.linalg.norm(points[a] - points[b]) for a, b in lids]))
        / float(np.linalg.norm(points[corners[0]] - points[corners[1]]))
        for lids, corners in zip(_LIDS, (RIGHT_EYE, LEFT_EYE), strict=True)
    )
    return right, left


def _mouth_view(pixels: ImageArray, face: Face) -> tuple[ImageArray, FloatArray]:
    """The mouth upright in the middle of a small square, and the landmarks in it."""
    points = face.landmarks[:, :2]
    right, left = (points[list(eye)].mean(0) for eye in (RIGHT_EYE, LEFT_EYE))
    across = (left - right) / max(float(np.linalg.norm(left - right)), 1e-6)
    turn = np.array([across, [-across[1], across[0]]]) * (_EYES / max(face.eye_distance, 1e-6))
    centre = points[list(_OUTER_LIPS)].mean(0)
    place = np.hstack([turn, (_SIDE / 2 - turn @ centre)[:, None]])
    view = cv2.warpAffine(
        pixels, place, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    inside = points @ turn.T + place[:, 2]
    return np.asarray(view, np.uint8), np.asarray(inside, np.float32)


def _lab(view: ImageArray) -> FloatArray:
    """CIELAB, softened a little so that noise does not count."""
    lab = cv2.cvtColor(view.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(cv2.GaussianBlur(lab, (0, 0), 1.0), np.float32)


def _lips_and_skin(
    points: FloatArray, near: int = 3, far: int = 11
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The lips without what lies between them, and the band of so many pixels around them."""
    whole, inner = (_filled(points[list(ring)]) for ring in (_OUTER_LIPS, _INNER_LIPS))
    band = cv2.dilate(whole, _DISC, iterations=far) - cv2.dilate(whole, _DISC, iterations=near)
    lips = (whole > 0) & (cv2.dilate(inner, _DISC) == 0)
    if lips.sum() < 30:  # lips drawn in: all that there is
        lips = whole > 0
    return lips, band > 0


def _edge_below(lab: FloatArray, points: FloatArray) -> float:
    """How much another colour (CIELAB a*, b*) the lower lip has than skin or beard right below it.

    Lightness does not count: what covers a mouth has folds and shades.
    """
    lips, band = _lips_and_skin(points, 2, 7)
    lips = cv2.erode(lips.astype(np.uint8), _DISC) > 0
    lower = np.arange(_SIDE)[:, None] >= points[[61, 291], 1].mean()
    lip, below = lab[lips & lower, 1:], lab[band & lower, 1:]
    if len(lip) < 15 or len(below) < 15:
        return 0.0
    return float(np.linalg.norm(np.median(lip, axis=0) - np.median(below, axis=0)))


def _filled(outline: FloatArray) -> ImageArray:
    mask = np.zeros((_SIDE, _SIDE), np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
    return mask


def _above(values: FloatArray, others: FloatArray) -> float:
    """Chance that one of the values is above one of the others, ties halved: the area under the ROC."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return float(below.mean() / 2 / len(ordered))


def _seam(lightness: FloatArray, points: FloatArray) -> float:
    """How much darker the middle of the mouth is than both lips, median over columns."""
    smooth = np.asarray(cv2.GaussianBlur(lightness, (0, 0), 1.0), np.float32)
    depths = []
    for upper, lower in _LIP_COLUMNS:
        x, y = ((points[upper] + points[lower]) / 2).tolist()
        reach = float(np.linalg.norm(points[lower] - points[upper])) / 2 + 7
        top, bottom = max(int(y - reach), 0), min(int(y + reach) + 2, _SIDE)
        column = smooth[top:bottom, min(max(int(x), 0), _SIDE - 1)]
        third, fifth = len(column) // 3, len(column) // 5
        lips = min(column[:third].max(), column[-third:].max())
        depths.append(float(lips - column[fifth:-fifth].min()))
    return max(float(np.median(depths)), 0.0)
