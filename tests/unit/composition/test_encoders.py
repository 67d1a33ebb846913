import hashlib
import io
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import av
import numpy as np
import pytest

from backends.composition.encoders import probe
from backends.composition.segments import encode_segment
from backends.composition.settings import (
    ENCODERS,
    Codec,
    Encoder,
    EncoderChoice,
    EncoderSettings,
    Quality,
)
from backends.errors import EncodingError, UnsupportedEncoderError
from backends.types import FrameBatch, Segment

PROGRAM = Encoder(Codec.H264, EncoderChoice.X264, "libx264", program=True)


def decode(segment: Segment) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(segment.data)) as container:
        return list(container.decode(video=0))


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("quality", list(Quality))
def test_every_quality_encodes_every_frame_in_order(film, codec, quality):
    segment = encode_segment(film.batches(range(25, 48)), film.settings(codec, quality), 25)
    assert (segment.start, segment.frames) == (25, 23)
    assert film.numbers(segment) == list(range(25, 48))


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("count", [1, 2, 3])
def test_segments_of_a_few_frames(film, codec, count):
    assert film.numbers(
        encode_segment(film.batches(range(count)), film.settings(codec), 0)
    ) == list(range(count))


def test_the_stream_is_tagged_as_limited_bt709(film):
    segment = encode_segment(film.batches(range(3)), film.settings(), 0)
    with av.open(io.BytesIO(segment.data)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (
            context.colorspace,
            context.color_primaries,
            context.color_trc,
            context.color_range,
        ) == (1, 1, 1, 1)


@pytest.mark.parametrize("encoder", [None, PROGRAM], ids=["library", "program"])
@pytest.mark.parametrize(
    "colour",
    [
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
        (224, 172, 140),
        (91, 60, 45),
        (255, 255, 255),
        (0, 0, 0),
    ],
)
def test_colours_come_back_by_the_equations_of_bt709(film, colour, encoder):
    settings = EncoderSettings(encoder or film.settings().encoder, Quality.BEST, 25, (64, 64))
    image = np.empty((1, 64, 64, 3), np.uint8)
    image[:] = colour
    (frame,) = decode(encode_segment([FrameBatch(image, 0)], settings, 0))
    planes = [
        np.frombuffer(p, np.uint8).reshape(p.height, p.line_size)[:, : p.width].mean()
        for p in frame.planes
    ]
    luma, blue, red = (planes[0] - 16) / 219, (planes[1] - 128) / 224, (planes[2] - 128) / 224
    r, b = luma + 1.5748 * red, luma + 1.8556 * blue
    g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152
    assert np.array([r, g, b]) * 255 == pytest.approx(np.array(colour), abs=4)


@pytest.mark.parametrize("codec", list(Codec))
def test_the_same_frames_give_the_same_bytes_however_batched(film, codec):
    settings = film.settings(codec)
    first = encode_segment(film.batches(range(20), size=1), settings, 0)
    second = encode_segment(film.batches(range(20), size=9), settings, 0)
    assert first.data == second.data


SCRIPT = """
import hashlib, os, sys
import numpy as np
if sys.argv[1] == "one":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from backends.composition.encoders import probe
from backends.composition.settings import *
from backends.composition.segments import encode_segment
from backends.types import FrameBatch
frames = np.random.default_rng(1).integers(0, 255, (6, 96, 160, 3), dtype=np.uint8)
for codec in Codec:
    settings = EncoderSettings(probe(codec, EncoderChoice.X264), Quality.GOOD, 25, (160, 96))
    data = encode_segment([FrameBatch(frames, 0)], settings, 0).data
    sys.stdout.write(hashlib.sha256(data).hexdigest())
"""


@pytest.mark.skipif(
    sys.platform != "linux", reason="binds a process to one core by Linux's sched_setaffinity"
)
def test_the_number_of_cores_does_not_show_in_the_bytes():
    told = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT, cores],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[3],
        ).stdout
        for cores in ("one", "all")
    }
    assert len(told) == 1
    assert len(told.pop()) == 2 * hashlib.sha256().digest_size * 2


def test_each_segment_is_one_closed_group(film):
    segment = encode_segment(film.batches(range(60)), film.settings(), 0)
    with av.open(io.BytesIO(segment.data)) as container:
        keys = [packet.is_keyframe for packet in container.demux(video=0) if packet.pts is not None]
    assert keys == [True] + [False] * 59


def test_frames_that_do_not_follow_are_refused(film):
    with pytest.raises(EncodingError, match="Frame 7 was expected"):
        encode_segment([FrameBatch(film.frame(0)[np.newaxis], 8)], film.settings(), 7)


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((1, 64, 130, 3), np.uint8),
        np.zeros((1, 64, 128, 4), np.uint8),
        np.zeros((1, 64, 128, 3), np.float32),
    ],
)
def test_frames_of_another_shape_are_refused(film, frames):
    with pytest.raises(EncodingError, match="were expected"):
        encode_segment([FrameBatch(frames, 0)], film.settings(), 0)


def test_no_frames_are_an_error(film):
    with pytest.raises(EncodingError, match="no frames"):
        encode_segment([], film.settings(), 0)


def test_read_only_and_strided_frames_are_taken(film):
    wide = np.repeat(np.stack([film.frame(i) for i in range(4)]), 2, axis=2)
    frames = wide[:, :, ::2]
    frames.flags.writeable = False
    assert film.numbers(encode_segment([FrameBatch(frames, 0)], film.settings(), 0)) == [0, 1, 2, 3]


def test_a_failure_while_drawing_passes_through_and_ends_the_worker(film):
    def failing():
        yield from film.batches(range(14))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        encode_segment(failing(), film.settings(), 0)
    assert not [t for t in threading.enumerate() if t.name.startswith("encode")]


def test_the_program_encodes_as_the_library_does(film):
    settings = EncoderSettings(PROGRAM, Quality.GOOD, 30, film.size)
    segment = encode_segment(film.batches(range(10)), settings, 0)
    assert film.numbers(segment) == list(range(10))
    with av.open(io.BytesIO(segment.data)) as container:
        context = container.streams.video[0].codec_context
        assert (context.pix_fmt, context.colorspace, context.color_range) == ("yuv420p", 1, 1)
        assert container.streams.video[0].average_rate == 30


@pytest.mark.parametrize("program", [True, False])
def test_an_encoder_that_does_not_exist_fails_and_leaves_nothing(
    tmp_path, film, monkeypatch, program
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    encoder = Encoder(Codec.H264, EncoderChoice.X264, "h264_of_nobody", program=program)
    with pytest.raises(EncodingError, match="h264_of_nobody"):
        encode_segment(
            film.batches(range(60)), EncoderSettings(encoder, Quality.GOOD, 25, film.size), 0
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("codec", list(Codec))
def test_software_always_works(codec):
    encoder = probe(codec, EncoderChoice.X264)
    assert (encoder.codec, encoder.hardware) == (codec, False)


@pytest.mark.parametrize("codec", list(Codec))
def test_auto_is_hardware_only_where_it_works(codec):
    def works(choice: EncoderChoice) -> bool:
        try:
            return probe(codec, choice).kind is choice
        except UnsupportedEncoderError:
            return False

    working = [e.kind for e in ENCODERS if e.codec is codec and works(e.kind)]
    assert probe(codec, EncoderChoice.AUTO).kind == working[0]


@pytest.mark.parametrize("choice", [EncoderChoice.NVENC, EncoderChoice.QSV, EncoderChoice.VAAPI])
def test_a_missing_encoder_is_told_with_what_works(choice):
    try:
        assert probe(Codec.H264, choice).kind is choice
    except UnsupportedEncoderError as error:
        assert f"h264_{choice}" in error.message
        assert "x264" in error.message.split("What works:")[1]
        assert "needs" in error.message


@pytest.mark.parametrize("size", [(127, 64), (128, 63), (8, 8), (16384, 16)])
def test_sizes_that_cannot_be_encoded(film, size):
    with pytest.raises(UnsupportedEncoderError, match=f"{size[0]}x{size[1]}"):
        film.settings(size=size)


@pytest.mark.parametrize("fps", [0, -25, 121])
def test_rates_that_cannot_be_encoded(film, fps):
    with pytest.raises(UnsupportedEncoderError, match=str(fps)):
        film.settings(fps=fps)
