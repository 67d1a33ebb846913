"""Where the person is, to the hair: a network's coarse mask, refined by the colours on both sides of its edge.

In the band that the mask leaves open, a pixel's opacity is its place between the colours of the person and of the
background nearby (Chuang et al. 2001, with local means for the two distributions), as far as these differ and it has
neither's own colour; before a background of many colours the mask has a say everywhere. Then it follows the picture's
edges (guided filter: He, Sun and Tang 2013; found small and applied large: He and Sun 2015).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled
from backends.animation.rig.nearby import busyness, likeness
from backends.faces.detect import person_mask
from backends.types import ImageArray

Floats = NDArray[np.float32]
Array = NDArray[np.float64]

LEAST_SIGMA = 3.0
"""Pixels that a blur is made with at least where the picture can be made smaller for it."""
WORKING_SIZE = 512
"""Longer side at which the matte is found."""
HAIR_BAND, BODY_BAND = 0.22, 0.08
"""How far from the coarse mask's edge opacity is looked for, above and below the chin, in eye distances."""
INWARDS = 0.5
"""Share of the bands that lies inside the mask."""
PERSON_NOISE = 0.10
"""Colour distance (RGB in 0..1) at which the colours decide as much as the coarse mask."""
NETWORK_MISSES = 0.03
"""How far outside its mask a person may be, in eye distances."""
STRAY = 0.3
"""Half the width of what may stick out of the network's mask by mistake, in eye distances."""
STRAY_RIM = 0.12
"""So close to its edge the mask's colours are not sure to be the person's, in eye distances."""
STRAY_LIKENESS = 0.5
"""Mean likeness to the background, and to nothing else, at which it was one."""
DOUBT = (0.2, 0.5)
"""Of the coarse mask: between no person and a person, before a background of many colours."""
SURE = 0.65
"""Of the coarse mask: a person is there."""
SMOOTHNESS = 3e-4
"""Variance of colour (0..1) below which the guided filter takes an area for one surface."""
FOOT = 0.06
"""Opacities below this, and above 1 less this, are stretched to 0 and 1."""
LEAST_BACKGROUND = 0.06
"""Share of the picture that has to lie behind the person."""
LEAST_FACE = 0.9
"""Mean of the coarse mask inside the face; below, the network does not see the person."""
MOST_DOUBT = 0.35
"""Mean of 4 m (1 - m) of the coarse mask m around the head; above, the picture has no edge to cut along."""


def find_matte(pixels: ImageArray, outline: Array, eye_distance: float) -> Floats | None:
    """(h, w) opacity 0..1 of the person before the background. None where the picture cannot be cut: the person
    fills it, or the network is not sure where the person ends.

    Args:
        pixels: (h, w, 3) RGB.
        outline: (k, 2) the face's outline in pixels.
        eye_distance: In pixels.
    """
    small = _shrunk(pixels)
    scale = small.shape[1] / pixels.shape[1]
    face, unit = outline * scale, eye_distance * scale
    coarse = person_mask(small)
    person = _person(coarse, face)
    if not _usable(coarse, person, face, unit):
        return None
    colours = small.astype(np.float32) / np.float32(255)
    place = _place(_without_strays(colours, person, unit), face, unit)
    rough = _by_colour(colours, coarse, place, unit)
    gain, offset = _guide(colours, rough, max(2, round(0.045 * unit)))
    return _enlarged(pixels, gain, offset, place)


def fill(values: Floats, known: Floats) -> Floats:
    """Continues an image smoothly from where it is known, by averaging coarse to fine (pull and push: Gortler et
    al. 1996).

    Args:
        values: (h, w, c)
        known: (h, w) weights 0..1.
    """
    height, width = known.shape
    if min(height, width) <= 2:
        mean = (values * known[..., None]).sum((0, 1)) / max(float(known.sum()), 1e-6)
        return np.broadcast_to(mean, values.shape).astype(np.float32)
    half = (width + 1) // 2, (height + 1) // 2
    weighted = np.dstack([values * known[..., None], known])
    coarse = cv2.resize(weighted, half, interpolation=cv2.INTER_AREA)
    weight = coarse[..., -1]
    mean = (coarse[..., :-1] / np.maximum(weight, 1e-6)[..., None]).astype(np.float32)
    below = fill(mean, np.minimum(weight * 4, 1))
    smooth = cv2.resize(below, (width, height), interpolation=cv2.INTER_LINEAR)
    smooth = smooth.reshape(values.shape)  # OpenCV drops a single channel's axis
    filled: Floats = smooth + (values - smooth) * known[..., None]
    return filled


def blurred(values: Floats, sigma: float) -> Floats:
    """(h, w, c) under a Gaussian; a wide one is applied to a smaller picture."""
    height, width = values.shape[:2]
    factor = int(sigma / LEAST_SIGMA)
    if factor < 2:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)
    size = -(-width // factor), -(-height // factor)
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), sigma * size[0] / width)
    return np.asarray(cv2.resize(soft, (width, height)), np.float32)


def _shrunk(pixels: ImageArray) -> ImageArray:
    height, width = pixels.shape[:2]
    scale = WORKING_SIZE / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _person(coarse: Floats, face: Array) -> NDArray[np.uint8]:
    """(h, w) 1 where the person of this face is; other people count as far as they touch."""
    mask = (coarse > SURE).astype(np.uint8)
    cv2.fillPoly(mask, [np.rint(face).astype(np.int32)], (1,))
    _, labels = cv2.connectedComponents(mask)
    x, y = np.clip(face.mean(0), 0, np.array(mask.shape[::-1]) - 1).astype(int)
    return np.asarray(labels == labels[y, x], np.uint8)


def _without_strays(colours: Floats, person: NDArray[np.uint8], unit: float) -> NDArray[np.uint8]:
    """The mask without what sticks out of it in colours that only the background has nearby."""
    depth = cv2.distanceTransform(person, cv2.DIST_L2, 5)
    core = depth > STRAY * unit
    away = cv2.distanceTransform(1 - core.astype(np.uint8), cv2.DIST_L2, 5)
    count, parts = cv2.connectedComponents(person * (away > 1.2 * STRAY * unit).astype(np.uint8))
    place = np.where(person == 0, -1, (parts == 0) & (depth > STRAY_RIM * unit)).astype(np.float32)
    persons, backgrounds = likeness(colours, place, unit)
    odd = np.bincount(parts.ravel(), (backgrounds * (1 - persons)).ravel(), count)
    stray = odd > STRAY_LIKENESS * np.bincount(parts.ravel(), minlength=count)
    return np.where(stray[parts], np.uint8(0), person)


def _usable(coarse: Floats, person: NDArray[np.uint8], face: Array, unit: float) -> bool:
    inside = np.zeros_like(person)
    cv2.fillPoly(inside, [np.rint(face).astype(np.int32)], (1,))
    around = cv2.dilate(inside, np.ones((3, 3), np.uint8), iterations=max(1, round(0.9 * unit)))
    around[round(float(face[:, 1].max())) :] = 0
    doubt = 4 * coarse * (1 - coarse)
    return bool(
        1 - person.mean() >= LEAST_BACKGROUND
        and coarse[inside > 0].mean() >= LEAST_FACE
        and doubt[around > 0].mean() <= MOST_DOUBT
    )


def _place(person: NDArray[np.uint8], face: Array, unit: float) -> Floats:
    """(h, w) distance from the mask's edge in half-widths of the band, positive inside: beyond ±1 it is known."""
    rows = np.arange(len(person), dtype=np.float32)[:, None]
    below = np.clip((rows - float(face[:, 1].max())) / (0.5 * unit), 0, 1)
    band = unit * (HAIR_BAND + (BODY_BAND - HAIR_BAND) * below)
    inner = cv2.distanceTransform(person, cv2.DIST_L2, 5) / (INWARDS * band)
    outer = cv2.distanceTransform(1 - person, cv2.DIST_L2, 5) / band
    place: Floats = np.clip(inner - outer, -2, 2).astype(np.float32)
    return place


def _by_colour(colours: Floats, coarse: Floats, place: Floats, unit: float) -> Floats:
    inside, outside = (place >= 1).astype(np.float32), (place <= -1).astype(np.float32)
    person, background = _continued(colours, inside), _continued(colours, outside)
    across = person - background
    contrast = (across * across).sum(2)
    on_line = ((colours - background) * across).sum(2) / np.maximum(contrast, 1e-6)
    trust = contrast / (contrast + np.float32(PERSON_NOISE**2))
    mixed = trust * np.clip(on_line, 0, 1) + (1 - trust) * coarse
    persons, backgrounds = likeness(colours, place, unit)
    either = persons * (1 - backgrounds + backgrounds * coarse)
    opacity = either + (1 - persons) * (1 - backgrounds) * mixed
    unseen = busyness(colours, outside, unit) * (1 - _likely(coarse, unit))
    return _bounded(opacity * (1 - unseen), place)


def _continued(colours: Floats, known: Floats) -> Floats:
    """(h, w, 3) `fill`, found on every second pixel: it is smooth."""
    filled = fill(colours[::2, ::2], known[::2, ::2])
    return np.asarray(cv2.resize(filled, known.shape[::-1]), np.float32)


def _likely(coarse: Floats, unit: float) -> Floats:
    """(h, w) 0..1, where the network would see a person if it saw sharply."""
    reach = 2 * round(NETWORK_MISSES * unit) + 1
    wider = cv2.blur(cv2.dilate(coarse, np.ones((reach, reach), np.uint8)), (reach, reach))
    return np.asarray(np.clip((wider - DOUBT[0]) / (DOUBT[1] - DOUBT[0]), 0, 1), np.float32)


def _bounded(opacity: Floats, place: Floats) -> Floats:
    """Nothing beyond the band, everything within it, and towards both ends less and less doubt."""
    bounded: Floats = np.clip(
        opacity, np.clip(place * 2 - 1, 0, 1), np.clip(place * 2 + 2, 0, 1)
    ).astype(np.float32)
    return bounded


def _guide(colours: Floats, opacity: Floats, radius: int) -> tuple[Floats, Floats]:
    """(h, w, 3) and (h, w): opacity as a local linear function of the colour."""

    def mean(image: Floats) -> Floats:
        return np.asarray(cv2.blur(image, (2 * radius + 1,) * 2), np.float32)

    centre, opacity_mean = mean(colours), mean(opacity)
    products = (
        mean(colours * colours[..., :1]),
        mean(colours[..., 1:] * colours[..., 1:2]),
        mean(colours[..., 2] ** 2),
    )
    slope, offset = np.empty_like(centre), np.empty_like(opacity_mean)
    fit_lines(slope, offset, centre, opacity_mean, *products, mean(colours * opacity[..., None]))
    return mean(slope), mean(offset)


@compiled
def fit_lines(
    slope: Floats,
    offset: Floats,
    centre: Floats,
    opacity: Floats,
    red: Floats,
    green: Floats,
    blue: Floats,
    joint: Floats,
) -> None:
    """Least squares of opacity against colour at every pixel, by Cramer's rule.

    Args:
        slope, offset: (h, w, 3) and (h, w), written.
        centre, opacity: Means of the colours (h, w, 3) and of the opacity (h, w).
        red, green, blue: (h, w, 3), (h, w, 2) and (h, w) means of red with all colours, of green with green and blue,
            of blue with itself.
        joint: (h, w, 3) means of the colours times the opacity.
    """
    for y in range(centre.shape[0]):
        for x in range(centre.shape[1]):
            r, g, b = float(centre[y, x, 0]), float(centre[y, x, 1]), float(centre[y, x, 2])
            mean = float(opacity[y, x])
            rr, rg = red[y, x, 0] - r * r + SMOOTHNESS, red[y, x, 1] - r * g
            gg, gb = green[y, x, 0] - g * g + SMOOTHNESS, green[y, x, 1] - g * b
            bb, rb = blue[y, x] - b * b + SMOOTHNESS, red[y, x, 2] - r * b
            p, q = joint[y, x, 0] - r * mean, joint[y, x, 1] - g * mean
            s = joint[y, x, 2] - b * mean
            a, c, d = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
            e, f, h = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
            scale = 1.0 / max(rr * a + rg * c + rb * d, 1e-20)
            along_r = (a * p + c * q + d * s) * scale
            along_g = (c * p + e * q + f * s) * scale
            along_b = (d * p + f * q + h * s) * scale
            slope[y, x, 0], slope[y, x, 1], slope[y, x, 2] = along_r, along_g, along_b
            offset[y, x] = mean - along_r * r - along_g * g - along_b * b


def _enlarged(pixels: ImageArray, gain: Floats, offset: Floats, place: Floats) -> Floats:
    out = np.empty(pixels.shape[:2], np.float32)
    enlarge(out, pixels, np.dstack([gain / np.float32(255), offset, place]))
    return out


@compiled
def enlarge(out: Floats, pixels: ImageArray, small: Floats) -> None:
    """Opacity at the picture's own size.

    Args:
        out: (h, w) 0..1.
        small: (r, c, 5) factors of the three colours, what is added, and the place in the band.
    """
    rows, columns = small.shape[0], small.shape[1]
    height, width = out.shape
    down, across = rows / height, columns / width
    for y in range(height):
        v = min(max((y + 0.5) * down - 0.5, 0.0), rows - 1.0)
        j = min(int(v), rows - 2)
        fy = np.float32(v - j)
        upper, lower = small[j], small[j + 1]
        for x in range(width):
            u = min(max((x + 0.5) * across - 0.5, 0.0), columns - 1.0)
            i = min(int(u), columns - 2)
            fx = np.float32(u - i)
            if min(upper[i, 4], upper[i + 1, 4], lower[i, 4], lower[i + 1, 4]) >= 1.0:
                out[y, x] = np.float32(1.0)
                continue
            if max(upper[i, 4], upper[i + 1, 4], lower[i, 4], lower[i + 1, 4]) <= -1.0:
                out[y, x] = np.float32(0.0)
                continue
            a, b = (1 - fx) * (1 - fy), fx * (1 - fy)
            c, d = (1 - fx) * fy, fx * fy
            place = a * upper[i, 4] + b * upper[i + 1, 4] + c * lower[i, 4] + d * lower[i + 1, 4]
            low, high = min(max(place * 2 - 1, 0.0), 1.0), min(max(place * 2 + 2, 0.0), 1.0)
            value = np.float32(0.0)
            if low < high:
                for k in range(4):
                    factor = a * upper[i, k] + b * upper[i + 1, k]
                    factor += c * lower[i, k] + d * lower[i + 1, k]
                    value += factor * np.float32(pixels[y, x, k]) if k < 3 else factor
                value = (value - np.float32(FOOT)) / np.float32(1 - 2 * FOOT)
            out[y, x] = min(max(value, low), high)
