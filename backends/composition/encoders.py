"""Video encoders at work: one encoding run, and which encoders work on this machine.

The software encoders, NVENC and QuickSync run in this process through PyAV; VAAPI, which PyAV's
builds leave out, runs in the ffmpeg program of imageio-ffmpeg, driven through ffmpeg-python. No
version or time stamp goes into the containers.
"""

import io
import tempfile
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Protocol, cast

import av
import ffmpeg
import imageio_ffmpeg
import numpy as np
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)

from backends.composition.settings import (
    ENCODERS,
    REORDERED_FRAMES,
    Codec,
    Encoder,
    EncoderChoice,
    EncoderSettings,
    Quality,
    encoder_options,
)
from backends.errors import EncodingError, UnsupportedEncoderError
from backends.types import ImageArray

_NEEDS = {
    EncoderChoice.NVENC: "an NVIDIA GPU that has an encoder, and its driver",
    EncoderChoice.QSV: "an Intel GPU and its oneVPL runtime",
    EncoderChoice.VAAPI: "a /dev/dri/renderD* device and its VA-API driver",
    EncoderChoice.X264: "nothing but this package's libraries",
}
# Raw frames have no tags; untagged they would be converted from BT.601.
_BT709_FILTER = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"


class FrameConverter:
    """RGB to limited-range BT.709 4:2:0 (Rec. ITU-R BT.709-6, item 3), with exact rounding.

    Not to be shared between threads.
    """

    _SCALING = (
        Interpolation.BILINEAR
        | Interpolation.FULL_CHR_H_INP
        | Interpolation.ACCURATE_RND
        | Interpolation.BITEXACT
    )

    def __init__(self, settings: EncoderSettings) -> None:
        self._pixels = settings.encoder.pixels
        self._scaler = VideoReformatter()

    def __call__(self, image: ImageArray) -> av.VideoFrame:
        """A frame of its own memory from (h, w, 3) RGB."""
        return self._scaler.reformat(
            av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(image), "rgb24"),
            format=self._pixels,
            src_colorspace=Colorspace.ITU709,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            dst_color_trc=ColorTrc.BT709,
            dst_color_primaries=ColorPrimaries.BT709,
            interpolation=self._SCALING,
            threads=1,
        )


class VideoWriter(Protocol):
    """One encoding run: frames in, an MP4 of one video track out."""

    def write(self, frame: av.VideoFrame) -> None:
        """Takes the next frame, as `FrameConverter` makes it."""
        ...

    def finish(self) -> bytes:
        """The MP4, after the last frame."""
        ...

    def close(self) -> None:
        """Lets go of everything, finished or not."""
        ...


def open_writer(settings: EncoderSettings) -> VideoWriter:
    """A fresh encoder.

    Raises:
        EncodingError: it cannot be opened; `write` and `finish` raise the same when it fails later.
    """
    return _ProgramWriter(settings) if settings.encoder.program else _LibraryWriter(settings)


class _LibraryWriter:
    """Encodes in this process."""

    def __init__(self, settings: EncoderSettings) -> None:
        self._name = settings.encoder.name
        self._buffer = io.BytesIO()
        self._container = av.open(
            self._buffer, "w", format="mp4", container_options={"fflags": "+bitexact"}
        )
        try:
            options = encoder_options(settings.encoder, settings.quality)
            stream = self._container.add_stream(self._name, settings.fps, options=options)
            self._stream = cast(av.VideoStream, stream)
            context = self._stream.codec_context
            context.width, context.height = settings.size
            context.pix_fmt = settings.encoder.pixels
            context.thread_count = 1
            context.colorspace = Colorspace.ITU709
            context.color_range = ColorRange.MPEG
            context.color_primaries = ColorPrimaries.BT709
            context.color_trc = ColorTrc.BT709
            if settings.codec is Codec.H265:
                context.codec_tag = "hvc1"  # what Apple's players ask for
        except (av.error.FFmpegError, ValueError) as error:
            self.close()
            raise self._failed(error) from error
        self._time_base = Fraction(1, settings.fps)
        self._taken = self._given = 0

    def _failed(self, error: Exception) -> EncodingError:
        return EncodingError(
            f"The encoder {self._name} failed: {getattr(error, 'strerror', None) or error}."
        )

    def write(self, frame: av.VideoFrame) -> None:
        frame.pts, frame.time_base = self._taken, self._time_base
        self._taken += 1
        self._encode(frame)

    def _encode(self, frame: av.VideoFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                # x265 leaves this undefined in streams shorter than its reordering.
                packet.dts = self._given - REORDERED_FRAMES
                self._given += 1
                self._container.mux_one(packet)
        except (av.error.FFmpegError, ValueError) as error:
            raise self._failed(error) from error

    def finish(self) -> bytes:
        self._encode(None)
        self._container.close()
        return self._buffer.getvalue()

    def close(self) -> None:
        self._container.close()


class _ProgramWriter:
    """Encodes in the ffmpeg program: raw frames go in by its standard input, the MP4 comes out in
    a folder of its own."""

    def __init__(self, settings: EncoderSettings) -> None:
        encoder = settings.encoder
        self._name = encoder.name
        width, height = settings.size
        arguments = encoder_options(encoder, settings.quality) | {"vf": _BT709_FILTER}
        if encoder.kind is EncoderChoice.VAAPI:
            arguments |= {
                "vaapi_device": _render_node(encoder.name),
                "vf": f"{_BT709_FILTER},hwupload",
            }
        if settings.codec is Codec.H265:
            arguments["tag:v"] = "hvc1"
        self._folder = tempfile.TemporaryDirectory(prefix="prosopon-encode-")
        self._path = Path(self._folder.name) / "segment.mp4"
        frames = ffmpeg.input(
            "pipe:",
            format="rawvideo",
            pix_fmt=encoder.pixels,
            s=f"{width}x{height}",
            framerate=settings.fps,
        )
        clip = frames.output(
            str(self._path), format="mp4", vcodec=encoder.name, fflags="+bitexact", **arguments
        )
        try:
            self._process = clip.global_args("-loglevel", "error").run_async(
                cmd=imageio_ffmpeg.get_ffmpeg_exe(), pipe_stdin=True, pipe_stderr=True
            )
        except (OSError, RuntimeError) as error:
            self._folder.cleanup()
            raise EncodingError(f"The ffmpeg program cannot be started: {error}") from error

    def write(self, frame: av.VideoFrame) -> None:
        try:
            self._process.stdin.write(frame.to_ndarray().data)
        except BrokenPipeError as error:
            raise self._failed(self._process.communicate()[1]) from error

    def _failed(self, said: bytes) -> EncodingError:
        return EncodingError(
            f"The encoder {self._name} failed: {said.decode(errors='replace').strip()}"
        )

    def finish(self) -> bytes:
        _, said = self._process.communicate()
        if self._process.returncode != 0:
            raise self._failed(said)
        return self._path.read_bytes()

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                continue
        self._folder.cleanup()


def _render_node(name: str) -> str:
    nodes = sorted(Path("/dev/dri").glob("renderD*"))
    if not nodes:
        raise EncodingError(f"The encoder {name} failed: no /dev/dri/renderD* device.")
    return str(nodes[0])


@cache
def failure(encoder: Encoder) -> str:
    """Why the encoder does not work here; empty when it encoded a frame. Once per process."""
    settings = EncoderSettings(encoder, Quality.DRAFT, 25, (256, 256))
    try:
        writer = open_writer(settings)
        try:
            writer.write(FrameConverter(settings)(np.full((256, 256, 3), 128, np.uint8)))
            data = writer.finish()
        finally:
            writer.close()
    except EncodingError as error:
        return f"{error.message} It needs {_NEEDS[encoder.kind]}."
    return "" if data else f"The encoder {encoder.name} gave no data."


def probe(codec: Codec, choice: EncoderChoice) -> Encoder:
    """The encoder to use for what was asked, shown to work by encoding one frame with it.

    "auto" is the first hardware encoder that works, else software.

    Raises:
        UnsupportedEncoderError: it does not work here; the message says why and what works.
    """
    known = [e for e in ENCODERS if e.codec is codec]
    wanted = [e for e in known if choice in (EncoderChoice.AUTO, e.kind)]
    for encoder in wanted:
        if not failure(encoder):
            return encoder
    working = ", ".join(e.kind for e in known if not failure(e)) or "none"
    tried = " ".join(failure(e) for e in wanted)
    raise UnsupportedEncoderError(
        f"The encoder {choice!s} for {codec!s} does not work on this machine. {tried} "
        f"What works: {working}."
    )
