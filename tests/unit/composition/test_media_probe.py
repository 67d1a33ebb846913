import struct
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.composition.mux import join
from backends.composition.probe import probe_media
from backends.errors import UnreadableMediaError


@pytest.fixture(scope="module")
def whole(tmp_path_factory, film) -> Path:
    path = tmp_path_factory.mktemp("probe") / "clip.mp4"
    join(path, film.segments(film.settings(), 30), film.hum(1.2, 1.2), film.settings())
    return path


def test_an_index_behind_the_data_is_told(tmp_path, film):
    (tmp_path / "late.mp4").write_bytes(film.segments(film.settings(), 5)[0].data)
    facts = probe_media(tmp_path / "late.mp4")
    assert not facts.faststart
    assert (facts.frames, facts.audio_codec, facts.audio_duration_s) == (5, None, None)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0, 0.9999))
def test_a_file_that_is_cut_off_is_unreadable(tmp_path, whole, share):
    path = tmp_path / "cut.mp4"
    data = whole.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(UnreadableMediaError, match=r"cut\.mp4"):
        probe_media(path)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), min_size=1, max_size=12))
def test_damage_gives_facts_or_the_error(tmp_path, whole, changes):
    data = bytearray(whole.read_bytes())
    for position, value in changes:
        data[position] = value
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    try:
        facts = probe_media(path)
    except UnreadableMediaError as error:
        assert "damaged.mp4" in error.message
    else:
        assert facts.fps > 0
        assert min(facts.size) > 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"moov",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        struct.pack(">I4s", 8, b"free") * 20,
        struct.pack(">I4s", 8, b"moov") + struct.pack(">I4s", 8, b"mdat"),
        struct.pack(">I4sQ", 1, b"mdat", 2**63) + b"\0" * 40,
        struct.pack(">I4s", 4, b"ftyp") * 10,
    ],
)
def test_what_is_no_mp4_is_unreadable(tmp_path, data):
    (tmp_path / "foreign.mp4").write_bytes(data)
    with pytest.raises(UnreadableMediaError, match=r"foreign\.mp4"):
        probe_media(tmp_path / "foreign.mp4")


def test_sound_alone_is_no_clip(tmp_path, film):
    (tmp_path / "sound.mp4").write_bytes(film.hum(1.0, 1.0).data)
    with pytest.raises(UnreadableMediaError, match="no video"):
        probe_media(tmp_path / "sound.mp4")


def test_other_containers_are_no_mp4(tmp_path):
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("libx264", 25)
        stream.width = stream.height = 64
        container.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(stream.encode(None))
    with pytest.raises(UnreadableMediaError):
        probe_media(path)


def test_missing_files_and_folders_are_unreadable(tmp_path):
    for path in (tmp_path, tmp_path / "none.mp4"):
        with pytest.raises(UnreadableMediaError):
            probe_media(path)


def test_an_unknown_codec_is_unreadable(tmp_path, whole):
    # The last occurrence stands in the track's own box.
    head, _, tail = whole.read_bytes().rpartition(b"avc1")
    (tmp_path / "odd.mp4").write_bytes(head + b"\0\0\0\0" + tail)
    with pytest.raises(UnreadableMediaError, match="unknown codec"):
        probe_media(tmp_path / "odd.mp4")
