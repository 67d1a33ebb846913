"""The warped person over what stands still, a strip of the picture at a time, so that it all stays in the cache."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.layers import Layers
from backends.animation.rig.raster import rasterize, reach
from backends.animation.rig.sampling import Maps, Words, sample, soften
from backends.types import ImageArray

IntArray = NDArray[np.int32]
Points = NDArray[np.float32]

STRIP_PIXELS = 64 * 1024
"""Of a strip: its map, its colours and its background then fit into a core's second cache."""


@dataclass(frozen=True, slots=True)
class Texture:
    """The person with opacity, going on beyond the picture's edges where it reaches them."""

    words: Words
    """(margin + h + margin, margin + w + margin): R, G, B, A."""
    margin: int

    @classmethod
    def of(cls, layers: Layers, margin: int) -> "Texture":
        """A texture of one's own, to be painted into."""
        sides = (margin,) * 4
        colours = cv2.copyMakeBorder(layers.person, *sides, cv2.BORDER_REFLECT_101)
        opacity = cv2.copyMakeBorder(layers.opacity, *sides, cv2.BORDER_REPLICATE)
        return cls(cv2.merge([colours, opacity]).view(np.uint32)[..., 0], margin)

    def paint(self, colours: ImageArray, box: tuple[int, int, int, int]) -> None:
        """Takes over the colours of a box (left, top, width, height) of the picture; opacity stays."""
        left, top, width, height = box
        rows = self.words[self.margin + top :][:height]
        ours = rgba(rows)[:, self.margin + left :][:, :width]
        theirs = colours[top : top + height, left : left + width]
        cv2.mixChannels([theirs], [ours], [0, 0, 1, 1, 2, 2])


class Compositor:
    """Draws moved triangles over a still picture; the memory of one drawing run."""

    def __init__(self, still: ImageArray) -> None:
        height, width = still.shape[:2]
        self.still = words(still)
        self.strip = max(8, min(height, STRIP_PIXELS // width))
        strips = -(-height // self.strip)
        self.extents = np.empty((strips, 2), np.int32)
        self.maps = Maps(self.strip * width)

    @property
    def nothing(self) -> IntArray:
        """(strips, 2) columns where nothing was drawn."""
        return np.tile(np.array([np.iinfo(np.int32).max, 0], np.int32), (len(self.extents), 1))

    def draw(
        self,
        frame: ImageArray,
        drawn: IntArray,
        texture: Texture,
        triangles: IntArray,
        target: Points,
        source: Points,
        folds: tuple[int, int, int, int] = (0, 0, 0, 0),
    ) -> None:
        """Brings a frame up to date.

        Args:
            frame: (h, w, 3), the still picture but for what was drawn before.
            drawn: (strips, 2) columns that were drawn before; those drawn now afterwards.
            triangles: (k, 3) from back to front.
            target, source: (n, 2) vertices in the frame and in the texture.
            folds: Left, top, right, bottom of where triangles may hide each other; their edges are softened there.
        """
        height, width = frame.shape[:2]
        reach(triangles, target, width, self.strip, self.extents)
        for k, (now, before) in enumerate(zip(self.extents, drawn, strict=True)):
            left, right = min(now[0], before[0]), max(now[1], before[1])
            if left < right:
                top = k * self.strip
                rows = min(self.strip, height - top)
                view = frame[top : top + rows, left:right]
                self._strip(view, texture, triangles, target, source, int(left), top, folds)
        drawn[:] = self.extents

    def _strip(
        self,
        view: ImageArray,
        texture: Texture,
        triangles: IntArray,
        target: Points,
        source: Points,
        left: int,
        top: int,
        folds: tuple[int, int, int, int],
    ) -> None:
        height, width = view.shape[:2]
        columns, rows, colours = self.maps.clear(height, width)
        rasterize(triangles, target, source, left, top, columns, rows)
        sample(columns, rows, texture.words, self.still, left, top, colours)
        first, last = max(0, folds[1] - top), min(height, folds[3] - top)
        if first < last:
            start, end = max(0, folds[0] - left), min(width, folds[2] - left)
            soften(colours, columns, rows, start, end, first, last)
        cv2.cvtColor(rgba(colours), cv2.COLOR_RGBA2RGB, dst=view)


def rgba(words: Words) -> NDArray[np.uint8]:
    """(h, w, 4) the bytes of (h, w) words."""
    return words.view(np.uint8).reshape(*words.shape, 4)


def words(pixels: ImageArray) -> Words:
    """(h, w) opaque words of (h, w, 3) pixels."""
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA).view(np.uint32)[..., 0]
