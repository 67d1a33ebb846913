"""Parts of the skin that the photo does not show: lips and lids as they would look closed."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.matte import blurred
from backends.animation.rig.mesh import Mesh
from backends.animation.rig.topology import EYES, INNER_LOWER, INNER_UPPER, Eye

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

LIP_MARGIN = 0.024
"""Lips are painted over this far beyond the mouth's inside, in eye distances: their edges mirror teeth and shade."""
LID_MARGIN = 0.075
"""Lids are painted over this far beyond the opening of the eye: lashes, and eyes that were drawn larger."""

LASH_MARGIN = 0.05
"""Below the lower lid only its lashes are painted over."""
LID_LIGHT = 0.05
"""The eyeball rounds a closed lid: its middle is lighter than the skin around."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A part of the portrait with something painted away."""

    left: int
    top: int
    photo: Image
    """(h, w, 3) as it is."""
    painted: Image
    """(h, w, 3) as it would be."""

    def paint(self, texture: Image, amount: float) -> None:
        """Into a copy of the portrait; 0 restores the photo."""
        height, width = self.photo.shape[:2]
        part = texture[self.top : self.top + height, self.left : self.left + width]
        cv2.addWeighted(self.painted, amount, self.photo, 1 - amount, 0, dst=part)


def close_mouth(pixels: Image, mesh: Mesh) -> Patch:
    """Lip colour over an open mouth, so that moving lips drag no teeth along."""
    outline = mesh.pixels[[*INNER_UPPER, *INNER_LOWER[-2:0:-1]], :2]
    hole = _filled(pixels, outline, LIP_MARGIN * mesh.frame.eye_distance)
    return _paint_away(pixels, hole, 0.018, mesh.frame.eye_distance)


def close_lids(pixels: Image, mesh: Mesh) -> tuple[Patch, ...]:
    """Skin over each of `EYES`, so that a closed eye keeps no rim of lashes, iris or white."""
    return tuple(_close_eye(pixels, mesh, eye) for eye in EYES)


def _close_eye(pixels: Image, mesh: Mesh, eye: Eye) -> Patch:
    """The lid takes its colour from the lighter skin around the eye: brows and lashes stay out of it."""
    unit = mesh.frame.eye_distance
    hole = _filled(pixels, mesh.pixels[list(eye.contour), :2], LID_MARGIN * unit)
    up, beside = -mesh.frame.axes[1, :2], mesh.frame.axes[0, :2] * unit
    crease = mesh.pixels[list(eye.crease), :2]
    crease = crease[crease[:, 0].argsort()]
    above = np.concatenate([crease[:1] - beside, crease, crease[-1:] + beside])
    brow = _filled(pixels, np.concatenate([above, above[::-1] + 2 * unit * up]), 0)
    below = mesh.pixels[[eye.outer, *eye.lower, eye.inner], :2] - LASH_MARGIN * unit * up
    below = below[below[:, 0].argsort()]
    below = np.concatenate([below[:1] - beside, below, below[-1:] + beside])
    pouch = _filled(pixels, np.concatenate([below, below[::-1] - 2 * unit * up]), 0)
    rows, columns = _around(hole, int(0.2 * unit))
    photo = np.ascontiguousarray(pixels[rows, columns])
    hole, brow, pouch = hole[rows, columns], brow[rows, columns], pouch[rows, columns]
    skin = _spread_skin(photo, hole, 0.09 * unit)
    covered = np.zeros(hole.shape, np.uint8)
    corner = [columns.start, rows.start]
    contour = np.rint(mesh.pixels[list(eye.contour), :2] - corner).astype(np.int32)
    cv2.fillPoly(covered, [contour], (1,))
    depth = cv2.GaussianBlur(covered.astype(np.float32), (0, 0), 0.05 * unit)
    lid = skin * (1 + LID_LIGHT * (depth / max(1e-3, float(depth.max()))))[..., None]
    lid = lid + _grain(photo, hole, unit)
    blend = cv2.GaussianBlur((hole & ~brow & ~pouch).astype(np.float32), (0, 0), 0.018 * unit)[
        ..., None
    ]
    painted = np.clip(photo * (1 - blend) + lid * blend + 0.5, 0, 255).astype(np.uint8)
    return Patch(columns.start, rows.start, photo, painted)


def _around(hole: Image, reach: int) -> tuple[slice, slice]:
    """Rows and columns of a mask and what surrounds it."""
    left, top, width, height = cv2.boundingRect(hole)
    rows = slice(max(0, top - reach), top + height + reach)
    return rows, slice(max(0, left - reach), left + width + reach)


def _spread_skin(photo: Image, hidden: Image, reach: float) -> NDArray[np.float32]:
    """(h, w, 3) the colour of the skin around each pixel: a mean over what is neither hidden nor much darker than its
    surroundings."""
    light = cv2.GaussianBlur(photo, (0, 0), max(0.6, 0.1 * reach)).max(2).astype(np.float32)
    seen = (hidden == 0).astype(np.float32) + np.float32(1e-4)
    around = blurred(np.dstack([light * seen, seen]), 2.5 * reach)
    usual = around[..., 0] / around[..., 1] + 1
    weight = np.clip((light / usual - 0.68) / 0.2, 0, 1) * (hidden == 0) + 1e-4
    bright = np.dstack([photo * weight[..., None], weight]).astype(np.float32)
    total = blurred(bright, reach) + np.float32(0.05) * blurred(bright, 2.5 * reach)
    return np.asarray(total[..., :3] / total[..., 3:], np.float32)


def _grain(photo: Image, hole: Image, unit: float) -> NDArray[np.float32]:
    """(h, w, 3) the fine texture of the skin below an eye, brought up over it."""
    values = photo.astype(np.float32)
    fine = np.clip(values - cv2.GaussianBlur(values, (0, 0), max(0.8, 0.02 * unit)), -6, 6)
    rows = np.flatnonzero(hole.any(1))
    down = len(rows) if len(rows) else 1
    moved = np.concatenate([fine[down:], fine[:down][::-1]])
    return moved.astype(np.float32)


def _filled(pixels: Image, outline: Array, margin: float) -> Image:
    """(h, w) 1 inside an outline and up to `margin` pixels beyond it."""
    mask = np.zeros(pixels.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], (1,), cv2.LINE_8, 4)
    reach = int(margin)
    if reach:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
        rows, columns = _around(mask, reach)
        mask[rows, columns] = cv2.dilate(mask[rows, columns], kernel)
    return mask


def _paint_away(pixels: Image, hole: Image, blur: float, unit: float) -> Patch:
    """Fills a hole from what surrounds it (Telea 2004), softened towards its middle; `blur` in eye distances."""
    rows, columns = _around(hole, int(0.2 * unit))
    photo = np.ascontiguousarray(pixels[rows, columns])
    hole = np.ascontiguousarray(hole[rows, columns])
    filled = cv2.inpaint(photo, hole, 4, cv2.INPAINT_TELEA)
    blend = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), 0.012 * unit)[..., None]
    soft = cv2.GaussianBlur(filled, (0, 0), blur * unit)
    painted = (filled * (1 - blend) + soft * blend + 0.5).astype(np.uint8)
    return Patch(columns.start, rows.start, photo, painted)
