"""An utterance spoken by a model of phonemes, whichever it is: words, paces, level, manner, timings."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from backends.script.recipes import VoiceRecipe
from backends.speech.espeak import PUNCTUATION
from backends.speech.levels import levelled
from backends.speech.phones import SILENCE, UNITS, Phone, lasting, spelled
from backends.speech.prosody import changes_sound, manners_of, pace, spoken_in, turns_of
from backends.speech.timing import Sound, audible, in_pieces, silent_chunk, to_chunk, within
from backends.speech.words import assign_words, words_of
from backends.types import FloatArray, SpeechChunk, Utterance

_UNSPOKEN_S = 0.3
"""Silence for a text without words."""
_PIECE_S = 1.3
"""Least length of an utterance's first piece, from which a video's first second can be planned; each one is twice as
long as the one before it, and the last longer."""
_QUIET = frozenset("ptkbdɡg")
"""Phonemes that begin with a closure: a good place to cut."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """What a model needs to be read by."""

    sample_rate: int
    lines: Callable[[list[str]], list[str]]
    """Texts as phonemes, a line each; "" where there is nothing to say."""
    symbols: Callable[[str], list[str]]
    """A line of phonemes in the model's symbols."""
    run: Callable[[list[str], FloatArray], tuple[Sound, Sequence[int]]]
    """Symbols, and the speed of each, as sound, with the samples of each."""
    gain: Callable[[], float]
    """What brings the voice to TARGET_LUFS."""
    piecemeal: bool = False
    """Sound that is not asked for is not made."""


def read(speaker: Speaker, utterance: Utterance, seed: int, speed: float) -> Iterator[SpeechChunk]:
    """The utterance under its cues; the seed is that of the breath's noise.

    A long one comes in pieces, the first of them soon, where nothing changes its sound: a manner is measured on the
    whole sentence.
    """
    rate = speaker.sample_rate
    words = words_of(utterance.text)
    line, *alone = speaker.lines([with_commas(utterance), *(word.text for word in words)])
    if not line:
        yield silent_chunk(utterance, rate, _UNSPOKEN_S)
        return
    symbols = speaker.symbols(line)
    untimed, words = assign_words(spelled(symbols), words, alone)
    manners = manners_of(utterance, untimed, words)
    sound, lengths = speaker.run(symbols, speed * _paces(untimed, manners, symbols))
    owned = lasting(untimed, lengths)
    whole = not speaker.piecemeal or bool(utterance.pauses) or changes_sound(manners)
    cuts = [owned[-1].end] if whole else _cuts(owned, rate)
    first = levelled(sound(0, cuts[0]), speaker.gain())

    def said(start: int, end: int) -> FloatArray:
        return first[start:end] if end <= cuts[0] else levelled(sound(start, end), speaker.gain())

    start, end = audible(said, rate, owned)
    owned = within(start, end, owned)
    if whole:
        samples = spoken_in(first[start:end], rate, turns_of(owned, manners), seed)
        yield to_chunk(utterance, samples, rate, owned, words)
    else:
        edges = itertools.pairwise([start, *cuts[:-1], end])
        pieces = (said(a, b) for a, b in edges)
        yield from in_pieces(utterance, pieces, rate, owned, words)


def _cuts(owned: Sequence[Phone], rate: int) -> list[int]:
    """Where the pieces of an utterance end: between words, where it is quiet if that can be."""
    end = owned[-1].end
    starts = [
        (0 if p.phoneme == SILENCE else 1 if p.base in _QUIET else 2, p.start)
        for before, p in itertools.pairwise(owned)
        if p.word != before.word
    ]
    cuts, length = [0], _PIECE_S * rate
    while end - cuts[-1] > 2 * length:
        later = [s for s in starts if s[1] - cuts[-1] >= length]
        near = [s for s in later if s[1] - cuts[-1] <= 1.5 * length] or later[:1]
        if not near:
            break
        cuts.append(min(near)[1])
        length *= 2
    return [*cuts[1:], end]


def _paces(
    untimed: Sequence[Phone], manners: Sequence[VoiceRecipe], symbols: Sequence[str]
) -> FloatArray:
    """(symbols,) factor on the speed of each, from that of its phone, UNITS long for each symbol."""
    paces = [pace(manner, phone.phoneme) for manner, phone in zip(manners, untimed, strict=True)]
    middles = np.arange(len(symbols)) * UNITS + UNITS // 2
    at = np.searchsorted([phone.end for phone in untimed], middles, side="right")
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
