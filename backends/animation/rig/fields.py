"""What each coefficient displaces: handles on the landmarks, from which the mesh solves a smooth field.

Amplitudes are in eye distances (an adult's is 63 mm) and follow the action units of FACS (Ekman, Friesen and Hager
2002) that Apple names for the ARKit coefficients. On the lips t runs from -1 (right corner) to 1, `ring` from 0 (inner
border) to 1 (outer border). x points to the picture's right, y down, z away from the camera.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.topology import EYES, LOWER_LIP, UPPER_LIP

Array = NDArray[np.float64]
Vector = tuple[float, float, float]
STILL: Vector = (0.0, 0.0, 0.0)


class Lip(NamedTuple):
    """A landmark of the lips."""

    t: float
    ring: float
    upper: bool
    half_width: float
    """Of the mouth, in eye distances."""

    def dome(self, power: float = 1.0) -> float:
        """1 in the middle, 0 at the corners."""
        return float(max(0.0, 1.0 - self.t * self.t) ** power)

    @property
    def side(self) -> float:
        return float(np.sign(self.t))

    @property
    def up(self) -> float:
        return 1.0 if self.upper else -1.0


Pairs = Mapping[tuple[int, int], Vector]
"""Landmarks of the right side with their twins of the left; the vector is the right one's, the twin's x is mirrored."""


@dataclass(frozen=True, slots=True)
class Field:
    """A symmetric displacement of the face."""

    lips: Callable[[Lip], Vector] | None = None
    """None: the lips and the chin hold still."""
    pairs: Pairs = field(default_factory=dict)
    middle: Mapping[int, Vector] = field(default_factory=dict)
    brows: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    """(dx inwards, dy) of the five points of a brow, from its inner end."""
    lids: Callable[[float, float], tuple[Vector, Vector, Vector, Vector]] | None = None
    """(gap between the lids at a landmark, 0..1 along the lid) to displacements of upper lid, crease, lower lid and
    pouch."""
    hold_lids: bool = True


def _smile(p: Lip) -> Vector:
    a = abs(p.t) ** 2.2
    bow = 0.006 if p.upper else 0.020
    return (0.22 * p.half_width * p.side * abs(p.t) ** 1.3, -0.110 * a + bow * (1 - a), 0.08 * a)


def _plain_smile(p: Lip) -> Vector:
    a = abs(p.t) ** 1.6
    bow = 0.0036 if p.upper else 0.012
    return (0.16 * p.half_width * p.side * abs(p.t) ** 1.2, -0.085 * a + bow * (1 - a), 0.06 * a)


def _frown(p: Lip) -> Vector:
    a = abs(p.t) ** 1.8
    return (0.045 * p.half_width * p.side * a, 0.093 * a - 0.015 * (1 - a), 0.0)


def _dimple(p: Lip) -> Vector:
    a = abs(p.t) ** 3
    return (0.10 * p.half_width * p.side * a, -0.012 * a, 0.05 * p.t * p.t)


def _shrug_lower(p: Lip) -> Vector:
    pout = -0.016 if p.upper else 0.018 * p.ring - 0.018
    lift = -0.028 * (0.6 if p.upper else 1.0)
    dy = 0.56 * pout * p.dome(0.6) + 0.44 * lift * p.dome(0.5)
    return (-0.028 * p.half_width * p.t, dy, (-0.018 if p.upper else -0.035) * p.dome())


def _press(p: Lip) -> Vector:
    thin = p.up * 0.0197 * p.ring * p.dome(0.6) * (1.0 if p.upper else 1.3)
    return (-0.062 * p.half_width * p.t, thin, 0.02)


def _sneer(p: Lip) -> Vector:
    if not p.upper:
        return (0.0, -0.012 * p.dome(), 0.0)
    return (0.0, -0.060 * max(0.0, 1 - abs(p.t) ** 2.5) ** 0.6, 0.0)


CHIN_POINTS = (199, 200, 175)

FIELDS: Mapping[str, Field] = {
    "mouthSmile": Field(
        lips=_smile,
        pairs={
            (205, 425): (-0.03, -0.075, -0.02), (50, 280): (-0.015, -0.055, -0.03),
            (187, 411): (-0.07, -0.075, 0.0), (216, 436): (-0.07, -0.075, 0.01),
            (207, 427): (-0.055, -0.07, 0.0), (117, 346): (-0.005, -0.03, -0.01),
            (129, 358): (-0.015, -0.008, 0.0), (206, 426): (-0.045, -0.06, 0.0),
            (98, 327): (-0.012, -0.004, 0.0),
        },
        middle={152: (0.0, 0.008, 0.0)},
    ),
    "plainSmile": Field(
        lips=_plain_smile,
        pairs={
            (205, 425): (-0.022, -0.055, 0.0), (50, 280): (-0.012, -0.04, -0.02),
            (187, 411): (-0.05, -0.06, 0.01), (216, 436): (-0.05, -0.06, 0.01),
            (207, 427): (-0.04, -0.055, 0.0), (117, 346): (-0.005, -0.02, -0.01),
            (129, 358): (-0.022, -0.008, 0.0), (98, 327): (-0.015, -0.006, 0.0),
        },
        middle={152: (0.0, 0.005, 0.0)},
    ),
    "fullLips": Field(
        lips=lambda p: (
            0.0, -p.up * (0.020 if p.upper else 0.026) * p.ring * p.dome(0.5), -0.012 * p.dome()
        ),
        middle=dict.fromkeys(CHIN_POINTS, STILL),
    ),
    "lowMouth": Field(
        lips=lambda p: (0.0, 0.1, 0.0), middle=dict.fromkeys(CHIN_POINTS, (0.0, 0.03, 0.0))
    ),
    "mouthDimple": Field(lips=_dimple),
    "mouthStretch": Field(
        lips=lambda p: (0.20 * p.half_width * p.t, 0.012 * p.dome() * p.up * p.ring, 0.035 * p.t * p.t),
        pairs={(205, 425): (-0.02, 0.0, 0.0), (187, 411): (-0.03, 0.0, 0.01)},
    ),
    "mouthFrown": Field(
        lips=_frown,
        pairs={
            (205, 425): (0.0, 0.012, 0.0), (216, 436): (0.0, 0.025, 0.0),
            (212, 432): (0.0, 0.038, 0.0), (57, 287): (0.0, 0.045, 0.0),
        },
        middle={199: (0.0, -0.02, -0.01), 200: (0.0, -0.02, -0.01), 175: (0.0, -0.02, -0.01),
                18: (0.0, -0.02, -0.01), 152: (0.0, -0.008, 0.0)},
    ),
    "mouthFunnel": Field(
        lips=lambda p: (
            -0.27 * p.half_width * p.t,
            -p.up * (0.030 if p.upper else 0.045) * p.dome(0.7),
            -0.075 * (1 - 0.4 * p.t * p.t),
        ),
    ),
    "mouthPucker": Field(
        lips=lambda p: (
            -0.40 * p.half_width * p.t * (1 - 0.15 * p.ring),
            -p.up * 0.020 * p.ring * p.dome(),
            -0.085 * (1 - 0.5 * p.t * p.t),
        ),
        pairs={(205, 425): (0.02, 0.0, 0.0)},
        middle={2: (0.0, 0.004, -0.01)},
    ),
    "mouthRight": Field(lips=lambda p: (-0.09, -0.006 * p.dome(), 0.0)),
    "mouthUpperUp": Field(
        lips=lambda p: (0.0, -0.090 * p.dome(0.8) if p.upper else 0.0, 0.0),
        pairs={(98, 327): (-0.005, -0.014, 0.0), (206, 426): (0.0, -0.028, 0.0)},
        middle={2: (0.0, -0.010, 0.0), 152: STILL},
    ),
    "mouthLowerDown": Field(
        lips=lambda p: (0.0, 0.0 if p.upper else 0.120 * p.dome(0.8), 0.0),
        middle={152: (0.0, 0.015, 0.0)},
    ),
    "mouthRollUpper": Field(
        lips=lambda p: (0.0, 0.030 * p.ring * p.dome(0.6) if p.upper else 0.0, 0.03 if p.upper else 0.0),
        middle=dict.fromkeys(CHIN_POINTS, STILL),
    ),
    "mouthRollLower": Field(
        lips=lambda p: (0.0, 0.0 if p.upper else -0.045 * p.ring * p.dome(0.6), 0.0 if p.upper else 0.03),
        middle=dict.fromkeys(CHIN_POINTS, STILL),
    ),
    "mouthShrugUpper": Field(
        lips=lambda p: (0.0, -0.022 * p.dome(0.6) if p.upper else 0.0, -0.03 * p.dome() if p.upper else 0.0),
        middle={2: (0.0, -0.006, 0.0)},
    ),
    "mouthShrugLower": Field(
        lips=_shrug_lower,
        middle=dict.fromkeys((*CHIN_POINTS, 18), (0.0, -0.025, -0.01)) | {152: (0.0, -0.005, 0.0)},
    ),
    "mouthPress": Field(
        lips=_press,
        pairs={(216, 436): (-0.004, 0.0013, 0.0)},
        middle=dict.fromkeys(CHIN_POINTS, STILL),
    ),
    "cheekPuff": Field(
        lips=lambda p: (0.0, 0.0, -0.02 * abs(p.t)),
        pairs={
            (205, 425): (-0.035, 0.005, -0.08), (187, 411): (-0.055, 0.01, -0.08),
            (216, 436): (-0.03, 0.01, -0.06), (212, 432): (-0.04, 0.01, -0.06),
            (207, 427): (-0.05, 0.01, -0.08), (214, 434): (-0.055, 0.01, -0.06),
        },
    ),
    "noseSneer": Field(
        lips=_sneer,
        pairs={
            (98, 327): (-0.014, -0.030, 0.0), (129, 358): (-0.014, -0.034, 0.0),
            (206, 426): (-0.01, -0.045, 0.0), (203, 423): (-0.008, -0.04, 0.0),
            (205, 425): (0.0, -0.03, -0.01), (97, 326): (-0.004, -0.016, 0.0),
        },
        middle={2: (0.0, -0.014, 0.0), 152: STILL} | dict.fromkeys((4, 1, 5), (0.0, -0.008, 0.0)),
    ),
    "cheekSquint": Field(
        pairs={
            (50, 280): (-0.005, -0.045, -0.03), (117, 346): (0.0, -0.035, -0.02),
            (118, 347): (0.0, -0.035, -0.02), (119, 348): (0.003, -0.025, -0.01),
            (205, 425): (0.0, -0.02, 0.0),
        },
        lids=lambda gap, s: (
            STILL, STILL,
            (0.0, -0.022 * float(np.sin(np.pi * s)), 0.0), (0.0, -0.030 * float(np.sin(np.pi * s)), 0.0),
        ),
    ),
    "eyeBlink": Field(
        lids=lambda gap, s: (
            (0.0, 0.93 * gap, 0.0), (0.0, 0.50 * gap, 0.0), (0.0, -0.08 * gap, 0.0), (0.0, -0.04 * gap, 0.0)
        ),
        hold_lids=False,
    ),
    "eyeSquint": Field(
        pairs={(50, 280): (0.0, -0.012, 0.0), (117, 346): (0.0, -0.012, 0.0), (118, 347): (0.0, -0.014, 0.0)},
        lids=lambda gap, s: (STILL, STILL, (0.0, -0.26 * gap, 0.0), (0.0, -0.24 * gap, 0.0)),
    ),
    "eyeWide": Field(
        lids=lambda gap, s: ((0.0, -0.30 * gap, 0.0), (0.0, -0.20 * gap, 0.0), STILL, STILL),
    ),
    "browDown": Field(
        brows=((0.04, 0.03, 0.02, 0.01, 0.0), (0.06, 0.06, 0.05, 0.03, 0.01)),
        middle={9: (0.0, 0.042, 0.0), 8: (0.0, 0.021, 0.0), 168: (0.0, 0.007, 0.0)},
        lids=lambda gap, s: (STILL, (0.0, 0.0105, 0.0), STILL, STILL),
    ),
    "browInnerUp": Field(
        brows=((0.01, 0.01, 0.0, 0.0, 0.0), (-0.085, -0.07, -0.04, -0.01, 0.01)),
        middle={9: (0.0, -0.060, 0.0), 8: (0.0, -0.030, 0.0), 168: (0.0, -0.010, 0.0)},
        lids=lambda gap, s: (STILL, (0.0, -0.0084, 0.0), STILL, STILL),
    ),
    "browOuterUp": Field(
        brows=((0.0,) * 5, (-0.035, -0.05, -0.075, -0.085, -0.06)),
        middle={9: (0.0, -0.0245, 0.0), 8: (0.0, -0.012, 0.0), 168: (0.0, -0.004, 0.0)},
        lids=lambda gap, s: (STILL, (0.0, -0.0157, 0.0), STILL, STILL),
    ),
    "browOblique": Field(
        brows=((0.042, 0.029, 0.012, 0.0, 0.0), (-0.115, -0.08, -0.02, 0.02, 0.03)),
        # The skin between the brows rises as far as they do: left behind, it is pinched into a bright ridge.
        middle={9: (0.0, -0.15, 0.0), 8: (0.0, -0.105, 0.0), 168: (0.0, -0.03, 0.0)},
        lids=lambda gap, s: (
            STILL, (0.0, float(np.interp(s, (0, 0.4, 0.86, 1), (0.012, 0.0, -0.022, -0.012))), 0.0), STILL, STILL
        ),
    ),
}  # fmt: skip

BROW_ROWS = ((107, 66, 105, 63, 70), (55, 65, 52, 53, 46))
MIRRORED_BROW_ROWS = ((336, 296, 334, 293, 300), (285, 295, 282, 283, 276))
UPPER_FACE = (
    168, 6, 197, 195, 5, 4, 1, 10, 338, 297, 332, 284, 251, 389, 356, 454, 109, 67, 103, 54, 21,
    162, 127, 234, 151, 9, 8,
)  # fmt: skip
"""Bridge of the nose, forehead and temples: still, unless a field moves them."""
FOREHEAD_POINTS = (9, 8, 151, 10, 109, 338, 67, 297, 103, 332)
HAIRLINE = (10, 109, 338, 67, 297, 103, 332, 54, 284)
CHIN_PINS = (152, 148, 377, 199, 200, 175)


def pins(far: Iterable[int], lips: bool) -> dict[int, Vector]:
    """Handles that hold the face still: eyes, bridge, forehead, the far mesh; with `lips` mouth and chin as well."""
    still = [*far, *UPPER_FACE]
    for eye in EYES:
        still += [*eye.contour, *eye.crease, *eye.pouch]
    if lips:
        still += [i for ring in UPPER_LIP + LOWER_LIP for i in ring] + list(CHIN_PINS)
    return dict.fromkeys(still, STILL)


def handles(
    shape: Field, local: Array, far: Iterable[int], lip: Callable[[int, int, bool], Lip]
) -> dict[int, Vector]:
    """The handles of a field on a face.

    Args:
        local: (n, 3) vertices in the face's frame.
        far: Vertices too far away to move.
        lip: (landmark, ring 0..3, upper) to its place on the lips.
    """
    moved = pins(far, lips=shape.lips is None)
    if shape.lips is not None:
        for rings, upper in ((UPPER_LIP, True), (LOWER_LIP, False)):
            for k, ring in enumerate(rings):
                moved.update({i: shape.lips(lip(i, k, upper)) for i in ring})
    for (right, left), (x, y, z) in shape.pairs.items():
        moved[right], moved[left] = (x, y, z), (-x, y, z)
    if shape.brows is not None:
        _add_brows(shape.brows, moved)
    if shape.lids is not None:
        _add_lids(shape, local, moved)
    moved.update(shape.middle)
    return moved


def _add_brows(
    brows: tuple[tuple[float, ...], tuple[float, ...]], moved: dict[int, Vector]
) -> None:
    for i in FOREHEAD_POINTS:
        moved.pop(i, None)
    moved.update(dict.fromkeys(HAIRLINE, STILL))
    for rows, inward in ((BROW_ROWS, 1.0), (MIRRORED_BROW_ROWS, -1.0)):
        for row in rows:
            for i, dx, dy in zip(row, *brows, strict=True):
                moved[i] = (inward * dx, dy, 0.0)


def _add_lids(shape: Field, local: Array, moved: dict[int, Vector]) -> None:
    assert shape.lids is not None
    for eye in EYES:
        rings = zip(eye.upper, eye.crease, eye.lower, eye.pouch, strict=True)
        for j, points in enumerate(rings):
            gap = float(local[points[2], 1] - local[points[0], 1])
            moved.update(zip(points, shape.lids(gap, (j + 1) / 8), strict=True))
        if not shape.hold_lids:
            for j, i in enumerate(eye.under_brow):
                moved[i] = (0.0, 0.025 * float(np.sin(np.pi * (j + 1) / 7)), 0.0)
