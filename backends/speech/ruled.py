"""Alignment without any model: by how loud and how bright each kind of sound is.

Vowels are loud and dark, sibilants bright, stops quiet; pauses are silence. Much coarser than what a
recogniser hears, but it needs nothing and knows every language.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from backends.speech.alignment import Aligned, Sound, Spelled, anchored
from backends.speech.boundaries import Anchor, spans_of
from backends.speech.hearing import FRAME_S, HEARING_HZ, measure
from backends.speech.phones import is_vowel
from backends.speech.sounds import letter_of
from backends.types import FloatArray, Notice

_FRAME = round(FRAME_S * HEARING_HZ)
_BANDS_HZ = (80, 700, 2500, 8000)
_SILENCE = "silence"
_KINDS = {  # median and half of the middle two thirds, over two synthetic voices in English and Greek
    _SILENCE: ((-74.4, 1.9, -0.2), (19.9, 6.7, 6.2)),
    "vowel": ((-7.1, -9.1, 10.4), (7.5, 8.4, 6.0)),
    "sonorant": ((-9.2, -10.1, 14.3), (5.5, 8.9, 9.3)),
    "stop": ((-23.6, -4.9, 6.0), (20.8, 8.7, 10.2)),
    "sibilant": ((-15.6, 13.2, -6.4), (5.3, 8.0, 10.5)),
    "breath": ((-16.1, -4.9, 11.3), (13.2, 8.2, 11.0)),
}
"""Decibels of a frame: all of it against the loud parts; above 2.5 kHz, and below 0.7 kHz, against what is between."""
_LETTERS = {"stop": "pbtdkɡgcɟqɢʔʈɖ", "sibilant": "szʃʒɕʑʂʐ", "breath": "fvθðhɦxçɣʝɸβχ"}
_EARLY_S = 0.03
"""Peaks are asked for as a recogniser shows them: some time after the onset."""
_NOTICE = Notice(
    "coarse_alignment",
    "the transcript was aligned by loudness alone, which is coarse: lips may be a tenth of a second "
    'off; for better ones install the phoneme recogniser: pip install "prosopon[audio]"',
)


class RuledAligner:
    """The fallback where no recogniser is installed; its result says so."""

    @property
    def name(self) -> str:
        return "rules"

    def align(self, sound: Sound, spelled: Sequence[Spelled]) -> Aligned:
        """See `Aligner.align`."""
        levels = measure(sound(HEARING_HZ))
        expected = [phone.phoneme for line in spelled for phone in line.phones]
        features = _features(sound(HEARING_HZ))
        likely = {kind: _likelihood(features, *rule) for kind, rule in _KINDS.items()}
        peaks = anchored([_kind(p) for p in expected], likely, likely[_SILENCE], levels.duration_s)
        anchors = [
            Anchor(phoneme, peak.first * FRAME_S + _EARLY_S, peak.last * FRAME_S)
            for phoneme, peak in zip(expected, peaks, strict=True)
        ]
        return Aligned(tuple(spans_of(anchors, levels)), (_NOTICE,))


def _kind(phoneme: str) -> str:
    letter = letter_of(phoneme)
    if is_vowel(letter):
        return "vowel"
    return next((kind for kind, letters in _LETTERS.items() if letter in letters), "sonorant")


def _likelihood(
    features: FloatArray, middle: tuple[float, ...], spread: tuple[float, ...]
) -> FloatArray:
    """(frames,) logarithm of the density of independent normal features."""
    distance = (features - np.array(middle, np.float32)) / np.array(spread, np.float32)
    return np.asarray(-0.5 * np.sum(distance**2, axis=1) - np.log(np.prod(spread)), np.float32)


def _features(pieces: Iterable[FloatArray]) -> FloatArray:
    """(frames, 3) as `_KINDS` has them."""
    rows = []
    held = np.zeros(0, np.float32)
    for piece in pieces:
        held = np.concatenate([held, piece])
        count = len(held) // _FRAME
        rows.append(_decibels(held[: count * _FRAME].reshape(count, _FRAME)))
        held = held[count * _FRAME :]
    decibels = np.concatenate(rows)
    total, low, middle, high = decibels.T
    loud = np.percentile(total, 95)
    return np.stack([total - loud, high - middle, low - middle], axis=1).astype(np.float32)


def _decibels(frames: FloatArray) -> FloatArray:
    """(frames, 4) power: all, low, middle, high."""
    power = np.abs(np.fft.rfft(frames * np.hanning(_FRAME), axis=1)) ** 2
    hertz = np.fft.rfftfreq(_FRAME, 1 / HEARING_HZ)
    edges = np.searchsorted(hertz, _BANDS_HZ)
    bands = [power[:, a:b].sum(axis=1) for a, b in pairwise(edges)]
    table = np.stack([power.sum(axis=1), *bands], axis=1) + 1e-7
    return np.asarray(10 * np.log10(table), np.float32)
