import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.speech.periods import mean_octaves, voiced_stretches
from backends.speech.pitch import HIGHEST_HZ, HOP_S, LOWEST_HZ, pitch_track
from backends.speech.psola import repitched
from backends.types import FloatArray


def hum(
    hertz: FloatArray, rate: int = 22_050, harmonics: tuple[int, ...] = (2, 3, 4, 5, 6, 7, 8)
) -> FloatArray:
    """A voice whose overtones follow a pitch sample by sample; without its fundamental, as some are."""
    phase = 2 * np.pi * np.cumsum(hertz) / rate
    return sum(np.cos(k * phase) / k for k in harmonics).astype(np.float32) * 0.3


def steady(hertz: float, seconds: float = 0.6, rate: int = 22_050) -> FloatArray:
    return hum(np.full(round(seconds * rate), hertz, np.float32), rate)


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 48_000])
@pytest.mark.parametrize("hertz", [80.0, 120.0, 210.0, 330.0])
def test_a_pitch_is_found_without_its_fundamental(hertz: float, rate: int) -> None:
    track = pitch_track(steady(hertz, rate=rate), rate)[5:-5]
    np.testing.assert_allclose(track, hertz, rtol=0.01)


def test_a_glide_is_followed() -> None:
    hertz = np.geomspace(90, 250, 22_050).astype(np.float32)
    track = pitch_track(hum(hertz), 22_050)[10:-10]
    there = hertz[np.round(np.arange(10, len(track) + 10) * HOP_S * 22_050).astype(int)]
    np.testing.assert_allclose(track, there, rtol=0.02)


def test_noise_and_silence_have_none() -> None:
    noise = np.random.default_rng(0).standard_normal(22_050).astype(np.float32)
    assert np.mean(pitch_track(noise, 22_050) > 0) < 0.1
    assert not pitch_track(np.zeros(22_050, np.float32), 22_050).any()


def test_a_long_sound_is_tracked_like_a_short_one() -> None:
    """Blocks meet without a seam."""
    track = pitch_track(steady(130, seconds=11), 22_050)
    np.testing.assert_allclose(track[5:-5], 130, rtol=0.01)


@settings(deadline=None)
@given(st.integers(0, 3000), st.integers(0, 2**32 - 1))
def test_any_sound_has_a_track_within_range(count: int, seed: int) -> None:
    sound = np.random.default_rng(seed).uniform(-1, 1, count).astype(np.float32)
    track = pitch_track(sound, 22_050)
    assert len(track) == int(count / 22_050 / HOP_S) + 1
    voiced = track[track > 0]
    assert ((voiced > 0.9 * LOWEST_HZ) & (voiced < 1.1 * HIGHEST_HZ)).all()
    for stretch in voiced_stretches(sound, 22_050, track):
        assert (np.diff(stretch.begins) > 0).all()
        assert stretch.begins[0] >= 0 and stretch.begins[-1] < count


@pytest.mark.parametrize("hertz", [85.0, 190.0])
def test_marks_are_a_period_apart(hertz: float) -> None:
    sound = steady(hertz)
    [stretch] = voiced_stretches(sound, 22_050, pitch_track(sound, 22_050))
    np.testing.assert_allclose(np.diff(stretch.begins), 22_050 / hertz, atol=1.5)
    assert len(stretch.begins) >= 0.9 * 0.6 * hertz - 2
    assert mean_octaves([stretch]) == pytest.approx(np.log2(hertz), abs=0.01)


def test_a_silent_sound_has_no_stretches() -> None:
    silence = np.zeros(22_050, np.float32)
    assert voiced_stretches(silence, 22_050, pitch_track(silence, 22_050)) == []
    assert mean_octaves([]) == 0.0


@pytest.mark.parametrize("semitones", [-4.0, -1.0, 1.0, 3.0, 5.0])
@pytest.mark.parametrize("hertz", [95.0, 200.0])
def test_the_pitch_moves_as_far_as_asked(hertz: float, semitones: float) -> None:
    sound = steady(hertz)
    stretches = voiced_stretches(sound, 22_050, pitch_track(sound, 22_050))
    moves = [np.full(len(s.begins), semitones / 12) for s in stretches]
    moved = repitched(sound.astype(np.float64), stretches, moves)
    assert len(moved) == len(sound)
    track = pitch_track(moved.astype(np.float32), 22_050)[10:-10]
    assert 12 * np.log2(np.median(track) / hertz) == pytest.approx(semitones, abs=0.1)


def test_the_mouths_resonance_stays() -> None:
    """A formant is where it was, whatever the pitch."""
    rate, formant = 22_050, 900.0
    times = np.arange(rate) / rate
    weights = {k: np.exp(-(((110 * k - formant) / 200) ** 2)) for k in range(1, 30)}
    sound = sum(w * np.cos(2 * np.pi * 110 * k * times) for k, w in weights.items()) * 0.1
    stretches = voiced_stretches(sound.astype(np.float32), rate, pitch_track(sound, rate))
    moved = repitched(sound, stretches, [np.full(len(s.begins), 4 / 12) for s in stretches])
    centres = []
    for x in (sound, moved):
        power = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2
        centres.append(np.average(np.fft.rfftfreq(len(x), 1 / rate), weights=power))
    assert centres[1] == pytest.approx(centres[0], rel=0.05)


def test_what_does_not_move_is_the_same() -> None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(4000).astype(np.float32) * 0.05
    sound = np.concatenate([noise, steady(120), noise, steady(180), noise]).astype(np.float64)
    stretches = voiced_stretches(sound.astype(np.float32), 22_050, pitch_track(sound, 22_050))
    assert stretches
    still = repitched(sound, stretches, [np.zeros(len(s.begins)) for s in stretches])
    np.testing.assert_allclose(still, sound, atol=1e-12)
    moved = repitched(sound, stretches, [np.full(len(s.begins), 0.25) for s in stretches])
    inside = np.zeros(len(sound), bool)
    for s in stretches:
        inside[s.begins[0] : s.begins[-1] + 1] = True
    np.testing.assert_allclose(moved[~inside], sound[~inside], atol=1e-12)
    assert np.abs(moved - sound)[inside].max() > 0.05
