"""Pace, timings and level of sound that a model made without knowing any of them."""

import numpy as np
import pytest

from backends.speech.delivery import Gains, only_emotion
from backends.speech.joining import joined
from backends.speech.phones import Phone
from backends.speech.stretching import paced
from backends.types import NO_CUE, Cue, Emotion, TextSpan, Utterance
from tests.unit.speech.sound_files import said

RATE = 24_000


def tone(seconds: float, hertz: float = 150.0) -> np.ndarray:
    phase = 2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE
    return (0.3 * sum(np.sin(k * phase) / k for k in range(1, 12))).astype(np.float32)


def pitch_of(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    low, high = (round(f * len(samples) / RATE) for f in (100, 220))
    return float((low + np.argmax(spectrum[low:high])) * RATE / len(samples))


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_pace_changes_and_pitch_does_not(speed: float) -> None:
    sound = tone(2.0)
    half = len(sound) // 2
    phones = [Phone("a", 0, half, 0), Phone("b", half, len(sound), 1)]
    samples, moved = paced(sound, RATE, phones, [speed, 1.0])
    assert [p.end - p.start for p in moved] == pytest.approx([half / speed, half], abs=1)
    assert len(samples) == moved[-1].end and (moved[0].word, moved[1].word) == (0, 1)
    cut = moved[0].end
    for part in (samples[RATE // 10 : cut - RATE // 10], samples[cut + RATE // 10 : -RATE // 10]):
        assert pitch_of(part) == pytest.approx(150, abs=3)
        assert part.std() == pytest.approx(sound.std(), rel=0.1)


def test_what_is_not_paced_stays_sample_for_sample() -> None:
    sound = tone(0.5)
    phones = [Phone("a", 0, len(sound), 0)]
    assert paced(sound, RATE, phones, [1.0])[0] is sound


def test_a_landmark_stays_with_its_phone() -> None:
    """The burst of a stop is heard where its phone is told to be, within 10 ms."""
    sound = tone(1.0) * 0.05
    sound[12_000:12_240] = np.random.default_rng(0).standard_normal(240) * 0.3
    phones = [Phone("a", 0, 12_000), Phone("t", 12_000, 12_240), Phone("a", 12_240, 24_000)]
    samples, moved = paced(sound, RATE, phones, [1.5, 1.0, 0.75])
    window = np.convolve(samples**2, np.ones(240), "same")
    middle = (moved[1].start + moved[1].end) / 2
    assert abs(np.argmax(window) - middle) < 0.01 * RATE


def test_speech_of_any_pace_is_finite_and_no_louder() -> None:
    chunk = said("She asked whether the board of the company had seen it.")
    ends = [round(p.end_s * chunk.sample_rate) for p in chunk.phonemes]
    phones = [
        Phone(p.phoneme, a, b) for p, a, b in zip(chunk.phonemes, [0, *ends], ends, strict=False)
    ]
    speeds = np.random.default_rng(1).uniform(0.3, 3.0, len(phones)).tolist()
    samples, _ = paced(chunk.samples, chunk.sample_rate, phones, speeds)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() < 1.3 * np.abs(chunk.samples).max()


def test_pieces_are_joined_without_a_click_and_without_a_gap() -> None:
    silence = np.zeros(RATE // 2, np.float32)
    pieces = [np.concatenate([silence, tone(1.0), silence])] * 3
    whole = joined(pieces, RATE)
    assert np.abs(np.diff(whole)).max() <= np.abs(np.diff(pieces[0])).max() * 1.01
    inner = whole[RATE // 2 : -RATE // 2]
    quiet = np.abs(inner) < 0.003
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet, [0]]).astype(int)))
    longest = (edges[1::2] - edges[::2]).max() / RATE
    assert 0.1 < longest < 0.2
    assert joined(pieces[:1], RATE) is pieces[0]


def test_a_level_is_measured_once_a_voice() -> None:
    made: list[str] = []

    def speak(name: str, level: float) -> np.ndarray:
        made.append(name)
        return tone(1.0) * level

    gains = Gains(kept=2)
    quiet, loud = (
        gains.of(n, RATE, lambda n=n, v=v: speak(n, v)) for n, v in (("a", 0.1), ("b", 1.0))
    )
    assert quiet == pytest.approx(10 * loud, rel=0.01)
    assert gains.of("a", RATE, lambda: speak("a", 1.0)) == quiet and made == ["a", "b"]
    gains.of("c", RATE, lambda: speak("c", 1.0))
    gains.of("b", RATE, lambda: speak("b", 1.0))
    assert made == ["a", "b", "c", "b"]


@pytest.mark.parametrize(
    ("cues", "emotion"),
    [
        ([NO_CUE], None),
        ([Cue.of(Emotion.SAD)], Emotion.SAD),
        ([Cue.of(Emotion.SAD, 0.4), Cue.of(Emotion.SAD)], Emotion.SAD),
        ([NO_CUE, Cue.of(Emotion.SAD)], None),
        ([Cue.of(Emotion.HAPPY), Cue.of(Emotion.SAD)], None),
    ],
)
def test_an_emotion_of_a_whole_sentence(cues: list[Cue], emotion: Emotion | None) -> None:
    spans = tuple(TextSpan(i, i + 1, cue, -1) for i, cue in enumerate(cues))
    assert only_emotion(Utterance("ab"[: len(cues)], spans, "en")) == emotion
