"""The inside of the mouth: cavity, tongue, both rows of teeth or the photo's own, in the lips' shadow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled
from backends.animation.rig.curves import Opening, covered, height_at, ramp
from backends.animation.rig.deform import JAW_OPEN_RAD, FaceShape
from backends.animation.rig.mesh import Mesh
from backends.animation.rig.pose import STRAIGHT, HeadPose, Plane, head_plane
from backends.animation.rig.teeth import (
    LOWER,
    MM_PER_EYE_DISTANCE,
    UPPER,
    Layer,
    draw_arch,
    photo_mouth,
)
from backends.animation.rig.topology import INNER_LOWER, INNER_UPPER

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

UPPER_EDGE, LOWER_EDGE = 0.055, 0.042
"""Incisal edges below the seam of closed lips, in eye distances."""
CAVITY = np.array([0.27, 0.085, 0.075])
TONGUE = np.array([0.92, 0.48, 0.45])
LIP_SHADOW = np.array([0.40, 0.20, 0.19])
LIP_LINE = np.array([0.37, 0.15, 0.14])


@dataclass(frozen=True, slots=True)
class MouthInterior:
    upper_teeth: Layer
    lower_teeth: Layer
    own: Layer
    """What the photo shows inside an open mouth; one transparent pixel where it shows nothing."""
    centre: Array
    """(3,) where the layers hang, in the face's frame."""
    own_plane: Plane
    """Through the centre, in the pixels of `own`."""
    colours: Floats
    """(6, 3) in 0..255: cavity, tongue, lower teeth, upper teeth, shadow of the lips, line of closed lips."""
    skin_light: float
    """Brightness of the cheeks, 0..1."""


def build_interior(pixels: Image, mesh: Mesh, shape: FaceShape) -> MouthInterior:
    unit = mesh.frame.eye_distance
    skin = _skin_colour(pixels, mesh)
    light = float(skin @ [0.3, 0.59, 0.11])
    tooth = float(np.clip(1.05 * light + 0.10, 0.42, 0.86))
    tint = 0.68 + 0.32 * skin / skin.max()
    tint /= tint.max()
    edges = UPPER_EDGE, LOWER_EDGE
    own, corner = None, (0, 0)
    if shape.open_photo:
        edges = float(shape.own_gap.max()) * 0.38, float(shape.own_gap.max()) * 0.38 + 0.01
        outline = mesh.pixels[[*INNER_UPPER, *INNER_LOWER[-2:0:-1]], :2]
        found = photo_mouth(pixels, outline, unit)
        if found is not None:
            own, corner = found
    size = float(np.clip(shape.mouth_half_width / 0.40, 0.74, 1.05))
    density = max(1.0, unit / MM_PER_EYE_DISTANCE) / size
    upper = draw_arch(UPPER, True, density * size, edges[0] / size)
    lower = draw_arch(LOWER, False, density * size, edges[1] / size)
    centre = shape.mouth_centre + [0.0, 0.0, 0.10]
    plane = head_plane(mesh, centre, STRAIGHT)
    colours = [
        CAVITY * tooth * 0.75, TONGUE * tooth * 0.75, tint * tooth * 0.88, tint * tooth * 1.02,
        LIP_SHADOW * skin, LIP_LINE * light,
    ]  # fmt: skip
    return MouthInterior(
        upper_teeth=Layer(upper.rgba, upper.anchor, upper.scale / size),
        lower_teeth=Layer(lower.rgba, lower.anchor, lower.scale / size),
        own=own or Layer(np.zeros((1, 1, 4), np.float32), (0.0, 0.0), 1.0),
        centre=centre,
        own_plane=Plane(plane.axes, plane.origin - corner),
        colours=(np.array(colours) * 255).astype(np.float32),
        skin_light=light,
    )


def _skin_colour(pixels: Image, mesh: Mesh) -> Array:
    """(3,) in 0..1: the cheeks, leaning to the brighter one."""
    reach = max(2, int(0.10 * mesh.frame.eye_distance))
    cheeks = []
    for pair in ((205, 50), (425, 280)):
        x, y = mesh.pixels[list(pair), :2].mean(0).astype(int)
        patch = pixels[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach]
        cheeks.append(np.median(patch.reshape(-1, 3), 0) / 255 if patch.size else np.full(3, 0.6))
    skin: Array = np.maximum(cheeks[0], cheeks[1]) * 0.6 + 0.4 * (cheeks[0] + cheeks[1]) / 2
    return np.maximum(skin, 0.05)


def as_in_photo(shape: FaceShape, gap: Array, speaking: float) -> float:
    """1 where an open mouth is as it was in the photo, falling to 0 as its gap changes or it speaks."""
    if not shape.open_photo:
        return 0.0
    change = float(np.abs(gap - shape.own_gap).max())
    return float(np.clip(1.25 - change / 0.04 - speaking / 0.4, 0, 1))


@dataclass(frozen=True, slots=True)
class MouthRow:
    """One frame's demands on the mouth's inside."""

    gap: Array
    """(9,) eye distances between the lips."""
    jaw: float
    speaking: float
    tongue: float
    """0..1, its tip up behind the teeth."""
    tongue_out: float


def draw_mouth(
    canvas: Image,
    inside: MouthInterior,
    shape: FaceShape,
    mesh: Mesh,
    row: MouthRow,
    projected: Array,
    head: HeadPose,
    corner: tuple[int, int],
) -> None:
    """Paints the opening between the lips.

    Args:
        canvas: (h, w, 3) region of the frame with the skin drawn.
        projected: (n, 3) vertices in the frame's pixels.
        corner: Left and top of the canvas in the frame.
    """
    unit = mesh.frame.eye_distance
    widest = float(row.gap.max())
    seam = 0.65 * float(np.clip(1 - widest / 0.05, 0, 1)) if shape.open_photo else 0.0
    unchanged = as_in_photo(shape, row.gap, row.speaking)
    if (widest * unit < 0.1 and seam == 0.0) or unchanged == 1.0:
        return
    at = projected[:, :2] - np.array(corner)
    upper, lower = at[list(INNER_UPPER)].copy(), at[list(INNER_LOWER)].copy()
    if not shape.open_photo:
        _leave_own_line(upper, lower, shape.own_gap, row.gap)
    pad = 2 + 0.03 * unit
    opening = Opening.between(upper, lower, pad, canvas.shape[1], canvas.shape[0])
    skull = head_plane(mesh, inside.centre, head).inverse(corner)
    hinge = shape.turn_jaw(inside.centre[None], row.jaw * JAW_OPEN_RAD)[0]
    jaw = head_plane(mesh, hinge, head).inverse(corner)
    own = inside.own_plane.axes @ skull
    own[:, 2] += inside.own_plane.origin
    paint_mouth(
        canvas, np.array(opening.box), np.array([*opening.origin, *opening.axis, opening.length]),
        opening.upper, opening.lower, _texture(skull, inside.upper_teeth),
        inside.upper_teeth.rgba, _texture(jaw, inside.lower_teeth), inside.lower_teeth.rgba,
        own, inside.own.rgba, jaw, inside.colours,
        np.array([row.tongue, row.tongue_out, seam, unchanged]),
        widest, unit,
    )  # fmt: skip


def _leave_own_line(upper: Array, lower: Array, own_gap: Array, gap: Array) -> None:
    """The line between closed lips in the photo is skin, not opening: takes it off both borders."""
    across = lower[1:-1] - upper[1:-1]
    wide = np.linalg.norm(across, axis=1)
    kept = np.where(gap > 1e-6, np.minimum(own_gap / np.maximum(gap, 1e-6), 1.0), 1.0)
    inset = across * (0.5 * kept * (wide > 1e-9))[:, None]
    upper[1:-1] += inset
    lower[1:-1] -= inset


def _texture(to_local: Array, layer: Layer) -> Array:
    out = to_local * layer.scale
    out[:, 2] += layer.anchor
    return out


@compiled
def paint_mouth(
    canvas: NDArray[np.uint8],
    box: NDArray[np.int64],
    frame: Array,
    upper: Floats,
    lower: Floats,
    to_upper: Array,
    upper_teeth: Floats,
    to_lower: Array,
    lower_teeth: Floats,
    to_own: Array,
    own: Floats,
    to_jaw: Array,
    colours: Floats,
    amounts: Array,
    widest: float,
    unit: float,
) -> None:
    """The pixels of `draw_mouth`: `frame` = origin, axis and length of the opening, `amounts` = tongue, tongue out,
    line of closed lips, and how much the mouth is as it was in the photo."""
    tongue, out, seam, same = amounts[0], amounts[1], amounts[2], amounts[3]
    soft = max(0.5, 0.007 * unit)
    colour = np.empty(3, np.float64)
    teeth = np.empty(4, np.float64)
    warm = (0.80, 1.12, 1.18)
    opened = 0.76 + 0.24 * min(1.0, widest / 0.10)
    for y in range(box[1], box[3]):
        for x in range(box[0], box[2]):
            dx, dy = x - frame[0], y - frame[1]
            along, across = dx * frame[2] + dy * frame[3], dy * frame[2] - dx * frame[3]
            top, bottom = height_at(upper, along), height_at(lower, along)
            if seam > 0.0 and 0.0 < along < frame[4]:
                t = 2.0 * along / frame[4] - 1.0
                from_line = (across - 0.5 * (top + bottom)) / (0.011 * unit + 0.45)
                ink = seam * (1.0 - t * t) ** 0.5 * np.exp(-from_line * from_line)
                for c in range(3):
                    skin = float(canvas[y, x, c])
                    canvas[y, x, c] = int(skin + ink * (colours[5, c] - skin) + 0.5)
            cover = covered(across, top, bottom, soft) * (1.0 - same)
            if cover <= 0.0:
                continue
            _tongue(colour, colours, to_jaw, x, y, tongue, out)
            _over(teeth, lower_teeth, to_lower, x, y)
            for c in range(3):
                colour[c] += teeth[c] * colours[2, c] - teeth[3] * colour[c]
            if out < 0.5:
                _over(teeth, upper_teeth, to_upper, x, y)
                for c in range(3):
                    colour[c] += teeth[c] * colours[3, c] - teeth[3] * colour[c]
            _over(teeth, own, to_own, x, y)
            from_upper, from_lower = (across - top) / unit, (bottom - across) / unit
            beside = abs(2.0 * along / frame[4] - 1.0)
            light = (0.76 + 0.24 * ramp(min(from_upper, from_lower) / 0.030 + 0.1)) * opened
            light *= 0.70 + 0.30 * ramp(from_upper / 0.075 + 0.1)
            light *= 1.0 - 0.68 * ramp((beside - 0.35) / 0.65)
            shown = 0.25 + 0.75 * ((bottom - top) / unit - 0.004) / 0.045
            shown = min(1.0, max(0.0, shown))
            for c in range(3):
                inner = colour[c] * (1.0 - teeth[3]) + teeth[c] * 255.0
                inner *= light ** warm[c]
                inner = inner * shown + colours[4, c] * (1.0 - shown)
                skin = float(canvas[y, x, c])
                value = skin + cover * (inner - skin) + 0.5
                canvas[y, x, c] = int(min(255.0, max(0.0, value)))


@compiled
def _tongue(
    colour: Array, colours: Floats, to_jaw: Array, x: int, y: int, tip: float, out: float
) -> None:
    """Cavity with the tongue's back in it; the tip rises behind the teeth, or comes out over the lower ones."""
    u = (to_jaw[0, 0] * x + to_jaw[0, 1] * y + to_jaw[0, 2]) / 0.27
    v = to_jaw[1, 0] * x + to_jaw[1, 1] * y + to_jaw[1, 2]
    v = (v - 0.070 + 0.045 * tip - 0.03 * out) / (0.125 + 0.03 * out)
    cover = min(1.0, max(0.0, (1.0 - np.sqrt(u * u + v * v)) * 5.0)) * 0.95
    light = 0.60 - 0.22 * min(1.0, max(-1.0, v))
    light *= 1.0 - 0.20 * np.exp(-((u / 0.08) ** 2)) * min(1.0, max(0.0, 0.8 - v))
    light += 0.10 * np.exp(-(((u - 0.2) / 0.22) ** 2) - ((v + 0.45) / 0.2) ** 2)
    light *= (0.70 + 0.22 * max(tip, out)) / 0.75
    for c in range(3):
        colour[c] = colours[0, c] + cover * (colours[1, c] * light - colours[0, c])


@compiled
def _over(out: Array, layer: Floats, affine: Array, x: int, y: int) -> None:
    """Samples a layer with premultiplied transparency; nothing outside of it."""
    u = affine[0, 0] * x + affine[0, 1] * y + affine[0, 2]
    v = affine[1, 0] * x + affine[1, 1] * y + affine[1, 2]
    if not (0.0 <= u < layer.shape[1] - 1 and 0.0 <= v < layer.shape[0] - 1):
        out[:] = 0.0
        return
    i, j = int(u), int(v)
    fx, fy = u - i, v - j
    for c in range(4):
        above = layer[j, i, c] * (1.0 - fx) + layer[j, i + 1, c] * fx
        below = layer[j + 1, i, c] * (1.0 - fx) + layer[j + 1, i + 1, c] * fx
        out[c] = above * (1.0 - fy) + below * fy
