"""Sound files of users: any format and rate, and everything that can be wrong with one."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.errors import InputError, MediaTooLargeError, UnreadableMediaError
from backends.speech import recorded
from backends.speech.recorded import Recording, open_recording
from backends.types import FloatArray
from tests.unit.faces.video_files import encoded as video
from tests.unit.faces.video_files import numbered
from tests.unit.speech.sound_files import RATE, encoded, float_wav, tone

FILES = {
    "wav": ("wav", "pcm_s16le"),
    "flac": ("flac", "flac"),
    "mp3": ("mp3", "mp3"),
    "m4a": ("ipod", "aac"),
    "adts": ("adts", "aac"),
    "aiff": ("aiff", "pcm_s16be"),
    "opus": ("ogg", "libopus"),
    "webm": ("webm", "libopus"),
}


def all_of(recording: Recording) -> FloatArray:
    return np.concatenate(list(recording.pieces()))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("name", FILES)
def test_a_sound_comes_out_when_and_as_loud_as_it_went_in(name: str, channels: int) -> None:
    kind, codec = FILES[name]
    rate = 48_000 if codec == "libopus" else RATE
    sound = tone(2.0, 0.7, 1.2)
    if rate != RATE:
        sound = np.interp(np.arange(2 * rate) / rate, np.arange(len(sound)) / RATE, sound)
    found = open_recording(encoded(sound.astype(np.float32), rate, kind, codec, channels))
    assert found.duration_s == pytest.approx(2.0, abs=0.06)  # whole packets
    samples = all_of(found)
    assert len(samples) == pytest.approx(found.duration_s * 48_000, abs=48)
    loud = np.flatnonzero(np.abs(samples) > 0.1) / 48_000
    assert loud[0] == pytest.approx(0.7, abs=0.03)
    assert loud[-1] == pytest.approx(1.2, abs=0.03)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("rate", [8000, 11_025, 96_000])
def test_any_rate_is_read(rate: int) -> None:
    samples = np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32) * 0.5
    found = open_recording(encoded(samples, rate))
    assert found.duration_s == pytest.approx(1.0, abs=0.001)
    spectrum = np.abs(np.fft.rfft(all_of(found)))
    assert spectrum.argmax() == pytest.approx(440, abs=2)


def test_the_sound_of_a_video_is_a_recording() -> None:
    found = open_recording(video(numbered(25), sound_s=1.0))
    assert found.duration_s == pytest.approx(1.0, abs=0.1)


def test_a_file_is_read_from_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "speech"
    path.write_bytes(encoded(tone(1.0)))
    assert np.array_equal(all_of(open_recording(path)), all_of(open_recording(path.read_bytes())))


def test_pieces_join_without_a_seam() -> None:
    sound = open_recording(encoded(tone(21.0)))
    pieces = list(sound.pieces(16_000))
    assert [len(piece) for piece in pieces] == [160_000, 160_000, 16_000]
    joined = np.concatenate(pieces)[50:-50]
    assert np.abs(np.diff(joined)).max() < 0.5 * 2 * np.pi * 440 / 16_000 * 1.05


def test_silence_is_a_recording() -> None:
    assert not all_of(open_recording(encoded(tone(1.0, 2.0)))).any()


def test_peaks_beyond_full_scale_are_turned_down_together() -> None:
    loud = tone(1.0)
    samples = all_of(open_recording(float_wav(loud * 8)))
    assert np.abs(samples).max() == pytest.approx(1.0, abs=0.01)
    quiet = all_of(open_recording(float_wav(loud)))
    assert np.corrcoef(samples, quiet)[0, 1] > 0.9999


def test_what_messages_say_of_a_recording_is_not_its_content() -> None:
    assert "RIFF" not in repr(open_recording(encoded(tone(1.0))))


WAV = encoded(tone(2.0))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"good morning, everybody" * 100, "not sound"),
        (b"\0" * 5000, "not sound"),
        (b"#EXTM3U\nhttp://127.0.0.1/secret.mp3\n", "not sound"),
        (WAV[: len(WAV) // 2], "cut off"),
        (WAV[:30], "cut off"),
        (encoded(tone(2.0), kind="flac", codec="flac")[:3000], "cut off"),
        (encoded(tone(2.0), kind="ipod", codec="aac")[:-4000], "cut off"),
        (encoded(tone(0.3)), "0.30 s long"),
        (video(numbered(25)), "no sound"),
        (float_wav(np.where(np.arange(RATE) == 99, np.nan, tone(1.0)).astype(np.float32)), "NaN"),
        (float_wav(np.full(RATE, np.inf, np.float32)), "infinite"),
    ],
)  # fmt: skip
def test_what_is_no_recording_is_told_why(data: bytes, says: str) -> None:
    with pytest.raises(UnreadableMediaError, match=says) as caught:
        open_recording(data, "speech.wav")
    assert "speech.wav" in caught.value.message


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMediaError, match="No such file"):
        open_recording(tmp_path / "gone.wav")


def test_too_many_bytes_are_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "MAX_BYTES", len(WAV) - 1)
    with pytest.raises(MediaTooLargeError, match="MB"):
        open_recording(WAV)


def test_too_many_seconds_are_refused_without_reading_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "MAX_SECONDS", 1.5)
    with pytest.raises(MediaTooLargeError, match="minutes"):
        open_recording(WAV)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damage_is_the_files_fault(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["wav", "flac", "mp3", "m4a"]))
    whole = bytearray(_SHORT[name])
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    try:
        samples = all_of(open_recording(bytes(whole[:cut] if data.draw(st.booleans()) else whole)))
    except InputError:
        return
    assert np.isfinite(samples).all()
    assert np.abs(samples).max(initial=0.0) <= 1.0


_SHORT = {name: encoded(tone(0.7), RATE, *FILES[name]) for name in ("wav", "flac", "mp3", "m4a")}
