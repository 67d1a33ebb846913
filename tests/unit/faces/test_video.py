"""Video files in: what is read, and what is refused with which reason."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.errors import InputError, MediaTooLargeError, UnreadableMediaError
from backends.faces import video
from backends.faces.video import is_video, open_video
from tests.unit.faces.video_files import encoded, number, numbered, only_sound

SMALL = encoded(numbered(12), sound_s=0.5)


def read(data: bytes) -> list[int]:
    return [number(frame) for frame in open_video(data).frames()]


@pytest.mark.parametrize("kind", ["mp4", "mov", "matroska", "avi"])
def test_every_frame_comes_in_order(kind: str) -> None:
    data = encoded(numbered(12), kind=kind)
    footage = open_video(data)
    assert is_video(data)
    assert footage.size == (64, 48)
    assert footage.fps == pytest.approx(25)
    assert read(data) == list(range(12))


def test_uneven_timing_becomes_a_constant_rate() -> None:
    times = [0.0, 0.04, 0.08, 0.20, 0.24, 0.28]  # three frames' time is missing before 0.20
    found = read(encoded(numbered(6), times_s=times))
    rate = open_video(encoded(numbered(6), times_s=times)).fps
    expected = [max(k for k in range(6) if round(times[k] * rate) <= i) for i in range(len(found))]
    assert found == expected
    assert found[-1] == 5


def test_a_fast_recording_is_read_at_thirty_frames_a_second() -> None:
    footage = open_video(encoded(numbered(24), fps=60))
    found = [number(frame) for frame in footage.frames()]
    assert footage.fps == video.MAX_FPS
    assert len(found) in (12, 13)
    assert max(abs(index - 2 * i) for i, index in enumerate(found)) <= 1


def test_frames_can_be_made_smaller() -> None:
    frames = list(open_video(encoded(numbered(3, 128, 96))).frames(longest=64))
    assert {frame.shape for frame in frames} == {(48, 64, 3)}


def test_sound_is_mono_at_48_khz() -> None:
    sound = open_video(SMALL).sound()
    assert sound is not None
    assert len(sound) == pytest.approx(24000, abs=2100)  # the AAC encoder's whole frames
    spectrum = np.abs(np.fft.rfft(sound[2000:18000]))
    assert spectrum.argmax() * 48000 / 16000 == pytest.approx(440, abs=4)
    assert open_video(encoded(numbered(3))).sound() is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"<html>no video</html>" * 9, "is not a video"),
        (SMALL[:400], "damaged or cut off"),
        (only_sound(), "only sound"),
        (encoded([]) or b"\0\0\0\x08ftypisom", "damaged|no picture track|not a single frame"),
    ],
    ids=["empty", "text", "cut off", "only sound", "no frames"],
)
def test_what_is_no_video_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableMediaError, match=reason) as refused:
        list(open_video(data, "me.mp4").frames())
    assert "me.mp4" in refused.value.message


def test_a_file_whose_end_is_missing_is_refused() -> None:
    whole = encoded(numbered(60, 320, 240), kind="mp4")
    front = whole.index(b"mdat")
    moov = whole.index(b"moov", front) - 4
    cut = whole[: front - 4] + whole[moov:]  # the index stays, the pictures are gone
    with pytest.raises(UnreadableMediaError, match=r"cut off|damaged"):
        list(open_video(cut, "me.mp4").frames())


def test_too_long_is_told_before_anything_is_decoded() -> None:
    long = encoded(numbered(62), fps=1)
    with pytest.raises(MediaTooLargeError, match="longer than the 60 seconds"):
        open_video(long, "me.mp4")


def test_too_many_pixels_and_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "MAX_PIXELS", 1000)
    with pytest.raises(MediaTooLargeError, match="64 x 48"):
        open_video(SMALL)
    monkeypatch.setattr(video, "MAX_BYTES", 100)
    with pytest.raises(MediaTooLargeError, match="MB"):
        open_video(SMALL)


@pytest.mark.parametrize("brand", [b"heic", b"avif", b"mif1"])
def test_pictures_in_the_boxes_of_mp4_are_no_videos(brand: bytes) -> None:
    assert not is_video(b"\0\0\0\x18ftyp" + brand + bytes(100))


@settings(max_examples=40, deadline=None)
@given(
    data=st.binary(max_size=300),
    head=st.sampled_from([b"", SMALL[:12], b"\x1aE\xdf\xa3", b"RIFF1234AVI "]),
)
def test_any_bytes_are_refused_by_an_error_of_ours(data: bytes, head: bytes) -> None:
    with pytest.raises(InputError):
        list(open_video(head + data).frames())


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_damaged_videos_are_read_or_refused(seed: int) -> None:
    chance, data = random.Random(seed), bytearray(SMALL)
    for _ in range(chance.randint(1, 30)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    try:
        footage = open_video(bytes(data))
        assert all(f.ndim == 3 and f.shape[2] == 3 for f in footage.frames())
        footage.sound()
    except InputError:
        pass
