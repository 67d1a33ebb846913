"""What a mouth hears of a clip: the windows of the mel spectrogram."""

import numpy as np
import pytest

from backends.animation.mel import mel
from backends.animation.wav2lip.sound import HEARD_S, Sound
from backends.types import FloatArray, Speech, SpeechChunk


def speech(samples: FloatArray, rate: int = 16_000, start_s: float = 0.0) -> Speech:
    return Speech((SpeechChunk(samples, rate, (), (), (), start_s),))


def noise(seconds: float, rate: int = 16_000) -> FloatArray:
    rng = np.random.default_rng(0)
    return (0.2 * rng.standard_normal(int(seconds * rate))).astype(np.float32)


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_a_frame_hears_a_fifth_of_a_second_from_where_it_begins(fps: int) -> None:
    samples = noise(2.0)
    columns, sound = mel(samples, 16_000), Sound.of(speech(samples))
    for frame in range(fps):
        start = int(frame * 80 / fps)
        assert sound.window(frame, fps).shape == (1, 80, 16)
        assert (sound.window(frame, fps)[0] == columns[start : start + 16].T).all()


def test_the_last_frames_hear_the_end() -> None:
    samples = noise(1.0)
    sound = Sound.of(speech(samples))
    for frame in (24, 25, 90):
        assert (sound.window(frame, 25)[0] == mel(samples, 16_000)[-16:].T).all()


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 48_000])
def test_a_stretch_of_a_clip_is_heard_as_the_whole(rate: int) -> None:
    samples = noise(4.0, rate)
    whole = Sound.of(speech(samples, rate))
    begin_s = 2.0 - HEARD_S
    stretch = samples[round(begin_s * rate) : round((3.0 + HEARD_S) * rate)]
    part = Sound.of(speech(stretch, rate, begin_s))
    for frame in range(50, 75):
        assert part.window(frame, 25) == pytest.approx(whole.window(frame, 25), abs=2e-2)


def test_a_slice_is_enough_for_its_frames() -> None:
    sound = Sound.of(speech(noise(3.0)))
    part = sound.slice(20, 40, 25)
    assert len(part.columns) < len(sound.columns) / 2
    for frame in range(20, 40):
        assert (part.window(frame, 25) == sound.window(frame, 25)).all()
    assert len(sound.slice(20, 20, 25).columns) == 16


@pytest.mark.parametrize("samples", [0, 10, 3200])
def test_short_sounds_and_silence_are_heard_as_silence(samples: int) -> None:
    window = Sound.of(speech(np.zeros(samples, np.float32))).window(3, 25)
    assert window.shape == (1, 80, 16)
    assert (window == -4).all()


def test_samples_that_are_not_finite_do_no_harm() -> None:
    samples = noise(1.0)
    samples[4000:4100] = np.nan
    samples[9000] = np.inf
    assert np.isfinite(Sound.of(speech(samples)).columns).all()
