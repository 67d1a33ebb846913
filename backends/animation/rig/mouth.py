"""The inside of the mouth: cavity, tongue, both rows of teeth or the photo's own, in the lips' shadow."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled
from backends.animation.rig.curves import covered, gather, height_at, ramp, trace_opening
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
from backends.animation.rig.topology import EYES, INNER_LOWER, INNER_UPPER, LOWER_LIP, UPPER_LIP

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

UPPER_EDGE, LOWER_EDGE = 0.055, 0.042
"""Incisal edges below the seam of closed lips, in eye distances."""
CAVITY = np.array([0.30, 0.10, 0.09])
TONGUE = np.array([0.92, 0.50, 0.47])
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
    """(7, 3) in 0..255: cavity, tongue, lower teeth, upper teeth, shadow of the lips, line of closed lips, light on
    wet lips."""
    lips: Floats
    """(2, 11, 3) in 0..255: the red of both lips from the picture's left to its right."""
    upper_edge: float
    """Incisal edge of the upper teeth below the centre, in eye distances."""
    skin_light: float
    """Brightness of the cheeks, 0..1."""


def build_interior(pixels: Image, mesh: Mesh, shape: FaceShape) -> MouthInterior:
    unit = mesh.frame.eye_distance
    skin = _skin_colour(pixels, mesh)
    light = float(skin @ [0.3, 0.59, 0.11])
    tooth = float(np.clip(1.05 * light + 0.10, 0.42, 0.86))
    tint = (0.68 + 0.32 * skin / skin.max()) * _eye_white(pixels, mesh)
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
    lips = _lip_colours(pixels, mesh)
    tongue = 0.45 * TONGUE * tooth * tint + 0.48 * lips[1, 3:8].mean(0) / 255
    colours = [
        CAVITY * tooth * 0.75, tongue, tint * tooth * 0.88, tint * tooth * 1.02,
        LIP_SHADOW * skin, LIP_LINE * light, np.minimum(1.0, 0.25 + skin),
    ]  # fmt: skip
    return MouthInterior(
        upper_teeth=Layer(upper.rgba, upper.anchor, upper.scale / size),
        lower_teeth=Layer(lower.rgba, lower.anchor, lower.scale / size),
        own=own or Layer(np.zeros((1, 1, 4), np.float32), (0.0, 0.0), 1.0),
        centre=centre,
        own_plane=Plane(plane.axes, plane.origin - corner),
        colours=(np.array(colours) * 255).astype(np.float32),
        lips=lips,
        upper_edge=edges[0],
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


def _eye_white(pixels: Image, mesh: Mesh) -> Array:
    """(3,) tint of the light, most of what the whites of the eyes show; 1 where none are seen."""
    mask = np.zeros(pixels.shape[:2], np.uint8)
    for eye in EYES:
        outline = mesh.pixels[list(eye.contour), :2]
        cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], (1,))
    seen = pixels[mask > 0].astype(np.float64)
    if len(seen) < 40:
        return np.ones(3)
    light = seen.mean(1)
    white = seen[(light > np.percentile(light, 65)) & (light < np.percentile(light, 95))].mean(0)
    return np.clip(0.4 + 0.6 * white / white.max(), 0.92, 1.0)


def _lip_colours(pixels: Image, mesh: Mesh) -> Floats:
    soft = cv2.GaussianBlur(pixels, (0, 0), max(0.6, 0.015 * mesh.frame.eye_distance))
    rows = []
    for rings in (UPPER_LIP, LOWER_LIP):
        places = (mesh.pixels[list(rings[1]), :2] + mesh.pixels[list(rings[2]), :2]) / 2
        inside = np.clip(np.rint(places).astype(int), 0, [soft.shape[1] - 1, soft.shape[0] - 1])
        rows.append(soft[inside[:, 1], inside[:, 0]])
    return np.array(rows, np.float32)


def as_in_photo(shape: FaceShape, gap: Array, speaking: float) -> float:
    """1 where an open mouth is as it was in the photo, falling to 0 as its gap changes or it speaks."""
    if not shape.open_photo:
        return 0.0
    return float(_likeness(gap, shape.own_gap, speaking))


@compiled
def _likeness(gap: Array, own_gap: Array, speaking: float) -> float:
    change = 0.0
    for k in range(gap.shape[0]):
        change = max(change, abs(gap[k] - own_gap[k]))
    return float(min(1.0, max(0.0, 1.25 - change / 0.04 - speaking / 0.4)))


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


WARM = (0.22, -0.16, -0.235)
"""How much less than the light each channel falls with it: shade in the mouth is red."""
TONGUE_REACHES, TONGUE_HALF_WIDTH = 0.40, 0.15
"""How far below the seam the tip of a tongue that is stuck out lies, and half of its width, in eye distances."""

RIM = np.array([INNER_UPPER, INNER_LOWER], np.int64)
NO_LINE = np.zeros(len(INNER_UPPER) - 2)


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
    seam = 0.65 * min(1.0, max(0.0, 1 - widest / 0.05)) if shape.open_photo else 0.0
    unchanged = as_in_photo(shape, row.gap, row.speaking)
    if (widest * unit < 0.1 and seam == 0.0) or unchanged == 1.0:
        return
    skull = head_plane(mesh, inside.centre, head).inverse(corner)
    hinge = shape.turn_jaw(inside.centre, row.jaw * JAW_OPEN_RAD)
    jaw = head_plane(mesh, hinge, head).inverse(corner)
    paint_mouth(
        canvas, projected, RIM, corner[0], corner[1], row.gap,
        NO_LINE if shape.open_photo else shape.own_gap, skull, jaw, inside.own_plane.axes,
        inside.own_plane.origin,
        inside.upper_teeth.rgba, _place(inside.upper_teeth, 1.0), inside.lower_teeth.rgba,
        _place(inside.lower_teeth, -1.0), inside.own.rgba, inside.colours, inside.lips,
        np.array([row.tongue, row.tongue_out, seam, unchanged, inside.upper_edge]), unit,
    )  # fmt: skip


def _place(layer: Layer, gums: float) -> Array:
    """Scale, anchor, and where the layer goes on without end: 1 above, -1 below."""
    return np.array([layer.scale, *layer.anchor, gums])


@compiled
def paint_mouth(
    canvas: NDArray[np.uint8],
    projected: Array,
    rim: NDArray[np.int64],
    left: int,
    top: int,
    gap: Array,
    own_line: Array,
    to_skull: Array,
    to_jaw: Array,
    own_axes: Array,
    own_origin: Array,
    upper_teeth: Floats,
    upper_place: Array,
    lower_teeth: Floats,
    lower_place: Array,
    own: Floats,
    colours: Floats,
    lips: Floats,
    amounts: Array,
    unit: float,
) -> None:
    """The pixels of `draw_mouth`.

    `own_line` = (9,) gap in the photo that is a line of the skin; places = from `_place`; `amounts` =
    tongue, tongue out, line of closed lips, how much the mouth is as it was in the photo, edge of the upper teeth.
    """
    seam, same = amounts[2], amounts[3]
    borders = gather(projected, rim[0], rim[1], left, top)
    _leave_own_line(borders, own_line, gap)
    pad = 2 + 0.04 * unit
    frame, upper, lower, box = trace_opening(borders, pad, canvas.shape)
    out = ramp((amounts[1] - 0.1) / 0.3)
    if out > 0.0:
        box[3] = min(canvas.shape[0], box[3] + int(TONGUE_REACHES * amounts[1] * unit))
    soft = max(0.5, 0.007 * unit)
    widest = gap.max()
    opened = 0.78 + 0.22 * min(1.0, widest / 0.10)
    spill = (0.25 + 0.004 * unit) * min(1.0, widest / 0.04)  # over the mesh's straight edges
    damp = (1.0 - same) * min(1.0, widest / 0.03)
    colour, teeth = np.empty(3, np.float64), np.empty(4, np.float64)
    cavity, red, shadow, line, wet = colours[0], colours[1], colours[4], colours[5], colours[6]
    low_tint, high_tint, lip = colours[2], colours[3], lips[1, 5]
    for y in range(box[1], box[3]):
        for x in range(box[0], box[2]):
            dx, dy = x - frame[0], y - frame[1]
            along, across = dx * frame[2] + dy * frame[3], dy * frame[2] - dx * frame[3]
            above, below = height_at(upper, along), height_at(lower, along)
            t = 2.0 * along / frame[4] - 1.0
            if -1.0 < t < 1.0:
                if seam > 0.0:
                    from_line = (across - 0.5 * (above + below)) / (0.011 * unit + 0.45)
                    if abs(from_line) < 3.0:
                        ink = seam * (1.0 - t * t) ** 0.5 * np.exp(-from_line * from_line)
                        _blend(canvas, y, x, line, ink)
                if damp > 0.0 and (across < above or across > below):
                    _moisten(canvas, y, x, t, across, above, below, lips, wet, damp, unit)
            over = spill * max(0.0, 1.0 - t * t)
            cover = covered(across, above - over, below + over, soft) * (1.0 - same)
            if cover <= 0.0 and (out <= 0.0 or across < above):
                continue
            skull = _apply(to_skull, x, y)
            jaw = _apply(to_jaw, x, y)
            if cover > 0.0:
                own_x = own_axes[0, 0] * skull[0] + own_axes[0, 1] * skull[1] + own_origin[0]
                own_y = own_axes[1, 0] * skull[0] + own_axes[1, 1] * skull[1] + own_origin[1]
                _sample(teeth, own, own_x, own_y)
                bone, through = teeth[3], 1.0 - teeth[3]
                for c in range(3):
                    colour[c] = teeth[c] * 255.0
                if through > 0.004:
                    through *= _under(colour, teeth, upper_teeth, upper_place, skull, high_tint, through)
                if through > 0.004:
                    bone = max(bone, teeth[3])
                    through *= _under(colour, teeth, lower_teeth, lower_place, jaw, low_tint, through)
                if through > 0.004:
                    _tongue(colour, cavity, red, skull, jaw, amounts[0], amounts[4], through)
                _tip(
                    colour, red, skull[0], (below - across) / unit,
                    max(1e-3, (below - above) / unit), amounts[0],
                )  # fmt: skip
                light = _light((across - above) / unit, (below - across) / unit, abs(t)) * opened
                shown = min(1.0, max(0.0, 0.25 + 0.75 * ((below - above) / unit - 0.004) / 0.045))
                shown *= 1.0 - (0.85 - 0.45 * bone) * ramp((abs(t) - 0.62) / 0.36)
                for c in range(3):
                    lit = light * (1.0 + WARM[c] * (1.0 - light))
                    colour[c] = colour[c] * lit * shown + shadow[c] * (1.0 - shown)
                _blend(canvas, y, x, colour, cover)
            if out > 0.0 and across > above:
                under = ramp((skull[1] - amounts[4]) / 0.03 + 0.5)
                tongue = _tongue_out(colour, red, lip, jaw, amounts[1], canvas, y, x)
                _blend(canvas, y, x, colour, out * under * tongue)


@compiled
def _leave_own_line(borders: Array, own_line: Array, gap: Array) -> None:
    """The line between closed lips in the photo is skin, not opening: takes it off both borders."""
    for k in range(gap.shape[0]):
        if own_line[k] > 0.0 and gap[k] > 1e-6:
            share = 0.5 * min(1.0, own_line[k] / gap[k])
            for c in range(2):
                inset = share * (borders[1, k + 1, c] - borders[0, k + 1, c])
                borders[0, k + 1, c] += inset
                borders[1, k + 1, c] -= inset


@compiled
def _apply(affine: Array, x: int, y: int) -> tuple[float, float]:
    return (
        affine[0, 0] * x + affine[0, 1] * y + affine[0, 2],
        affine[1, 0] * x + affine[1, 1] * y + affine[1, 2],
    )


@compiled
def _blend(canvas: NDArray[np.uint8], y: int, x: int, colour: Array, share: float) -> None:
    for c in range(3):
        skin = float(canvas[y, x, c])
        value = skin + share * (colour[c] - skin) + 0.5
        canvas[y, x, c] = int(min(255.0, max(0.0, value)))


@compiled
def _moisten(
    canvas: NDArray[np.uint8],
    y: int,
    x: int,
    t: float,
    across: float,
    above: float,
    below: float,
    lips: Floats,
    wet: Floats,
    amount: float,
    unit: float,
) -> None:
    """Inner edges of opening lips: red as the lips instead of dark as the line between them was, the lower one wet."""
    lower = across > below
    away = (across - below if lower else above - across) / unit
    if away > 0.026:
        return
    place = (t + 1.0) * 5.0
    k = min(9, int(place))
    f = place - k
    share = amount * (1.0 - t * t) * (1.0 - ramp(away / 0.026))
    row = 1 if lower else 0
    shine = 0.0
    if lower:
        shine = 0.14 * amount * (1.0 - t * t) ** 2 * ramp(1.0 - abs(away - 0.013) / 0.013)
    for c in range(3):
        red = lips[row, k, c] + f * (lips[row, k + 1, c] - lips[row, k, c])
        skin = float(canvas[y, x, c])
        value = skin + share * max(0.0, 0.92 * red - skin)
        canvas[y, x, c] = int(value + shine * max(0.0, wet[c] - value) + 0.5)


@compiled
def _light(from_upper: float, from_lower: float, aside: float) -> float:
    """What reaches a place in the mouth past both lips and the corners."""
    light = 0.74 + 0.26 * ramp(min(from_upper, from_lower) / 0.030 + 0.1)
    light *= 0.68 + 0.32 * ramp(from_upper / 0.075 + 0.1)
    return light * (1.0 - 0.50 * ramp((aside - 0.40) / 0.60))


@compiled
def _tongue(
    colour: Array,
    cavity: Floats,
    red: Floats,
    skull: tuple[float, float],
    jaw: tuple[float, float],
    tip: float,
    edge: float,
    through: float,
) -> None:
    """Adds the back of the tongue over the floor of the mouth; its tip rises behind the upper teeth."""
    floor = jaw[1] + 0.045 - 0.9 * jaw[0] ** 2
    raised = skull[1] - (edge - 0.020 + 1.6 * skull[0] ** 2)
    depth = floor + tip * max(0.0, raised - floor)
    cover = ramp(depth / 0.022 + 0.5)
    light = 0.0
    if cover > 0.0:
        light = 0.40 + 0.42 * ramp(depth / 0.13) + 0.14 * tip
        light *= 1.0 - 0.14 * (1.0 - tip) * (1.0 - ramp(abs(jaw[0]) / 0.055))
    for c in range(3):
        colour[c] += through * (cavity[c] + cover * (red[c] * light - cavity[c]))


@compiled
def _tip(
    colour: Array, red: Floats, aside: float, from_lower: float, height: float, tip: float
) -> None:
    """The tip of the tongue between the teeth: lower teeth behind it, the edges of the upper ones over it."""
    shown = ramp((tip - 0.88) / 0.10)
    if shown <= 0.0:
        return
    u, v = aside / 0.14, (from_lower / height - 0.28) / (0.12 + 0.28 * min(1.0, 0.09 / height))
    away = abs(u) ** 2.6 + v * v
    cover = shown * ramp((1.15 - away) / 0.5)
    light = 1.16 - 0.20 * v * v + 0.10 * np.exp(-((v - 0.35) ** 2) / 0.08 - u * u / 0.3)
    for c in range(3):
        colour[c] += cover * (red[c] * light - colour[c])


@compiled
def _tongue_out(
    colour: Array,
    red: Floats,
    lip: Floats,
    jaw: tuple[float, float],
    out: float,
    canvas: NDArray[np.uint8],
    y: int,
    x: int,
) -> float:
    """Colour and coverage of a tongue that is stuck out over the lower lip, and its shadow on the chin."""
    end = TONGUE_REACHES * out
    width = TONGUE_HALF_WIDTH * (1.0 - 0.22 * ramp((jaw[1] - 0.4 * end) / (0.6 * end)))
    below = max(0.0, jaw[1] - (end - 1.2 * width)) / 1.2
    away = np.sqrt(jaw[0] ** 2 + below**2) - width
    if away > 0.05:
        return 0.0
    if away > 0.0:
        shadow = 0.22 * (1.0 - ramp(away / 0.05)) * ramp(jaw[1] / 0.10)
        for c in range(3):
            canvas[y, x, c] = int(canvas[y, x, c] * (1.0 - shadow) + 0.5)
    aside = jaw[0] / width
    light = 1.0 - 0.10 * aside**4 - 0.35 * (1.0 - ramp((jaw[1] + 0.04) / 0.16))
    light *= 1.0 - 0.10 * np.exp(-((jaw[0] / 0.018) ** 2)) * ramp((end - jaw[1]) / 0.12)
    light *= 1.0 - 0.16 * ramp((below / width - 0.5) / 0.5)
    light += 0.07 * np.exp(-(((abs(aside) - 0.45) / 0.2) ** 2) - ((jaw[1] - 0.65 * end) / 0.07) ** 2)
    for c in range(3):
        colour[c] = min(255.0, (0.85 * red[c] + 0.42 * lip[c]) * light)
    return ramp(0.5 - away / 0.016)


@compiled
def _under(
    colour: Array,
    scratch: Array,
    layer: Floats,
    place: Array,
    at: tuple[float, float],
    tint: Floats,
    through: float,
) -> float:
    """Adds what is seen of a row of teeth at a place (`_place`) behind a colour, gums without end; returns what share
    still shows through."""
    row = at[1] * place[0] + place[2]
    row = max(0.0, row) if place[3] > 0.0 else min(layer.shape[0] - 1.01, row)
    _sample(scratch, layer, at[0] * place[0] + place[1], row)
    for c in range(3):
        colour[c] += through * scratch[c] * tint[c]
    return 1.0 - scratch[3]


@compiled
def _sample(out: Array, layer: Floats, u: float, v: float) -> None:
    """A layer with premultiplied transparency between four pixels; nothing outside of it."""
    if not (0.0 <= u < layer.shape[1] - 1 and 0.0 <= v < layer.shape[0] - 1):
        out[:] = 0.0
        return
    i, j = int(u), int(v)
    fx, fy = np.float32(u - i), np.float32(v - j)
    for c in range(4):
        above = layer[j, i, c] + fx * (layer[j, i + 1, c] - layer[j, i, c])
        below = layer[j + 1, i, c] + fx * (layer[j + 1, i + 1, c] - layer[j + 1, i, c])
        out[c] = above + fy * (below - above)
