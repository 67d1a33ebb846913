"""The face's surface under a row of coefficients: fields, the turning jaw, and lips that meet when told to."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled
from backends.animation.rig.fields import FIELDS, Lip, handles, pins
from backends.animation.rig.mesh import Mesh, smoothstep
from backends.animation.rig.rest import RestCorrection, correct_rest, lid_rise, own_smile_lift
from backends.animation.rig.solver import Surface, Vector
from backends.animation.rig.topology import (
    CHIN,
    EYES,
    INNER_LOWER,
    INNER_UPPER,
    LOWER_LIP,
    MOUTH_LEFT_CORNER,
    MOUTH_RIGHT_CORNER,
    SKIN_POINTS,
    UPPER_LIP,
)
from backends.types import COEFFICIENTS, INDEX

Array = NDArray[np.float64]
LipPlace = Callable[[int, int, bool], Lip]

ROWS = (*COEFFICIENTS, "browOblique", "restMouth", "restBrows")
"""Rows of the displacement matrix: ARKit's coefficients, the slanted brows of AU1+4, and what undoes the photo's own
expression."""
ROW: Mapping[str, int] = {name: i for i, name in enumerate(ROWS)}

GAINS: Mapping[str, float] = {
    "browDown": 2.0, "browInnerUp": 1.25, "browOuterUp": 1.2, "browOblique": 1.5, "eyeWide": 1.3,
    "eyeSquint": 1.2, "mouthSmile": 1.1, "mouthFrown": 1.3, "noseSneer": 1.1,
    "mouthUpperUp": 1.65, "mouthStretch": 1.25,
}  # fmt: skip
"""A coefficient of 1 is the largest amplitude that still looks natural, in units of the fields."""
MIDLINE_BLEND = 0.14
"""Half-width, in eye distances, over which the left half of a field passes into the right one."""

JAW_OPEN_RAD = float(np.deg2rad(15.0))
JAW_LIFTS_LIP = 0.25
"""mouthUpperUp that an open jaw brings with it: of talkers' openings the upper lip does a tenth to a third."""
UPPER_SHARE = 0.34
"""Of a closing movement, what the upper lip does."""
OPEN_PHOTO_GAP = 0.05
"""Eye distances between the lips from which on a photo counts as taken with an open mouth."""
FROWN_AFTER_SMILE, CHIN_AFTER_SMILE = 0.95, 0.80
"""Shares of mouthFrown and mouthShrugLower that lips keep which a broad smile has stretched thin: more folds their skin
into a second mouth."""
STEEPEST_FROWN, FROWN_FALLS, LEAST_FROWN = 0.25, 0.12, 0.2
"""From the lips' middle to a corner, as it is seen: the most that a frown falls over 1 across; what a whole one lets
the corner fall, in eye distances; and the share of it that stays. Steeper ones, as on the far side of a turned head,
would fold the lips into a wedge."""
OVERLAP = 0.012
"""How far the lips of an open photo are pressed into each other to be closed."""
TEETH_GAP = 0.055
"""Eye distances between the lips when the lower one touches the upper teeth (f, v)."""


BROW_SINKS, BROW_SLANTS = 0.4, 0.45
"""Shares of browDown and of slanting brows above a pair of glasses: a brow that sank behind the rim would fold the skin
over it, one that rose far from it would stretch the shadow of the rim over the forehead."""
LIDS = ("eye", "cheekSquint")
"""Rows that move lids begin so."""


@dataclass(frozen=True, slots=True)
class FaceShape:
    """How a face deforms; lengths in eye distances, in the face's frame."""

    rest: Array
    """(n, 3) the photo's own vertices."""
    displacements: NDArray[np.float32]
    """(len(ROWS), 3 n): what 1 of each row does."""
    jaw_weight: Array
    """(n,) share of the jaw's rotation."""
    jaw_axis: tuple[float, float]
    """y and z of the hinge."""
    closing_upper: Array
    """(n, 9) vertical response to each inner column of the upper lip moving by 1."""
    closing_lower: Array
    own_gap: Array
    """(9,) between the lips in the photo."""
    mouth_centre: Array
    """(3,)"""
    mouth_half_width: float
    open_photo: bool
    room: Mapping[str, float]
    """Shares of some coefficients that the photo's own expression leaves."""
    correction: RestCorrection

    def turn_jaw(self, point: Array, angle: float) -> Array:
        """A point (3,) of the lower jaw after it has turned about its hinge (rad), chin down and back."""
        hinge_y, hinge_z = self.jaw_axis
        y, z = point[1] - hinge_y, point[2] - hinge_z
        c, s = math.cos(angle), math.sin(angle)
        return np.array([point[0], hinge_y + y * c - z * s, hinge_z + y * s + z * c])


@dataclass(frozen=True, slots=True)
class FaceRow:
    """One frame's demands on the surface."""

    amounts: NDArray[np.float32]
    """(len(ROWS),)"""
    jaw: float
    """0..1 of the widest opening."""
    closure: float
    """0..1; 1: the lips touch."""
    teeth: float
    """0..1; 1: the lower lip touches the upper teeth."""
    speaking: float
    """0..1; how far the photo's own opening of the mouth is taken out."""


def deform(shape: FaceShape, row: FaceRow) -> tuple[Array, Array]:
    """(n, 3) vertices in the face's frame, and (9,) the gap between the lips that is left."""
    points, gap = np.empty_like(shape.rest), np.empty(len(COLUMNS))
    own = row.speaking if shape.open_photo else 0.0
    overlap = OVERLAP if shape.open_photo else 0.0
    move_surface(
        points, gap, shape.rest, shape.displacements, row.amounts, shape.jaw_weight,
        np.array([*shape.jaw_axis, row.jaw * JAW_OPEN_RAD]), shape.closing_upper,
        shape.closing_lower, shape.own_gap, np.array([own, overlap, row.closure, row.teeth]),
    )  # fmt: skip
    return points, gap


COLUMNS = np.array([INNER_UPPER[1:-1], INNER_LOWER[1:-1]], np.int64).T.copy()
"""(9, 2) landmarks above and below the gap between the lips."""


@compiled
def move_surface(
    points: Array,
    gap: Array,
    rest: Array,
    displacements: NDArray[np.float32],
    amounts: NDArray[np.float32],
    jaw_weight: Array,
    jaw: Array,
    closing_upper: Array,
    closing_lower: Array,
    own_gap: Array,
    lips: Array,
) -> None:
    """The numbers of `deform`: `jaw` = y and z of the hinge and the angle (rad), `lips` = share of the photo's own gap
    that is taken out, overlap of closed lips, closure, teeth."""
    flat, still = points.reshape(-1), rest.reshape(-1)
    for i in range(flat.shape[0]):
        flat[i] = still[i]
    for k in range(amounts.shape[0]):
        amount = amounts[k]
        if amount != 0.0:
            row = displacements[k]
            for i in range(flat.shape[0]):
                flat[i] += amount * row[i]
    if jaw[2] > 0.0:
        for i in range(points.shape[0]):
            if jaw_weight[i] > 0.0:
                y, z = points[i, 1] - jaw[0], points[i, 2] - jaw[1]
                c, s = np.cos(jaw[2] * jaw_weight[i]), np.sin(jaw[2] * jaw_weight[i])
                points[i, 1] = jaw[0] + y * c - z * s
                points[i, 2] = jaw[1] + y * s + z * c
    share = UPPER_SHARE * (1.0 - lips[3])
    count = gap.shape[0]
    close = np.empty(count)
    for k in range(count):
        now = points[COLUMNS[k, 1], 1] - points[COLUMNS[k, 0], 1]
        opening = max(0.0, now - lips[0] * own_gap[k])
        t = 2.0 * (k + 1) / (count + 1) - 1.0
        opening += lips[3] * (min(opening, TEETH_GAP * (1.0 - t**4)) - opening)
        wanted = opening * (1.0 - lips[2]) - lips[1] * lips[2]
        gap[k], close[k] = max(wanted, 0.0), now - wanted
    for i in range(points.shape[0]):
        lift = 0.0
        for k in range(count):
            lift += (share * closing_upper[i, k] - (1.0 - share) * closing_lower[i, k]) * close[k]
        points[i, 1] += lift


def lip_gap(points: Array) -> Array:
    """(9,) vertical distance between the inner borders of the lips, corners left out."""
    gap: Array = points[list(INNER_LOWER[1:-1]), 1] - points[list(INNER_UPPER[1:-1]), 1]
    return gap


def build_shape(mesh: Mesh, rigid: Array | None = None) -> FaceShape:
    """Solves everything that does not change from frame to frame.

    Args:
        rigid: (2, n) 1 for vertices that no expression moves, from `glasses.frame_weight`: lids move behind lenses,
            all else holds still there too.
    """
    local = mesh.local
    surface = Surface.of(local, mesh.skin)
    corners = local[MOUTH_LEFT_CORNER], local[MOUTH_RIGHT_CORNER]
    half_width = float(corners[0][0] - corners[1][0]) / 2
    centre = (local[INNER_UPPER[5]] + local[INNER_LOWER[5]]) / 2
    sides = float(centre[0] - corners[1][0]), float(corners[0][0] - centre[0])
    reach = np.linalg.norm(local[:, :2] - local[CHIN, :2] * [1.0, 0.55], axis=1)
    far = [i for i in range(SKIN_POINTS, len(local)) if mesh.border[i] or reach[i] > 2.3]

    @cache
    def lip(i: int, ring: int, upper: bool) -> Lip:
        away = float(local[i, 0] - centre[0])
        t = max(-1.0, min(1.0, away / max(0.05, sides[away > 0])))
        return Lip(t, ring / 3, upper, half_width)

    fields = surface.bend_all({name: handles(f, local, far, lip) for name, f in FIELDS.items()})
    jaw = _jaw_weights(surface, far, lip)
    closing = _closing_responses(surface, far)
    own_gap = np.maximum(lip_gap(local), 0.0)
    open_photo = bool(own_gap.max() > OPEN_PHOTO_GAP)
    correction = correct_rest(
        local, fields, closing if open_photo else None, own_gap, mesh.frame.lean
    )
    ear = (local[234] + local[454]) / 2
    return FaceShape(
        rest=local,
        displacements=_displacements(local, fields, jaw, correction, rigid),
        jaw_weight=jaw,
        jaw_axis=(float(ear[1]) + 0.05, float(ear[2]) + 0.10),
        closing_upper=closing[0],
        closing_lower=closing[1],
        own_gap=own_gap,
        mouth_centre=centre,
        mouth_half_width=half_width,
        open_photo=open_photo,
        room=_room(mesh, correction, open_photo),
        correction=correction,
    )


def _room(mesh: Mesh, correction: RestCorrection, open_photo: bool) -> dict[str, float]:
    """`FaceShape.room`."""
    smile = float(np.clip(1.0 - own_smile_lift(mesh.local) / 0.10, 0.15, 1.0))
    # By a smile with parted lips.
    stretched = float(min(1.0, correction.smile)) if open_photo else 0.0
    frown = 1.0 - (1.0 - FROWN_AFTER_SMILE) * stretched
    right, left = (frown * share for share in _frown_shares(mesh, correction))
    return {
        "mouthSmileLeft": smile, "mouthSmileRight": smile,
        "mouthFrownLeft": left, "mouthFrownRight": right,
        "mouthShrugLower": 1.0 - (1.0 - CHIN_AFTER_SMILE) * stretched,
    }  # fmt: skip


def _frown_shares(mesh: Mesh, correction: RestCorrection) -> list[float]:
    """Of a whole frown, what the mouth's right and left half stand: narrow or hanging ones less."""
    axes = mesh.frame.axes[:, :2]
    down = axes[1] / np.linalg.norm(axes[1])
    ends = [MOUTH_RIGHT_CORNER, MOUTH_LEFT_CORNER, INNER_UPPER[5], INNER_LOWER[5]]
    lips = (mesh.local[ends] + correction.mouth[ends]) @ axes
    away = lips[:2] - lips[2:].mean(0)
    stands = STEEPEST_FROWN * np.linalg.norm(away, axis=1) - away @ down
    return [float(share) for share in np.clip(stands / FROWN_FALLS, LEAST_FROWN, 1.0)]


def _displacements(
    local: Array,
    fields: Mapping[str, Array],
    jaw: Array,
    correction: RestCorrection,
    rigid: Array | None,
) -> NDArray[np.float32]:
    left = smoothstep((local[:, 0] + MIDLINE_BLEND) / (2 * MIDLINE_BLEND))[:, None]
    rows = np.zeros((len(ROWS), *local.shape))
    for name, field in fields.items():
        scaled = field * GAINS.get(name, 1.0)
        if name in ROW:
            rows[ROW[name]] = scaled
        elif name + "Left" in ROW:
            rows[ROW[name + "Left"]] = scaled * left
            rows[ROW[name + "Right"]] = scaled * (1 - left)
    for side, rise in zip(("Right", "Left"), lid_rise(local + correction.brows), strict=True):
        rows[ROW["eyeWide" + side]] *= rise
    rows[ROW["mouthLeft"]] = -rows[ROW["mouthRight"]]
    rows[ROW["browOblique"]] += 0.30 * fields["browInnerUp"]
    rows[ROW["jawForward"]] = np.outer(jaw, [0.0, -0.005, -0.10])
    rows[ROW["jawLeft"]] = np.outer(jaw, [0.08, 0.0, 0.0])
    rows[ROW["jawRight"]] = np.outer(jaw, [-0.08, 0.0, 0.0])
    rows[ROW["restMouth"]] = correction.mouth
    rows[ROW["restBrows"]] = correction.brows
    rows[INDEX["jawOpen"]] = JAW_LIFTS_LIP * GAINS["mouthUpperUp"] * fields["mouthUpperUp"]
    if rigid is not None and rigid.any():
        for side in ("Left", "Right"):
            rows[ROW["browDown" + side]] *= BROW_SINKS
        rows[ROW["browOblique"]] *= BROW_SLANTS
        for name, row in ROW.items():
            rows[row] *= (1.0 - rigid[0 if name.startswith(LIDS) else 1])[:, None]
    return rows.reshape(len(ROWS), -1).astype(np.float32)


JAW_STILL = (
    168, 6, 197, 195, 5, 4, 1, 2, 98, 327, 97, 326, 129, 358, 10, 338, 297, 332, 284, 251, 389, 356,
    109, 67, 103, 54, 21, 162, 127, 234, 454, 93, 323, 50, 280, 117, 346, 116, 345, 123, 352, 147,
    376, 101, 330, 36, 266,
)  # fmt: skip
JAW_FULL = (
    152, 148, 176, 149, 150, 377, 400, 378, 379, 199, 200, 175, 18, 83, 313, 201, 421, 208, 428,
    171, 396,
)  # fmt: skip
JAW_LINE = {136: 0.95, 365: 0.95, 172: 0.8, 397: 0.8, 58: 0.5, 288: 0.5, 132: 0.2, 361: 0.2}


def _jaw_weights(surface: Surface, far: list[int], lip: LipPlace) -> Array:
    """(n,) in 0..1: chin and lower lip turn with the jaw, the corners of the mouth less, the nose not at all."""
    weights: dict[int, Vector] = dict.fromkeys((*far, *JAW_STILL), (0.0,))
    for eye in EYES:
        weights.update(dict.fromkeys((*eye.contour, *eye.crease, *eye.pouch), (0.0,)))
    for k, ring in enumerate(LOWER_LIP):
        weights.update({i: (0.40 + 0.60 * (1 - abs(lip(i, k, False).t) ** 2.4),) for i in ring})
    for k, ring in enumerate(UPPER_LIP):
        weights.update({i: (0.40 * abs(lip(i, k, True).t) ** 3,) for i in ring})
    weights.update({i: (0.40,) for ring in LOWER_LIP for i in (ring[0], ring[-1])})
    weights.update(dict.fromkeys(JAW_FULL, (1.0,)))
    weights.update({i: (w,) for i, w in JAW_LINE.items()})
    return np.clip(surface.spread(weights)[:, 0], 0.0, 1.0)


def _closing_responses(surface: Surface, far: list[int]) -> tuple[Array, Array]:
    """(n, 9) for the upper lip and for the lower one, all columns in one solve."""
    columns = len(INNER_UPPER) - 2
    targets: dict[int, Vector] = dict.fromkeys(pins(far, lips=True), (0.0,) * (2 * columns))
    for lip, rings in enumerate((UPPER_LIP, LOWER_LIP)):
        for ring in rings:
            for column in range(columns):
                unit = np.zeros(2 * columns)
                unit[lip * columns + column] = 1.0  # all rings alike: a closing lip does not swell
                targets[ring[column + 1]] = tuple(unit.tolist())
    response = surface.bend(targets)
    return response[:, :columns], response[:, columns:]
