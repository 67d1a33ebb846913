"""Where a voice's periods begin: the marks for work that must keep in step with it.

From the loudest moment of a voiced stretch the marks go both ways, each to where the sound is most like
it was about the mark before, within a quarter of a period from where the pitch track expects it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.speech.pitch import HOP_S, Floats
from backends.types import FloatArray

_LEAST_S = 0.02
"""Voiced stretches shorter than this are taken for accidents."""
_BRIDGED_S = 0.03
_SMOOTHED = 5
_SLACK = 0.25
"""How far from where it is expected a period may begin, of a period."""


@dataclass(frozen=True, slots=True)
class Voiced:
    """A voiced stretch of sound."""

    begins: NDArray[np.intp]
    """(n,) samples, rising: where each period begins, n >= 2."""
    octaves: Floats
    """(n,) log2 of the pitch in hertz there, smoothed."""


def voiced_stretches(samples: FloatArray, sample_rate: int, hertz: Floats) -> list[Voiced]:
    """The voiced stretches in order.

    Args:
        samples: (n,) mono.
        hertz: Their track, as `backends.speech.pitch.pitch_track` gives it.
    """
    found = (_voiced(samples, sample_rate, hertz, a, b) for a, b in _stretches(hertz > 0))
    return [stretch for stretch in found if stretch is not None]


def mean_octaves(stretches: Sequence[Voiced]) -> float:
    """Log2 of the pitch in hertz that the voice moves about: the median of its periods; 0 where none is."""
    return float(np.median(np.concatenate([s.octaves for s in stretches]))) if stretches else 0.0


def _stretches(voiced: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Frames [a, b) of each stretch: short gaps bridged, accidents left out."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], voiced.astype(np.int8), [0]])))
    joined: list[tuple[int, int]] = []
    for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if joined and (a - joined[-1][1]) * HOP_S <= _BRIDGED_S:
            joined[-1] = (joined[-1][0], b)
        else:
            joined.append((a, b))
    return [(a, b) for a, b in joined if (b - a) * HOP_S >= _LEAST_S]


def _voiced(samples: FloatArray, rate: int, hertz: Floats, a: int, b: int) -> Voiced | None:
    frames = np.arange(a, b)
    known = frames[hertz[a:b] > 0]
    octaves = _smoothed(np.interp(frames, known, np.log2(hertz[known])))
    start, end = (min(round(i * HOP_S * rate), len(samples)) for i in (a, b - 1))
    lengths = rate / 2.0 ** np.interp(np.arange(start, end) / (HOP_S * rate), frames, octaves)
    begins = start + _marks(samples[start:end], lengths)
    if len(begins) < 2:
        return None
    return Voiced(begins, np.interp(begins / (HOP_S * rate), frames, octaves))


def _smoothed(octaves: Floats) -> Floats:
    """Without lone outliers and the tracker's grain."""
    half = _SMOOTHED // 2
    for take in (np.median, np.mean):
        padded = np.pad(octaves, half, mode="edge")
        octaves = take(np.lib.stride_tricks.sliding_window_view(padded, _SMOOTHED), axis=1)
    return octaves


def _marks(sound: FloatArray, lengths: Floats) -> NDArray[np.intp]:
    """The first sample of each period.

    Args:
        sound: (n,).
        lengths: (n,) of a period there, in samples.
    """
    if not len(sound):
        return np.zeros(0, np.intp)
    first = int(np.argmax(np.abs(sound)))
    forwards, backwards = (list(_walk(sound, lengths, first, way)) for way in (1, -1))
    return np.array([*backwards[::-1], first, *forwards], np.intp)


def _walk(sound: FloatArray, lengths: Floats, at: int, way: int) -> Iterator[int]:
    """The marks after, or before, a mark."""
    energy = np.concatenate([[0.0], np.cumsum(sound.astype(np.float64) ** 2)])
    while True:
        length = lengths[at]
        half, slack = int(length / 2), int(length * _SLACK)
        nearest = at + way * round(length) - slack
        low, high = at - half, at + half
        if low < 0 or high > len(sound):
            low, high = max(low, 0), min(high, len(sound))
        first, last = nearest - (at - low), nearest + 2 * slack + (high - at)
        if first < 0 or last > len(sound):
            return
        like = np.correlate(sound[first:last], sound[low:high], "valid")
        there = energy[first + high - low : last + 1] - energy[first : last + 1 - (high - low)]
        at = nearest + int(np.argmax(like / np.sqrt(there + 1e-9)))
        yield at
