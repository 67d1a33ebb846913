"""Where the face is cut out of a picture, and how the face model's regressor is shown it.

The crop is that of FFHQ (Karras, Laine, Aila 2019), upright; the regressor's picture puts five points of the face onto
those of a standard face (Deng et al. 2019).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backends.faces.detect import LEFT_EYE, RIGHT_EYE
from backends.types import FloatArray, ImageArray

Points = NDArray[np.float64]

RIGHT_LIDS, LEFT_LIDS = (33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380)
"""The six points of each eye among the usual 68; right is the person's, on the picture's left."""
MOUTH_CORNERS = (61, 291)
NOSE_TIP = 4
_STANDARD = np.array(
    [
        [-0.31148657, 0.29036078, 0.13377953],
        [0.30979887, 0.28972036, 0.13179526],
        [0.0032535, -0.04617932, 0.55244243],
        [-0.25216928, -0.38133916, 0.22405732],
        [0.2484662, -0.38128236, 0.22235769],
    ]
)
"""Eyes, tip of the nose and corners of the mouth of the Basel Face Model's mean face; x right, y up, z out."""
_SIDE, _SCALE = 224, 102.0
"""Of the regressor's picture, and how many of its pixels a unit of the standard face is."""
_BORDER = 0.5
"""Pixels by which the crop is shifted before it is cut to whole ones."""


class CropBox(NamedTuple):
    """Whole pixels of the picture; may reach beyond it."""

    left: int
    top: int
    width: int
    height: int


def crop_box(landmarks: FloatArray) -> CropBox:
    """The crop around a face whose (478, 3) landmarks are known."""
    points = landmarks[:, :2].astype(np.float64)
    right, left = points[list(RIGHT_LIDS)].mean(0), points[list(LEFT_LIDS)].mean(0)
    eyes, mouth = (right + left) / 2, points[list(MOUTH_CORNERS)].mean(0)
    across, down = left - right, mouth - eyes
    x = across + np.array([down[1], -down[0]])  # the mouth's direction, turned, steadies the eyes'
    x *= max(2.0 * math.hypot(*across), 1.8 * math.hypot(*down)) / math.hypot(*x)
    reach = np.abs(x) + np.abs(x[::-1])  # of the turned square, along the picture's axes
    centre = eyes + 0.1 * down + _BORDER
    low, high = np.floor(centre - reach).astype(int), np.floor(centre + reach).astype(int)
    width, height = (np.maximum(high - low, 2)).tolist()
    return CropBox(int(low[0]), int(low[1]), int(width), int(height))


def cut(pixels: ImageArray, box: CropBox, side: int) -> ImageArray:
    """(side, side, 3) of the picture; beyond its edges they go on."""
    height, width = pixels.shape[:2]
    left, top = max(-box.left, 0), max(-box.top, 0)
    right = max(box.left + box.width - width, 0)
    bottom = max(box.top + box.height - height, 0)
    inside = pixels[
        max(box.top, 0) : box.top + box.height - bottom,
        max(box.left, 0) : box.left + box.width - right,
    ]
    whole = cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_REPLICATE)
    method = cv2.INTER_AREA if box.width > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(whole, (side, side), interpolation=method), np.uint8)


def five_points(landmarks: FloatArray, box: CropBox, side: int) -> Points:
    """(5, 2) eyes, nose and mouth in the crop's pixels, y up from its lowest row."""
    points = landmarks[:, :2].astype(np.float64)
    at = np.stack(
        [
            points[list(RIGHT_EYE)].mean(0),
            points[list(LEFT_EYE)].mean(0),
            points[NOSE_TIP],
            *points[list(MOUTH_CORNERS)],
        ]
    )
    at = (at - [box.left, box.top]) * [side / box.width, side / box.height]
    at[:, 1] = side - 1 - at[:, 1]
    return at


def aligned(crop: ImageArray, points: Points) -> tuple[FloatArray, FloatArray]:
    """The regressor's picture, and where it lies in the crop.

    Args:
        crop: (h, w, 3) RGB.
        points: (5, 2) as `five_points` gives them.

    Returns:
        (3, 224, 224) in 0..1, and (3,) scale and centre, which the renderer is told, too.
    """
    height, width = crop.shape[:2]
    centre, scale = _placed(points)
    across, down = int(width * scale), int(height * scale)
    left = int(across / 2 - _SIDE / 2 + (centre[0] - width / 2) * scale)
    top = int(down / 2 - _SIDE / 2 + (height / 2 - centre[1]) * scale)
    picture = Image.fromarray(crop).resize((across, down), Image.Resampling.BICUBIC)
    picture = picture.crop((left, top, left + _SIDE, top + _SIDE))
    place = np.array([scale, *centre], np.float32)
    planes = np.asarray(picture, np.float32).transpose(2, 0, 1)
    return np.asarray(planes / 255, np.float32), place


def _placed(points: Points) -> tuple[Points, float]:
    """Where the standard face's origin lies in the crop, and what the crop is scaled by.

    Least squares over an affine camera; its scale is the mean of those of its two axes.
    """
    known = np.column_stack([_STANDARD, np.ones(len(_STANDARD))])
    camera = np.linalg.lstsq(known, points, rcond=None)[0]
    size = (np.linalg.norm(camera[:3, 0]) + np.linalg.norm(camera[:3, 1])) / 2
    return camera[3], float(_SCALE / size)
