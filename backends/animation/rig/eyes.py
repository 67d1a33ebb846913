"""Eyeballs behind the lids: they turn, and a raised lid shows more of them instead of stretching what was seen."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled
from backends.animation.rig.curves import MARGIN, Opening, covered, height_at, ramp, smooth
from backends.animation.rig.mesh import Mesh
from backends.animation.rig.pose import STRAIGHT, HeadPose, Plane, head_plane, soft_limit
from backends.animation.rig.topology import EYES, LEFT_EYE, Eye

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

EYEBALL_RADIUS = 0.19
"""12 mm (Bekerman et al. 2014) of an eye distance of 63 mm."""
LARGEST_SHIFT = 0.6
"""Of the iris, in its radii."""
LASH = np.array([38, 24, 20], np.float32)


@dataclass(frozen=True, slots=True)
class Eyeball:
    """What lies behind the lids of one eye, in the portrait's pixels around it."""

    eye: Eye
    left: int
    top: int
    photo: Image
    """(h, w, 3)"""
    whole: Image
    """(h, w, 3) the eyeball as it would look without lids: the photo where it shows, iris and white elsewhere."""
    iris: tuple[float, float, float]
    """Centre and radius in this picture."""
    reach: float
    """Distance from the iris' centre beyond which gaze moves nothing."""
    centre: Array
    """(3,) of the eye in the face's frame."""
    plane: Plane
    """Through the centre, in these pictures' pixels."""


def borders(points: Array, eye: Eye) -> tuple[Array, Array]:
    """Upper and lower lid from the picture's left to its right, corners included."""
    upper, lower = (points[[eye.outer, *lid, eye.inner]] for lid in (eye.upper, eye.lower))
    return (upper[::-1], lower[::-1]) if eye == LEFT_EYE else (upper, lower)


def cut_eyeballs(pixels: Image, landmarks: Array, mesh: Mesh) -> tuple[Eyeball, ...]:
    """Takes both eyes out of a portrait and completes them.

    Args:
        pixels: (h, w, 3)
        landmarks: (478, 3)
    """
    return tuple(_cut(pixels, landmarks, mesh, eye) for eye in EYES)


def _cut(pixels: Image, landmarks: Array, mesh: Mesh, eye: Eye) -> Eyeball:
    unit = mesh.frame.eye_distance
    contour = landmarks[list(eye.contour), :2]
    pad = 0.16 * unit + 4
    height, width = pixels.shape[:2]
    left, top = np.maximum(np.floor(contour.min(0) - pad), 0).astype(int)
    right, bottom = np.minimum(np.ceil(contour.max(0) + pad) + 1, [width, height]).astype(int)
    photo = np.ascontiguousarray(pixels[top:bottom, left:right])
    rim = landmarks[list(eye.iris), :2] - [left, top]
    centre = rim[0]
    radius = max(1.5, float(np.linalg.norm(rim[1:] - centre, axis=1).mean()))
    upper, lower = borders(landmarks[:, :2] - [left, top], eye)
    middle = mesh.local[list(eye.contour)].mean(0)
    plane = head_plane(mesh, middle, STRAIGHT)
    seen = _seen(photo.shape[:2], smooth(upper), smooth(lower))
    return Eyeball(
        eye=eye,
        left=int(left),
        top=int(top),
        photo=photo,
        whole=_complete(photo, seen, centre, radius, unit),
        iris=(float(centre[0]), float(centre[1]), radius),
        reach=0.5 * float(np.linalg.norm(contour[0] - contour[8])),
        centre=middle,
        plane=Plane(plane.axes, plane.origin - [left, top]),
    )


def _seen(shape: tuple[int, ...], upper: Array, lower: Array) -> Floats:
    mask = np.zeros(shape, np.uint8)
    outline = np.concatenate([upper, lower[::-1]])
    cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
    return (mask / np.float32(255)).astype(np.float32)


def _complete(photo: Image, seen: Floats, centre: Array, radius: float, unit: float) -> Image:
    """Where lids hide the eyeball: the iris mirrored from below or its median colour, and the white."""
    ys, xs = np.mgrid[0 : photo.shape[0], 0 : photo.shape[1]].astype(np.float32)
    away = np.hypot(xs - centre[0], ys - centre[1]) / radius
    colours = photo.astype(np.float32)
    kernel = np.ones((3, 3), np.uint8)
    inner = cv2.erode(seen, kernel, iterations=max(1, round(0.012 * unit))) > 0.9
    white = colours[inner & (away > 1.12)]
    sclera = np.percentile(white, 65, axis=0) if len(white) > 8 else np.array([200.0, 190, 185])
    coloured = colours[inner & (away < 0.95) & (away > 0.45)]
    iris = np.median(coloured, axis=0) if len(coloured) > 8 else sclera * 0.3

    shown = cv2.erode(seen, kernel, iterations=max(1, round(0.020 * unit)))
    shown = cv2.GaussianBlur(shown, (0, 0), max(0.7, 0.010 * unit))
    shown = np.maximum(shown, np.where(ys > centre[1] + 0.2 * radius, seen, 0))[..., None]
    mirror_y = (2 * float(centre[1]) - ys).astype(np.float32)
    mirrored = cv2.remap(colours, xs, mirror_y, cv2.INTER_LINEAR)
    mirror_shown = cv2.remap(shown[..., 0], xs, mirror_y, cv2.INTER_LINEAR)[..., None]
    limb = 1 - 0.35 * np.clip((away - 0.75) / 0.25, 0, 1)[..., None]
    pupil = 1 - 0.75 * np.clip((0.46 - away) / 0.10, 0, 1)[..., None]
    disc = np.minimum(mirrored, iris * 1.15) * mirror_shown * 0.9
    disc += iris * limb * pupil * 0.85 * (1 - mirror_shown)
    edge = np.clip((1.02 - away) / 0.12 + 0.5, 0, 1)[..., None]
    hidden = sclera * 0.90 * (1 - edge) + disc * edge
    whole: Image = np.clip(np.rint(colours * shown + hidden * (1 - shown)), 0, 255).astype(np.uint8)
    return whole


def lid_closure(eye: Eye, points: Array, rest: Array) -> float:
    """0 as open as in the photo or wider, 1 closed."""
    upper, lower = list(eye.upper), list(eye.lower)
    gap = float((points[lower, 1] - points[upper, 1]).mean())
    own = float((rest[lower, 1] - rest[upper, 1]).mean())
    return float(np.clip(1 - gap / max(own, 1e-3), 0, 1))


def draw_eye(
    canvas: Image,
    ball: Eyeball,
    mesh: Mesh,
    points: Array,
    rest: Array,
    projected: Array,
    head: HeadPose,
    gaze_deg: NDArray[np.float32],
    corner: tuple[int, int],
    closed: float,
    lash: float,
) -> None:
    """Paints one eyeball into the opening that the lids leave.

    Args:
        canvas: (h, w, 3) region of the frame with the skin drawn.
        points, rest: (n, 3) vertices in the face's frame: now, and in the photo.
        projected: (n, 3) vertices now in the frame's pixels.
        gaze_deg: To the picture's right, down.
        corner: Left and top of the canvas in the frame.
        closed: From `lid_closure`.
        lash: 0..1, brightness of the skin, that the lashes' shade follows.
    """
    eye, unit = ball.eye, mesh.frame.eye_distance
    at = projected[:, :2] - np.array(corner)
    upper, lower = borders(at, eye)
    opening = Opening.between(upper, lower, 2 + 0.02 * unit, canvas.shape[1], canvas.shape[0])
    to_local = head_plane(mesh, ball.centre, head).inverse(corner)
    to_photo = ball.plane.axes @ to_local
    to_photo[:, 2] += ball.plane.origin
    radius = ball.iris[2]
    shift = [
        soft_limit(EYEBALL_RADIUS * unit * float(np.sin(np.deg2rad(g))), LARGEST_SHIFT * radius)
        for g in gaze_deg
    ]
    lids = list(eye.upper)
    raised = float((rest[lids, 1] - points[lids, 1]).mean())
    reveal = min(1.0, max(0.0, raised / 0.012) + math.hypot(*shift) / (0.10 * radius))
    paint_eye(
        canvas, np.array(opening.box), np.array([*opening.origin, *opening.axis]),
        opening.upper, opening.lower, to_photo, ball.photo, ball.whole,
        np.array([*ball.iris, ball.reach, *shift]), reveal, max(0.5, 0.008 * unit), closed,
        unit, LASH * np.float32(lash),
    )  # fmt: skip


@compiled
def paint_eye(
    canvas: NDArray[np.uint8],
    box: NDArray[np.int64],
    frame: Array,
    upper: Floats,
    lower: Floats,
    to_photo: Array,
    photo: NDArray[np.uint8],
    whole: NDArray[np.uint8],
    iris: Array,
    reveal: float,
    soft: float,
    closed: float,
    unit: float,
    lash: Floats,
) -> None:
    """The pixels of `draw_eye`: `frame` = origin and axis of the opening, `iris` = centre, radius, reach and shift."""
    height, width = photo.shape[0], photo.shape[1]
    shade = min(1.0, 0.8 * closed)
    sliver = 1.0 - 0.72 * min(1.0, max(0.0, (closed - 0.6) / 0.35))
    line = 0.80 * ramp((closed - 0.5) / 0.4)
    length = upper.shape[0] - 2.0 * MARGIN - 2.0
    core = iris[2] * 1.15
    for y in range(box[1], box[3]):
        for x in range(box[0], box[2]):
            dx, dy = x - frame[0], y - frame[1]
            along, across = dx * frame[2] + dy * frame[3], dy * frame[2] - dx * frame[3]
            top, bottom = height_at(upper, along), height_at(lower, along)
            cover = covered(across, top, bottom, soft)
            if cover > 0.0:
                sx = to_photo[0, 0] * x + to_photo[0, 1] * y + to_photo[0, 2]
                sy = to_photo[1, 0] * x + to_photo[1, 1] * y + to_photo[1, 2]
                away = np.sqrt((sx - iris[0]) ** 2 + (sy - iris[1]) ** 2)
                pull = ramp((iris[3] - away) / max(1e-3, iris[3] - core))
                sx = min(width - 1.001, max(0.0, sx - pull * iris[4]))
                sy = min(height - 1.001, max(0.0, sy - pull * iris[5]))
                i, j = int(sx), int(sy)
                fx, fy = sx - i, sy - j
                edge = min(across - top, bottom - across) / unit
                light = (1.0 - shade * (1.0 - ramp(edge / 0.05))) * sliver
                for c in range(3):
                    seen = _mix(photo, i, j, fx, fy, c)
                    if reveal > 0.0:
                        seen += reveal * (_mix(whole, i, j, fx, fy, c) - seen)
                    skin = float(canvas[y, x, c])
                    canvas[y, x, c] = int(skin + cover * (seen * light - skin) + 0.5)
            if line > 0.0 and 0.0 < along < length:
                middle = 1.0 - (2.0 * along / length - 1.0) ** 4
                thick = 0.018 * unit * (0.4 + 0.6 * middle) + 0.5
                ink = (
                    line
                    * (0.25 + 0.75 * middle)
                    * min(1.0, max(0.0, 1.6 - 1.6 * abs(across - top) / thick))
                )
                for c in range(3):
                    skin = float(canvas[y, x, c])
                    canvas[y, x, c] = int(skin + ink * (lash[c] - skin) + 0.5)


@compiled
def _mix(image: NDArray[np.uint8], i: int, j: int, fx: float, fy: float, c: int) -> float:
    above = image[j, i, c] * (1.0 - fx) + image[j, i + 1, c] * fx
    below = image[j + 1, i, c] * (1.0 - fx) + image[j + 1, i + 1, c] * fx
    return float(above * (1.0 - fy) + below * fy)
