"""Rows of teeth: drawn where the photo shows none, taken from the photo where it does."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

MM_PER_EYE_DISTANCE = 63.0
SUPERSAMPLING = 3
TEXTURE_HEIGHT_MM = 13.0
EDGE_MM = 12.4
"""Height of the incisal edge in the texture of an upper row."""


@dataclass(frozen=True, slots=True)
class Arch:
    """Crowns of half a dental arch from the middle outwards, in mm (Ash and Nelson, Dental Anatomy)."""

    widths: tuple[float, ...]
    heights: tuple[float, ...]
    shorter: tuple[float, ...]
    """How far each incisal edge falls short of the first one's."""
    radius: float
    gap_shade: float
    """How much darker the lines between teeth are."""


UPPER = Arch(
    (8.6, 6.6, 7.6, 7.0, 6.8, 9.5, 9.5), (9.6, 8.6, 9.4, 8.2, 7.6, 7.0, 7.0),
    (0.0, 0.55, 0.15, 0.9, 1.25, 1.6, 1.8), 27.0, 0.15,
)  # fmt: skip
LOWER = Arch(
    (5.3, 5.9, 6.8, 7.0, 7.0, 10.0, 10.0), (8.3, 8.4, 9.0, 8.2, 7.6, 7.0, 7.0),
    (0.0, 0.05, 0.15, 0.6, 1.0, 1.3, 1.5), 25.0, 0.20,
)  # fmt: skip
BETWEEN = np.array([0.70, 0.65, 0.57])
BESIDE_MM = 0.5
"""Beyond this nothing is seen of a tooth's soft border."""
GUMS = np.array([0.60, 0.30, 0.29])


@dataclass(frozen=True, slots=True)
class Layer:
    """A picture with premultiplied transparency."""

    rgba: Floats
    """(h, w, 4) in 0..1."""
    anchor: tuple[float, float]
    """The pixel that lies at the layer's origin."""
    scale: float
    """Pixels per eye distance."""


def draw_arch(arch: Arch, upper: bool, pixels_per_mm: float, edge_below: float) -> Layer:
    """The front view of a row of teeth.

    Args:
        upper: The edge is at the bottom; otherwise the picture is turned upside down.
        edge_below: Eye distances from the layer's origin down to the incisal edge.
    """
    fine = pixels_per_mm * SUPERSAMPLING
    arc = np.concatenate([[0.0], np.cumsum(arch.widths)]) / (arch.radius * 1.15)
    borders = arch.radius * 1.15 * np.sin(np.minimum(arc, np.pi / 2))
    half = float(borders[-1]) + 0.5
    xs = np.arange(int(2 * half * fine)) / fine - half
    ys = np.arange(int(TEXTURE_HEIGHT_MM * fine)) / fine
    colour = np.tile(GUMS, (len(ys), len(xs), 1))
    band = (ys > EDGE_MM - 6.2) & (ys < EDGE_MM - 0.95)
    colour[band] = BETWEEN
    alpha = np.where((ys < EDGE_MM - 5.2) | band, 1.0, 0.0)[:, None] * (np.abs(xs) <= borders[-1])
    for side in (1, -1):
        for k in range(len(arch.widths)):
            low, high = sorted((side * borders[k], side * borders[k + 1]))
            near = slice(*np.searchsorted(xs, [low - BESIDE_MM, high + BESIDE_MM]).tolist())
            cover, tooth = _crown(arch, k, side, borders, arc, xs[None, near], ys[:, None], fine)
            colour[:, near] += cover[..., None] * (tooth - colour[:, near])
            np.maximum(alpha[:, near], cover, out=alpha[:, near])
    lines = np.abs(np.abs(xs)[:, None] - borders[None, :-1]).min(1)
    crowns = np.clip(ys - (EDGE_MM - 8.0), 0, 1)[:, None]
    colour *= (1 - arch.gap_shade * np.exp(-((lines / 0.2) ** 2)) * crowns)[..., None]
    rgba = np.dstack([colour * alpha[..., None], alpha]).astype(np.float32)
    size = round(len(xs) / SUPERSAMPLING), round(len(ys) / SUPERSAMPLING)
    rgba = cv2.resize(rgba, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    edge = EDGE_MM if upper else TEXTURE_HEIGHT_MM - EDGE_MM
    if not upper:
        rgba = rgba[::-1]
    edge_px = (edge - edge_below * MM_PER_EYE_DISTANCE) * pixels_per_mm
    return Layer(
        np.ascontiguousarray(rgba), (size[0] / 2, edge_px), pixels_per_mm * MM_PER_EYE_DISTANCE
    )


def _crown(
    arch: Arch, k: int, side: int, borders: Array, arc: Array, x: Array, y: Array, fine: float
) -> tuple[Array, Array]:
    """Coverage and colour of one tooth: square incisal corners rounded, scalloped gum, darker towards the back."""
    low, high = sorted((side * float(borders[k]), side * float(borders[k + 1])))
    half = max(0.3, (high - low) / 2 - 0.03)
    u = (x - (low + high) / 2) / half
    bottom = EDGE_MM - arch.shorter[k]
    top = bottom - arch.heights[k]
    v = (y - top) / (bottom - top)
    rounding = 0.55 * np.abs(u) ** 5 * (1.2 if k == 1 else 1.0)
    cover = (
        np.clip((bottom - rounding - y) * fine / 2 + 0.5, 0, 1)
        * np.clip((y - top - 0.9 * np.abs(u) ** 2.2) * fine / 3 + 0.5, 0, 1)
        * np.clip((1 - np.abs(u)) * half * fine / 2 + 0.3, 0, 1)
    )
    facing = float(np.cos(min((arc[k] + arc[k + 1]) / 2, 1.4)))
    light = (0.66 + 0.34 * facing**0.8) * (1 - 0.09 * np.abs(u) ** 3)
    light = (
        light * (1 - 0.10 * np.clip((v - 0.8) / 0.2, 0, 1)) * (0.90 + 0.10 * np.clip(v / 0.5, 0, 1))
    )
    light = light + 0.07 * facing * np.exp(-((u / 0.35) ** 2) - ((v - 0.55) / 0.25) ** 2)
    canine = k >= 2
    tint = np.array([1.0, 0.965 - 0.015 * canine, 0.89 - 0.03 * canine])
    return cover, light[..., None] * tint


def photo_mouth(pixels: Image, outline: Array, unit: float) -> tuple[Layer, tuple[int, int]] | None:
    """What an open mouth shows in the photo, reaching up behind the lip; None where no teeth are seen.

    Args:
        outline: (n, 2) pixels, the inner border of the lips.
        unit: Pixels per eye distance.

    Returns:
        The layer, in the photo's own scale, and its left and top in the photo.
    """
    pad = int(0.12 * unit)
    left, top = np.maximum(np.floor(outline.min(0)).astype(int) - pad, 0)
    right, bottom = np.ceil(outline.max(0)).astype(int) + pad
    crop = pixels[top:bottom, left:right].astype(np.float32) / 255
    inside = np.zeros(crop.shape[:2], np.uint8)
    corners = np.rint((outline - [left, top]) * 16).astype(np.int32)
    cv2.fillPoly(inside, [corners], (255,), cv2.LINE_AA, 4)
    light = crop @ np.array([0.3, 0.59, 0.11], np.float32)
    colourful = (crop.max(2) - crop.min(2)) / (crop.max(2) + 1e-3)
    mouth = inside > 150
    if mouth.sum() < 12:
        return None
    bright = 0.60 * np.percentile(light[inside > 230] if (inside > 230).any() else light[mouth], 90)
    if (mouth & (light > bright) & (colourful < 0.42)).sum() < 0.25 * mouth.sum():
        return None
    size = 2 * max(1, int(0.012 * unit)) + 1
    shown = cv2.erode((inside > 127).astype(np.uint8), np.ones((size, size), np.uint8))
    alpha, filled = _reach_up(crop.astype(np.float32), shown.astype(np.uint8), int(0.07 * unit))
    smaller = cv2.erode(alpha, np.ones((3, 3), np.uint8))
    soft = cv2.GaussianBlur(smaller, (0, 0), max(0.7, 0.010 * unit))
    rgba = np.dstack([filled * soft[..., None], soft]).astype(np.float32)
    return Layer(np.ascontiguousarray(rgba), (0.0, 0.0), unit), (int(left), int(top))


def _reach_up(crop: Floats, shown: Image, reach: int) -> tuple[Floats, Floats]:
    alpha, filled = shown.astype(np.float32), crop.copy()
    for column in range(alpha.shape[1]):
        rows = np.flatnonzero(shown[:, column])
        if len(rows):
            first = int(rows[0])
            start = max(0, first - reach)
            alpha[start:first, column] = 1
            filled[start : first + 1, column] = filled[min(first + 1, int(rows[-1])), column]
    return alpha, filled
