"""The part of a picture that the network sees of a face, and what it takes in of it."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.types import Box, FloatArray, ImageArray

CHIN_PAD = 0.05
"""Of the face's height, below its box: the published weights are used with 10 pixels below the chin, on faces of
about 200."""
SMOOTHED_FRAMES = 5
"""Over which boxes are averaged in time (Prajwal et al. 2020, the authors' inference)."""


class Region(NamedTuple):
    """Whole pixels of a picture, and inside it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


def region_of(box: Box, size: tuple[int, int]) -> Region:
    """What the network sees of a face in a picture of that width and height."""
    width, height = size
    left, top = max(0, int(box.x)), max(0, int(box.y))
    return Region(
        left,
        top,
        max(left + 2, min(width, int(box.x + box.width))),
        max(top + 2, min(height, int(box.y + box.height * (1 + CHIN_PAD)))),
    )


def smoothed(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, k) means over SMOOTHED_FRAMES around each row, fewer at the ends."""
    half = SMOOTHED_FRAMES // 2
    sums = np.cumsum(np.vstack([np.zeros((1, boxes.shape[1])), boxes]), axis=0)
    index = np.arange(len(boxes))
    low, high = np.maximum(index - half, 0), np.minimum(index + half + 1, len(boxes))
    means: NDArray[np.float64] = (sums[high] - sums[low]) / (high - low)[:, None]
    return means


def face_input(picture: ImageArray, region: Region, size: int) -> FloatArray:
    """(6, size, size) in 0..1: the face with its lower half zero, and the whole face, RGB both."""
    cut = picture[region.top : region.bottom, region.left : region.right]
    small = cv2.resize(np.ascontiguousarray(cut), (size, size), interpolation=cv2.INTER_LINEAR)
    faces = np.empty((6, size, size), np.float32)
    np.divide(small.transpose(2, 0, 1), np.float32(255), out=faces[3:])
    faces[:3] = faces[3:]
    faces[:3, size // 2 :] = 0.0
    return faces
