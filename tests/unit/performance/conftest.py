"""Speech made by hand: phonemes with times, and silence for sound."""

from collections.abc import Sequence

import numpy as np
import pytest

from backends.types import NO_CUE, Cue, CueSpan, PhonemeSpan, Speech, SpeechChunk

RATE = 8000


def phones(text: str, each_s: float = 0.08, start_s: float = 0.0) -> list[PhonemeSpan]:
    """ "h ə l ˈoʊ _:0.4" to spans: each takes `each_s`, or what stands after its colon."""
    spans, at = [], start_s
    for word in text.split():
        phoneme, _, seconds = word.partition(":")
        end = at + (float(seconds) if seconds else each_s)
        spans.append(PhonemeSpan(phoneme, at, end))
        at = end
    return spans


def chunk(
    spans: Sequence[PhonemeSpan], cues: Sequence[tuple[float, Cue]] = ((0.0, NO_CUE),)
) -> SpeechChunk:
    """One chunk of these phonemes; cues are (onset, cue)."""
    start, end = spans[0].start_s, spans[-1].end_s
    samples = np.zeros(round(end * RATE) - round(start * RATE), np.float32)
    ends = [onset for onset, _ in cues[1:]] + [end]
    return SpeechChunk(
        samples,
        RATE,
        tuple(spans),
        (),
        tuple(CueSpan(c, a, b, "", "en") for (a, c), b in zip(cues, ends, strict=False)),
        round(start * RATE) / RATE,
    )


def speech(
    text: str, each_s: float = 0.08, cues: Sequence[tuple[float, Cue]] = ((0.0, NO_CUE),)
) -> Speech:
    return Speech((chunk(phones(text, each_s), cues),))


SENTENCE = (
    "_:0.3 h ɛ l ˈoʊ ˈɛ v ɹ i w ˌʌ n _:0.25 m aɪ n ˈeɪ m ɪ z b ˈɑ b _:0.5 "
    "ð ɪ s ˈɪ z ɐ f ˈʌ n i p ˈɪ k t ʃ ɚ _:0.4"
)


@pytest.fixture
def sentence() -> Speech:
    return speech(SENTENCE)
