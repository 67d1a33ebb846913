"""Recorded speech becomes timed chunks, as if an engine had said it: sound in, face out."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import soxr

from backends.speech.aligners import find_aligner
from backends.speech.alignment import Spelled, spell
from backends.speech.hearing import HEARING_HZ, listen
from backends.speech.phones import SILENCE, Phone
from backends.speech.recognising import recognised
from backends.speech.recorded import RECORDED_HZ, Recording
from backends.speech.timing import to_chunk
from backends.types import Cue, CueSpan, FloatArray, Notice, PhonemeSpan, SpeechChunk, Utterance

_UNSCRIPTED_S = 8.0
"""Least length of a chunk of speech without a text."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What is spoken in a recording, and when."""

    spans: tuple[PhonemeSpan, ...]
    """Contiguous over the whole recording."""
    spelled: tuple[Spelled, ...] = ()
    """The transcript's utterances in order; none without a transcript."""
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class _Passage:
    """Consecutive spans that make a chunk."""

    spans: tuple[PhonemeSpan, ...]
    line: Spelled | None


def follow(recording: Recording, utterances: Sequence[Utterance]) -> Followed:
    """Finds out when what is spoken: by a transcript's utterances, or without any by ear.

    Raises:
        InputError: the recording is too short for the transcript.
        UnsupportedLanguageError: the transcript's language cannot be spelled in phonemes.
        EngineUnavailableError: the recogniser is not installed, and there is no transcript.
    """
    spelled = tuple(spell(utterance) for utterance in utterances)
    if any(line.phones for line in spelled):
        aligned = find_aligner().align(recording.pieces, spelled)
        return Followed(aligned.spans, spelled, aligned.notices)
    return Followed(tuple(recognised(listen(recording.pieces(HEARING_HZ)))))


def spoken(
    recording: Recording, followed: Followed, cue: Cue, language: str, fps: int
) -> Iterator[tuple[Utterance | None, SpeechChunk]]:
    """The recording's own sound in timed chunks on the clip's clock, contiguous from 0.

    A chunk begins where its utterance is first heard and holds the silence behind it; at the end,
    silence fills the last frame. What comes before the first utterance, and speech without a text,
    comes with None.

    Args:
        cue: Held where there is no text to have cues.
        language: Of speech without a text: ISO 639-1, or "und".
    """
    total = round(math.ceil(round(recording.duration_s * fps, 3)) / fps * RECORDED_HZ)
    sound = _Sound(recording.pieces())
    whole_s = followed.spans[-1].end_s
    for passage in _passages(followed):
        start, end_s = sound.position, passage.spans[-1].end_s
        end = total if end_s >= whole_s else min(round(end_s * RECORDED_HZ), total)
        samples = sound.take(end - start)
        phones = _phones(passage.spans, start, len(samples), RECORDED_HZ)
        if passage.line is None:
            chunk = to_chunk(Utterance("", (), language), samples, RECORDED_HZ, phones, ())
            if not followed.spelled:
                held = CueSpan(cue, 0.0, len(samples) / RECORDED_HZ, "", language)
                chunk = replace(chunk, cues=(held,))
            yield None, chunk.shifted(start / RECORDED_HZ)
        else:
            utterance = passage.line.utterance
            phones = _owned(phones, passage.line)
            said = replace(utterance, pauses=())  # the speaker's own are in the sound
            chunk = to_chunk(said, samples, RECORDED_HZ, phones, passage.line.words)
            yield utterance, chunk.shifted(start / RECORDED_HZ)


def timed(utterance: Utterance, samples: FloatArray, sample_rate: int) -> SpeechChunk:
    """An utterance's sound with its timings, for engines that give none.

    Args:
        samples: (n,) in [-1, 1] of the utterance alone.

    Raises:
        InputError, UnsupportedLanguageError: as `follow`.
    """
    line = spell(utterance)
    phones = heard_phones(line, samples, sample_rate)
    return to_chunk(utterance, samples, sample_rate, phones, line.words)


def heard_phones(line: Spelled, samples: FloatArray, sample_rate: int) -> list[Phone]:
    """The phones of an utterance in its sound, with their words, contiguous over the samples.

    Raises:
        InputError: the sound is too short for so many words.
    """

    def sound(rate: int) -> list[FloatArray]:
        return [soxr.resample(samples, sample_rate, rate).astype(np.float32)]

    spans = find_aligner().align(sound, [line]).spans
    return _owned(_phones(spans, 0, len(samples), sample_rate), line)


class _Sound:
    """Samples in order, cut anywhere; zeros where they end early."""

    def __init__(self, pieces: Iterator[FloatArray]) -> None:
        self._pieces = pieces
        self._held = np.zeros(0, np.float32)
        self.position = 0

    def take(self, count: int) -> FloatArray:
        parts, missing = [self._held], count - len(self._held)
        while missing > 0:
            parts.append(next(self._pieces, np.zeros(missing, np.float32)))
            missing -= len(parts[-1])
        whole = np.concatenate(parts)
        self._held = whole[count:]
        self.position += count
        return whole[:count]


def _passages(followed: Followed) -> Iterator[_Passage]:
    """One for each utterance with the silence behind it, and one for what comes before the first."""
    if not followed.spelled:
        yield from (_Passage(spans, None) for spans in _stretches(followed.spans))
        return
    spans = list(followed.spans)
    if spans[0].phoneme == SILENCE:
        yield _Passage((spans.pop(0),), None)
    heard = [i for i, span in enumerate(spans) if span.phoneme != SILENCE]
    ends = [*heard[1:], len(spans)]
    first = done = 0
    for line in (line for line in followed.spelled if line.phones):
        done += len(line.phones)
        yield _Passage(tuple(spans[first : ends[done - 1]]), line)
        first = ends[done - 1]


def _stretches(spans: Sequence[PhonemeSpan]) -> Iterator[tuple[PhonemeSpan, ...]]:
    """Of at least _UNSCRIPTED_S, which end with a silence where one comes soon."""
    held: list[PhonemeSpan] = []
    for span in spans:
        held.append(span)
        length = span.end_s - held[0].start_s
        if length >= (_UNSCRIPTED_S if span.phoneme == SILENCE else 2 * _UNSCRIPTED_S):
            yield tuple(held)
            held = []
    if held:
        yield tuple(held)


def _phones(spans: Sequence[PhonemeSpan], start: int, count: int, rate: int) -> list[Phone]:
    """Spans in samples from `start` on, over `count` of them: the last one reaches to the end."""
    ends = [min(round(span.end_s * rate) - start, count) for span in spans]
    ends[-1] = count
    starts = [0, *ends[:-1]]
    return [Phone(s.phoneme, a, b) for s, a, b in zip(spans, starts, ends, strict=True)]


def _owned(phones: Sequence[Phone], line: Spelled) -> list[Phone]:
    """The phones with the words of the line, which has the same but for the silences."""
    words = iter(phone.word for phone in line.phones)
    return [p if p.phoneme == SILENCE else p._replace(word=next(words)) for p in phones]
