import io

import av
import numpy as np
import pytest

from backends.composition.sound_files import SAMPLE_RATE, SoundFile, SoundFormat
from backends.errors import EncodingError

RATE = 22_050
PITCH_HZ = 440.0


def tone(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    times = np.arange(round(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * PITCH_HZ * times)).astype(np.float32)


def decoded(data: bytes, kind: SoundFormat) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if kind is SoundFormat.PCM:
        return np.frombuffer(data, "<i2") / 32768
    with av.open(io.BytesIO(data)) as container:
        (stream,) = container.streams.audio
        resampler = av.AudioResampler("dbl", "mono", SAMPLE_RATE)
        frames = [f for frame in container.decode(stream) for f in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray()[0] for frame in frames])


@pytest.mark.parametrize("kind", SoundFormat)
def test_is_heard_from_its_first_bytes_on_and_holds_all_that_was_pushed(kind: SoundFormat) -> None:
    file = SoundFile(kind)
    sound = tone(2.0)
    pieces = [file.push(piece, RATE) for piece in np.array_split(sound, 4)]
    assert all(pieces), [len(piece) for piece in pieces]
    heard = decoded(b"".join([*pieces, file.finish()]), kind)
    assert len(heard) == pytest.approx(2.0 * SAMPLE_RATE, abs=0.11 * SAMPLE_RATE)
    middle = heard[SAMPLE_RATE // 2 : SAMPLE_RATE // 2 + SAMPLE_RATE]
    assert np.argmax(np.abs(np.fft.rfft(middle))) == PITCH_HZ  # a second: a bin is a hertz
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("kind", [SoundFormat.WAV, SoundFormat.FLAC, SoundFormat.PCM])
def test_lossless_formats_have_every_sample(kind: SoundFormat) -> None:
    file, sound = SoundFile(kind), tone(0.5)[: SAMPLE_RATE // 4]
    data = file.push(sound, SAMPLE_RATE) + file.finish()
    np.testing.assert_allclose(decoded(data, kind), sound, atol=2 / 32768)


def test_what_it_cannot_take() -> None:
    file = SoundFile(SoundFormat.WAV)
    file.push(tone(0.1), RATE)
    for samples, rate in ((tone(0.1), 16_000), (np.full(9, np.nan, np.float32), RATE)):
        with pytest.raises(EncodingError, match="finite samples at one rate"):
            file.push(samples, rate)
