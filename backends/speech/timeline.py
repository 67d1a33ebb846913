"""Utterances, one after another, on the clip's clock."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from backends.errors import EmptyTextError, SynthesisError
from backends.speech.phones import SILENCE
from backends.types import FloatArray, PhonemeSpan, SpeechChunk, Utterance

_FADE_S = 0.005


class Timeline:
    """Places the chunks of consecutive utterances, with the silences before, between and after
    them.

    Chunks come out contiguous from 0 and are never changed once out. A silence is handed out with
    the chunk after it: lead-in before the first utterance, the natural gap and the pause asked for
    between two, the tail with `finish`. One timeline a clip; not for several threads.
    """

    def __init__(
        self, fps: int, lead_in_s: float = 0.2, gap_s: float = 0.25, tail_s: float = 0.4
    ) -> None:
        """
        Args:
            fps: Frames per second of the clip, whose length becomes a whole number of frames.
            lead_in_s: Silence before the first utterance.
            gap_s: Silence between two utterances, beyond what the second asks for.
            tail_s: Least silence after the last one.
        """
        self._fps = fps
        self._lead_in_s, self._gap_s, self._tail_s = lead_in_s, gap_s, tail_s
        self._rate = 0
        self._placed = 0  # samples handed out
        self._origin = 0  # sample at which the current utterance begins
        self._previous: Utterance | None = None
        self._last = np.float32(0.0)  # sample, from which a silence glides to zero

    def place(self, utterance: Utterance, chunk: SpeechChunk) -> SpeechChunk:
        """The utterance's next chunk on the clip's clock, with the silence before it where it is
        the first.

        Args:
            utterance: The one that the chunk belongs to.
            chunk: As the engine yields it: on the utterance's clock, which begins at 0.

        Returns:
            It at the clip's sample rate, which is the first chunk's.

        Raises:
            SynthesisError: the chunk does not begin where the one before it ends.
        """
        rate = self._rate = self._rate or chunk.sample_rate
        chunk = _at_rate(chunk, rate)
        first = round(chunk.start_s * rate) == 0
        silence = self._silence_s() if first else 0.0
        count = round(silence * rate)
        if first:
            self._origin = self._placed + count
        elif self._origin + round(chunk.start_s * rate) != self._placed:
            raise SynthesisError(
                f"a chunk that begins at {chunk.start_s:.3f} s of its utterance does not follow the one before it"
            )
        out = self._prepended(chunk, count) if first else chunk.shifted(self._origin / rate)
        self._placed += len(out.samples)
        self._last = out.samples[-1] if len(out.samples) else self._last
        self._previous = utterance
        return out

    def finish(self) -> SpeechChunk:
        """The silence at the end: the last pause asked for, the tail, and what is missing to a
        whole frame.

        The clip is then the least number of samples that covers `frames` frames.

        Raises:
            EmptyTextError: no utterance was placed.
        """
        if self._previous is None:
            raise EmptyTextError("there is nothing to speak: no utterance holds a word")
        least = self._placed + (self._previous.pause_s + self._tail_s) * self._rate
        frames = math.ceil(round(least * self._fps / self._rate, 6))
        total = -(-frames * self._rate // self._fps)
        start_s = self._placed / self._rate
        samples = self._silence(total - self._placed)
        self._placed = total
        return SpeechChunk(
            samples=samples,
            sample_rate=self._rate,
            phonemes=(PhonemeSpan(SILENCE, start_s, total / self._rate),),
            words=(),
            cues=(),
            start_s=start_s,
        )

    @property
    def frames(self) -> int:
        """Whole frames that the sound handed out so far covers."""
        return self._placed * self._fps // self._rate if self._rate else 0

    def _silence_s(self) -> float:
        return self._lead_in_s if self._previous is None else self._gap_s + self._previous.pause_s

    def _prepended(self, chunk: SpeechChunk, count: int) -> SpeechChunk:
        """The first chunk of an utterance behind `count` samples of silence, its first 5 ms faded in."""
        start_s, speech_s = self._placed / self._rate, self._origin / self._rate
        placed = chunk.shifted(speech_s)
        speech = placed.samples.copy()
        length = min(round(_FADE_S * self._rate), len(speech))
        speech[:length] *= np.linspace(0.0, 1.0, length, endpoint=False, dtype=np.float32)
        return replace(
            placed,
            samples=np.concatenate([self._silence(count), speech]),
            phonemes=_after_silence(placed.phonemes, start_s, speech_s),
            start_s=start_s,
        )

    def _silence(self, count: int) -> FloatArray:
        """Zeros, reached from the last sample handed out within 5 ms."""
        samples = np.zeros(count, np.float32)
        length = min(round(_FADE_S * self._rate), count)
        samples[:length] = self._last * np.linspace(1.0, 0.0, length, dtype=np.float32)
        return samples


def _at_rate(chunk: SpeechChunk, rate: int) -> SpeechChunk:
    """The chunk resampled, its last sample and phoneme at the sample nearest to where they ended."""
    if chunk.sample_rate == rate or not len(chunk.samples):
        return replace(chunk, sample_rate=rate)
    import soxr

    count = round(chunk.end_s * rate) - round(chunk.start_s * rate)
    samples = np.zeros(count, np.float32)
    sound = np.clip(soxr.resample(chunk.samples, chunk.sample_rate, rate), -1.0, 1.0)[:count]
    samples[: len(sound)] = sound
    start_s = round(chunk.start_s * rate) / rate
    *inner, last = chunk.phonemes
    phonemes = [*inner, last._replace(end_s=start_s + count / rate)]
    phonemes[0] = phonemes[0]._replace(start_s=start_s)
    return replace(
        chunk, samples=samples, sample_rate=rate, phonemes=tuple(phonemes), start_s=start_s
    )


def _after_silence(
    phonemes: Sequence[PhonemeSpan], start_s: float, speech_s: float
) -> tuple[PhonemeSpan, ...]:
    if phonemes and phonemes[0].phoneme == SILENCE:
        return (phonemes[0]._replace(start_s=start_s), *phonemes[1:])
    silence = (PhonemeSpan(SILENCE, start_s, speech_s),) if speech_s > start_s else ()
    return (*silence, *phonemes)
