"""Reference audio: what can be cloned from, and why not."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soxr

from backends.errors import InputError, UnknownVoiceError, UnreadableMediaError
from backends.speech import find_voice, load_engine
from backends.speech.cloning import LEAST_S, MOST_S, read_reference, reference_samples
from backends.speech.engine import VoiceReference
from backends.types import Cue, Emotion, Speech, TextSpan, Utterance
from tests.unit.speech.sound_files import encoded, utterance

RATE = 24_000
TEXT = (
    "The quick brown fox jumps over the lazy dog beside the river, and nobody was surprised. "
    "We waited for an hour, then we walked home together."
)


@cache
def spoken(emotion: Emotion = Emotion.NEUTRAL) -> np.ndarray:
    """(n,) of a man who speaks for more than six seconds."""
    engine = load_engine("piper")
    what = Utterance(TEXT, (TextSpan(0, len(TEXT), Cue.of(emotion), -1),), "en")
    sound = Speech(tuple(engine.synthesize(what, find_voice(engine, None, "en"), 0)))
    assert sound.duration_s > LEAST_S
    return soxr.resample(sound.samples, sound.sample_rate, RATE)


def spoken_by_a_woman() -> np.ndarray:
    """(n,) of somebody else, for about as long as it takes to be noticed."""
    engine = load_engine("kokoro", {"threads": 1})
    what = utterance("We waited for an hour, then we walked home.")
    [chunk] = engine.synthesize(what, find_voice(engine, "af_bella", "en"), 0)
    assert chunk.sample_rate == RATE
    return chunk.samples


def wav(samples: np.ndarray, rate: int = RATE) -> bytes:
    return encoded(samples, rate)


def test_speech_of_one_person_is_taken_as_it_is() -> None:
    sound = spoken()
    reference = read_reference(wav(sound))
    heard = reference_samples(reference, RATE)
    assert len(heard) == pytest.approx(len(sound), abs=RATE // 50)
    assert np.corrcoef(heard[: len(sound)], sound[: len(heard)])[0, 1] > 0.99
    assert reference == read_reference(wav(sound))
    assert reference.key != read_reference(wav(sound * np.float32(0.5))).key


def test_its_beginning_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "long.wav"
    file.write_bytes(wav(np.tile(spoken(), 5)))
    assert len(reference_samples(read_reference(file), RATE)) == MOST_S * RATE


def test_feelings_are_no_second_speaker() -> None:
    """Somebody who is excited in one sentence and sad in the next is still one person."""
    sounds = [spoken(emotion) for emotion in (Emotion.EXCITED, Emotion.SAD)]
    assert read_reference(wav(np.concatenate(sounds))).sound


def _noise(level: float) -> np.ndarray:
    count = len(spoken())
    return np.random.default_rng(0).standard_normal(count).astype(np.float32) * np.float32(level)


def _clipped(gain: float) -> np.ndarray:
    loud = spoken() / np.abs(spoken()).max() * np.float32(gain)
    return np.clip(loud, -1, 1)


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "short": (lambda: wav(spoken()[: 4 * RATE]), "4.0 s long; at least 6 s"),
    "silent": (lambda: wav(np.zeros(8 * RATE, np.float32)), "silent"),
    "faint": (lambda: wav(spoken() * np.float32(0.002)), "silent"),
    "clipped": (lambda: wav(_clipped(20)), "clipped"),
    "clipped a little": (lambda: wav(_clipped(2)), "clipped"),
    "clipped and resampled": (
        lambda: wav(soxr.resample(_clipped(3) * 0.5, RATE, 44_100), 44_100),
        "clipped",
    ),
    "noisy": (lambda: wav(spoken() * np.float32(0.5) + _noise(0.05)), "noisy"),
    "noise": (lambda: wav(_noise(0.1)), "a voice"),
    "two": (
        lambda: wav(np.concatenate([spoken(), spoken_by_a_woman()])),
        "more than one speaker",
    ),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_what_cannot_be_cloned_from_is_told_why(name: str) -> None:
    make, reason = BAD[name]
    with pytest.raises(InputError, match=reason):
        read_reference(make(), "me.wav")


@pytest.mark.parametrize("data", [b"", b"<html>", b"RIFF\x10\x00\x00\x00WAVE", bytes(5000)])
def test_what_is_no_sound_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableMediaError, match=r"me\.wav"):
        read_reference(data, "me.wav")


def test_engines_that_cannot_clone_say_so() -> None:
    reference = VoiceReference("key", b"")
    with pytest.raises(UnknownVoiceError, match="cannot clone"):
        find_voice(load_engine("tone"), None, "en", reference)
