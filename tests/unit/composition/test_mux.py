import io
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from backends.composition.audio import AudioTrack
from backends.composition.mux import check_writable, join
from backends.composition.probe import probe_media
from backends.composition.segments import encode_segment
from backends.composition.settings import Codec, Quality
from backends.errors import EncodingError, UnwritableOutputError
from backends.types import FrameBatch, Segment, segment_grid


@pytest.fixture(scope="module")
def clip(film):
    """Settings, segments and sound of a clip of 80 frames."""
    settings = film.settings()
    return settings, film.segments(settings, 80), film.hum(3.19, 3.2)


def payloads(source: Path | io.BytesIO) -> list[bytes]:
    with av.open(source if isinstance(source, io.BytesIO) else str(source)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.pts is not None]


@pytest.mark.parametrize(
    ("codec", "fps"),
    [*((Codec.H264, fps) for fps in (24, 25, 30, 50, 60)), (Codec.H265, 25), (Codec.H265, 60)],
)
@pytest.mark.parametrize("total", [1, 2, 101])
def test_the_clip_is_what_was_asked_for(tmp_path, film, codec, fps, total):
    settings = film.settings(codec, fps=fps)
    path = tmp_path / "clip.mp4"
    join(path, film.segments(settings, total), film.hum((total - 0.4) / fps, total / fps), settings)
    facts = probe_media(path)
    assert facts.codec == ("h264" if codec is Codec.H264 else "hevc")
    assert (facts.pix_fmt, facts.size, facts.fps, facts.frames) == (
        "yuv420p",
        film.size,
        fps,
        total,
    )
    assert (facts.audio_codec, facts.audio_sample_rate, facts.audio_channels) == ("aac", 48000, 1)
    assert facts.video_duration_s == pytest.approx(total / fps, abs=1e-6)
    assert facts.audio_duration_s == pytest.approx(facts.video_duration_s, abs=1e-3)
    assert facts.faststart
    assert film.numbers(path) == list(range(total))
    assert film.complaints(path) == ""


def test_packets_are_taken_over_as_they_are(tmp_path, clip):
    settings, segments, sound = clip
    join(tmp_path / "clip.mp4", segments, sound, settings)
    assert payloads(tmp_path / "clip.mp4") == [
        p for s in segments for p in payloads(io.BytesIO(s.data))
    ]


def test_the_order_in_which_segments_were_encoded_does_not_show(tmp_path, film, clip):
    settings, segments, sound = clip
    backwards = [
        encode_segment(film.batches(r, size=11), settings, r.start)
        for r in reversed(list(segment_grid(80, 25)))
    ]
    join(tmp_path / "a.mp4", segments, sound, settings)
    join(tmp_path / "b.mp4", iter(backwards[::-1]), sound, settings)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_the_clock_is_even_and_decoding_never_late(tmp_path, clip):
    settings, segments, sound = clip
    join(tmp_path / "clip.mp4", segments, sound, settings)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        video = container.streams.video[0]
        packets = [p for p in container.demux(video) if p.pts is not None]
        frame = Fraction(1, settings.fps) / video.time_base
    assert sorted(p.pts for p in packets) == [i * frame for i in range(80)]
    assert all(p.dts <= p.pts for p in packets)
    assert {b.dts - a.dts for a, b in pairwise(packets)} == {frame}


@pytest.mark.parametrize("fps", [24, 25, 60])
def test_a_click_and_a_flash_meet(tmp_path, film, fps):
    settings = film.settings(fps=fps, size=(64, 64))
    flash, total = fps + 3, 2 * fps
    frames = np.zeros((total, 64, 64, 3), np.uint8)
    frames[flash] = 255
    samples = np.zeros(2 * 22050, np.float32)
    samples[round(flash / fps * 22050)] = 0.9
    track = AudioTrack()
    for piece in np.split(samples, 7 * [0] + [100, 5000, 30000]):
        track.push(piece, 22050)
    segments = [
        encode_segment([FrameBatch(frames[r.start : r.stop], r.start)], settings, r.start)
        for r in segment_grid(total, fps)
    ]
    path = tmp_path / "clip.mp4"
    join(path, segments, track.finish(total / fps), settings)
    with av.open(str(path)) as container:
        light = {f.time: f.to_ndarray(format="gray").mean() for f in container.decode(video=0)}
    seen = max(light, key=lambda time: light[time])
    heard = np.argmax(np.abs(film.sound(path))) / 48000
    assert seen == pytest.approx(flash / fps, abs=1e-6)
    assert heard == pytest.approx(seen, abs=0.001)


def test_seeking_into_any_segment_shows_the_right_frame(tmp_path, clip):
    settings, segments, sound = clip
    join(tmp_path / "clip.mp4", segments, sound, settings)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        video = container.streams.video[0]
        for wanted in (25, 75):
            container.seek(round(wanted / 25 / video.time_base), stream=video)
            first = next(container.decode(video))
            assert round(first.time * 25) == wanted
            assert first.key_frame


def test_title_and_comment_are_kept(tmp_path, clip):
    settings, segments, sound = clip
    join(
        tmp_path / "clip.mp4",
        segments,
        sound,
        settings,
        {"title": "Γεια σου", "comment": "made by a machine"},
    )
    facts = probe_media(tmp_path / "clip.mp4")
    assert (facts.title, facts.comment) == ("Γεια σου", "made by a machine")


def test_names_that_look_like_addresses_are_files(tmp_path, monkeypatch, clip):
    settings, segments, sound = clip
    monkeypatch.chdir(tmp_path)
    join(Path("pipe:1"), segments, sound, settings)
    assert probe_media(Path("pipe:1")).frames == 80


def _torn(segments: list[Segment]) -> list[Segment]:
    return [
        segments[0],
        replace(segments[1], data=segments[1].data[: len(segments[1].data) // 2]),
        *segments[2:],
    ]


def _noise(segments: list[Segment]) -> list[Segment]:
    return [segments[0], replace(segments[1], data=b"no segment" * 50), *segments[2:]]


def _short(segments: list[Segment]) -> list[Segment]:
    return [replace(segments[0], frames=24), *segments[1:]]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda s: [], "no segments"),
        (lambda s: s[:-1], "differ by more than a frame"),
        (lambda s: [s[0], *s[2:]], "from frame 25 is missing"),
        (lambda s: s[::-1], "from frame 0 is missing"),
        (_torn, "cannot be put together"),
        (_noise, "cannot be put together"),
        (_short, "holds 25 frames instead of 24"),
    ],
    ids=["none", "last missing", "one missing", "wrong order", "torn", "noise", "miscounted"],
)
def test_damage_is_found_and_leaves_nothing(tmp_path, clip, damage, said):
    settings, segments, sound = clip
    (tmp_path / "clip.mp4").write_bytes(b"the clip of yesterday")
    with pytest.raises(EncodingError, match=said):
        join(tmp_path / "clip.mp4", damage(segments), sound, settings)
    assert [p.name for p in tmp_path.iterdir()] == ["clip.mp4"]
    assert (tmp_path / "clip.mp4").read_bytes() == b"the clip of yesterday"


def test_segments_of_other_settings_do_not_mix(tmp_path, film, clip):
    settings, segments, sound = clip
    alien = encode_segment(film.batches(range(25, 75)), film.settings(quality=Quality.BEST), 25)
    with pytest.raises(EncodingError, match="other settings"):
        join(tmp_path / "clip.mp4", [segments[0], alien, segments[2]], sound, settings)
    assert not list(tmp_path.iterdir())


def test_a_failing_source_of_segments_leaves_nothing(tmp_path, clip):
    settings, segments, sound = clip

    def failing():
        yield segments[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        join(tmp_path / "clip.mp4", failing(), sound, settings)
    assert not list(tmp_path.iterdir())


def test_an_existing_file_is_replaced(tmp_path, clip):
    settings, segments, sound = clip
    (tmp_path / "clip.mp4").write_bytes(b"the clip of yesterday")
    join(tmp_path / "clip.mp4", segments, sound, settings)
    assert probe_media(tmp_path / "clip.mp4").frames == 80


def _folder(tmp_path: Path) -> Path:
    return tmp_path


def _orphan(tmp_path: Path) -> Path:
    return tmp_path / "missing" / "clip.mp4"


def _under_a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(b"")
    return tmp_path / "file" / "clip.mp4"


def _locked_file(tmp_path: Path) -> Path:
    (tmp_path / "clip.mp4").write_bytes(b"")
    (tmp_path / "clip.mp4").chmod(0o444)
    return tmp_path / "clip.mp4"


def _locked_folder(tmp_path: Path) -> Path:
    (tmp_path / "locked").mkdir(mode=0o555)
    return tmp_path / "locked" / "clip.mp4"


def _device(tmp_path: Path) -> Path:
    return Path("/dev/null")


def _long(tmp_path: Path) -> Path:
    return tmp_path / ("n" * 300 + ".mp4")


@pytest.mark.parametrize(
    "place", [_folder, _orphan, _under_a_file, _locked_file, _locked_folder, _device, _long]
)
def test_outputs_that_cannot_be_written(tmp_path, clip, place):
    settings, segments, sound = clip
    path = place(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UnwritableOutputError, match="output"):
        check_writable(path)
    with pytest.raises(UnwritableOutputError):
        join(path, segments, sound, settings)
    assert sorted(tmp_path.rglob("*")) == before


def test_outputs_that_can_be_written(tmp_path):
    (tmp_path / "old.mp4").write_bytes(b"")
    check_writable(tmp_path / "old.mp4")
    check_writable(tmp_path / "νέο βίντεο.mp4")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["old.mp4"]
