"""Pictures for the tests of faces."""

import os
from pathlib import Path

import cv2
import numpy as np

from backends.types import ImageArray

PORTRAITS = Path(
    os.environ.get(
        "PROSOPON_TEST_PORTRAITS", Path(__file__).parents[3].parent / "shared" / "portraits"
    )
)
"""Portraits to try things on; tests that need them skip where they are absent."""


def grey(width: int, height: int) -> ImageArray:
    return np.full((height, width, 3), 128, np.uint8)


def paste(onto: ImageArray, picture: ImageArray, scale: float, x: int, y: int) -> None:
    """Draws a picture, resized, with its corner at (x, y)."""
    resized = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    onto[y : y + resized.shape[0], x : x + resized.shape[1]] = resized
