"""Paints the visible mark of a video that a model made."""

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from backends.composition.label import Mark
from backends.composition.painter import FONT
from backends.types import FloatArray, ImageArray

_TEXTS = {
    "en": "AI-generated", "el": "Δημιουργήθηκε με ΤΝ", "de": "KI-generiert", "es": "Generado con IA",
    "fr": "Généré par IA", "it": "Generato con IA", "nl": "Gegenereerd met AI", "pl": "Wygenerowane przez SI",
    "pt": "Gerado por IA", "ru": "Создано ИИ", "sv": "AI-genererad", "tr": "Yapay zekâ ile üretildi",
}  # fmt: skip
"""By ISO 639-1 code; in English where there is none."""
# Shares of the picture's shorter side.
_CORNER_LETTER, _CORNER_MARGIN = 0.032, 0.035
_CARD_LETTER = 0.075
_SMALLEST_PX = 9
_WIDEST = 0.86
"""Share of the picture's width."""
_INK, _PAPER = 250, (18, 18, 24)
_SHADE = 0.58
"""Opacity of the corner's ground."""
_CARD_SHADE, _FADE_S = 0.94, 0.4
_FINE = 4
"""Drawn so many times as large, for smooth edges."""


class LabelPainter:
    """Paints the mark; what a frame gets depends on its index alone."""

    def __init__(self, size: tuple[int, int], fps: int, mark: Mark) -> None:
        """Size is (width, height) in pixels."""
        self._fps = fps
        self._card_from = card_from = mark.card_from
        text = _TEXTS.get(mark.language, _TEXTS["en"])
        width, height = size
        share = _CORNER_LETTER if card_from is None else _CARD_LETTER
        ink, ground = _drawn(text, max(_SMALLEST_PX, round(share * min(size))), width)
        if card_from is None:
            margin = round(_CORNER_MARGIN * min(size))
            self._left, self._top = width - ink.shape[1] - margin, margin
            cover = np.maximum(ink, _SHADE * ground)
        else:
            self._left, self._top = (width - ink.shape[1]) // 2, (height - ink.shape[0]) // 2
            cover = ink
        share_of_ink = ink / np.maximum(cover, 1e-6)
        paper, bright = np.array(_PAPER, np.float32), np.float32(_INK)
        colour = paper + (bright - paper) * share_of_ink[:, :, np.newaxis]
        self._letters = np.ascontiguousarray(np.rint(colour).astype(np.uint8))
        self._cover = cover.astype(np.float32)

    def paint(self, frame: ImageArray, index: int) -> None:
        """Paints into (h, w, 3) RGB, in place."""
        strength = 1.0
        if self._card_from is not None:
            if index < self._card_from:
                return
            shown_s = (index - self._card_from + 1) / self._fps
            strength = min(1.0, shown_s / _FADE_S)
            shade = _CARD_SHADE * strength
            cv2.addWeighted(frame, 1 - shade, np.full_like(frame, _PAPER), shade, 0, dst=frame)
        height, width = self._cover.shape
        area = frame[self._top : self._top + height, self._left : self._left + width]
        cover = self._cover * np.float32(strength)
        cv2.blendLinear(self._letters, area, cover, 1 - cover, dst=area)


def _drawn(text: str, pixels: int, width: int) -> tuple[FloatArray, FloatArray]:
    """Star and letters, and the rounded ground beneath them, as (h, w) covers 0..1; smaller where they are too wide."""
    font = ImageFont.truetype(FONT, pixels * _FINE, layout_engine=ImageFont.Layout.BASIC)
    star, gap, pad = 0.8 * font.size, 0.35 * font.size, 0.55 * font.size
    wide = star + gap + font.getlength(text) + 2 * pad
    if wide > _WIDEST * width * _FINE and pixels > 5:
        return _drawn(text, pixels - 1, width)
    tall = 1.75 * font.size
    size = (-(-int(wide) // _FINE) * _FINE, -(-int(tall) // _FINE) * _FINE)
    ink, ground = Image.new("L", size, 0), Image.new("L", size, 0)
    ImageDraw.Draw(ground).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), size[1] / 2, 255)
    draw, middle = ImageDraw.Draw(ink), size[1] / 2
    draw.polygon(_star(pad + star / 2, middle, star / 2), 255)
    draw.text((pad + star + gap, middle), text, 255, font, anchor="lm")
    small = (size[0] // _FINE, size[1] // _FINE)
    return tuple(  # type: ignore[return-value]
        np.asarray(image.resize(small, Image.Resampling.BOX), np.float32) / 255
        for image in (ink, ground)
    )


def _star(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """An astroid: four points with hollow sides."""
    angles = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    return [(x + radius * np.sin(a) ** 3, y - radius * np.cos(a) ** 3) for a in angles]
