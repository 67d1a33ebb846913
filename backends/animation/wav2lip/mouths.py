"""What the network has drawn, made ready to be put on a picture: matched in colour, sharpened, with a soft edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from backends.animation.wav2lip.crops import Region
from backends.types import FloatArray, ImageArray

FIRST_SHARE = 0.5
"""Of the face's height: what is above is not drawn where edges are soft. The network sees that half as it is."""
_DOWN = (0.50, 0.62)
_UP = (0.995, 0.93)
_IN = (0.03, 0.15)
"""Shares of the face's height and width over which the edges at the top, the bottom and the sides grow opaque."""
_JAW = 0.22
"""Share of the width by which both sides come nearer towards the chin."""
_MOST_SHIFT = 0.1
"""Of the colours' range, that a mouth is made lighter or darker by at most."""
_BLUR_SHARE = 1.0
"""Standard deviation of the unsharp mask in pixels of the network."""


@dataclass(frozen=True, slots=True)
class Finish:
    """How mouths are put on pictures."""

    whole: bool = False
    """The whole crop with hard edges and its own colours, as the authors' script does."""
    match_colour: bool = True
    sharpen: float = 0.0
    """Strength of the unsharp mask, 0..2."""

    def first_row(self, size: int) -> int:
        """Of a face, that has to be drawn."""
        return 0 if self.whole else int(FIRST_SHARE * size)


class Patch(NamedTuple):
    """A piece of a picture with opacity."""

    left: int
    top: int
    pixels: ImageArray
    """(h, w, 4) RGBA, not premultiplied."""


class Finisher:
    """Makes patches of what one network draws; nothing in it changes."""

    def __init__(self, finish: Finish, size: int, top: int) -> None:
        self._finish, self._size, self._top = finish, size, top
        self._opacity = np.ones((size - top, size), np.float32)
        if not finish.whole:
            self._opacity = _soft(size)[top:]
        edge = self._opacity * (1.0 - self._opacity)
        self._edge = edge / max(float(edge.sum()), 1e-6)

    def patch(
        self, drawn: FloatArray, seen: FloatArray, region: Region, weight: float = 1.0
    ) -> Patch:
        """What is put on the picture.

        Args:
            drawn: (3, size - top, size) of the network.
            seen: (3, size, size) the face as it was.
            region: of the face in the picture.
            weight: opacity, 0..1.
        """
        finish, size = self._finish, self._size
        picture = drawn
        if finish.match_colour and not finish.whole:
            away = (seen[:, self._top :] - drawn) * self._edge
            shift = np.clip(away.sum((1, 2)), -_MOST_SHIFT, _MOST_SHIFT)
            picture = drawn + shift[:, None, None].astype(np.float32)
        small = np.empty((size - self._top, size, 4), np.float32)
        np.multiply(picture.transpose(1, 2, 0), 255.0, out=small[..., :3])
        np.multiply(self._opacity, 255.0 * weight, out=small[..., 3])
        top = region.top + round(region.height * self._top / size)
        method = cv2.INTER_LINEAR if finish.whole else cv2.INTER_CUBIC
        extent = region.width, region.bottom - top
        large = np.asarray(cv2.resize(small, extent, interpolation=method), np.float32)
        if finish.sharpen > 0:
            sigma = _BLUR_SHARE * region.width / size
            soft = cv2.GaussianBlur(large[..., :3], (0, 0), sigma)
            large[..., :3] += finish.sharpen * (large[..., :3] - soft)
        pixels = np.clip(large + 0.5, 0, 255).astype(np.uint8)
        return Patch(region.left, top, pixels)


def put(patch: Patch, picture: ImageArray) -> None:
    """Draws a patch onto a picture, (h, w, 3) RGB, that it lies inside."""
    height, width = patch.pixels.shape[:2]
    under = picture[patch.top : patch.top + height, patch.left : patch.left + width]
    opacity = patch.pixels[..., 3].astype(np.float32) * np.float32(1 / 255)
    mixed = cv2.blendLinear(
        np.ascontiguousarray(patch.pixels[..., :3]),
        np.ascontiguousarray(under),
        opacity,
        1 - opacity,
    )
    np.copyto(under, mixed)


def _soft(size: int) -> FloatArray:
    """(size, size) 1 on mouth and chin, falling to 0 towards the edges and the upper half."""
    place = np.asarray((np.arange(size) + 0.5) / size, np.float32)
    down = _grown(place, *_DOWN) * _grown(place, *_UP)
    side = np.minimum(place, np.float32(1) - place)
    narrower = np.float32(_JAW) * np.clip(2 * place - 1, 0, 1) ** 2
    return down[:, None] * _grown(side[None] - narrower[:, None], *_IN)


def _grown(place: FloatArray, start: float, end: float) -> FloatArray:
    """0 at `start`, 1 at `end` and beyond, smooth between."""
    t = np.clip((place - start) / (end - start), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
