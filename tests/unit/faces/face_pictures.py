"""Pictures for the tests of faces."""

import os
from pathlib import Path

import cv2
import numpy as np

from backends.faces.detect import LEFT_EYE, RIGHT_EYE, Face
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


def covered(picture: ImageArray, face: Face, cover: str) -> ImageArray:
    """The picture with something painted over the mouth: "mask", "hand" or
    "microphone"; or "beard", around the lips."""
    points = face.landmarks[:, :2]
    right, left = (points[list(eye)].mean(0) for eye in (RIGHT_EYE, LEFT_EYE))
    across = (left - right) / np.linalg.norm(left - right)
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    offset = np.stack([columns, rows], -1) - points[[13, 14]].mean(0)
    u = offset @ across / face.eye_distance
    v = offset @ np.array([-across[1], across[0]]) / face.eye_distance
    noise = np.random.default_rng(0).normal(0, 4, u.shape)
    x, y = points[[50, 280]].mean(0).astype(int)
    skin = np.median(picture[y - 4 : y + 5, x - 30 : x + 31].reshape(-1, 3), axis=0)
    inside = np.zeros(u.shape, np.uint8)
    if cover == "beard":
        jaw = [93, 58, 172, 150, 176, 152, 400, 379, 397, 288, 323, 425, 2, 205]
        lips = [61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91]
        cv2.fillPoly(inside, [points[jaw].astype(np.int32)], 1)
        cv2.fillPoly(inside, [points[lips].astype(np.int32)], 0)
        colour, light = np.array([60.0, 42.0, 32.0]), 4 * cv2.GaussianBlur(noise, (1, 9), 0)
    elif cover == "mask":
        jaw = [93, 58, 172, 150, 176, 152, 400, 379, 397, 288, 323, 280, 195, 50]
        cv2.fillPoly(inside, [points[jaw].astype(np.int32)], 1)
        colour, light = np.array([150.0, 190.0, 215.0]), noise + 10 * np.sin(v * 22)
    elif cover == "hand":
        fingers = (v - 0.3 * u) % 0.22 / 0.22 - 0.5
        inside = (np.abs(u) < 0.65) & (np.abs(v - 0.3 * u) < 0.44)
        colour, light = skin, noise - 100 * fingers**2
    else:
        inside = (u**2 + v**2 < 0.4**2) | ((np.abs(u) < 0.13) & (v > 0))
        colour, light = np.array([40.0, 40.0, 42.0]), 2 * noise + 40 - 160 * (u**2 + v**2)
    soft = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 1.0)[..., None]
    painted = picture * (1 - soft) + (colour + light[..., None]) * soft
    return np.asarray(painted.clip(0, 255), np.uint8)


def as_taken(picture: ImageArray, light: str) -> ImageArray:
    """The same picture in another light: "day", "grey", "dim", "warm", "cold" or "glaring"."""
    if light == "grey":
        return np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    gains = {
        "day": (1.0, 1.0, 1.0),
        "dim": (0.22, 0.22, 0.22),
        "warm": (1.12, 0.95, 0.72),
        "cold": (0.75, 0.95, 1.15),
        "glaring": (1.7, 1.7, 1.7),
    }
    return np.asarray((picture * np.array(gains[light])).clip(0, 255), np.uint8)
