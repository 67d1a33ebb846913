"""The inside of the mouth: cavity, tongue, both rows of teeth or the photo's own, in the lips' shadow."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.cavity import paint_mouth
from backends.animation.rig.compiled import compiled
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
    """(3, 11, 3) in 0..255: the red of both lips from the picture's left to its right, and of the lower one without
    its gloss."""
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
    centre = shape.mouth_centre + np.array([0.0, 0.0, 0.10])
    plane = head_plane(mesh, centre, STRAIGHT)
    lips = _lip_colours(pixels, mesh)
    tongue = 0.62 * TONGUE * tooth * tint + 0.28 * lips[1, 3:8].mean(0) / 255
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
    tint: Array = np.clip(0.4 + 0.6 * white / white.max(), 0.92, 1.0)
    return tint


def _lip_colours(pixels: Image, mesh: Mesh) -> Floats:
    reach = max(0.6, 0.015 * mesh.frame.eye_distance)
    rings = (UPPER_LIP[1:3], LOWER_LIP[1:3])
    places = np.array([mesh.pixels[list(one), :2].mean(0) for one in rings])
    inside = np.clip(np.rint(places).astype(int), 0, [pixels.shape[1] - 1, pixels.shape[0] - 1])
    # Only around the lips; no pixel farther away weighs in a blur of 8 bits.
    start = np.maximum(inside.min((0, 1)) - math.ceil(4 * reach), 0)
    (left, top), (right, bottom) = start, inside.max((0, 1)) + math.ceil(4 * reach) + 1
    soft = cv2.GaussianBlur(pixels[top:bottom, left:right], (0, 0), reach)
    inside -= start
    seen = soft[inside[..., 1], inside[..., 0]]
    matt = cv2.morphologyEx(seen[1], cv2.MORPH_OPEN, np.ones((5, 1), np.uint8))
    return np.concatenate([seen, matt[None]]).astype(np.float32)


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
    pressed: float
    """0..1, lips that are closed to speak."""


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
    own_line = 0.0 if shape.open_photo else float(shape.own_gap.max())
    seam = 0.65 * min(1.0, max(0.0, 1 - (widest - own_line) / 0.05))
    if not shape.open_photo:  # its own line, where that is broad, is squeezed out between the lips
        seam *= row.speaking * min(1.0, max(0.0, (own_line - 0.01) / 0.03))
    unchanged = as_in_photo(shape, row.gap, row.speaking)
    if (widest * unit < 0.1 and seam == row.pressed == 0.0) or unchanged == 1.0:
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
        np.array([row.tongue, row.tongue_out, seam, unchanged, inside.upper_edge, row.pressed]), unit,
    )  # fmt: skip


def _place(layer: Layer, gums: float) -> Array:
    """Scale, anchor, and where the layer goes on without end: 1 above, -1 below."""
    return np.array([layer.scale, *layer.anchor, gums])
