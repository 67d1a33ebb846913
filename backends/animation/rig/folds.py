"""Where a moving face folds: creases, bulges and hollows as strokes on the portrait's own skin.

Lengths are in eye distances. Strengths are logarithms of brightness; a stroke's profile is a Gaussian, its ends taper.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.topology import LEFT_EYE, RIGHT_EYE

Array = NDArray[np.float64]


class Stroke(NamedTuple):
    points: Array
    """(n, 2) eye distances in the picture's plane, in the face's frame."""
    width: float
    strength: float
    taper: tuple[float, float] = (0.5, 0.5)
    """Share of the length over which each end fades."""


class Blob(NamedTuple):
    centre: Array
    radii: tuple[float, float]
    strength: float


Mark = Stroke | Blob


@dataclass(frozen=True, slots=True)
class Side:
    """Landmarks of one half of the face, by what lies there."""

    sign: float
    """-1: the person's right, at the picture's left."""
    wing: int
    nasolabial: int
    below_cheek: int
    jowl: int
    corner: int
    cheek: int
    cheekbone: int
    outer_canthus: int
    inner_canthus: int
    brow_end: int
    above_brow_end: int
    brow_middle: int
    bridge: int
    pouch: tuple[int, ...]
    crease: tuple[int, ...]
    lower_lid: tuple[int, ...]


RIGHT = Side(
    -1.0, 129, 206, 216, 212, 61, 205, 50, 33, 133, 55, 107, 105, 122,
    RIGHT_EYE.pouch, RIGHT_EYE.crease, RIGHT_EYE.lower,
)  # fmt: skip
LEFT = Side(
    1.0, 358, 426, 436, 432, 291, 425, 280, 263, 362, 285, 336, 334, 351,
    LEFT_EYE.pouch, LEFT_EYE.crease, LEFT_EYE.lower,
)  # fmt: skip

BROW_LINE = (63, 105, 66, 107, 9, 336, 296, 334, 293)
HAIRLINE = (103, 67, 109, 109, 10, 338, 338, 297, 332)
MENTOLABIAL = ((106, 0.02, 0.02), (182, 0.0, 0.02), (83, 0.0, 0.03), (18, 0.0, 0.03),
               (313, 0.0, 0.03), (406, 0.0, 0.02), (335, -0.02, 0.02))  # fmt: skip
CHIN_DIMPLES = ((-0.09, 0.0, -0.14), (0.0, -0.02, -0.10), (0.08, 0.01, -0.14), (-0.04, 0.06, -0.14),
                (0.05, 0.065, -0.13), (-0.13, 0.05, -0.1), (0.12, 0.05, -0.1))  # fmt: skip


def face_marks(points: Array) -> Iterator[tuple[str, Sequence[Mark]]]:
    """Every layer's name with its marks; layers of one side end in Left or Right.

    Args:
        points: (468, 2) landmarks in the face's frame.
    """
    for side, suffix in ((RIGHT, "Right"), (LEFT, "Left")):
        place = _Place(points, side.sign)
        for name, marks in _side_marks(place, side).items():
            yield name + suffix, marks
    yield from _middle_marks(points)


class _Place:
    """Points beside landmarks, x outwards."""

    def __init__(self, points: Array, sign: float) -> None:
        self.points, self.sign = points, sign

    def at(self, landmark: int, out: float = 0.0, down: float = 0.0) -> Array:
        place: Array = self.points[landmark] + self.by(out, down)
        return place

    def by(self, out: float, down: float) -> Array:
        return np.array([self.sign * out, down])

    def between(self, a: int, b: int, share: float) -> Array:
        mixed: Array = self.points[a] * (1 - share) + self.points[b] * share
        return mixed

    def path(self, *points: Array) -> Array:
        return np.stack(points)


def _side_marks(p: _Place, s: Side) -> dict[str, Sequence[Mark]]:
    fold = p.path(
        p.at(s.wing, 0.004, 0.03),
        p.between(s.wing, s.nasolabial, 0.5) + p.by(-0.005, 0.03),
        p.between(s.nasolabial, s.corner, 0.35) + p.by(0.02, 0),
        p.between(s.below_cheek, s.corner, 0.62) + p.by(0.01, 0),
        p.at(s.corner, 0.06, 0.06),
    )
    pit = p.path(
        p.at(s.corner, 0.035, -0.05), p.at(s.corner, 0.05, 0), p.at(s.corner, 0.035, 0.055)
    )
    pouch = p.points[list(s.pouch)]
    under_lid = p.points[list(s.lower_lid)] * 0.45 + pouch * 0.55
    glabella = p.path(
        p.between(s.above_brow_end, 9, 0.55) + p.by(0, -0.06),
        p.between(s.brow_end, 8, 0.45),
        p.between(s.brow_end, 168, 0.60) + p.by(0, -0.02),
    )
    return {
        "nasolabial": [
            Stroke(fold, 0.022, -0.24, (0.35, 0.6)),
            Stroke(fold + p.by(0.06, -0.015), 0.045, 0.09, (0.4, 0.6)),
            Stroke(fold - p.by(0.035, 0), 0.04, -0.09, (0.3, 0.6)),
        ],
        "dimple": [
            Stroke(pit, 0.014, -0.36),
            Stroke(pit + p.by(0.05, 0), 0.03, 0.08),
        ],
        "mouthCorner": [Blob(p.at(s.corner, 0.018, 0.006), (0.030, 0.024), -0.55)],
        "marionette": [
            Stroke(
                p.path(p.at(s.corner, 0.01, 0.01), p.at(s.corner, 0.035, 0.09), p.at(s.corner, 0.03, 0.20)),
                0.024, -0.26, (0.2, 0.7),
            ),
            Stroke(p.path(p.at(s.corner, 0.065, 0.05), p.at(s.corner, 0.09, 0.12)), 0.03, 0.07),
        ],
        "cheekLight": [Blob(p.between(s.cheek, s.cheekbone, 0.55), (0.12, 0.085), 0.11)],
        "cheekHollow": [
            Stroke(
                p.path(p.at(s.cheek, 0.10, 0.10), p.at(s.cheek, 0.02, 0.20),
                       p.at(s.below_cheek, 0.09, 0), p.at(s.jowl, 0.12, -0.02)),
                0.05, -0.16, (0.4, 0.4),
            )
        ],
        "crowsFeet": _crows_feet(p, s),
        "eyeBag": [
            Stroke(pouch[1:] + [0, 0.012], 0.013, -0.30, (0.3, 0.35)),
            Stroke(under_lid, 0.018, 0.10, (0.3, 0.3)),
        ],
        "glabella": [
            Stroke(glabella, 0.027, -0.28, (0.6, 0.55)),
            Stroke(glabella + p.by(0.045, 0), 0.022, 0.08, (0.4, 0.4)),
        ],
        "orbit": [
            Blob(p.between(s.brow_end, s.inner_canthus, 0.5) + p.by(0.02, -0.02), (0.085, 0.06), -0.30),
            Stroke(p.path(p.at(s.brow_end, 0, 0.04), p.at(s.brow_middle, -0.06, 0.09)), 0.03, -0.14),
        ],
        "noseWrinkles": _nose_wrinkles(p, s),
        "lidFold": [Stroke(p.points[list(s.crease)], 0.013, -0.34, (0.3, 0.3))],
    }  # fmt: skip


def _crows_feet(p: _Place, s: Side) -> list[Mark]:
    rays: list[Mark] = []
    for angle, length, down in ((-32, 0.14, -0.03), (-4, 0.17, 0.0), (24, 0.15, 0.03)):
        turn = np.deg2rad(angle)
        along = p.by(float(np.cos(turn)), float(np.sin(turn))) * length
        start = p.at(s.outer_canthus, 0.07, down)
        ray = p.path(start, start + along / 2 + [0, 0.008], start + along)
        rays.append(Stroke(ray, 0.012, -0.17, (0.4, 0.6)))
    return rays


def _nose_wrinkles(p: _Place, s: Side) -> list[Mark]:
    marks: list[Mark] = []
    for k in range(3):
        at = p.at(s.bridge, -0.01, 0.01 + 0.055 * k)
        stroke = p.path(at - p.by(0.05, 0.028), at, at + p.by(0.055, 0.03))
        marks.append(Stroke(stroke, 0.015, -0.19))
    return marks


def _middle_marks(points: Array) -> Iterator[tuple[str, Sequence[Mark]]]:
    lines: list[Mark] = []
    short: list[Mark] = []
    for height, strength in ((0.28, 0.8), (0.46, 1.0), (0.64, 0.8)):
        arc = points[list(BROW_LINE)] * (1 - height) + points[list(HAIRLINE)] * height
        lines += [
            Stroke(arc, 0.024, -0.14 * strength, (0.45, 0.45)),
            Stroke(arc + [0, 0.045], 0.026, 0.05 * strength, (0.4, 0.4)),
        ]
        middle = arc[2:-2] + np.outer(np.abs(np.arange(len(arc) - 4) - 2), [0, 0.0125])
        short += [
            Stroke(middle, 0.016, -0.19 * strength, (0.45, 0.45)),
            Stroke(middle + [0, 0.035], 0.02, 0.07 * strength, (0.3, 0.3)),
        ]
    yield "forehead", lines
    yield "foreheadMiddle", short
    furrow = np.stack([points[i] + [dx, dy] for i, dx, dy in MENTOLABIAL])
    dimples = [Blob(points[199] + [x, y], (0.022, 0.018), s) for x, y, s in CHIN_DIMPLES]
    yield "chin", [Stroke(furrow, 0.026, -0.30, (0.35, 0.35)), *dimples]
