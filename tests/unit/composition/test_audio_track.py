import io

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.composition.audio import SAMPLE_RATE, AudioTrack, Sound
from backends.errors import EncodingError
from backends.types import FloatArray


def heard(sound: Sound) -> FloatArray:
    with av.open(io.BytesIO(sound.data)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        assert (container.streams.audio[0].rate, container.streams.audio[0].channels) == (
            SAMPLE_RATE,
            1,
        )
        return np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])


def noise(count: int, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).normal(0, 0.1, count).astype(np.float32)


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 44100, 48000])
@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, 9000), max_size=6))
def test_pieces_give_the_bytes_of_the_whole(rate, cuts):
    samples = noise(9000)
    pieces, whole = AudioTrack(), AudioTrack()
    for piece in np.split(samples, sorted(cuts)):
        pieces.push(piece, rate)
    whole.push(samples, rate)
    assert pieces.finish(1.0) == whole.finish(1.0)


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("at_s", [0.05, 0.73])
def test_a_click_is_heard_when_it_was_made(rate, at_s):
    samples = np.zeros(rate, np.float32)
    samples[round(at_s * rate)] = 0.9
    track = AudioTrack()
    track.push(samples, rate)
    found = int(np.argmax(np.abs(heard(track.finish()))))
    assert found / SAMPLE_RATE == pytest.approx(round(at_s * rate) / rate, abs=0.0005)


def test_a_tone_keeps_its_pitch_and_loudness():
    time = np.arange(22050) / 22050
    track = AudioTrack()
    track.push((0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32), 22050)
    middle = heard(track.finish())[8000:40000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * SAMPLE_RATE / len(middle) == pytest.approx(440, abs=2)
    assert middle.std() == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("duration_s", [1.0, 1.04, 2.52, 1.0 / 24])
def test_silence_fills_up_to_the_duration(duration_s):
    track = AudioTrack()
    track.push(noise(round(0.04 * 24000)), 24000)
    sound = track.finish(duration_s)
    assert sound.samples == round(duration_s * SAMPLE_RATE)
    assert sound.duration_s == pytest.approx(duration_s, abs=1 / SAMPLE_RATE)
    with av.open(io.BytesIO(sound.data)) as container:
        assert container.streams.audio[0].duration == sound.samples


def test_silence_alone_is_a_sound():
    assert np.abs(heard(AudioTrack().finish(0.5))).max() < 1e-3


def test_too_loud_samples_are_limited():
    track = AudioTrack()
    track.push(np.full(48000, 40.0, np.float32), 48000)
    assert np.abs(heard(track.finish())[4096:40000]).max() < 1.2


def test_nothing_at_all_is_an_error():
    with pytest.raises(EncodingError, match="no sound"):
        AudioTrack().finish()


def test_the_rate_may_not_change():
    track = AudioTrack()
    track.push(noise(100), 22050)
    with pytest.raises(EncodingError, match=r"22050 Hz .* 24000 Hz"):
        track.push(noise(100), 24000)


@pytest.mark.parametrize(
    "samples", [np.zeros((10, 2), np.float32), np.array([0, np.nan], np.float32)]
)
def test_samples_that_are_no_sound_are_refused(samples):
    with pytest.raises(EncodingError, match="finite samples"):
        AudioTrack().push(samples, 48000)
