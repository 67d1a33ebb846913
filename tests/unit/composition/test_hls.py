"""Fragments and playlists, against what players make of them."""

import io
import re
import subprocess
from contextlib import suppress
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.composition.audio import SAMPLE_RATE, AudioTrack
from backends.composition.fragments import (
    PACKET,
    SoundFragments,
    audio_fragment,
    audio_init,
    audio_span,
    video_fragment,
    video_init,
)
from backends.composition.hls import extent, master_playlist, media_playlist
from backends.composition.mux import join
from backends.composition.settings import Codec, Quality
from backends.errors import UnreadableMediaError
from backends.types import FloatArray, segment_grid


def speech(seconds: float) -> FloatArray:
    """Noise at 22.05 kHz behind the silence that every clip begins with."""
    samples = np.random.default_rng(1).normal(0, 0.1, round(seconds * 22050)).astype(np.float32)
    samples[: 22050 // 5] = 0
    return samples


class Made:
    """A clip with what it was made of."""

    def __init__(self, film, folder: Path, settings, total: int) -> None:
        self.fps, self.total, self.clip = settings.fps, total, folder / "clip.mp4"
        self.segments = film.segments(settings, total)
        cutter = SoundFragments(self.fps)
        pieces = np.array_split(speech(total / self.fps), 7)
        self.sound = dict(f for piece in pieces for f in cutter.push(piece, 22050))
        join(self.clip, self.segments, cutter.finish(total / self.fps), settings)

    @property
    def pieces(self) -> list[range]:
        return list(segment_grid(self.total, self.fps))

    def spans(self) -> list[range]:
        samples = extent(self.clip).samples
        return [audio_span(piece, self.fps, samples) for piece in self.pieces]

    def write(self, folder: Path) -> Path:
        """Everything that a player asks for, in a folder."""
        video = [(f"v{p.start}.m4s", Fraction(len(p), self.fps)) for p in self.pieces]
        for piece in self.pieces:
            (folder / f"v{piece.start}.m4s").write_bytes(video_fragment(self.clip, piece.start))
        audio = []
        for piece, span in zip(self.pieces, self.spans(), strict=True):
            if span:
                audio.append((f"a{piece.start}.m4s", Fraction(len(span), SAMPLE_RATE)))
                (folder / audio[-1][0]).write_bytes(audio_fragment(self.clip, piece.start))
        (folder / "v.mp4").write_bytes(video_init(self.clip))
        (folder / "a.mp4").write_bytes(audio_init())
        (folder / "v.m3u8").write_text(media_playlist("v.mp4", video, True))
        (folder / "a.m3u8").write_text(media_playlist("a.mp4", audio, True))
        master = folder / "master.m3u8"
        master.write_text(master_playlist(self.clip, "v.m3u8", "a.m3u8"))
        return master


CASES = [
    *((Codec.H264, Quality.GOOD, fps, 3 * fps + 7) for fps in (24, 25, 30, 50, 60)),
    (Codec.H264, Quality.BEST, 25, 76),
    (Codec.H264, Quality.DRAFT, 1, 6),
    (Codec.H264, Quality.DRAFT, 7, 20),
    (Codec.H265, Quality.GOOD, 25, 80),
    (Codec.H265, Quality.DRAFT, 60, 61),
    (Codec.H264, Quality.GOOD, 25, 1),
    (Codec.H264, Quality.GOOD, 25, 75),
]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(map(str, case)))
def made(request, film, tmp_path_factory) -> Made:
    codec, quality, fps, total = request.param
    settings = film.settings(codec, quality, fps)
    return Made(film, tmp_path_factory.mktemp("made"), settings, total)


def decoded(source: Path) -> tuple[list[tuple[Fraction, bytes]], Fraction, FloatArray]:
    """Every frame with its time; the time of the first sample, and all samples."""
    with av.open(str(source)) as container:
        shown = [(f.pts * f.time_base, f.to_ndarray().tobytes()) for f in container.decode(video=0)]
    with av.open(str(source)) as container:
        heard = list(container.decode(audio=0))
    begin = heard[0].pts * heard[0].time_base
    return shown, begin, np.concatenate([f.to_ndarray()[0] for f in heard])


def test_a_player_sees_and_hears_the_clip(made, film, tmp_path):
    master = made.write(tmp_path)
    streamed, clip = decoded(master), decoded(made.clip)
    assert streamed[0] == clip[0]
    assert [time for time, _ in streamed[0]] == [Fraction(i, made.fps) for i in range(made.total)]
    assert streamed[1] == clip[1] == 0
    assert np.array_equal(streamed[2], clip[2])
    assert film.complaints(master) == ""
    assert film.numbers(master) == [i % 256 for i in range(made.total)]


def test_segments_give_the_fragments_of_the_clip(made):
    assert {video_init(s.data) for s in made.segments} == {video_init(made.clip)}
    for segment in made.segments:
        drawn = video_fragment(segment.data, segment.start, segment.start)
        assert drawn == video_fragment(made.clip, segment.start)


def test_sound_is_cut_while_it_is_spoken(made):
    whole = [p.start for p, span in zip(made.pieces, made.spans(), strict=True) if span]
    assert list(made.sound) == whole[: len(made.sound)]
    assert len(made.sound) >= len(whole) - 2  # the last, and the one whose end the encoder holds
    for start, fragment in made.sound.items():
        assert fragment == audio_fragment(made.clip, start)


def boxes(data: bytes, *path: bytes) -> list[bytes]:
    """Contents of the boxes at a path."""
    found, position = [], 0
    while position < len(data):
        size = int.from_bytes(data[position : position + 4])
        assert 8 <= size <= len(data) - position
        if data[position + 4 : position + 8] == path[0]:
            content = data[position + 8 : position + size]
            found += boxes(content, *path[1:]) if path[1:] else [content]
        position += size
    return found


def run(fragment: bytes) -> tuple[int, int]:
    """When a fragment's decoding begins, and how long it takes."""
    [tfdt], [trun] = (boxes(fragment, b"moof", b"traf", kind) for kind in (b"tfdt", b"trun"))
    table = np.frombuffer(trun[16:], ">i4").reshape(-1, 3)
    [moof], [mdat] = boxes(fragment, b"moof"), boxes(fragment, b"mdat")
    assert len(table) == int.from_bytes(trun[4:8]) and table[:, 1].sum() == len(mdat)
    assert int.from_bytes(trun[8:12]) == len(moof) + 16  # where the data begins
    assert (table[:, 0] > 0).all() and (table[:, 2] >= 0).all()
    return int.from_bytes(tfdt[4:]), int(table[:, 0].sum())


def test_fragments_follow_one_another_without_gap(made):
    runs = [run(video_fragment(made.clip, piece.start)) for piece in made.pieces]
    begins = [begin for begin, _ in runs]
    assert begins == list(accumulate((d for _, d in runs), initial=0))[:-1]
    spans = [span for span in made.spans() if span]
    assert all(a.stop == b.start for a, b in pairwise(spans))
    starts = [p.start for p, span in zip(made.pieces, made.spans(), strict=True) if span]
    runs = [run(audio_fragment(made.clip, start)) for start in starts]
    assert runs == [(span.start, len(span)) for span in spans]
    assert (spans[0].start, spans[-1].stop) == (0, extent(made.clip).samples)


def test_headers_need_no_edit_list_and_say_what_they_hold(made):
    for init in (video_init(made.clip), audio_init()):
        assert [init[4:8], *boxes(init, b"moov", b"trak", b"edts")] == [b"ftyp"]
        assert boxes(init, b"moov", b"mvex", b"trex") and not boxes(init, b"moof")


def test_codecs_are_called_what_players_ask_for(made):
    """Apple's refuse H.265 under its other name, hev1."""
    told = re.search('CODECS="(....)', master_playlist(made.clip, "v", "a"))[1]
    for source in (str(made.clip), io.BytesIO(video_init(made.clip))):
        with av.open(source) as container:
            assert container.streams.video[0].codec_context.codec_tag == told


@settings(max_examples=30, deadline=None)
@given(fps=st.integers(1, 120), total=st.integers(1, 2000))
def test_sound_spans_meet_and_fit_the_target_duration(fps, total):
    end = round(total * SAMPLE_RATE / fps)
    spans = [audio_span(piece, fps, end) for piece in segment_grid(total, fps)]
    assert spans[0].start == 0 and max(span.stop for span in spans) == end
    for a, b in pairwise(spans):
        assert a.stop == b.start or not b
    assert all(span.start % PACKET == 0 for span in spans)
    assert all(round(len(span) / SAMPLE_RATE) <= 2 for span in spans)


@settings(max_examples=5, deadline=None)
@given(cuts=st.lists(st.integers(0, 79_380), max_size=8))
def test_sound_is_cut_the_same_however_it_comes(cuts):
    samples = speech(3.6)
    found = []
    for pieces in ([samples], np.split(samples, sorted(cuts))):
        cutter = SoundFragments(25)
        fragments = [f for piece in pieces for f in cutter.push(piece, 22050)]
        found.append((fragments, cutter.finish(3.6)))
    track = AudioTrack()
    track.push(samples, 22050)
    assert found[0] == found[1] and found[0][1] == track.finish(3.6)
    assert [start for start, _ in found[0][0]] == [0, 25]


@pytest.mark.parametrize("start", [-1, 1, 24, 26, 74, 80, 125, 10**7])
def test_only_pieces_of_the_grid_can_be_had(film, tmp_path, start):
    made = Made(film, tmp_path, film.settings(), 80)
    with pytest.raises(UnreadableMediaError):
        video_fragment(made.clip, start)
    with pytest.raises(UnreadableMediaError):
        audio_fragment(made.clip, start)
    with pytest.raises(UnreadableMediaError):
        video_fragment(made.segments[1].data, start, 25)


@pytest.fixture(scope="module")
def segment(film) -> bytes:
    return film.segments(film.settings(), 3)[0].data


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=100), cut=st.integers(0, 3000), keep=st.booleans())
def test_what_is_no_clip_is_refused(segment, data, cut, keep):
    broken = segment[:cut] + data + (segment[cut + len(data) :] if keep else b"")
    for read in (video_init, extent, lambda mp4: video_fragment(mp4, 0)):
        with suppress(UnreadableMediaError):
            read(broken)


def test_master_playlist(film, tmp_path):
    made = Made(film, tmp_path, film.settings(), 80)
    for source in (made.clip, made.segments[0].data):
        text = master_playlist(source, "v.m3u8", "a.m3u8")
        assert text.startswith("#EXTM3U\n") and text.endswith("\nv.m3u8\n")
        assert "#EXT-X-INDEPENDENT-SEGMENTS\n" in text
        assert 'TYPE=AUDIO,GROUP-ID="sound"' in text and 'URI="a.m3u8"' in text
        assert "RESOLUTION=128x64,FRAME-RATE=25.000" in text
        assert re.search(r'CODECS="avc1\.6400[0-9a-f]{2},mp4a\.40\.2"', text)


def test_codec_of_h265(film):
    text = master_playlist(film.segments(film.settings(Codec.H265), 3)[0].data, "v", "a")
    assert re.search(r'CODECS="hvc1\.1\.6\.L\d+\.90,mp4a\.40\.2"', text)


def test_bandwidth_is_that_of_the_largest_pieces(made):
    text = master_playlist(made.clip, "v", "a")
    told = int(re.search(r"BANDWIDTH=(\d+)", text)[1])
    counted = [p for p in made.pieces if len(p) >= made.fps] or made.pieces[:1]
    spans = dict(zip((p.start for p in made.pieces), made.spans(), strict=True))
    video = max(8 * len(video_fragment(made.clip, p.start)) * made.fps / len(p) for p in counted)
    audio = max(
        8 * len(audio_fragment(made.clip, p.start)) * SAMPLE_RATE / len(spans[p.start])
        for p in counted
    )
    assert told == pytest.approx(video + audio, rel=0.02)


def test_media_playlist():
    pieces = [("0.m4s", Fraction(1)), ("25.m4s", Fraction(2)), ("75.m4s", Fraction(1, 24))]
    growing = [media_playlist("init.mp4", pieces[:n], False) for n in range(4)]
    for less, more in pairwise([*growing, media_playlist("init.mp4", pieces, True)]):
        assert more.startswith(less) and more != less
    assert "#EXT-X-ENDLIST" not in growing[-1]
    assert media_playlist("init.mp4", pieces, True).splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:2",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-START:TIME-OFFSET=0,PRECISE=YES",
        '#EXT-X-MAP:URI="init.mp4"',
        "#EXTINF:1.000000,",
        "0.m4s",
        "#EXTINF:2.000000,",
        "25.m4s",
        "#EXTINF:0.041667,",
        "75.m4s",
        "#EXT-X-ENDLIST",
    ]


def test_each_piece_can_be_played_by_itself(made, film):
    """As a player does that begins in the middle."""
    for piece in made.pieces:
        alone = video_init(made.clip) + video_fragment(made.clip, piece.start)
        with av.open(io.BytesIO(alone)) as container:
            times = [f.pts * f.time_base for f in container.decode(video=0)]
        assert times == [Fraction(i, made.fps) for i in piece]


def test_another_build_of_ffmpeg_agrees_on_the_times(made, tmp_path):
    master = str(made.write(tmp_path))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-copyts", "-i", master]
    told = ["-map", "0:v", "-fps_mode", "passthrough", "-enc_time_base", f"1:{made.fps}"]
    sums = subprocess.run(
        [*command, *told, "-f", "framemd5", "-"], capture_output=True, text=True, check=True
    ).stdout
    times = [int(line.split(",")[2]) for line in sums.splitlines() if line[0] != "#"]
    assert times == list(range(made.total))
