"""Emotion in the voice: what a cue asks of it, and the sound changed to that, at the word.

Pace is left to the engine, which knows how long its phonemes are; everything here keeps each sample at
its time, so that the timings stay as they are. What asks for nothing comes through sample for sample.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from backends.script.emotions import EMOTIONS, amplitude
from backends.script.recipes import VoiceRecipe
from backends.speech.levels import limited
from backends.speech.periods import Voiced, mean_octaves, voiced_stretches
from backends.speech.phones import SILENCE, Phone
from backends.speech.pitch import Floats, pitch_track
from backends.speech.psola import repitched
from backends.speech.words import Word
from backends.types import Cue, FloatArray, Utterance

GLIDE_S = 0.12
"""How long the voice takes from one manner to the next; half-way at the onset of the word."""

_NEUTRAL = VoiceRecipe()
_LIP_CLOSURES = frozenset("pbm")
_RATE, _PITCH, _RANGE, _ENERGY = (0.75, 1.33), 5.0, (0.4, 2.0), (-6.0, 5.0)
"""Limits of mixtures: factor, semitones up or down, factor, decibels."""
_WIDEST_OCTAVES = 0.5
"""Excursions beyond are not widened: they are the tracker's, or creak."""
_TREMOR_HZ = 6.0
_TILT_HZ = 1000.0
_BREATH_HZ = 2500.0
_BREATH_DB = -22.0
"""Of full breathiness, against the voice below _TILT_HZ."""
_BREATH_FOLLOWS_S = 0.02
_LEVEL_S = 0.2
_FLOOR = 1e-3
"""Level below which the sound is left as it is, about -60 dBFS."""


class Turn(NamedTuple):
    """A manner of speaking, and the sample from which it holds."""

    start: int
    manner: VoiceRecipe


def manner(cue: Cue) -> VoiceRecipe:
    """What a cue asks of the voice: its recipes, each as far as its intensity goes, together."""
    asked = [(EMOTIONS[emotion].voice, amplitude(weight)) for emotion, weight in cue.weights]

    def sum_of(name: str) -> float:
        return sum(share * float(getattr(voice, name)) for voice, share in asked)

    def product_of(name: str) -> float:
        return math.exp(sum(share * math.log(getattr(voice, name)) for voice, share in asked))

    return VoiceRecipe(
        rate=_within(product_of("rate"), *_RATE),
        pitch_semitones=_within(sum_of("pitch_semitones"), -_PITCH, _PITCH),
        pitch_range=_within(product_of("pitch_range"), *_RANGE),
        energy_db=_within(sum_of("energy_db"), *_ENERGY),
        brightness_db=_within(sum_of("brightness_db"), -6.0, 6.0),
        breathiness=_within(sum_of("breathiness"), 0.0, 1.0),
        pauses=_within(product_of("pauses"), 0.5, 2.0),
        tremor_semitones=_within(sum_of("tremor_semitones"), 0.0, 1.0),
    )


def manners_of(
    utterance: Utterance, phones: Sequence[Phone], words: Sequence[Word]
) -> list[VoiceRecipe]:
    """The manner of each phone: that of the cue over its word; silence takes that of the word before it."""
    starts = [span.start for span in utterance.spans]
    manners = [manner(span.cue) for span in utterance.spans]
    out: list[VoiceRecipe] = []
    word = 0
    for phone in phones:
        word = max(phone.word, word)
        at = words[word].start if words else 0
        out.append(manners[bisect_right(starts, at) - 1])
    return out


def turns_of(phones: Sequence[Phone], manners: Sequence[VoiceRecipe]) -> list[Turn]:
    """Where the manner changes, with the first.

    Args:
        phones: Timed, from sample 0.
        manners: Of each.
    """
    before = [None, *manners[:-1]]
    return [
        Turn(phone.start, now)
        for phone, now, last in zip(phones, manners, before, strict=True)
        if now != last
    ]


def changes_sound(manners: Iterable[VoiceRecipe]) -> bool:
    """Whether any asks for more than pace."""
    return not all(map(_sounds_neutral, set(manners)))


def pace(manner: VoiceRecipe, phoneme: str) -> float:
    """The factor on the speed of a phoneme.

    The closures that a face must show ("p", "b", "m") are never quickened.
    """
    if phoneme == SILENCE:
        return manner.rate / manner.pauses
    return min(manner.rate, 1.0) if phoneme[:1] in _LIP_CLOSURES else manner.rate


def spoken_in(
    samples: FloatArray, sample_rate: int, turns: Sequence[Turn], seed: int
) -> FloatArray:
    """The samples, each in the manner of its turn; as many, each at its time.

    Args:
        samples: (n,) in [-1, 1], of a whole utterance: pitch is widened about its mean.
        turns: In order, the first from sample 0. Their pace and pauses are not looked at.
        seed: Of the breath's noise.

    Returns:
        (n,) in [-1, 1].
    """
    if not len(samples) or not changes_sound(turn.manner for turn in turns):
        return samples
    curves = _Curves(turns, len(samples), sample_rate)
    before = samples.astype(np.float64)
    out = before
    if any(curves.ask(name) for name in ("pitch_semitones", "pitch_range", "tremor_semitones")):
        stretches = voiced_stretches(samples, sample_rate, pitch_track(samples, sample_rate))
        mean = mean_octaves(stretches)
        shift, width = _pitch_shift(curves, sample_rate), curves("pitch_range") - 1
        moves = [shift[s.begins] + width[s.begins] * _excursion(s, mean) for s in stretches]
        out = repitched(out, stretches, moves)
    if any(curves.ask(name) for name in ("brightness_db", "breathiness")):
        out = _coloured(out, sample_rate, curves, seed)
    # What pitch and colour did to the energy is undone: the recipe says what it shall be.
    level, wanted = (_level(sound, _LEVEL_S, sample_rate) + _FLOOR for sound in (out, before))
    gain = wanted / level * _factor(curves("energy_db"))
    return limited((out * gain).astype(np.float32), sample_rate)


def _sounds_neutral(manner: VoiceRecipe) -> bool:
    """Whether it asks for nothing but pace."""
    return replace(manner, rate=1.0, pauses=1.0) == _NEUTRAL


class _Curves:
    """A recipe's values over time: of each turn its own, with a glide about its start."""

    def __init__(self, turns: Sequence[Turn], count: int, sample_rate: int) -> None:
        self._turns = turns
        self._starts = np.array([turn.start for turn in turns])
        self._count = count
        self._half = round(GLIDE_S * sample_rate / 2)

    def ask(self, name: str) -> bool:
        return any(getattr(t.manner, name) != getattr(_NEUTRAL, name) for t in self._turns)

    def __call__(self, name: str) -> Floats:
        """(count,) the value at each sample."""
        values = np.array([float(getattr(turn.manner, name)) for turn in self._turns])
        lengths = np.diff(np.append(self._starts, self._count))
        curve = np.repeat(values, lengths)
        for start, step in zip(self._starts[1:], np.diff(values), strict=True):
            a, b = max(start - self._half, 0), min(start + self._half, self._count)
            n = np.arange(a, b)
            glide = 0.5 + 0.5 * np.sin(np.pi / 2 * (n + 0.5 - start) / self._half)
            curve[a:b] += step * (glide - (n >= start))
        return curve


def _pitch_shift(curves: _Curves, rate: int) -> Floats:
    """(count,) octaves by which the pitch moves, whatever it is."""
    shift = curves("pitch_semitones") / 12
    if curves.ask("tremor_semitones"):
        phase = 2 * np.pi * _TREMOR_HZ / rate * np.arange(len(shift))
        shift += np.sin(phase) * curves("tremor_semitones") / 12
    return shift


def _excursion(stretch: Voiced, mean: float) -> Floats:
    """(periods,) octaves of the melody about its mean."""
    return np.clip(stretch.octaves - mean, -_WIDEST_OCTAVES, _WIDEST_OCTAVES)


def _coloured(samples: Floats, rate: int, curves: _Curves, seed: int) -> Floats:
    """Brightness (the tilt of the spectrum) and breath."""
    low = _below(_TILT_HZ, samples, rate)
    out = low + (samples - low) * _factor(curves("brightness_db"))
    if curves.ask("breathiness"):
        noise = np.random.default_rng(seed % 2**64).standard_normal(len(samples))
        hiss = noise - _below(_BREATH_HZ, noise, rate)
        level = _level(low, _BREATH_FOLLOWS_S, rate) * _factor(np.array(_BREATH_DB))
        out += hiss * level * curves("breathiness")
    return out


def _below(hertz: float, sound: Floats, rate: int) -> Floats:
    """What lies below that frequency, at its time; half of it at that frequency."""
    half = round(rate / hertz / 2)
    window = np.hanning(2 * half + 3)[1:-1]
    return np.convolve(sound, window / window.sum())[half : half + len(sound)]


def _level(sound: Floats, seconds: float, rate: int) -> Floats:
    """Root of the mean square over that time about each sample."""
    half = min(max(round(seconds * rate / 2), 1), len(sound))
    sums = np.cumsum(np.concatenate([np.zeros(half + 1), sound**2, np.zeros(half)]))
    power = (sums[2 * half + 1 :] - sums[: -2 * half - 1]) / (2 * half + 1)
    return np.asarray(np.sqrt(np.maximum(power, 0.0)))


def _factor(decibels: Floats) -> Floats:
    return np.exp(decibels * (math.log(10) / 20))


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
