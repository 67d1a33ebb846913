"""Speech made by hand: phonemes with times, and silence for sound."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backends.types import (
    NO_CUE,
    Cue,
    CueSpan,
    Performance,
    PhonemeSpan,
    Speech,
    SpeechChunk,
)

RATE = 8000
Cues = Sequence[tuple[float, Cue]]
UNCUED: Cues = ((0.0, NO_CUE),)

SENTENCE = (
    "_:0.3 h ɛ l ˈoʊ ˈɛ v ɹ i w ˌʌ n _:0.25 m aɪ n ˈeɪ m ɪ z b ˈɑ b _:0.5 "
    "ð ɪ s ˈɪ z ɐ f ˈʌ n i p ˈɪ k t ʃ ɚ _:0.4"
)


def phonemes(text: str, each_s: float = 0.08) -> tuple[PhonemeSpan, ...]:
    """ "h ə l _:0.4": each phoneme takes `each_s`, or what stands after its colon."""
    spans, at = [], 0.0
    for word in text.split():
        phoneme, _, seconds = word.partition(":")
        end = at + (float(seconds) if seconds else each_s)
        spans.append(PhonemeSpan(phoneme, at, end))
        at = end
    return tuple(spans)


def _chunk(spans: Sequence[PhonemeSpan], cues: Sequence[CueSpan]) -> SpeechChunk:
    begin, end = round(spans[0].start_s * RATE), round(spans[-1].end_s * RATE)
    samples = np.zeros(end - begin, np.float32)
    return SpeechChunk(samples, RATE, tuple(spans), (), tuple(cues), begin / RATE)


def speech(text: str, cues: Cues = UNCUED, each_s: float = 0.08) -> Speech:
    """One chunk; cues are (onset, cue)."""
    spans = phonemes(text, each_s)
    ends = [*(onset for onset, _ in cues[1:]), spans[-1].end_s]
    cue_spans = [CueSpan(c, a, b, "", "en") for (a, c), b in zip(cues, ends, strict=True)]
    return Speech((_chunk(spans, cue_spans),))


def cut(whole: Speech, places: Sequence[int]) -> Speech:
    """The same speech in chunks that end before these phonemes; a cue may lie in two."""
    spans, cues = whole.phonemes, whole.cues
    borders = [0, *sorted({p for p in places if 0 < p < len(spans)}), len(spans)]
    chunks = []
    for first, last in itertools.pairwise(borders):
        part = spans[first:last]
        begin, end = part[0].start_s, part[-1].end_s
        inside = [
            c._replace(start_s=max(c.start_s, begin), end_s=min(c.end_s, end))
            for c in cues
            if c.start_s < end and c.end_s > begin
        ]
        chunks.append(_chunk(part, inside))
    return Speech(tuple(chunks))


def times(performance: Performance) -> NDArray[np.float64]:
    """The middle of each frame."""
    return (np.arange(len(performance)) + 0.5) / performance.fps


def at(performance: Performance, seconds: float) -> int:
    """The frame whose middle is nearest."""
    return int(np.abs(times(performance) - seconds).argmin())
