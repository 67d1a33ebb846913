"""The warped person over what stands still, a strip of the picture at a time, so that it all stays in the cache."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled
from backends.animation.rig.layers import Layers
from backends.animation.rig.raster import rasterize, reach
from backends.types import ImageArray

Words = NDArray[np.uint32]
IntArray = NDArray[np.int32]
Points = NDArray[np.float32]

STRIP_PIXELS = 48 * 1024
"""Of a strip: its map, its colours and its background then fit into a core's second cache."""


@dataclass(frozen=True, slots=True)
class Texture:
    """The person with opacity, going on beyond the picture's edges where it reaches them; below, transparent rows."""

    rgba: NDArray[np.uint8]
    """(margin + h + margin + 2, margin + w + margin, 4)"""
    margin: int

    @classmethod
    def of(cls, layers: Layers, margin: int) -> "Texture":
        """A texture of one's own, to be painted into."""
        sides = (margin,) * 4
        colours = cv2.copyMakeBorder(layers.person, *sides, cv2.BORDER_REFLECT_101)
        opacity = cv2.copyMakeBorder(layers.opacity, *sides, cv2.BORDER_REPLICATE)
        wide = np.dstack([colours, opacity])
        clear = np.zeros((2, *wide.shape[1:]), np.uint8)
        return cls(np.concatenate([wide, clear]), margin)

    @property
    def nowhere(self) -> int:
        """A transparent pixel, as `rasterize` counts them."""
        return (len(self.rgba) - 1) << 16

    def paint(self, colours: ImageArray, box: tuple[int, int, int, int]) -> None:
        """Takes over the colours of a box (left, top, width, height) of the picture; opacity stays."""
        left, top, width, height = box
        ours = self.rgba[self.margin + top :, self.margin + left :][:height, :width]
        theirs = colours[top : top + height, left : left + width]
        cv2.mixChannels([theirs], [ours], [0, 0, 1, 1, 2, 2])


class Compositor:
    """Draws moved triangles over a still picture; the memory of one drawing run."""

    def __init__(self, still: ImageArray) -> None:
        height, width = still.shape[:2]
        self.still = cv2.cvtColor(still, cv2.COLOR_RGB2RGBA).view(np.uint32)[..., 0]
        self.strip = max(8, min(height, STRIP_PIXELS // width))
        strips = -(-height // self.strip)
        self.extents = np.empty((strips, 2), np.int32)
        self.whole = np.empty(self.strip * width, np.int32)
        self.fraction = np.empty(self.strip * width, np.uint16)
        self.colours = np.empty(self.strip * width, np.uint32)

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
        rows, columns = view.shape[:2]
        size = rows * columns
        whole = self.whole[:size].reshape(rows, columns)
        fraction = self.fraction[:size].reshape(rows, columns)
        whole.fill(texture.nowhere)
        fraction.fill(0)
        rasterize(triangles, target, source, left, top, whole, fraction)
        colours = self.colours[:size].reshape(rows, columns)
        rgba = colours.view(np.uint8).reshape(rows, columns, 4)
        maps = whole.view(np.int16).reshape(rows, columns, 2)
        cv2.remap(texture.rgba, maps, fraction, cv2.INTER_LINEAR, dst=rgba,
                  borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        first, last = max(0, folds[1] - top), min(rows, folds[3] - top)
        if first < last:
            start, end = max(0, folds[0] - left), min(columns, folds[2] - left)
            soften(colours, whole, start, end, first, last, texture.nowhere)
        blend(colours, self.still, left, top)
        cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB, dst=view)


@compiled
def soften(
    colours: Words, whole: IntArray, left: int, right: int, top: int, bottom: int, nowhere: int
) -> None:
    """Mixes a quarter of each other into neighbours that are more than five pixels apart in the texture: a part of
    the person hides another there.

    Args:
        colours: (h, w) pixels R, G, B, A, changed.
        whole: (h, w) map, as `rasterize` writes it.
        left, top, right, bottom: Where to look.
    """
    # Two differences in a word, each of them -2 to 5 when nothing but these bits is left.
    shift, far = np.int32(0x00020002), np.int32(-0x00070008)
    for y in range(top, min(bottom, whole.shape[0] - 1)):
        row, next_row = whole[y], whole[y + 1]
        for x in range(left, min(right, whole.shape[1] - 1)):
            here = row[x]
            if np.int32(np.int32(row[x + 1] - here) + shift) & far:
                _mix(colours, whole, y, x, y, x + 1, nowhere)
            if np.int32(np.int32(next_row[x] - here) + shift) & far:
                _mix(colours, whole, y, x, y + 1, x, nowhere)


@compiled
def _mix(
    colours: Words, whole: IntArray, y: int, x: int, below: int, beside: int, nowhere: int
) -> None:
    if whole[y, x] == nowhere or whole[below, beside] == nowhere:
        return
    a, b = int(colours[y, x]), int(colours[below, beside])
    one, other = 0, 0
    for bits in range(0, 32, 8):
        p, q = (a >> bits) & 255, (b >> bits) & 255
        one |= ((3 * p + q + 2) >> 2) << bits
        other |= ((3 * q + p + 2) >> 2) << bits
    colours[y, x], colours[below, beside] = np.uint32(one), np.uint32(other)


@compiled
def blend(over: Words, under: Words, left: int, top: int) -> None:
    """Puts pixels R, G, B, A (not premultiplied) over a picture's opaque ones from (left, top) on, in place; two
    channels in a word at a time."""
    pair, half = np.uint32(0x00FF00FF), np.uint32(0x00800080)
    byte, seven, alpha = np.uint32(8), np.uint32(7), np.uint32(24)
    for y in range(over.shape[0]):
        ours, theirs = over[y], under[top + y, left:]
        for x in range(ours.shape[0]):
            p, q = ours[x], theirs[x]
            share = np.uint32(p >> alpha)
            share = np.uint32(share + np.uint32(share >> seven))  # 0..256
            odd, even = np.uint32(np.uint32(q >> byte) & pair), np.uint32(q & pair)
            odd_step = np.uint32(np.uint32(np.uint32(p >> byte) & pair) - odd)
            even_step = np.uint32(np.uint32(p & pair) - even)
            odd_step = np.uint32(np.uint32(np.uint32(odd_step * share) + half) >> byte)
            even_step = np.uint32(np.uint32(np.uint32(even_step * share) + half) >> byte)
            odd = np.uint32(np.uint32(odd + odd_step) & pair)
            even = np.uint32(np.uint32(even + even_step) & pair)
            ours[x] = np.uint32(even | np.uint32(odd << byte))
