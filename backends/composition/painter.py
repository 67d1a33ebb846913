"""Burns captions into frames."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from backends.composition.captions import CaptionLine, line_at
from backends.types import FloatArray, ImageArray

FONT = Path(__file__).parent / "fonts" / "NotoSans-SemiBold.ttf"
"""Latin, Greek (polytonic too) and Cyrillic of Noto Sans SemiBold 2.015; SIL OFL 1.1, beside it."""
# Shares of the picture; margins as broadcasters keep them (EBU R 95: 5 %).
_LETTER_OF_HEIGHT, _LETTER_OF_WIDTH = 0.056, 0.06
_MARGIN = 0.05
_HIGHEST = 0.42
"""Share of the picture's height that captions may take."""
_SMALLER = 0.78
"""How far letters shrink for two rows instead of three."""
_LEADING = 1.28
_SMALLEST_PX = 5
_SHADE = 0.82
"""Opacity of the shadow under the letters."""


class _Patch(NamedTuple):
    """A caption ready to be laid over a frame, at its place."""

    left: int
    top: int
    letters: ImageArray
    """(h, w, 3)"""
    cover: FloatArray
    """(h, w) 0..1"""
    keep: FloatArray
    """1 - cover"""


class CaptionPainter:
    """Paints the captions of a clip; what a frame gets depends on its index alone."""

    def __init__(self, size: tuple[int, int], fps: int, lines: Sequence[CaptionLine]) -> None:
        """Size is (width, height) in pixels; lines are in order."""
        self._size = size
        self._fps = fps
        self._lines = tuple(lines)
        self._last: tuple[int, _Patch] | None = None

    def paint(self, frame: ImageArray, index: int) -> None:
        """Paints into (h, w, 3) RGB, in place, what is said at the clip's frame `index`."""
        shown = line_at(self._lines, index / self._fps)
        if shown is None:
            return
        last = self._last
        if last is None or last[0] != shown:
            last = (shown, _render(self._lines[shown].text, self._size))
            self._last = last
        left, top, letters, cover, keep = last[1]
        height, width = cover.shape
        area = frame[top : top + height, left : left + width]
        cv2.blendLinear(letters, area, cover, keep, dst=area)


def unpaintable(text: str) -> str:
    """The characters that the font lacks and would show as boxes, each once."""
    font = ImageFont.truetype(FONT, 24, layout_engine=ImageFont.Layout.BASIC)
    box = bytes(font.getmask("\uffff"))
    return "".join(
        c for c in dict.fromkeys(text) if not c.isspace() and bytes(font.getmask(c)) == box
    )


def _render(text: str, size: tuple[int, int]) -> _Patch:
    width, height = size
    font, rows = _fitted(text, size)
    step = font.size * _LEADING
    blur, stroke = font.size * 0.16, max(1, round(font.size * 0.045))
    pad = round(blur * 3) + stroke
    wide = min(width, round(max(font.getlength(row) for row in rows)) + 2 * pad)
    tall = min(height, round(step * len(rows)) + 2 * pad)
    white = Image.new("L", (wide, tall), 0)
    dark = Image.new("L", (wide, tall), 0)
    for i, row in enumerate(rows):
        place = (wide / 2, pad + (i + 0.5) * step)
        ImageDraw.Draw(white).text(place, row, 255, font, anchor="mm")
        ImageDraw.Draw(dark).text(place, row, 255, font, anchor="mm", stroke_width=2 * stroke)
    glow = dark.filter(ImageFilter.GaussianBlur(blur))
    letters = np.asarray(white, np.float32) / 255
    # The blur thins the shadow; it is strengthened again, and the outline stays dark.
    shade = _SHADE * np.maximum(
        np.minimum(np.asarray(glow, np.float32) / 160, 1), np.asarray(dark, np.float32) / 255
    )
    cover = letters + shade * (1 - letters)
    colour = np.where(cover > 0, 255 * letters / np.maximum(cover, 1e-6), 0)
    bottom = height - round(_MARGIN * height)
    return _Patch(
        left=(width - wide) // 2,
        top=max(0, bottom - tall + pad // 2),
        letters=np.repeat(np.rint(colour).astype(np.uint8)[:, :, np.newaxis], 3, axis=2),
        cover=cover.astype(np.float32),
        keep=(1 - cover).astype(np.float32),
    )


def _fitted(text: str, size: tuple[int, int]) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """Letters of the usual size, or a little smaller if two rows will do then, or as small as the
    margins ask; and the rows."""
    width, height = size
    across = width * (1 - 2 * _MARGIN)
    usual = max(_SMALLEST_PX, round(min(_LETTER_OF_HEIGHT * height, _LETTER_OF_WIDTH * width)))
    sizes = range(usual, _SMALLEST_PX - 1, -1)
    for pixels in sizes[: round((1 - _SMALLER) * usual) + 1]:
        font, rows = _set(text, pixels, across)
        if len(rows) <= 2 and _fits(font, rows, across, height):
            return font, rows
    for pixels in sizes:
        font, rows = _set(text, pixels, across)
        if _fits(font, rows, across, height):
            break
    return font, rows


def _set(text: str, pixels: int, across: float) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    # The basic layout is part of every build of Pillow, so that all machines paint the same.
    font = ImageFont.truetype(FONT, pixels, layout_engine=ImageFont.Layout.BASIC)
    return font, _rows(text, font, across)


def _fits(font: ImageFont.FreeTypeFont, rows: Sequence[str], across: float, height: int) -> bool:
    return (
        max(map(font.getlength, rows)) <= across
        and len(rows) * font.size * _LEADING <= _HIGHEST * height
    )


def _rows(text: str, font: ImageFont.FreeTypeFont, across: float) -> list[str]:
    """The text's own lines if each fits, else its words in as few rows as will do, alike wide."""
    own = text.splitlines() or [""]
    if all(font.getlength(row) <= across for row in own):
        return own
    words = text.split() or [""]
    rows = _filled(words, font, across)
    narrow, wide = across / 4, across
    for _ in range(8):  # the narrowest width that needs no more rows
        middle = (narrow + wide) / 2
        tried = _filled(words, font, middle)
        if len(tried) <= len(rows):
            rows, wide = tried, middle
        else:
            narrow = middle
    return rows


def _filled(words: Sequence[str], font: ImageFont.FreeTypeFont, across: float) -> list[str]:
    rows = [words[0]]
    for word in words[1:]:
        longer = f"{rows[-1]} {word}"
        if font.getlength(longer) <= across:
            rows[-1] = longer
        else:
            rows.append(word)
    return rows
