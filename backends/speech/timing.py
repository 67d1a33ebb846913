"""From phones in samples to a chunk in seconds: silences asked for, words, cues."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from backends.speech.phones import SILENCE, Phone
from backends.speech.words import Word
from backends.types import (
    CueSpan,
    FloatArray,
    PhonemeSpan,
    SpeechChunk,
    Utterance,
    WordSpan,
)

_FADE_S = 0.005
_QUIET_WINDOW_S = 0.01
_EDGE_SILENCE_S = 0.03
_AUDIBLE = 0.003
"""About -50 dBFS: what stays below is trimmed from the ends."""

Sound = Callable[[int, int], FloatArray]
"""Samples [start, end) of what is said, the same whatever stretch is asked for."""


def at_once(samples: FloatArray) -> Sound:
    """Sound that is made as a whole."""
    return lambda start, end: samples[start:end]


def to_chunk(
    utterance: Utterance,
    samples: FloatArray,
    sample_rate: int,
    phones: Sequence[Phone],
    words: Sequence[Word],
) -> SpeechChunk:
    """A whole utterance as one chunk, with its pauses put in.

    Args:
        samples: (n,) in [-1, 1].
        phones: Contiguous over the samples, each with its word.
        words: As the phones number them.
    """
    samples, timed = _with_pauses(utterance, samples, sample_rate, list(phones), words)
    [chunk] = in_pieces(utterance, [samples], sample_rate, timed, words)
    return chunk


def in_pieces(
    utterance: Utterance,
    pieces: Iterable[FloatArray],
    sample_rate: int,
    phones: Sequence[Phone],
    words: Sequence[Word],
) -> Iterator[SpeechChunk]:
    """A whole utterance as chunks, one for each piece of its sound, as they come.

    Each tells the phonemes, words and cues that begin in it, with their ends, which for cues may lie in a later one.

    Args:
        pieces: (n,) each, in [-1, 1]; they end where phones do.
        phones: Contiguous over all samples, each with its word.
    """
    end = phones[-1].end
    spans = _word_spans(phones, words, sample_rate)
    cues = _cue_spans(utterance, spans, end / sample_rate)
    start = 0
    for samples in pieces:
        stop = start + len(samples)
        # What begins where the sound ends belongs to the last piece.
        a, b = start / sample_rate, (stop if stop < end else end + 1) / sample_rate
        yield SpeechChunk(
            samples=samples,
            sample_rate=sample_rate,
            phonemes=tuple(
                PhonemeSpan(p.phoneme, p.start / sample_rate, p.end / sample_rate)
                for p in phones
                if p.end > p.start and start <= p.start < stop
            ),
            words=tuple(word for word in spans if a <= word.start_s < b),
            cues=tuple(cue for cue in cues if a <= cue.start_s < b),
            start_s=a,
        )
        start = stop


def silent_chunk(utterance: Utterance, sample_rate: int, seconds: float) -> SpeechChunk:
    """What stands for an utterance without words: silence."""
    samples = np.zeros(round(seconds * sample_rate), np.float32)
    return to_chunk(utterance, samples, sample_rate, [Phone(SILENCE, 0, len(samples))], [])


def trimmed(
    samples: FloatArray, sample_rate: int, phones: Sequence[Phone]
) -> tuple[FloatArray, list[Phone]]:
    """Without what is inaudible at either end, but for 30 ms; only silence is cut, never a phone."""
    start, end = audible(at_once(samples), sample_rate, phones)
    return samples[start:end], within(start, end, phones)


def audible(sound: Sound, sample_rate: int, phones: Sequence[Phone]) -> tuple[int, int]:
    """Where sound that is trimmed begins and ends; its first and last phones are all that is listened to."""
    first, last = phones[0], phones[-1]
    start, end, keep = 0, last.end, round(_EDGE_SILENCE_S * sample_rate)
    if len(phones) > 1 and first.phoneme == SILENCE:
        heard = np.flatnonzero(np.abs(sound(0, min(first.end + keep, end))) > _AUDIBLE)
        start = max(min(int(heard[0]) - keep if len(heard) else end, first.end - 1), 0)
    if len(phones) > 1 and last.phoneme == SILENCE:
        at = max(last.start - keep, 0)
        heard = np.flatnonzero(np.abs(sound(at, end)) > _AUDIBLE)
        end = min(max(at + int(heard[-1]) + keep if len(heard) else 0, last.start + 1), end)
    return start, end


def within(start: int, end: int, phones: Sequence[Phone]) -> list[Phone]:
    """The phones of samples [start, end), counted from there."""
    return [p.at(max(p.start, start) - start, min(p.end, end) - start) for p in phones]


def _with_pauses(
    utterance: Utterance,
    samples: FloatArray,
    rate: int,
    phones: list[Phone],
    words: Sequence[Word],
) -> tuple[FloatArray, list[Phone]]:
    for pause in sorted(utterance.pauses):
        word = next((i for i, w in enumerate(words) if w.start >= pause.at), len(words))
        samples, phones = _insert_silence(
            samples, rate, phones, before_word=word, count=round(pause.seconds * rate)
        )
    return samples, phones


def _insert_silence(
    samples: FloatArray, rate: int, phones: list[Phone], before_word: int, count: int
) -> tuple[FloatArray, list[Phone]]:
    """Lengthens the silence before a word by zeros at its quietest point, or makes one where there is none."""
    if count <= 0:
        return samples, phones
    k = next((i for i, p in enumerate(phones) if p.word >= before_word), len(phones))
    if k and phones[k - 1].phoneme == SILENCE and phones[k - 1].end > phones[k - 1].start:
        silence = phones[k - 1]
        at = _quietest(samples[silence.start : silence.end], rate) + silence.start
        longer = [silence._replace(end=silence.end + count)]
        before = phones[: k - 1]
    else:
        at = phones[k].start if k < len(phones) else len(samples)
        longer = [Phone(SILENCE, at, at + count)]
        before = phones[:k]
    left, right = _faded(samples[:at], rate, out=True), _faded(samples[at:], rate, out=False)
    later = [p.shifted(count) for p in phones[k:]]
    return np.concatenate([left, np.zeros(count, np.float32), right]), [*before, *longer, *later]


def _quietest(samples: FloatArray, rate: int) -> int:
    """The middle of the 10 ms with the least energy."""
    window = min(max(1, round(_QUIET_WINDOW_S * rate)), len(samples))
    energy = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    return int(np.argmin(energy[window:] - energy[:-window])) + window // 2


def _faded(samples: FloatArray, rate: int, *, out: bool) -> FloatArray:
    """A copy that ends, or begins, at zero over 5 ms."""
    faded = samples.copy()
    length = min(round(_FADE_S * rate), len(faded))
    ramp = np.linspace(0.0, 1.0, length, endpoint=False, dtype=np.float32)
    if out and length:
        faded[-length:] *= ramp[::-1]
    else:
        faded[:length] *= ramp
    return faded


def _word_spans(phones: Sequence[Phone], words: Sequence[Word], rate: int) -> tuple[WordSpan, ...]:
    """Each word from its first phone to its last; one without phones has no length, where the one before it ends."""
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    for phone in phones:
        if phone.word >= 0:
            starts.setdefault(phone.word, phone.start)
            ends[phone.word] = phone.end
    spans = []
    at = 0
    for i, word in enumerate(words):
        start, at = starts.get(i, at), ends.get(i, at)
        spans.append(WordSpan(word.text, start / rate, at / rate, word.start, word.end))
    return tuple(spans)


def _cue_spans(
    utterance: Utterance, words: Sequence[WordSpan], end_s: float
) -> tuple[CueSpan, ...]:
    """Each from the onset of its first word to that of the next; the first from 0, the last to the end."""
    onsets = [
        next((w.start_s for w in words if w.char_start >= span.start), end_s)
        for span in utterance.spans
    ]
    onsets = [0.0, *onsets[1:], end_s]
    return tuple(
        CueSpan(span.cue, start, end, utterance.text[span.start : span.end], utterance.language)
        for span, start, end in zip(utterance.spans, onsets, onsets[1:], strict=False)
    )
