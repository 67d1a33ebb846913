"""An utterance spoken by a model of phonemes, whichever it is: words, paces, level, manner, timings."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backends.script.recipes import VoiceRecipe
from backends.speech.espeak import PUNCTUATION
from backends.speech.levels import levelled
from backends.speech.phones import Phone, phones
from backends.speech.prosody import manners_of, pace, spoken_in, turns_of
from backends.speech.timing import silent_chunk, to_chunk, trimmed
from backends.speech.words import assign_words, words_of
from backends.types import FloatArray, SpeechChunk, Utterance

_UNSPOKEN_S = 0.3
"""Silence for a text without words."""
_UNITS = 2
"""Length of a symbol where the phones stand for their spelling, before it has a length: a space can be halved."""

Timed = list[tuple[str, int]]
"""Symbols with their samples."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """What a model needs to be read by."""

    sample_rate: int
    lines: Callable[[list[str]], list[str]]
    """Texts as phonemes, a line each; "" where there is nothing to say."""
    symbols: Callable[[str], list[str]]
    """A line of phonemes in the model's symbols."""
    run: Callable[[list[str], FloatArray], tuple[FloatArray, Timed]]
    """Symbols, and the speed of each, as (n,) samples, with the symbols timed."""
    gain: Callable[[], float]
    """What brings the voice to TARGET_LUFS."""


def read(speaker: Speaker, utterance: Utterance, seed: int, speed: float) -> SpeechChunk:
    """The utterance as one chunk, under its cues; the seed is that of the breath's noise."""
    rate = speaker.sample_rate
    [line] = speaker.lines([with_commas(utterance)])
    if not line:
        return silent_chunk(utterance, rate, _UNSPOKEN_S)
    symbols = speaker.symbols(line)
    spelled, words = assign_words(
        phones((symbol, _UNITS) for symbol in symbols), words_of(utterance.text), speaker.lines
    )
    manners = manners_of(utterance, spelled, words)
    samples, timed = speaker.run(symbols, speed * _paces(spelled, manners, symbols))
    samples = levelled(samples, speaker.gain())
    owned = [replace(p, word=s.word) for p, s in zip(phones(timed), spelled, strict=True)]
    samples, owned = trimmed(samples, rate, owned)
    samples = spoken_in(samples, rate, turns_of(owned, manners), seed)
    return to_chunk(utterance, samples, rate, owned, words)


def _paces(
    spelled: Sequence[Phone], manners: Sequence[VoiceRecipe], symbols: Sequence[str]
) -> FloatArray:
    """(symbols,) factor on the speed of each, from that of its phone, _UNITS long for each symbol."""
    paces = [pace(manner, phone.phoneme) for manner, phone in zip(manners, spelled, strict=True)]
    middles = np.arange(len(symbols)) * _UNITS + _UNITS // 2
    at = np.searchsorted([phone.end for phone in spelled], middles, side="right")
    return np.array(paces, np.float32)[at]


def with_commas(utterance: Utterance) -> str:
    """The text with a comma before each pause that no mark announces, for the phrasing that leads into it."""
    text = utterance.text
    words = words_of(text)
    for at in sorted({pause.at for pause in utterance.pauses}, reverse=True):
        before = [word for word in words if word.start < at]
        after = next((word.start for word in words if word.start >= at), None)
        if before and after is not None and not _marked(text[before[-1].end : after]):
            text = f"{text[: before[-1].end]},{text[before[-1].end :]}"
    return text


def _marked(between: Iterable[str]) -> bool:
    return any(char in PUNCTUATION or char in "—…·\u0387\u037e" for char in between)
