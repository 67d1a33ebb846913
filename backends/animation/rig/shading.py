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
from backends.animation.rig.topology import SKIN_POINTS

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

TINT = np.array([0.72, 1.06, 1.10], np.float32)
"""Folds darken red less than green and blue: light under skin is red."""
WEIGHT_STEPS = 64
"""Weights are rounded to this, so that a still face is not shaded anew for every frame."""

DRIVERS: Mapping[str, Mapping[str, float]] = {
    "nasolabial": {"mouthSmile": 1.0, "mouthDimple": 0.15, "noseSneer": 0.85, "mouthFrown": 0.5},
    "dimple": {"mouthSmile": 0.65, "mouthDimple": 0.4},
    "mouthCorner": {"mouthSmile": 0.45, "mouthDimple": 0.15, "mouthFrown": 0.30},
    "marionette": {"mouthFrown": 0.35, "mouthPress": 0.3, "mouthStretch": 0.1},
    "cheekLight": {"mouthSmile": 0.55, "cheekSquint": 0.5},
    "cheekHollow": {"mouthSmile": 0.3},
    "crowsFeet": {"cheekSquint": 0.6, "mouthSmile": 0.2},
    "eyeBag": {"cheekSquint": 0.45, "eyeSquint": 0.2, "noseSneer": 0.15},
    "glabella": {"browDown": 1.25},
    "orbit": {"browDown": 1.2},
    "noseWrinkles": {"noseSneer": 0.55},
    "lidFold": {"eyeWide": 0.12},
}
"""Layers of one side: weight per coefficient of that side."""
MIDDLE_DRIVERS: Mapping[str, Mapping[str, float]] = {
    "forehead": {"browOuterUpLeft": 0.47, "browOuterUpRight": 0.47, "browInnerUp": 0.15},
    "foreheadMiddle": {"browOblique": 0.65},
    "chin": {"mouthShrugLower": 0.8, "mouthFrownLeft": 0.12, "mouthFrownRight": 0.12,
             "mouthPressLeft": 0.12, "mouthPressRight": 0.12},
}  # fmt: skip
OBLIQUE_BROWS: Mapping[str, float] = {
    "glabella": 0.2, "orbit": 0.45, "lidFold": 0.2, "eyeBag": 0.25,
}  # fmt: skip
LIMITS: Mapping[str, float] = {
    "nasolabial": 1.3, "glabella": 1.3, "orbit": 1.3, "cheekHollow": 0.3,
}  # fmt: skip
"""Stronger than this looks drawn on; 1 for the others."""
ERASE_PER_SMILE, LARGEST_ERASE = 1.5, 1.15


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
        layers = np.minimum(self.drivers @ amounts, self.limits)
        erase = relax * min(LARGEST_ERASE, ERASE_PER_SMILE * self.smile)
        all_weights = np.append(layers, np.float32(erase))
        rounded: Floats = (np.rint(all_weights * WEIGHT_STEPS) / WEIGHT_STEPS).astype(np.float32)
        return rounded


def build_shading(pixels: Image, mesh: Mesh, smile: float) -> Shading:
    """Draws every layer on a portrait."""
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
        limits=np.array([_limit(name) for name in names], np.float32),
        values=np.concatenate(values),
        patches=np.array(patches, np.int32),
        headroom=np.clip((250 - light) / 90, 0, 1),
        eraser=smile_eraser(crop, easel.points * 2 + 0.5, _smile_bands(easel), unit),
        smile=smile,
    )


def _base(name: str) -> tuple[str, str]:
    for side in ("Left", "Right"):
        if name.endswith(side):
            return name.removesuffix(side), side
    return name, ""


def _limit(name: str) -> float:
    return LIMITS.get(_base(name)[0], 1.0)


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

    def _window(self, points: Array, reach: float) -> tuple[slice, slice, Array, Array] | None:
        low = np.maximum(np.floor(points.min(0) - reach), 0).astype(int)
        high = np.minimum(np.ceil(points.max(0) + reach) + 1, [self.width, self.height]).astype(int)
        if (high <= low).any():
            return None
        ys, xs = np.mgrid[low[1] : high[1], low[0] : high[0]].astype(np.float64)
        return slice(low[1], high[1]), slice(low[0], high[0]), xs, ys

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
        rows, columns, xs, _ = window
        best = np.zeros(xs.shape)
        draw_stroke(best, path - [columns.start, rows.start], ends, width)
        best[best < 6e-3] = 0
        canvas[rows, columns] += (mark.strength * best).astype(np.float32)

    def _blob(self, canvas: Floats, mark: Blob) -> None:
        centre = self.to_pixels(mark.centre[None])
        window = self._window(centre, 3.2 * max(mark.radii) * self.unit)
        if window is None:
            return
        rows, columns, xs, ys = window
        offset = np.stack([xs - centre[0, 0], ys - centre[0, 1]], -1) @ self.axes.T / self.unit
        best = np.exp(-((offset / mark.radii) ** 2).sum(-1) / 2)
        best[best < 6e-3] = 0
        canvas[rows, columns] += (mark.strength * best).astype(np.float32)


def _smile_bands(easel: _Easel) -> Floats:
    """(h, w) 0..1 at half resolution."""
    patch, (left, top) = easel.draw(smile_bands(easel.local))
    bands = np.zeros((easel.height, easel.width), np.float32)
    bands[top : top + patch.shape[0], left : left + patch.shape[1]] = np.clip(patch, 0, 1)
    return bands


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


@compiled
def refresh(
    target: Image,
    source: Image,
    left: int,
    top: int,
    gains: Floats,
    values: Floats,
    patches: NDArray[np.int32],
    weights: Floats,
    before: Floats,
    headroom: Floats,
    eraser: Floats,
    touched: NDArray[np.int64],
    tint: Floats,
) -> NDArray[np.int64]:
    """The pixels of `shade`, pictures as (h, 3 w); `touched` as left, top, right, bottom in the box, as the result."""
    rows, columns = headroom.shape
    changed, drawn = np.empty((rows, 2, 2), np.int64), np.empty((rows, 2, 2), np.int64)
    for lines in (changed, drawn):
        lines[:, :, 0], lines[:, :, 1] = columns, 0
    erase = weights[-1]
    if erase != before[-1]:
        _include(changed, columns, 0, 0, columns, rows)
    for k in range(patches.shape[0]):
        if weights[k] != before[k]:
            _include(changed, columns, patches[k, 1], patches[k, 2], patches[k, 3], patches[k, 4])
    total = np.empty(columns, np.float32)
    for y in range(rows):
        for side in range(2):
            x0, x1 = changed[y, side, 0], changed[y, side, 1]
            if x1 > x0:
                _sum_row(total, y, x0, x1, values, patches, weights)
                _gain_row(gains[y], total, headroom[y], eraser[y], x0, x1, erase, tint)
                _include(drawn, columns, x0 - 1, y - 1, x1 - x0 + 2, 3)
    for k in range(touched.shape[0]):
        x0, y0 = touched[k, 0] >> 1, touched[k, 1] >> 1
        wide, high = (touched[k, 2] + 1 >> 1) - x0, (touched[k, 3] + 1 >> 1) - y0
        _include(drawn, columns, x0, y0, wide, high)
    box = np.array([2 * columns, 2 * rows, 0, 0])
    for y in range(rows):
        for side in range(2):
            x0, x1 = drawn[y, side, 0], drawn[y, side, 1]
            if x1 > x0:
                for row in range(2 * y, 2 * y + 2):
                    _apply_row(target[top + row], source[top + row], left, gains, row, x0, x1)
                box[0], box[1] = min(box[0], 2 * x0), min(box[1], 2 * y)
                box[2], box[3] = max(box[2], 2 * x1), 2 * y + 2
    return box


@compiled
def _include(
    lines: NDArray[np.int64], columns: int, left: int, top: int, width: int, height: int
) -> None:
    """Widens the (start, end) of rows, one in each half of the columns, to a box."""
    middle = columns // 2
    for side in range(2):
        x0 = max(left, middle * side)
        x1 = min(left + width, columns if side else middle)
        if x1 > x0:
            for y in range(max(0, top), min(lines.shape[0], top + height)):
                lines[y, side, 0] = min(lines[y, side, 0], x0)
                lines[y, side, 1] = max(lines[y, side, 1], x1)


@compiled
def _sum_row(
    total: Floats,
    y: int,
    x0: int,
    x1: int,
    values: Floats,
    patches: NDArray[np.int32],
    weights: Floats,
) -> None:
    total[x0:x1] = 0.0
    for k in range(patches.shape[0]):
        line, weight = y - patches[k, 2], weights[k]
        if weight != 0.0 and 0 <= line < patches[k, 4]:
            left, width = patches[k, 1], patches[k, 3]
            start = patches[k, 0] + line * width - left
            first, last = max(x0, left), min(x1, left + width)
            if last > first:
                part, layer = total[first:last], values[start + first : start + last]
                for x in range(part.shape[0]):
                    part[x] += weight * layer[x]


@compiled
def _gain_row(
    gains: Floats,
    total: Floats,
    headroom: Floats,
    eraser: Floats,
    x0: int,
    x1: int,
    erase: float,
    tint: Floats,
) -> None:
    """e to the sum of layers, as a power of 8 of a polynomial: good to 1e-5 between -2 and 2."""
    one, half, third = np.float32(1.0), np.float32(0.5), np.float32(1 / 6)
    quarter, eighth, share = np.float32(0.25), np.float32(0.125), np.float32(erase)
    zero, count = np.float32(0.0), x1 - x0
    sums, room = total[x0:x1], headroom[x0:x1]
    for x in range(count):
        sums[x] = min(zero, sums[x]) + max(zero, sums[x]) * room[x]
    out, away = gains.reshape(-1)[3 * x0 : 3 * x1], eraser.reshape(-1)[3 * x0 : 3 * x1]
    for x in range(count):
        for c in range(3):
            out[3 * x + c] = tint[c] * sums[x]
    for k in range(3 * count):
        t = (out[k] + share * away[k]) * eighth
        e = one + t * (one + t * (half + t * (third + t * third * quarter)))
        e *= e
        e *= e
        out[k] = e * e


@compiled
def _apply_row(
    target: Image, source: Image, left: int, gains: Floats, row: int, x0: int, x1: int
) -> None:
    """Multiplies a row of a picture by the half-size factors, bilinearly enlarged."""
    rows, columns = gains.shape[0], gains.shape[1]
    other = min(rows - 1, max(0, (row >> 1) + (1 if row & 1 else -1)))
    near, far, half = np.float32(0.75), np.float32(0.25), np.float32(0.5)
    mine, next_one = gains[row >> 1], gains[other]
    start = 3 * (left + 2 * x0)
    pixels, out = source[start : start + 6 * (x1 - x0)], target[start : start + 6 * (x1 - x0)]
    wide = np.empty(6 * (x1 - x0), np.float32)
    line = np.empty((x1 - x0 + 2, 3), np.float32)
    for k in range(line.shape[0]):
        x = min(columns - 1, max(0, x0 + k - 1))
        for c in range(3):
            line[k, c] = near * mine[x, c] + far * next_one[x, c]
    for k in range(x1 - x0):
        for c in range(3):
            middle = near * line[k + 1, c]
            wide[6 * k + c] = middle + far * line[k, c]
            wide[6 * k + 3 + c] = middle + far * line[k + 2, c]
    for k in range(wide.shape[0]):
        value = np.float32(pixels[k]) * wide[k] + half
        out[k] = np.uint8(np.int32(min(np.float32(255.0), value)))


@compiled
def sum_layers(
    gains: Floats,
    values: Floats,
    patches: NDArray[np.int32],
    weights: Floats,
    headroom: Floats,
    eraser: Floats,
    erase: float,
    tint: Floats,
) -> None:
    """Adds the layers and turns the sum into factors per channel."""
    rows, columns = headroom.shape
    total = gains[:, :, 0]
    total[:] = 0.0
    for k in range(patches.shape[0]):
        weight = weights[k]
        if weight == 0.0:
            continue
        offset, left, top = patches[k, 0], patches[k, 1], patches[k, 2]
        width, height = patches[k, 3], patches[k, 4]
        for y in range(height):
            start = offset + y * width
            for x in range(width):
                total[top + y, left + x] += weight * values[start + x]
    for y in range(rows):
        for x in range(columns):
            g = total[y, x]
            if g > 0.0:
                g *= headroom[y, x]
            if g == 0.0 and (erase == 0.0 or eraser[y, x, 1] == 0.0):
                gains[y, x, 0] = gains[y, x, 1] = gains[y, x, 2] = 1.0
                continue
            for c in range(3):
                gains[y, x, c] = np.exp(tint[c] * g + np.float32(erase) * eraser[y, x, c])


@compiled
def apply_gains(target: Image, source: Image, left: int, top: int, gains: Floats) -> None:
    """Multiplies pictures (h, 3 w) by the half-size factors from (left, top) on, bilinearly enlarged."""
    rows, columns = gains.shape[0], gains.shape[1]
    line = np.empty((columns + 2, 3), np.float32)
    wide = np.empty((columns, 6), np.float32)
    factors = wide.ravel()
    near, far, half = np.float32(0.75), np.float32(0.25), np.float32(0.5)
    for y in range(2 * rows):
        row = y >> 1
        other = min(rows - 1, max(0, row + (1 if y & 1 else -1)))
        for x in range(columns):
            for c in range(3):
                line[x + 1, c] = near * gains[row, x, c] + far * gains[other, x, c]
        line[0], line[-1] = line[1], line[-2]
        for x in range(columns):
            for c in range(3):
                middle = near * line[x + 1, c]
                wide[x, c] = middle + far * line[x, c]
                wide[x, c + 3] = middle + far * line[x + 2, c]
        pixels, out = source[top + y, 3 * left :], target[top + y, 3 * left :]
        for k in range(factors.shape[0]):
            value = np.float32(pixels[k]) * factors[k] + half
            out[k] = np.uint8(np.int32(min(np.float32(255.0), value)))
