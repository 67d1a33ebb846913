"""Parts of the skin that the photo does not show: lips and lids as they would look closed."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.mesh import Mesh
from backends.animation.rig.topology import EYES, INNER_LOWER, INNER_UPPER, Eye

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

LIP_MARGIN = 0.024
"""Lips are painted over this far beyond the mouth's inside, in eye distances: their edges mirror teeth and shade."""
LID_MARGIN = 0.075
"""Lids are painted over this far beyond the opening of the eye: lashes, and eyes that were drawn larger."""


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
    unit = mesh.frame.eye_distance
    hole = _filled(pixels, mesh.pixels[list(eye.contour), :2], LID_MARGIN * unit)
    up, beside = -mesh.frame.axes[1, :2], mesh.frame.axes[0, :2] * unit
    crease = mesh.pixels[list(eye.crease), :2]
    crease = crease[crease[:, 0].argsort()]
    above = np.concatenate([crease[:1] - beside, crease, crease[-1:] + beside])
    brow = _filled(pixels, np.concatenate([above, above[::-1] + 2 * unit * up]), 0)
    return _paint_away(pixels, hole & ~brow, 0.030, unit)


def _filled(pixels: Image, outline: Array, margin: float) -> Image:
    """(h, w) 1 inside an outline and up to `margin` pixels beyond it."""
    mask = np.zeros(pixels.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], (1,), cv2.LINE_8, 4)
    size = 2 * int(margin) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return cv2.dilate(mask, kernel).astype(np.uint8)


def _paint_away(pixels: Image, hole: Image, blur: float, unit: float) -> Patch:
    """Fills a hole from what surrounds it (Telea 2004), softened towards its middle; `blur` in eye distances."""
    reach = int(0.2 * unit)
    left, top, width, height = cv2.boundingRect(hole)
    rows = slice(max(0, top - reach), top + height + reach)
    columns = slice(max(0, left - reach), left + width + reach)
    photo = np.ascontiguousarray(pixels[rows, columns])
    hole = np.ascontiguousarray(hole[rows, columns])
    filled = cv2.inpaint(photo, hole, 4, cv2.INPAINT_TELEA)
    blend = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), 0.012 * unit)[..., None]
    soft = cv2.GaussianBlur(filled, (0, 0), blur * unit)
    painted = (filled * (1 - blend) + soft * blend + 0.5).astype(np.uint8)
    return Patch(columns.start, rows.start, photo, painted)
