"""Counter-based randomness: a number depends on (seed, track, index), on nothing drawn before it.

So that a clip planned in pieces is the clip planned whole. Bits come from SplitMix64 (Steele, Lea
and Flood 2014, "Fast splittable pseudorandom number generators"); everything after them is
elementwise arithmetic, the same for any length of array.
"""

import math
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MASK = 0xFFFFFFFFFFFFFFFF
_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_SPLINE_RMS = (151 / 315) ** 0.5
"""Of a cubic B-spline over independent values of variance 1, averaged over a cell."""


class Track(IntEnum):
    """What the numbers are for; tracks are independent of each other."""

    BLINK = 1
    BLINK_SHAPE = 2
    SACCADE = 3
    GAZE_X = 4
    GAZE_Y = 5
    BEAT = 6
    OPENING = 7
    YAW = 16
    PITCH = 32
    ROLL = 48
    X = 64
    Y = 80
    Z = 96


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finalizer."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(_FIRST)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(_SECOND)
    return x ^ (x >> np.uint64(31))


def _mix_one(x: int) -> int:
    """The same for one number, many times faster than an array of one."""
    x = ((x ^ (x >> 30)) * _FIRST) & _MASK
    x = ((x ^ (x >> 27)) * _SECOND) & _MASK
    return x ^ (x >> 31)


@lru_cache(maxsize=256)
def _key(seed: int, track: int) -> int:
    return _mix_one(_mix_one(seed & _MASK) ^ _mix_one((track + 1) * _GOLDEN & _MASK))


def _one(seed: int, track: int, index: int) -> int:
    return _mix_one((index * _GOLDEN + _key(seed, track)) & _MASK)


def one_uniform(seed: int, track: int, index: int) -> float:
    """Evenly spread in [0, 1)."""
    return (_one(seed, track, index) >> 11) * 2.0**-53


def normal(seed: int, track: int, index: NDArray[np.int64]) -> Floats:
    """Nearly normal with mean 0 and variance 1, within ± 3.47: the sum of four uniform numbers."""
    bits = _mix(index.astype(np.uint64) * np.uint64(_GOLDEN) + np.uint64(_key(seed, track)))
    total = np.zeros(len(bits), np.float64)
    for shift in (0, 16, 32, 48):
        total += ((bits >> np.uint64(shift)) & np.uint64(0xFFFF)).astype(np.float64)
    centred: Floats = (total / 65536.0 - (2.0 - 2.0 / 65536.0)) * math.sqrt(3.0)
    return centred


def one_normal(seed: int, track: int, index: int) -> float:
    """One number of `normal`."""
    bits = _one(seed, track, index)
    total = sum((bits >> shift) & 0xFFFF for shift in (0, 16, 32, 48))
    return (total / 65536.0 - (2.0 - 2.0 / 65536.0)) * math.sqrt(3.0)


def drift(seed: int, track: int, times_s: Floats, period_s: float) -> Floats:
    """Smooth wandering at ascending times, with mean 0 and rms 1.

    A cubic B-spline over random values `period_s` apart.
    """
    phase = times_s / period_s + one_uniform(seed, track, -1)
    cell = np.floor(phase)
    u = phase - cell
    node = cell.astype(np.int64)
    if not len(node):
        return phase
    first, count = int(node[0]), int(node[-1] - node[0]) + 4
    values = normal(seed, track, np.arange(first, first + count))
    node -= first
    v = 1.0 - u
    weights = (
        v * v * v,
        3.0 * u * u * u - 6.0 * u * u + 4.0,
        3.0 * v * v * v - 6.0 * v * v + 4.0,
        u * u * u,
    )
    total = np.zeros(len(times_s))
    for k, weight in enumerate(weights):
        total += weight * values[node + k]
    return total / (6.0 * _SPLINE_RMS)


def smoothstep(x: Floats) -> Floats:
    """0 below 0, 1 above 1, 3x² - 2x³ between."""
    t: Floats = np.clip(x, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def soft_limit(x: Floats, limit: float) -> Floats:
    """x / (1 + (x / limit)⁴)^¼: nearly the identity up to half the limit, never beyond it."""
    r = x / limit
    r2 = r * r
    limited: Floats = x / np.sqrt(np.sqrt(1.0 + r2 * r2))
    return limited
