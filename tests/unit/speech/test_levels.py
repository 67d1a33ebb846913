import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.speech.levels import TARGET_LUFS, gain_for, levelled, limited, loudness_lufs
from backends.types import FloatArray


def sine(level_db: float, seconds: float = 3.0, rate: int = 48_000) -> FloatArray:
    times = np.arange(round(seconds * rate)) / rate
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * 997 * times)).astype(np.float32)


@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
@pytest.mark.parametrize("level_db", [0.0, -20.0, -40.0])
def test_loudness_of_the_standards_sine(rate: int, level_db: float) -> None:
    """BS.1770: a 997 Hz sine at 0 dBFS in one channel reads -3.01 LUFS."""
    assert loudness_lufs(sine(level_db, rate=rate), rate) == pytest.approx(
        level_db - 3.01, abs=0.05
    )


def test_silence_between_words_does_not_count() -> None:
    loud = sine(-20)
    gapped = np.concatenate([loud, np.zeros(48_000 * 5, np.float32), loud])
    assert loudness_lufs(gapped, 48_000) == pytest.approx(-23.0, abs=0.3)


@pytest.mark.parametrize("samples", [np.zeros(48_000, np.float32), np.ones(100, np.float32)])
def test_what_has_no_loudness(samples: FloatArray) -> None:
    assert loudness_lufs(samples, 48_000) == -math.inf
    assert gain_for(samples, 48_000) == 1.0


def test_the_gain_reaches_the_target() -> None:
    quiet = sine(-33)
    louder = levelled(quiet, gain_for(quiet, 48_000))
    assert loudness_lufs(louder, 48_000) == pytest.approx(TARGET_LUFS, abs=0.05)


@given(st.lists(st.floats(-2, 2, width=32), min_size=1), st.floats(0.1, 4))
def test_peaks_stay_below_full_scale(values: list[float], gain: float) -> None:
    samples = np.array(sorted(values), np.float32)
    before = samples.copy()
    out = levelled(samples, gain)
    assert out.dtype == np.float32
    assert np.abs(out).max() <= 10 ** (-1 / 20)
    assert (np.diff(out) >= 0).all()
    quiet = np.abs(samples * np.float32(gain)) <= 0.7
    np.testing.assert_array_equal(out[quiet], (samples * np.float32(gain))[quiet])
    np.testing.assert_array_equal(samples, before)


def test_the_limiter_leaves_what_is_below_it() -> None:
    quiet = sine(-6)
    assert limited(quiet, 48_000) is quiet
    burst = quiet.copy()
    burst[70_000:70_500] *= 3
    out = limited(burst, 48_000)
    assert np.abs(out).max() <= 0.8911
    np.testing.assert_array_equal(out[:69_000], quiet[:69_000])
    np.testing.assert_array_equal(out[71_500:], quiet[71_500:])


@given(st.integers(1, 2000), st.floats(0.1, 10), st.integers(0, 2**32 - 1))
def test_nothing_passes_the_limiter(count: int, loudest: float, seed: int) -> None:
    sound = np.random.default_rng(seed).uniform(-loudest, loudest, count).astype(np.float32)
    out = limited(sound, 22_050)
    assert np.abs(out).max() <= 0.8911 and (np.sign(out) == np.sign(sound)).all()
