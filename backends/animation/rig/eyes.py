"""Eyeballs behind the lids: they turn, and a raised lid shows more of them instead of stretching what was seen."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled
from backends.animation.rig.curves import (
    covered,
    extremes,
    gather,
    height_at,
    ramp,
    smooth,
    trace_opening,
)
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
GLINT_FOLLOWS = 0.5
"""Of the iris' way, what a reflection on the cornea goes: its centre of curvature lies half-way to the pupil."""
GLINT_CONTRAST = 24.0
"""Brightness (of 255) over the iris from which on a small spot is a reflection."""
VERGENCE_DEG = 2.6
"""Each eye of a face that looks into a camera at 11 eye distances turns inwards by this; looking away, it does not."""
AVERTED_DEG = 14.0
LASH_LIGHT = 0.45
"""Lashes are at most this bright, as a share of the skin."""


@dataclass(frozen=True, slots=True)
class Eyeball:
    """What lies behind the lids of one eye, in the portrait's pixels around it."""

    eye: Eye
    rims: NDArray[np.int64]
    """(2, 9) landmarks of upper and lower lid from the picture's left to its right, corners included."""
    left: int
    top: int
    photo: Image
    """(h, w, 3) without the reflections."""
    whole: Image
    """(h, w, 3) the eyeball as it would look without lids: the photo where it shows, iris and white elsewhere."""
    glint: Image
    """(h, w, 3) the reflections on the cornea."""
    glint_reach: float
    """Distance from the iris' centre within which they lie."""
    iris: tuple[float, float, float]
    """Centre and radius in this picture."""
    reach: float
    """Distance from the iris' centre beyond which gaze moves nothing."""
    lash: Floats
    """(3,) colour of the line between closed lids, 0..255."""
    centre: Array
    """(3,) of the eye in the face's frame."""
    plane: Plane
    """Through the centre, in these pictures' pixels."""

    @property
    def outwards(self) -> float:
        """The picture's direction from the nose: 1 to the right."""
        return 1.0 if self.eye == LEFT_EYE else -1.0


def rims(eye: Eye) -> NDArray[np.int64]:
    """`Eyeball.rims`."""
    rows = np.array([[eye.outer, *lid, eye.inner] for lid in (eye.upper, eye.lower)], np.int64)
    return np.ascontiguousarray(rows[:, ::-1] if eye == LEFT_EYE else rows)


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
    low = np.clip(np.floor(contour.min(0) - pad), 0, [width - 8, height - 8]).astype(int)
    high = np.clip(np.ceil(contour.max(0) + pad) + 1, low + 8, [width, height]).astype(int)
    (left, top), (right, bottom) = low, high
    photo = np.ascontiguousarray(pixels[top:bottom, left:right])
    iris = landmarks[list(eye.iris), :2] - low
    centre = iris[0]
    radius = max(1.5, float(np.linalg.norm(iris[1:] - centre, axis=1).mean()))
    upper, lower = landmarks[rims(eye), :2] - low
    middle = mesh.local[list(eye.contour)].mean(0)
    plane = head_plane(mesh, middle, STRAIGHT)
    seen = _seen(photo.shape[:2], smooth(upper), smooth(lower))
    matt = _without_glints(photo, seen, centre, radius)
    return Eyeball(
        eye=eye,
        rims=rims(eye),
        left=int(left),
        top=int(top),
        photo=matt,
        whole=_complete(matt, seen, centre, radius, unit),
        glint=photo - matt,
        glint_reach=_reach(photo - matt, centre),
        iris=(float(centre[0]), float(centre[1]), radius),
        reach=0.5 * float(np.linalg.norm(contour[0] - contour[8])),
        lash=_lash_colour(photo, smooth(upper), unit),
        centre=middle,
        plane=Plane(plane.axes, plane.origin - low),
    )


def _seen(shape: tuple[int, ...], upper: Array, lower: Array) -> Floats:
    mask = np.zeros(shape, np.uint8)
    outline = np.concatenate([upper, lower[::-1]])
    cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
    return (mask / np.float32(255)).astype(np.float32)


def _away(shape: tuple[int, ...], centre: Array, radius: float) -> Floats:
    """Distance of every pixel from the iris' centre, in its radii."""
    ys, xs = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    away: Floats = (np.hypot(xs - centre[0], ys - centre[1]) / radius).astype(np.float32)
    return away


def _without_glints(photo: Image, seen: Floats, centre: Array, radius: float) -> Image:
    """Small bright spots on the iris are closed by what surrounds them (top-hat)."""
    size = 2 * max(1, round(0.36 * radius)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    plain = cv2.GaussianBlur(cv2.morphologyEx(photo, cv2.MORPH_OPEN, kernel), (0, 0), 0.15 * radius)
    plain = np.minimum(plain, photo)
    spot = (photo.max(2) - plain.max(2)).astype(np.float32)
    share = np.clip(spot / GLINT_CONTRAST - 0.6, 0, 1) * (seen > 0.5)
    share *= np.clip((0.92 - _away(photo.shape, centre, radius)) / 0.15, 0, 1)
    share = cv2.GaussianBlur(cv2.dilate(share, np.ones((3, 3), np.uint8)), (0, 0), 0.6)[..., None]
    matt: Image = np.rint(photo - share * (photo.astype(np.float32) - plain)).astype(np.uint8)
    return matt


def _reach(glint: Image, centre: Array) -> float:
    seen = glint.any(2)
    return float(_away(seen.shape, centre, 1.0)[seen].max()) + 1.5 if seen.any() else 0.0


def _lash_colour(photo: Image, upper: Array, unit: float) -> Floats:
    """The darkest quarter of what lies along the upper lid."""
    band = np.zeros(photo.shape[:2], np.uint8)
    path = np.rint(upper * 16).astype(np.int32)
    cv2.polylines(band, [path], False, (1,), max(1, round(0.03 * unit)), cv2.LINE_8, 4)
    colours = photo[band > 0].astype(np.float32)
    if not len(colours):
        return np.array([38, 24, 20], np.float32)
    light = colours.mean(1)
    lash: Floats = colours[light <= np.percentile(light, 25)].mean(0).astype(np.float32)
    return lash


def _complete(photo: Image, seen: Floats, centre: Array, radius: float, unit: float) -> Image:
    """Where lids hide the eyeball: the iris mirrored from below or its median colour, and the white."""
    ys, xs = np.mgrid[0 : photo.shape[0], 0 : photo.shape[1]].astype(np.float32)
    away = _away(photo.shape, centre, radius)
    colours = photo.astype(np.float32)
    kernel = np.ones((3, 3), np.uint8)
    inner = cv2.erode(seen, kernel, iterations=max(1, round(0.012 * unit))) > 0.9
    white = colours[inner & (away > 1.12)]
    sclera = np.percentile(white, 55, axis=0) if len(white) > 8 else np.array([200.0, 190, 185])
    coloured = colours[inner & (away < 0.95) & (away > 0.45)]
    iris = np.median(coloured, axis=0) if len(coloured) > 8 else sclera * 0.3

    shown = cv2.erode(seen, kernel, iterations=max(1, round(0.020 * unit)))
    shown = cv2.GaussianBlur(shown, (0, 0), max(0.7, 0.010 * unit))
    close = cv2.erode(seen, kernel, iterations=max(1, round(0.010 * unit)))
    close = cv2.GaussianBlur(close, (0, 0), max(0.5, 0.005 * unit))
    shown = np.maximum(shown, np.where(ys > centre[1] + 0.2 * radius, close, 0))[..., None]
    mirror_y = (2 * float(centre[1]) - ys).astype(np.float32)
    mirrored = cv2.remap(colours, xs, mirror_y, cv2.INTER_LINEAR)
    mirror_shown = cv2.remap(shown[..., 0], xs, mirror_y, cv2.INTER_LINEAR)[..., None]
    limb = 1 - 0.35 * np.clip((away - 0.75) / 0.25, 0, 1)[..., None]
    pupil = 1 - 0.75 * np.clip((0.46 - away) / 0.10, 0, 1)[..., None]
    disc = np.minimum(mirrored, iris * 1.15) * mirror_shown * 0.9
    disc += iris * limb * pupil * 0.85 * (1 - mirror_shown)
    edge = np.clip((1.02 - away) / 0.12 + 0.5, 0, 1)[..., None]
    hidden = sclera * 0.86 * (1 - edge) + disc * edge
    whole: Image = np.clip(np.rint(colours * shown + hidden * (1 - shown)), 0, 255).astype(np.uint8)
    return whole


def lid_closure(eye: Eye, points: Array, rest: Array) -> float:
    """0 as open as in the photo or wider, 1 closed."""
    return float(_closure(points, rest, eye.upper, eye.lower))


@compiled
def _closure(points: Array, rest: Array, upper: tuple[int, ...], lower: tuple[int, ...]) -> float:
    gap, own = 0.0, 1e-3 * len(upper)
    for k in range(len(upper)):
        gap += points[lower[k], 1] - points[upper[k], 1]
        own += rest[lower[k], 1] - rest[upper[k], 1]
    return float(min(1.0, max(0.0, 1.0 - gap / max(own, 1e-3))))


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
    skin_light: float,
) -> None:
    """Paints one eyeball into the opening that the lids leave.

    Args:
        canvas: (h, w, 3) region of the frame with the skin drawn.
        points, rest: (n, 3) vertices in the face's frame: now, and in the photo.
        projected: (n, 3) vertices now in the frame's pixels.
        gaze_deg: To the picture's right, down.
        corner: Left and top of the canvas in the frame.
        closed: From `lid_closure`.
        skin_light: 0..1, brightness of the skin, that lashes are darker than.
    """
    to_local = head_plane(mesh, ball.centre, head).inverse(corner)
    right, down = float(gaze_deg[0]), float(gaze_deg[1])
    averted = min(1.0, float(np.hypot(right, down)) / AVERTED_DEG)
    right += ball.outwards * VERGENCE_DEG * averted * averted
    size, limit = EYEBALL_RADIUS * mesh.frame.eye_distance, LARGEST_SHIFT * ball.iris[2]
    shift = [soft_limit(size * float(np.sin(np.deg2rad(g))), limit) for g in (right, down)]
    paint_eye(
        canvas, projected, points, rest, ball.rims, corner[0], corner[1], to_local,
        ball.plane.axes, ball.plane.origin, ball.photo, ball.whole, ball.glint,
        np.array([*ball.iris, ball.reach, *shift, ball.glint_reach]), closed, mesh.frame.eye_distance, ball.lash,
        255 * LASH_LIGHT * skin_light,
    )  # fmt: skip


@compiled
def paint_eye(
    canvas: NDArray[np.uint8],
    projected: Array,
    points: Array,
    rest: Array,
    rims: NDArray[np.int64],
    left: int,
    top: int,
    to_local: Array,
    axes: Array,
    origin: Array,
    photo: NDArray[np.uint8],
    whole: NDArray[np.uint8],
    glint: NDArray[np.uint8],
    iris: Array,
    closed: float,
    unit: float,
    lash: Floats,
    lightest: float,
) -> None:
    """The pixels of `draw_eye`: `iris` = centre, radius, reach, shift and reach of the
    reflections; `lightest` = brightness of the lashes."""
    borders = gather(projected, rims[0], rims[1], left, top)
    frame, upper, lower, box = trace_opening(borders, 2 + 0.02 * unit, canvas.shape)
    raised = 0.0
    for k in range(1, rims.shape[1] - 1):
        raised += (rest[rims[0, k], 1] - points[rims[0, k], 1]) / (rims.shape[1] - 2)
    moved = np.sqrt(iris[4] ** 2 + iris[5] ** 2) / (0.10 * iris[2])
    reveal = min(1.0, max(0.0, raised / 0.012) + moved)
    a, b = axes[0, 0], axes[0, 1]
    c, d = axes[1, 0], axes[1, 1]
    xx, xy = a * to_local[0, 0] + b * to_local[1, 0], a * to_local[0, 1] + b * to_local[1, 1]
    yx, yy = c * to_local[0, 0] + d * to_local[1, 0], c * to_local[0, 1] + d * to_local[1, 1]
    x0 = a * to_local[0, 2] + b * to_local[1, 2] + origin[0]
    y0 = c * to_local[0, 2] + d * to_local[1, 2] + origin[1]
    soft = max(0.5, 0.008 * unit)
    right, bottom = photo.shape[1] - 1.001, photo.shape[0] - 1.001
    shade = min(1.0, 0.8 * closed)
    sliver = 1.0 - 0.65 * ramp((closed - 0.65) / 0.3)
    dim = np.float32(min(1.0, lightest / max(1.0, (lash[0] + lash[1] + lash[2]) / 3)))
    line = 0.85 * ramp((closed - 0.5) / 0.4)
    core = iris[2] * 1.15
    edge = max(soft, 0.015 * unit + 0.5)
    highest = extremes(upper)[0] - edge
    lowest = max(extremes(upper)[1], extremes(lower)[1]) + edge
    for y in range(box[1], box[3]):
        for x in range(box[0], box[2]):
            dx, dy = x - frame[0], y - frame[1]
            along, across = dx * frame[2] + dy * frame[3], dy * frame[2] - dx * frame[3]
            if across < highest or across > lowest:
                continue
            above, below = height_at(upper, along), height_at(lower, along)
            cover = covered(across, above, below, soft)
            if cover > 0.0:
                sx, sy = xx * x + xy * y + x0, yx * x + yy * y + y0
                away = np.sqrt((sx - iris[0]) ** 2 + (sy - iris[1]) ** 2)
                pull = ramp((iris[3] - away) / max(1e-3, iris[3] - core))
                gx = min(right, max(0.0, sx - GLINT_FOLLOWS * pull * iris[4]))
                gy = min(bottom, max(0.0, sy - GLINT_FOLLOWS * pull * iris[5]))
                sx = min(right, max(0.0, sx - pull * iris[4]))
                sy = min(bottom, max(0.0, sy - pull * iris[5]))
                room = below - above + soft
                light = 1.0 - shade * (1.0 - ramp((across - above) / min(0.07 * unit, 0.9 * room)))
                lit = ramp((below - across) / min(0.04 * unit, 0.5 * room))
                light *= sliver * (1.0 - 0.3 * shade * (1.0 - lit))
                shiny = (gx - iris[0]) ** 2 + (gy - iris[1]) ** 2 < iris[6] ** 2
                for k in range(3):
                    seen = _mix(photo, sx, sy, k) if reveal < 1.0 else 0.0
                    if reveal > 0.0:
                        seen += reveal * (_mix(whole, sx, sy, k) - seen)
                    if shiny:
                        seen = min(255.0, seen + _mix(glint, gx, gy, k))
                    skin = float(canvas[y, x, k])
                    canvas[y, x, k] = int(skin + cover * (seen * light - skin) + 0.5)
            if line > 0.0 and 0.0 < along < frame[4]:
                middle = 1.0 - (2.0 * along / frame[4] - 1.0) ** 4
                thick = 0.015 * unit * (0.3 + 0.7 * middle) + 0.5
                ink = line * (0.1 + 0.9 * middle)
                ink *= min(1.0, max(0.0, 1.6 - 1.6 * abs(across - above) / thick))
                for k in range(3):
                    skin = float(canvas[y, x, k])
                    canvas[y, x, k] = int(skin + ink * (dim * lash[k] - skin) + 0.5)


@compiled
def _mix(image: NDArray[np.uint8], x: float, y: float, c: int) -> float:
    """Between four pixels."""
    i, j, one = (
        np.uint64(x),
        np.uint64(y),
        np.uint64(1),
    )  # a sign would be looked at in every access
    fx, fy = np.float32(x - float(i)), np.float32(y - float(j))
    a, b = np.float32(image[j, i, c]), np.float32(image[j, i + one, c])
    d, e = np.float32(image[j + one, i, c]), np.float32(image[j + one, i + one, c])
    near, far = a + fx * (b - a), d + fx * (e - d)
    return float(near + fy * (far - near))
