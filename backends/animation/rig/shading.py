"""Light and shade that follow the expression: folds are drawn once and summed per frame; a relaxed smile loses its own.

`out = source · exp(tint · Σ weight · layer + erase · E)` per channel, at half the picture's resolution, in the photo's
own texture, so that folds travel with the skin.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled
from backends.animation.rig.curves import smooth
from backends.animation.rig.deform import ROW, ROWS
from backends.animation.rig.eraser import smile_bands, smile_eraser
from backends.animation.rig.folds import Blob, Mark, Stroke, face_marks
from backends.animation.rig.mesh import Mesh
from backends.animation.rig.relight import refresh
from backends.animation.rig.topology import SKIN_POINTS

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

TINT = np.array([0.72, 1.06, 1.10], np.float32)
"""Folds darken red less than green and blue: light under skin is red."""
WEIGHT_STEPS = 64
"""Weights are rounded to this, so that a still face is not shaded anew for every frame."""

DRIVERS: Mapping[str, Mapping[str, float]] = {
    "nasolabial": {"mouthSmile": 1.0, "mouthDimple": 0.15, "noseSneer": 0.8, "mouthFrown": 0.5},
    "dimple": {"mouthSmile": 0.65, "mouthDimple": 0.4},
    "mouthCorner": {"mouthSmile": 0.45, "mouthDimple": 0.15, "mouthFrown": 0.30},
    "marionette": {"mouthFrown": 0.35, "mouthPress": 0.3, "mouthStretch": 0.1},
    "cheekLight": {"mouthSmile": 0.55, "cheekSquint": 0.5},
    "cheekHollow": {"mouthSmile": 0.3},
    "crowsFeet": {"cheekSquint": 0.6, "mouthSmile": 0.2},
    "eyeBag": {"cheekSquint": 0.55, "eyeSquint": 0.25, "noseSneer": 0.3},
    "glabella": {"browDown": 1.25},
    "orbit": {"browDown": 1.2},
    "noseWrinkles": {"noseSneer": 0.9},
    "lidFold": {"eyeWide": 0.12},
}
"""Layers of one side: weight per coefficient of that side."""
MIDDLE_DRIVERS: Mapping[str, Mapping[str, float]] = {
    "forehead": {"browOuterUpLeft": 0.47, "browOuterUpRight": 0.47, "browInnerUp": 0.15},
    "foreheadMiddle": {"browOblique": 0.45},
    "chin": {"mouthShrugLower": 0.8, "mouthFrownLeft": 0.12, "mouthFrownRight": 0.12,
             "mouthPressLeft": 0.12, "mouthPressRight": 0.12},
}  # fmt: skip
OBLIQUE_BROWS: Mapping[str, float] = {
    "glabella": -0.4, "orbit": 0.35, "lidFold": 0.1, "eyeBag": 0.25, "crowsFeet": 0.3,
}  # fmt: skip
"""Weight of slanted brows: they smooth the furrows between them, which would look painted there, and go with lids that
crease at their outer ends."""
LIMITS: Mapping[str, float] = {
    "nasolabial": 1.15, "glabella": 1.3, "orbit": 1.3, "cheekHollow": 0.3,
}  # fmt: skip
"""Stronger than this looks drawn on; 1 for the others."""
ON_GLASSES = frozenset({"orbit"})
"""Layers that a pair of glasses lies over: drawn, they would be brown patches on and above its rims."""
ERASE_PER_SMILE, LARGEST_ERASE = 1.5, 1.0


class Box(NamedTuple):
    """Pixels of the portrait."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Shading:
    """Layers over a box of the portrait, at half its resolution."""

    box: Box
    """Where there are layers; even sizes."""
    drivers: Floats
    """(layers, len(ROWS))"""
    limits: Floats
    """(layers,)"""
    values: Floats
    """All layers' patches, one after the other."""
    patches: NDArray[np.int32]
    """(layers, 5): offset in `values`, left, top, width, height in the half-size box."""
    headroom: Floats
    """(h, w) 0 where the skin is too light to be brightened."""
    eraser: Floats
    """(h, w, 3) what takes the photo's own folds away."""
    smile: float
    """How much of a smile a relaxed face loses."""

    def weights(self, amounts: Floats, relax: float) -> Floats:
        """(layers + 1,) strength of every layer and of the eraser, rounded."""
        layers = np.clip(self.drivers @ amounts, 0.0, self.limits)
        erase = relax * min(LARGEST_ERASE, ERASE_PER_SMILE * self.smile)
        all_weights = np.append(layers, np.float32(erase))
        rounded: Floats = (np.rint(all_weights * WEIGHT_STEPS) / WEIGHT_STEPS).astype(np.float32)
        return rounded


def build_shading(pixels: Image, mesh: Mesh, smile: float, glasses: bool) -> Shading:
    """Draws every layer on a portrait.

    Args:
        smile: How much of a smile a relaxed face loses.
        glasses: Whether there are any: layers that lie on them then stay away.
    """
    unit = mesh.frame.eye_distance
    height, width = pixels.shape[:2]
    face = mesh.pixels[:SKIN_POINTS, :2]
    low = np.maximum(np.floor(face.min(0) - 0.1 * unit), 0).astype(int) // 2 * 2
    high = np.minimum(np.ceil(face.max(0) + 0.1 * unit), [width, height]).astype(int)
    size = (high - low) // 2 * 2
    crop = pixels[low[1] : low[1] + size[1], low[0] : low[0] + size[0]]
    half = cv2.resize(crop, (int(size[0]) // 2, int(size[1]) // 2), interpolation=cv2.INTER_AREA)
    easel = _Easel(mesh, low, half.shape[:2])
    names, values, patches, offset = [], [], [], 0
    for name, marks in face_marks(easel.local):
        patch, (left, top) = easel.draw(marks)
        names.append(name)
        values.append(patch.ravel())
        patches.append((offset, left, top, patch.shape[1], patch.shape[0]))
        offset += patch.size
    light = cv2.GaussianBlur(half, (0, 0), 1.5).max(2).astype(np.float32)
    return Shading(
        box=Box(int(low[0]), int(low[1]), int(size[0]), int(size[1])),
        drivers=np.stack([_driver(name) for name in names]),
        limits=np.array([_limit(name, glasses) for name in names], np.float32),
        values=np.concatenate(values),
        patches=np.array(patches, np.int32),
        headroom=np.clip((250 - light) / 90, 0, 1),
        eraser=_erase(crop, easel) if smile else np.zeros((*half.shape[:2], 3), np.float32),
        smile=smile,
    )


def _base(name: str) -> tuple[str, str]:
    for side in ("Left", "Right"):
        if name.endswith(side):
            return name.removesuffix(side), side
    return name, ""


def _limit(name: str, glasses: bool) -> float:
    base, _ = _base(name)
    return 0.0 if glasses and base in ON_GLASSES else LIMITS.get(base, 1.0)


def _driver(name: str) -> Floats:
    base, side = _base(name)
    row = np.zeros(len(ROWS), np.float32)
    for coefficient, weight in (DRIVERS if side else MIDDLE_DRIVERS)[base].items():
        row[ROW[coefficient + side]] = weight
    if side and base in OBLIQUE_BROWS:
        row[ROW["browOblique"]] = OBLIQUE_BROWS[base]
    return row


class _Easel:
    """Draws marks at half resolution over a box of the portrait."""

    def __init__(self, mesh: Mesh, corner: NDArray[np.int64], shape: tuple[int, ...]) -> None:
        self.unit = mesh.frame.eye_distance / 2
        right = mesh.frame.axes[0, :2] / np.linalg.norm(mesh.frame.axes[0, :2])
        self.axes = np.stack([right, [-right[1], right[0]]])
        self.origin = (mesh.frame.origin[:2] - corner - 0.5) / 2
        self.points = (mesh.pixels[:SKIN_POINTS, :2] - corner - 0.5) / 2
        self.local = (self.points - self.origin) @ self.axes.T / self.unit
        self.height, self.width = int(shape[0]), int(shape[1])

    def to_pixels(self, local: Array) -> Array:
        """(n, 2) eye distances along the eyes and across to half-size pixels."""
        points: Array = self.origin + local @ self.axes * self.unit
        return points

    def draw(self, marks: Sequence[Mark]) -> tuple[Floats, tuple[int, int]]:
        """The marks' sum, cut to where there is any, with its left and top."""
        canvas = np.zeros((self.height, self.width), np.float32)
        for mark in marks:
            if isinstance(mark, Stroke):
                self._stroke(canvas, mark)
            else:
                self._blob(canvas, mark)
        rows, columns = np.flatnonzero(canvas.any(1)), np.flatnonzero(canvas.any(0))
        if not len(rows):
            return canvas[:1, :1], (0, 0)
        top, left = int(rows[0]), int(columns[0])
        return canvas[top : rows[-1] + 1, left : columns[-1] + 1].copy(), (left, top)

    def _window(self, points: Array, reach: float) -> tuple[slice, slice] | None:
        low = np.maximum(np.floor(points.min(0) - reach), 0).astype(int)
        high = np.minimum(np.ceil(points.max(0) + reach) + 1, [self.width, self.height]).astype(int)
        if (high <= low).any():
            return None
        return slice(low[1], high[1]), slice(low[0], high[0])

    def _stroke(self, canvas: Floats, mark: Stroke) -> None:
        path = smooth(self.to_pixels(mark.points))
        width = max(0.6, mark.width * self.unit)
        steps = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
        count = int(np.clip(steps[-1] / (0.45 * width), 16, 120))
        at = np.linspace(0, steps[-1], count)
        path = np.stack([np.interp(at, steps, path[:, k]) for k in (0, 1)], 1)
        t = np.linspace(0, 1, count)
        ends = np.clip(np.minimum(t / mark.taper[0], (1 - t) / mark.taper[1]), 0, 1)
        ends = ends * ends * (3 - 2 * ends)
        window = self._window(path, 3.2 * width)
        if window is None:
            return
        rows, columns = window
        best = np.zeros((rows.stop - rows.start, columns.stop - columns.start))
        draw_stroke(best, path - [columns.start, rows.start], ends, width)
        best[best < 6e-3] = 0
        canvas[rows, columns] += (mark.strength * best).astype(np.float32)

    def _blob(self, canvas: Floats, mark: Blob) -> None:
        centre = self.to_pixels(mark.centre[None])
        window = self._window(centre, 3.2 * max(mark.radii) * self.unit)
        if window is None:
            return
        rows, columns = window
        ys, xs = np.mgrid[rows, columns].astype(np.float64)
        offset = np.stack([xs - centre[0, 0], ys - centre[0, 1]], -1) @ self.axes.T / self.unit
        best = np.exp(-((offset / mark.radii) ** 2).sum(-1) / 2)
        best[best < 6e-3] = 0
        canvas[rows, columns] += (mark.strength * best).astype(np.float32)


def _erase(crop: Image, easel: _Easel) -> Floats:
    patch, (left, top) = easel.draw(smile_bands(easel.local))
    bands = np.zeros((easel.height, easel.width), np.float32)
    bands[top : top + patch.shape[0], left : left + patch.shape[1]] = np.clip(patch, 0, 1)
    return smile_eraser(crop, easel.points * 2 + 0.5, bands, 2 * easel.unit)


@compiled
def draw_stroke(best: Array, path: Array, ends: Array, width: float) -> None:
    """Gaussian dots along a path, the strongest at each pixel.

    Args:
        best: (h, w), written.
        path: (n, 2) dots.
        ends: (n,) their strengths.
        width: The dots' sigma.
    """
    reach, fall = 3.3 * width, -0.5 / (width * width)
    for k in range(path.shape[0]):
        px, py = path[k, 0], path[k, 1]
        for y in range(max(0, int(py - reach)), min(best.shape[0], int(py + reach) + 2)):
            for x in range(max(0, int(px - reach)), min(best.shape[1], int(px + reach) + 2)):
                distance = (x - px) ** 2 + (y - py) ** 2
                best[y, x] = max(best[y, x], ends[k] * np.exp(distance * fall))


def shade(
    target: Image,
    source: Image,
    shading: Shading,
    weights: Floats,
    before: Floats | None,
    gains: Floats,
    touched: Sequence[Box] = (),
) -> Box | None:
    """Brings the shaded box of `source` in `target` up to date, both (h, w, 3) of the portrait's size.

    Args:
        weights: From `Shading.weights`.
        before: Those that `target` and `gains` were left with; None draws everything.
        gains: (box height / 2, box width / 2, 3), kept from call to call.
        touched: What has changed in `source`.

    Returns:
        What has changed in `target`; None for nothing.
    """
    left, top, width, height = shading.box
    boxes = [(x - left, y - top, x - left + w, y - top + h) for x, y, w, h in touched]
    if before is None:
        gains.fill(1)
        before = np.full_like(weights, np.nan)
        boxes = [(0, 0, width, height)]
    rows = (source.shape[0], -1)
    changed = refresh(
        target.reshape(rows), source.reshape(rows), left, top, gains, shading.values,
        shading.patches, weights, before, shading.headroom, shading.eraser,
        np.array(boxes, np.int64).reshape(-1, 4), TINT,
    )  # fmt: skip
    x0, y0, x1, y1 = (int(v) for v in changed)
    return Box(left + x0, top + y0, x1 - x0, y1 - y0) if x1 > x0 else None
