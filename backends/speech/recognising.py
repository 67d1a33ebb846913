"""The phones of a sound without any text: what the recogniser hears, stress by prominence."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import numpy as np

from backends.speech.boundaries import Anchor, spans_of
from backends.speech.hearing import FRAME_S, LEVEL_S, SPACES, Heard, Levels
from backends.speech.phones import SILENCE, is_vowel, letters
from backends.speech.sounds import FIRST_SHARE
from backends.types import PhonemeSpan

_SURE = 0.25
"""Probability from which on a phoneme counts as heard."""
_LIPS = tuple((phone,) for phone in ("p", "pʰ", "p͈", "b", "ɓ", "m", "ɱ"))
_LIPS_SEEN = 8.0
"""Factor on the probability of closed lips: to miss them is seen, a closure too many hardly."""
_REDUCED = frozenset("əɚɨɪ")
"""Vowels that carry no stress of their own."""


class _Peak(NamedTuple):
    segments: tuple[str, ...]
    """IPA, one letter with its marks each."""
    first: int
    last: int
    word: int


def recognised(heard: Heard) -> list[PhonemeSpan]:
    """Phones and silences, contiguous from 0 to the sound's end, with stress marks.

    A recogniser hears no stress: the most prominent vowel of a word gets it, where it is louder
    and longer than most.
    """
    peaks = _peaks(heard)
    anchors = [Anchor(p.segments[-1], p.first * FRAME_S, p.last * FRAME_S) for p in peaks]
    spans = spans_of(anchors, heard.levels)
    spoken = [span for span in spans if span.phoneme != SILENCE]
    stressed = _stressed(spoken, peaks, heard.levels)
    each = zip(peaks, stressed, strict=True)
    out: list[PhonemeSpan] = []
    for span in spans:
        out += [span] if span.phoneme == SILENCE else _parts(span, *next(each))
    return out


def _peaks(heard: Heard) -> list[_Peak]:
    """The likeliest token of each frame; the same one again and again is heard once."""
    chances = heard.log_probabilities.astype(np.float32)
    closed = [i for i, token in enumerate(heard.tokens) if segments_of(token)[:1] in _LIPS]
    chances[:, closed] += np.float32(np.log(_LIPS_SEEN))
    best = chances.argmax(axis=1)
    sure = chances.max(axis=1) >= np.log(_SURE)
    peaks: list[_Peak] = []
    at = word = 0
    for column, run in groupby(best.tolist()):
        first, at = at, at + sum(1 for _ in run)
        segments = segments_of(heard.tokens[column])
        word += heard.tokens[column] == SPACES[1]
        if segments and sure[first:at].any():
            peaks.append(_Peak(segments, first, at - 1, word))
    return peaks


@lru_cache(maxsize=256)
def segments_of(token: str) -> tuple[str, ...]:
    """The IPA segments of a token: two for a diphthong or an affricate, none for a mark or a sign."""
    return tuple(letters([token])) if token[0].islower() and token[0].isalpha() else ()


def _stressed(spans: Sequence[PhonemeSpan], peaks: Sequence[_Peak], levels: Levels) -> list[bool]:
    """Which spans hold the vowel that stands out of its word, by length times loudness."""
    weights = np.array(
        [_weight(s, p, levels) for s, p in zip(spans, peaks, strict=True)], np.float64
    )
    if not (weights > 0).any():
        return [False] * len(spans)
    usual = float(np.median(weights[weights > 0]))
    strongest: dict[int, float] = {}
    for weight, peak in zip(weights, peaks, strict=True):
        strongest[peak.word] = max(strongest.get(peak.word, usual), float(weight))
    return [w == strongest[p.word] for w, p in zip(weights, peaks, strict=True)]


def _weight(span: PhonemeSpan, peak: _Peak, levels: Levels) -> float:
    vowel = next((s for s in peak.segments if is_vowel(s)), None)
    if vowel is None or vowel[0] in _REDUCED:
        return 0.0
    first, last = int(span.start_s / LEVEL_S), int(span.end_s / LEVEL_S)
    loudest = float(levels.decibels[first : last + 1].max(initial=-100.0))
    return (span.end_s - span.start_s) * 10 ** (loudest / 20)


def _parts(span: PhonemeSpan, peak: _Peak, stressed: bool) -> list[PhonemeSpan]:
    """A token's segments, one after another; stress before the first vowel."""
    vowel = next((i for i, s in enumerate(peak.segments) if is_vowel(s)), -1)
    marked = ["ˈ" + s if stressed and i == vowel else s for i, s in enumerate(peak.segments)]
    if len(marked) == 1:
        return [PhonemeSpan(marked[0], span.start_s, span.end_s)]
    cut = span.start_s + FIRST_SHARE * (span.end_s - span.start_s)
    first, second = marked[0], "".join(marked[1:])
    return [PhonemeSpan(first, span.start_s, cut), PhonemeSpan(second, cut, span.end_s)]
