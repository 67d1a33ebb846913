"""Judges tell good from bad: what is wrong with a clip scores clearly worse than the true one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backends.types import FloatArray, PhonemeSpan
from benchmarks.quality import clips, film, hearing, mouth, picture
from tests.unit.quality.conftest import OTHER, SENTENCE, Films, save

pytestmark = pytest.mark.judge

CLEARLY = 0.2
"""By which agreement over chance differs; it spreads by .1 over sounds that are not the clip's."""


@pytest.fixture(scope="module")
def phones(films: Films) -> list[PhonemeSpan]:
    """What is heard in the true clip."""
    return mouth.heard_phones(films["true"].sound)


def moved(sound: FloatArray, seconds: float) -> FloatArray:
    return np.roll(sound, round(seconds * film.SOUND_HZ))


def test_the_true_clip_is_in_time(films: Films, phones: list[PhonemeSpan]) -> None:
    true = films["true"]
    sync = mouth.synchrony(mouth.gap_of(true.seen), true.seen.fps, phones)
    assert sync.agreement > 0.5 and sync.over_chance > CLEARLY
    assert -80 <= sync.offset_ms <= 10  # lips take their shape a little early


def test_swapped_sound(films: Films, phones: list[PhonemeSpan]) -> None:
    true, gap = films["true"], mouth.gap_of(films["true"].seen)
    own = mouth.synchrony(gap, true.seen.fps, phones)
    others = mouth.synchrony(gap, true.seen.fps, mouth.heard_phones(films["other"].sound))
    assert others.over_chance < own.over_chance - CLEARLY


@pytest.mark.parametrize("late_s", [-0.2, 0.2])
def test_sound_shifted_by_200_ms(films: Films, phones: list[PhonemeSpan], late_s: float) -> None:
    true, gap = films["true"], mouth.gap_of(films["true"].seen)
    own = mouth.synchrony(gap, true.seen.fps, phones)
    shifted = mouth.heard_phones(moved(true.sound, late_s))
    found = mouth.synchrony(gap, true.seen.fps, shifted)
    assert found.offset_ms - own.offset_ms == pytest.approx(-1000 * late_s, abs=60)


def test_frozen_mouth(films: Films, phones: list[PhonemeSpan]) -> None:
    still = films["frozen"]
    gap = mouth.gap_of(still.seen)
    own = mouth.synchrony(mouth.gap_of(films["true"].seen), still.seen.fps, phones)
    found = mouth.synchrony(gap, still.seen.fps, phones)
    assert found.over_chance < own.over_chance - CLEARLY
    assert np.quantile(gap, 0.95) < 0.4 * np.quantile(mouth.gap_of(films["true"].seen), 0.95)


def test_lips_that_move_in_silence(films: Films) -> None:
    true = films["true"]
    gap, fps = mouth.gap_of(true.seen), true.seen.fps
    hushed = true.sound.copy()
    hushed[film.SOUND_HZ :] = 0  # the mouth goes on
    leak, relative = mouth.silence_leak(gap, fps, hushed)
    still = np.where(np.arange(len(gap)) < fps, gap, gap[int(fps)])
    silent, none = mouth.silence_leak(still, fps, hushed)
    assert leak > 0.1 and relative > 0.5
    assert silent == none == 0


def test_closures_are_missed_by_a_mouth_that_hangs_open(
    films: Films, phones: list[PhonemeSpan]
) -> None:
    true = films["true"]
    gap = mouth.gap_of(true.seen)
    said = true.facts.phonemes
    assert mouth.closed_share(gap, true.seen.fps, said, -35.0) >= 0.8
    assert mouth.closed_share(gap, true.seen.fps, phones, -35.0) >= 0.6
    assert mouth.closed_share(gap + 0.05, true.seen.fps, said, -35.0) == 0
    assert mouth.closed_share(gap, true.seen.fps, [], -35.0) is None


def test_another_persons_face(films: Films) -> None:
    portrait = clips.framed("preset:astronaut", 512).pixels
    own, other = (picture.look(films[name], portrait) for name in ("true", "other"))
    assert own.distance_worst < 0.5 and own.cosine > 0.95
    assert other.distance > 0.6 and other.distance > own.distance + 0.2
    assert other.cosine < own.cosine - 0.04


def test_wrong_emotion(films: Films) -> None:
    asked = picture.look(films["surprised"], None)
    wrong = picture.look(films["happy"], None, ["surprised"] * len(films["happy"].seen.points))
    assert asked.asked_score is not None and wrong.asked_score is not None
    assert asked.emotion == "surprised" and asked.asked_share == 1
    assert wrong.asked_score < asked.asked_score - 0.5


def test_wrong_words(films: Films) -> None:
    sound = films["true"].sound
    assert hearing.word_error(sound, SENTENCE, "en") <= 0.15
    assert hearing.word_error(sound, OTHER, "en") >= 0.7


def test_speech_under_noise(films: Films) -> None:
    sound = films["true"].sound
    noise = np.random.default_rng(0).normal(0, 0.1, len(sound)).astype(np.float32)
    clean, noisy = hearing.opinion(sound), hearing.opinion(np.clip(sound + noise, -1, 1))
    assert clean.overall > noisy.overall + 0.5
    assert clean.speech > noisy.speech


def test_flicker_and_a_restless_background(films: Films, tmp_path: Path) -> None:
    true = films["true"]
    rng = np.random.default_rng(0)
    lit = (np.clip(f * rng.uniform(0.9, 1.1), 0, 255).astype(np.uint8) for f in true.frames())
    path = save(tmp_path / "lit.mp4", lit, true.sound)
    steady, restless = picture.look(true, None), picture.look(replace(true, path=path), None)
    assert restless.flicker > 2 * steady.flicker
    assert steady.background is not None and restless.background is not None
    assert restless.background > 2 * steady.background
