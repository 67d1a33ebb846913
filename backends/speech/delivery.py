"""Speech of models that know neither phonemes nor cues: heard for its timings, then paced and coloured as asked."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace

from backends.errors import InputError, SynthesisError
from backends.speech.alignment import spell
from backends.speech.levels import gain_for, levelled
from backends.speech.listening import heard_phones
from backends.speech.prosody import manners_of, pace, spoken_in, turns_of
from backends.speech.stretching import paced
from backends.speech.timing import silent_chunk, to_chunk, trimmed
from backends.types import NO_CUE, Emotion, FloatArray, SpeechChunk, Utterance

_UNSPOKEN_S = 0.3
"""Silence for a text without words."""

Speak = Callable[[], FloatArray]
"""Makes (n,) samples of the utterance's words, at the model's own pace and level."""


def delivered(
    utterance: Utterance,
    sample_rate: int,
    speak: Speak,
    gain: Callable[[], float],
    seed: int,
    speed: float,
) -> SpeechChunk:
    """An utterance as one chunk, timed by ear, under its cues.

    Args:
        gain: what brings the voice to TARGET_LUFS.
        seed: of the breath's noise.

    Raises:
        SynthesisError: what the model said is too short for the words.
    """
    line = spell(utterance)
    if not line.phones:
        return silent_chunk(utterance, sample_rate, _UNSPOKEN_S)
    samples = levelled(speak(), gain())
    try:
        phones = heard_phones(line, samples, sample_rate)
    except InputError as error:
        raise SynthesisError(
            f"the voice said {len(samples) / sample_rate:.2f} s for {utterance.text[:40]!r}, which "
            "is too short for its words"
        ) from error
    samples, phones = trimmed(samples, sample_rate, phones)
    manners = manners_of(utterance, phones, line.words)
    speeds = [speed * pace(m, p.phoneme) for m, p in zip(manners, phones, strict=True)]
    samples, phones = paced(samples, sample_rate, phones, speeds)
    samples = spoken_in(samples, sample_rate, turns_of(phones, manners), seed)
    return to_chunk(utterance, samples, sample_rate, phones, line.words)


def only_emotion(utterance: Utterance) -> Emotion | None:
    """The emotion that holds over the whole utterance; None where there is none or several."""
    emotions = {span.cue.emotion if span.cue.weights else None for span in utterance.spans}
    return emotions.pop() if len(emotions) == 1 else None


def without_cues(utterance: Utterance) -> Utterance:
    """The utterance for a voice that has been told of its emotion by other means."""
    spans = tuple(span._replace(cue=NO_CUE) for span in utterance.spans)
    return replace(utterance, spans=spans)


def with_cues(chunk: SpeechChunk, utterance: Utterance) -> SpeechChunk:
    """A chunk of `without_cues(utterance)` as one of the utterance."""
    each = zip(chunk.cues, utterance.spans, strict=True)
    return replace(chunk, cues=tuple(cue._replace(cue=span.cue) for cue, span in each))


class Gains:
    """What brings each voice to TARGET_LUFS: measured once, by words that are the same whoever asks."""

    def __init__(self, kept: int = 256) -> None:
        """
        Args:
            kept: voices; the one unused for longest is measured again.
        """
        self._kept = kept
        self._known: OrderedDict[Hashable, float] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, voice: Hashable, sample_rate: int, speak: Speak) -> float:
        """
        Args:
            speak: makes a few words in this voice.
        """
        with self._lock:
            if voice not in self._known:
                self._known[voice] = gain_for(speak(), sample_rate)
                if len(self._known) > self._kept:
                    self._known.popitem(last=False)
            self._known.move_to_end(voice)
            return self._known[voice]
