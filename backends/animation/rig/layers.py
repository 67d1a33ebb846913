"""A portrait in two layers: the person with soft edges, and the background that goes on behind."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled
from backends.animation.rig.matte import fill
from backends.animation.rig.nearby import busyness
from backends.types import Backdrop, ImageArray

Floats = NDArray[np.float32]
Mask = NDArray[np.uint8]

FAINT = 0.02
"""Opacity below this is none: its colours are the background's."""
TOUCHED = 0.1
"""Opacity of the matte from which on the person is surely there."""
BAND = 0.04
"""Around the matte, traces of the person are still looked for in the background, in eye distances, as all of these;
in its outer half less and less, for there they are mostly the background's own texture, which must not go along with
the head."""
BLUR = 0.22
"""Of a blurred background: the Gaussian's sigma."""
MARGIN = 0.05
"""What lies this close to the person is not continued behind them: light and lens mix it with theirs."""
MIRROR_REACH = 0.55
"""How deep behind the person's edge the background is mirrored at it; deeper it is only its smooth colour."""
RIM = 0.06
"""What lies this close to the picture's edges is not mirrored either: frames and mounts end there."""
COARSE = (6.0, 15.0)
"""Texture in grey levels from which on a mirror image begins to show as one, and where it is left out."""
FILL_SIZE = 256
"""Longer side at which the smooth colour is found."""
MIRROR_SIZE = 1024
"""Longer side at which the mirror image is."""
FULL = 0.98
"""Opacity above this is whole."""
MIXED = 0.4
"""Of a pixel with at least this opacity that is no mixture with the expected background, nothing is left to it: what is
not the person's share would be enlarged too much."""
DOUBTFUL, FARTHEST = 0.55, 64.0
"""Of a pixel with at most this opacity whose colour would be this many grey levels beyond black or white, before a
background that may differ by as many, nothing is the person's."""
NOISE, TEXTURE = 3.0, 3.0
"""A difference from the expected background is a trace of the person above this many grey levels, and above this many
times the background's own mean difference from its smooth colour."""
MUDDLE = 4.0
"""So many times more it may differ before a background of many colours, where what looks like a trace is its own."""


@dataclass(frozen=True, slots=True)
class Layers:
    """`person · opacity + background · (1 - opacity)` is the portrait."""

    person: ImageArray
    """(h, w, 3) colours, without the background's share at soft edges."""
    opacity: Mask
    """(h, w) 0..255."""
    background: ImageArray
    """(h, w, 3) the portrait beside the person, and what it may look like behind."""
    cut: bool
    """False: the portrait has no usable edge and is one opaque layer."""

    @classmethod
    def uncut(cls, pixels: ImageArray) -> "Layers":
        return cls(pixels, np.full(pixels.shape[:2], 255, np.uint8), pixels, False)


def before(layers: Layers, backdrop: Backdrop, eye_distance: float) -> Layers:
    """The same person before a blur of the background or a picture; one that cannot be cut out stays before its own."""
    if not layers.cut:
        return layers
    picture = _blurred(layers, eye_distance) if isinstance(backdrop, str) else backdrop
    return replace(layers, background=picture)


def _blurred(layers: Layers, eye_distance: float) -> ImageArray:
    height, width = layers.opacity.shape
    size = _at_most(FILL_SIZE, width, height)
    small = cv2.resize(layers.background, size, interpolation=cv2.INTER_AREA)
    sigma = BLUR * eye_distance * size[0] / width
    soft = cv2.GaussianBlur(small, (0, 0), max(0.5, sigma), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def separate(pixels: ImageArray, matte: Floats, eye_distance: float, traces: bool) -> Layers:
    """Splits a portrait along its matte.

    Traces of the person that the matte left in the background, as far as it is known what that looks like, become
    the person's too; they would stay behind as an outline. What is left over stays in the background, so that both
    layers together are always the portrait.

    Args:
        pixels: (h, w, 3) RGB.
        matte: (h, w) 0..1.
        eye_distance: In pixels.
        traces: Whether to do so; before another background they would not be seen, but what they drag along.
    """
    person, alpha = pixels.copy(), np.empty(matte.shape, np.uint8)
    away = _away((matte >= FAINT).astype(np.uint8))
    background, unsure = behind(pixels, _within(away, BAND * eye_distance), eye_distance)
    reach = max(2.0, BAND * eye_distance) if traces else 0.0
    unmix(person, alpha, background, matte, away, unsure, reach)
    if traces:
        _leave_specks(pixels, matte, alpha, background)
    return Layers(_spread(person, alpha), alpha, background, True)


def _leave_specks(pixels: ImageArray, matte: Floats, alpha: Mask, background: ImageArray) -> None:
    """Gives traces that do not touch the person back to the background, in place: they are its own texture."""
    count, parts = cv2.connectedComponents((alpha > 0).astype(np.uint8))
    persons = np.zeros(count, np.bool_)
    persons[parts[matte >= TOUCHED]] = True
    specks = (~persons).astype(np.uint8)[parts]
    cv2.copyTo(pixels, specks, background)
    alpha[specks > 0] = 0


@compiled
def unmix(
    person: ImageArray,
    alpha: Mask,
    background: ImageArray,
    matte: Floats,
    away: Floats,
    unsure: Floats,
    reach: float,
) -> None:
    """Takes the background's share out of the person's colours, in place.

    Args:
        person: (h, w, 3) the portrait.
        alpha: (h, w) opacity 0..255, written.
        background: (h, w, 3) what is expected behind the person; what cannot be explained is added.
        matte: (h, w) 0..1.
        away: (h, w) pixels from the matte.
        unsure: (h, w) grey levels by which the background may be another.
        reach: Pixels from the matte from which on nothing is a trace of the person; 0: there are none.
    """
    for y in range(person.shape[0]):
        for x in range(person.shape[1]):
            share = matte[y, x]
            if share < FAINT:
                share = np.float32(0.0)
            if away[y, x] < reach and share < FULL:
                near = min(1.0, 2.0 - 2.0 * away[y, x] / reach)
                for c in range(3):  # the least opacity with which any colour gives what is seen
                    back = float(background[y, x, c])
                    difference = float(person[y, x, c]) - back
                    beyond = abs(difference) - unsure[y, x]
                    if beyond > 0.0:
                        room = 255.0 - back if difference > 0.0 else back
                        share = max(share, np.float32(near * beyond / max(room, beyond)))
            if share >= FULL:
                alpha[y, x] = 255
                continue
            alpha[y, x] = int(share * 255 + 0.5)
            if alpha[y, x] == 0:
                for c in range(3):
                    background[y, x, c] = person[y, x, c]
                continue
            share = np.float32(alpha[y, x] / 255.0)
            beyond = 0.0
            for c in range(3):
                back = float(background[y, x, c])
                colour = float((person[y, x, c] - (1.0 - share) * back) / share)
                beyond = max(beyond, -colour, colour - 255.0)
            if share <= DOUBTFUL and min(beyond, unsure[y, x]) > FARTHEST:
                alpha[y, x] = 0
                for c in range(3):
                    background[y, x, c] = person[y, x, c]
                continue
            if share > MIXED and beyond > 1.0:
                alpha[y, x] = 255
                continue
            for c in range(3):
                seen, back = float(person[y, x, c]), float(background[y, x, c])
                colour = float((seen - (1.0 - share) * back) / share)
                person[y, x, c] = int(min(255.0, max(0.0, colour)) + 0.5)
                rest = float((seen - share * float(person[y, x, c])) / (1.0 - share))
                background[y, x, c] = int(min(255.0, max(0.0, rest)) + 0.5)


def behind(pixels: ImageArray, hidden: Mask, eye_distance: float) -> tuple[ImageArray, Floats]:
    """(h, w, 3) the portrait with the person painted over, and (h, w) grey levels by which that may be wrong.

    Near the person's edge it is the background mirrored there, which keeps its sharpness and grain, deeper its smooth
    continuation.

    Args:
        hidden: (h, w) 1 where the person may be.
    """
    height, width = hidden.shape
    size = _at_most(FILL_SIZE, width, height)
    scale = size[0] / width
    person = cv2.resize(hidden.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    grown = _grown(person.astype(np.uint8), MARGIN * eye_distance * scale)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    known = (1 - grown).astype(np.float32)
    smooth = fill(small, known)
    texture = _texture(small, smooth, known)
    maps = _mirrored(grown, eye_distance * scale, smooth, texture)
    painted = _painted(pixels, maps, scale)
    out = pixels.copy()
    cv2.copyTo(cv2.resize(painted, (width, height)), hidden, out)
    many = busyness(small / np.float32(255), known, eye_distance * scale)
    doubt = NOISE + TEXTURE * texture * (1 + MUDDLE * many)
    return out, np.asarray(cv2.resize(doubt, (width, height)), np.float32)


def _at_most(longer: int, width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, longer / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _painted(pixels: ImageArray, maps: Floats, scale: float) -> ImageArray:
    """The hidden background everywhere, at MIRROR_SIZE at most; `maps` from `_mirrored`, at `scale` of the picture."""
    height, width = pixels.shape[:2]
    size = _at_most(MIRROR_SIZE, width, height)
    own = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    large = cv2.resize(maps, size, interpolation=cv2.INTER_LINEAR)
    scale *= width / size[0]
    x, y = ((large[..., k] + 0.5) / np.float32(scale) - np.float32(0.5) for k in (0, 1))
    mirrored = cv2.remap(own, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    colour, belief = large[..., 3:], large[..., 2:3]
    painted = colour + (mirrored.astype(np.float32) - colour) * belief
    return np.asarray(np.clip(painted + 0.5, 0, 255), np.uint8)


def _texture(small: Floats, smooth: Floats, known: Floats) -> Floats:
    """(h, w) grey levels by which the background near each pixel differs from its smooth colour, in the mean."""
    blurred = cv2.GaussianBlur(small * known[..., None], (0, 0), 3.0)
    total = cv2.GaussianBlur(known, (0, 0), 3.0)[..., None]
    texture = np.abs(small - np.where(total > 0.05, blurred / np.maximum(total, 0.05), smooth))
    near: Floats = fill(texture.mean(2)[..., None], known)[..., 0]
    return near


def _grown(mask: Mask, radius: float) -> Mask:
    return _within(_away(mask), radius)


def _away(mask: Mask) -> Floats:
    """(h, w) pixels from a mask."""
    return np.asarray(cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3), np.float32)


def _within(away: Floats, radius: float) -> Mask:
    return np.asarray(away <= max(1.0, radius), np.uint8)


def _mirrored(person: Mask, unit: float, smooth: Floats, texture: Floats) -> Floats:
    """(h, w, 6): where each pixel is mirrored to at the person's edge (x, y), how far that is believed (0..1), and
    the smooth colour."""
    height, width = person.shape
    depth = cv2.distanceTransform(person, cv2.DIST_L2, 5)
    soft = cv2.GaussianBlur(depth, (0, 0), max(1.0, 0.06 * unit))
    down, right = np.gradient(soft)
    length = np.maximum(np.hypot(down, right), 1e-3)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    shift = (2 * depth + 1).astype(np.float32)
    x, y = columns - shift * right / length, rows - shift * down / length
    rim = max(1, round(RIM * unit))
    unfit = np.ones((height, width), np.float32)
    unfit[rim:-rim, rim:-rim] = person[rim:-rim, rim:-rim]
    lands = cv2.remap(unfit, x.astype(np.float32), y.astype(np.float32),
                      cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=1)  # fmt: skip
    steady = np.clip((length - 0.5) / 0.4, 0, 1)
    belief = np.clip(1.5 - 1.5 * depth / (MIRROR_REACH * unit), 0, 1) * (1 - lands) * steady
    belief *= np.clip((COARSE[1] - texture) / (COARSE[1] - COARSE[0]), 0, 1)
    belief = cv2.GaussianBlur(belief.astype(np.float32), (0, 0), max(0.7, 0.03 * unit))
    return np.dstack([x, y, belief, smooth]).astype(np.float32)


@compiled
def _spread(person: ImageArray, opacity: Mask) -> ImageArray:
    """Continues the person's colours a pixel beyond the edge, for what is sampled between pixels; in place."""
    height, width = opacity.shape
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            if opacity[y, x] != 0:
                continue
            most, from_y, from_x = 0, 0, 0
            for j in range(y - 1, y + 2):
                for i in range(x - 1, x + 2):
                    if opacity[j, i] > most:
                        most, from_y, from_x = opacity[j, i], j, i
            if most > 0:
                for c in range(3):
                    person[y, x, c] = person[from_y, from_x, c]
    return person
