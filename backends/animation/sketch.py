"""A face drawn with a few lines over the portrait: no model, no landmarks, well under a millisecond
a frame. It shows what a performance does, and stands in where the drawing does not matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.engine import AnimationInfo
from backends.errors import InputError
from backends.speech.engine import Licence
from backends.types import (
    INDEX,
    Box,
    FrameBatch,
    ImageArray,
    Notice,
    Performance,
    Reference,
    ReferenceVideo,
    Speech,
)

BATCH = 16
"""Frames drawn before they are handed over."""

Points = NDArray[np.float64]
Colour = tuple[int, int, int]

# Places in the face's box, from -0.5 to 0.5 across and down. The box reaches from hairline to chin,
# so the eyes lie a little above its middle.
_EYE_X, _EYE_Y, _BROW_Y, _MOUTH_Y = 0.21, -0.12, -0.24, 0.25
_EYE_WIDTH, _EYE_HEIGHT = 0.085, 0.04
_MOUTH_WIDTH, _MOUTH_OPENING = 0.17, 0.16
_EYE_DISTANCE = 2 * _EYE_X
_PER_DEGREE = 0.008  # shift of the features in box widths as the head turns or nods
_BITS = 4  # OpenCV draws polygons at 1/16 pixel
_CIRCLE = np.stack([f(np.linspace(0, 2 * np.pi, 24, endpoint=False)) for f in (np.cos, np.sin)], 1)
_ACROSS = np.linspace(-1, 1, 13)


@dataclass(frozen=True, slots=True)
class SketchAvatar:
    paper: ImageArray
    """The portrait with its own eyes, brows and mouth painted over."""
    face: Box
    skin: Colour
    ink: Colour


class SketchEngine:
    """Draws lids, pupils, brows and mouth as lines that follow the performance."""

    @property
    def info(self) -> AnimationInfo:
        return AnimationInfo(
            name="sketch",
            uses_performance=True,
            shardable=True,
            context_frames=(0, 0),
            device="cpu",
            licence=Licence(code="Apache-2.0", weights="none", commercial_use=True),
        )

    def prepare(self, reference: Reference) -> SketchAvatar:
        """Takes the skin's colour and clears the places where features are drawn."""
        if isinstance(reference, ReferenceVideo):
            raise InputError("the engine sketch draws on pictures: give a picture as portrait")
        face, paper = reference.face, reference.pixels.copy()
        skin = _skin_colour(paper, face)
        pen = _Pen(paper, face)
        for side in (-1, 1):
            pen.fill(np.array([side * _EYE_X, -0.17]) + _CIRCLE * [0.13, 0.1], skin)
        pen.fill(np.array([0, _MOUTH_Y]) + _CIRCLE * [0.22, 0.1], skin)
        paper.setflags(write=False)
        ink = (skin[0] // 3, skin[1] // 4, skin[2] // 4)
        return SketchAvatar(paper, face, skin, ink)

    def notices(self, avatar: SketchAvatar) -> tuple[Notice, ...]:
        """None: what it draws needs nothing of the portrait."""
        return ()

    def plan(
        self, avatar: SketchAvatar, speech: Speech, performance: Performance, seed: int
    ) -> Performance:
        """The performance as it is."""
        return performance

    def animate(
        self, avatar: SketchAvatar, plan: Performance, frames: range
    ) -> Iterator[FrameBatch]:
        """Draws the clip's frames of the range.

        Raises:
            IndexError: the plan does not hold them all.
        """
        rows = plan.slice(frames.start, frames.stop)
        canvas = np.empty((min(BATCH, max(len(rows), 1)), *avatar.paper.shape), np.uint8)
        for start in range(0, len(rows), BATCH):
            count = min(BATCH, len(rows) - start)
            for i in range(count):
                np.copyto(canvas[i], avatar.paper)
                _draw(canvas[i], avatar, rows, start + i)
            yield FrameBatch(canvas[:count], rows.start + start)


def _draw(picture: ImageArray, avatar: SketchAvatar, rows: Performance, index: int) -> None:
    pen = _Pen(picture, avatar.face)
    pen.move(rows.pose[index].astype(np.float64))
    row = _Row(rows, index)
    for side, name in ((-1, "Right"), (1, "Left")):
        _draw_eye(pen, row, avatar, side, name)
        _draw_brow(pen, row, avatar, side, name)
    _draw_mouth(pen, row, avatar)


def _draw_eye(pen: _Pen, row: _Row, avatar: SketchAvatar, side: int, name: str) -> None:
    centre = np.array([side * _EYE_X, _EYE_Y])
    openness = 1 - row["eyeBlink" + name] - 0.3 * row["eyeSquint" + name]
    height = max(0.0, openness + 0.4 * row["eyeWide" + name]) * _EYE_HEIGHT
    outline = centre + _CIRCLE * [_EYE_WIDTH, max(height, 0.002)]
    if height > 0.3 * _EYE_HEIGHT:
        pen.fill(outline, (240, 240, 240))
        look = np.sin(np.radians(row.gaze)) * [0.6 * _EYE_WIDTH, 0.6 * height]
        pen.fill(centre + look + _CIRCLE * (0.75 * min(height, _EYE_HEIGHT)), avatar.ink)
    pen.line(outline, avatar.ink, closed=True)


def _draw_brow(pen: _Pen, row: _Row, avatar: SketchAvatar, side: int, name: str) -> None:
    down = row["browDown" + name]
    inner = _BROW_Y + 0.05 * down - 0.06 * row["browInnerUp"]
    outer = _BROW_Y + 0.02 * down - 0.05 * row["browOuterUp" + name]
    ends = np.array([[side * (_EYE_X - 0.09), inner], [side * (_EYE_X + 0.10), outer]])
    pen.line(ends, avatar.ink, thick=2)


def _draw_mouth(pen: _Pen, row: _Row, avatar: SketchAvatar) -> None:
    smile = (row["mouthSmileLeft"] + row["mouthSmileRight"]) / 2
    frown = (row["mouthFrownLeft"] + row["mouthFrownRight"]) / 2
    round_ = max(row["mouthPucker"], row["mouthFunnel"])
    wide = max(smile, (row["mouthStretchLeft"] + row["mouthStretchRight"]) / 2)
    opening = max(0.0, row["jawOpen"] - row["mouthClose"]) * (1 - row.extra("closure"))
    x = _ACROSS * _MOUTH_WIDTH * (1 + 0.25 * wide - 0.4 * round_)
    corners = 0.06 * (frown - smile) * _ACROSS**2
    lips = _MOUTH_OPENING * opening * np.sqrt(1 - _ACROSS**2)
    upper = np.stack([x, _MOUTH_Y + corners - 0.3 * lips], 1)
    lower = np.stack([x, _MOUTH_Y + corners + 0.7 * lips], 1)
    outline = np.concatenate([upper, lower[::-1]])
    pen.fill(outline, (70, 25, 30))
    pen.line(outline, avatar.ink, closed=True, thick=2)


class _Row:
    """One frame of a performance by channel name."""

    def __init__(self, rows: Performance, index: int) -> None:
        self._rows, self._index = rows, index
        self.gaze = rows.gaze[index].astype(np.float64)

    def __getitem__(self, name: str) -> float:
        return float(self._rows.coefficients[self._index, INDEX[name]])

    def extra(self, name: str) -> float:
        values = self._rows.extra.get(name)
        return 0.0 if values is None else float(values[self._index])


class _Pen:
    """Draws in the units of a face's box."""

    def __init__(self, picture: ImageArray, face: Box) -> None:
        self._picture = picture
        self._size = np.array([face.width, face.height])
        self._centre = np.array([face.x + face.width / 2, face.y + face.height / 2])
        self._turn = np.eye(2)
        self._width = max(1, round(face.width / 90))

    def move(self, pose: Points) -> None:
        """Shifts and tilts what follows, pose as in `backends.types.POSE`."""
        yaw, pitch, roll, x, y, _ = pose
        shift = np.array([yaw, pitch]) * _PER_DEGREE + np.array([x, y]) * _EYE_DISTANCE
        self._centre = self._centre + shift * self._size[0]
        cos, sin = np.cos(np.radians(roll)), np.sin(np.radians(roll))
        self._turn = np.array([[cos, sin], [-sin, cos]])  # rows times this: clockwise as y is down

    def fill(self, points: Points, colour: Colour) -> None:
        cv2.fillPoly(self._picture, [self._pixels(points)], colour, cv2.LINE_AA, _BITS)

    def line(self, points: Points, colour: Colour, *, closed: bool = False, thick: int = 1) -> None:
        width = thick * self._width
        pixels = [self._pixels(points)]
        cv2.polylines(self._picture, pixels, closed, colour, width, cv2.LINE_AA, _BITS)

    def _pixels(self, points: Points) -> NDArray[np.int32]:
        placed = (points * self._size) @ self._turn + self._centre
        return np.asarray(np.round(placed * 2**_BITS), np.int32)


def _skin_colour(pixels: ImageArray, face: Box) -> Colour:
    """The median around the nose and the cheeks."""
    height, width = pixels.shape[:2]
    left, right = (int(np.clip(face.x + s * face.width, 0, width - 1)) for s in (0.3, 0.7))
    top, bottom = (int(np.clip(face.y + s * face.height, 0, height - 1)) for s in (0.5, 0.65))
    patch = pixels[top : bottom + 1, left : right + 1].reshape(-1, 3)
    red, green, blue = np.median(patch, axis=0).astype(int).tolist()
    return red, green, blue
