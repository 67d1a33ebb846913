"""Sound alone, encoded piece by piece into files that can be heard from their first bytes on."""

from enum import StrEnum
from typing import NamedTuple

import av
import numpy as np
import soxr

from backends.errors import EncodingError
from backends.types import FloatArray

SAMPLE_RATE = 24_000
"""Hertz, of every format: what OpenAI's speech endpoint answers with, and its headerless `pcm` means."""
BIT_RATE = 64_000
"""Bits a second, of the formats that lose some; ample for one voice."""


class SoundFormat(StrEnum):
    MP3 = "mp3"
    WAV = "wav"
    OPUS = "opus"
    FLAC = "flac"
    AAC = "aac"
    PCM = "pcm"
    """Signed 16-bit little-endian samples and nothing else."""

    @property
    def media_type(self) -> str:
        return _FILES[self].media_type

    @property
    def holds_credentials(self) -> bool:
        """Whether a whole file has a place for a C2PA manifest."""
        return self in (SoundFormat.MP3, SoundFormat.WAV, SoundFormat.FLAC)


class _File(NamedTuple):
    media_type: str
    muxer: str
    codec: str
    sample_format: str
    options: dict[str, str] = {}  # noqa: RUF012 - a constant


_FILES = {
    SoundFormat.MP3: _File(
        "audio/mpeg", "mp3", "libmp3lame", "fltp", {"write_xing": "0", "id3v2_version": "0"}
    ),
    SoundFormat.WAV: _File("audio/wav", "wav", "pcm_s16le", "s16"),
    SoundFormat.OPUS: _File("audio/ogg", "ogg", "libopus", "flt", {"page_duration": "100000"}),
    SoundFormat.FLAC: _File("audio/flac", "flac", "flac", "s16"),
    SoundFormat.AAC: _File("audio/aac", "adts", "aac", "fltp"),
    SoundFormat.PCM: _File("audio/pcm", "s16le", "pcm_s16le", "s16"),
}


class SoundFile:
    """Takes speech piece by piece and gives the file's bytes as they become certain.

    Holds one file's state: for one thread at a time.
    """

    def __init__(self, kind: SoundFormat) -> None:
        file = _FILES[kind]
        self._format = file.sample_format
        self._rate: int | None = None
        self._resampler: soxr.ResampleStream | None = None
        self._samples = 0
        self._bytes = _Bytes()
        # Nothing is written twice, so the muxers do without what they would correct at the end.
        self._container = av.open(
            self._bytes,
            "w",
            format=file.muxer,
            options={"flush_packets": "1", "fflags": "+bitexact", **file.options},
        )
        stream = self._container.add_stream(file.codec, SAMPLE_RATE)
        assert isinstance(stream, av.AudioStream)
        self._stream = stream
        self._stream.layout = "mono"
        self._stream.format = file.sample_format
        if not file.codec.startswith(("pcm", "flac")):
            self._stream.bit_rate = BIT_RATE

    def push(self, samples: FloatArray, rate: int) -> bytes:
        """Adds (n,) mono samples in [-1, 1]; the rate in hertz is the same for the whole file.

        Raises:
            EncodingError: the rate changed, the samples are not finite, or the encoder failed.
        """
        if self._rate is None:
            self._rate = rate
            if rate != SAMPLE_RATE:
                self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
        if rate != self._rate or samples.ndim != 1 or not np.isfinite(samples).all():
            raise EncodingError("the sound is not one channel of finite samples at one rate")
        self._encode(self._resampler.resample_chunk(samples) if self._resampler else samples)
        return self._bytes.taken()

    def finish(self) -> bytes:
        """What is left of it."""
        if self._resampler:
            self._encode(self._resampler.resample_chunk(np.empty(0, np.float32), last=True))
        self._mux(None)
        self._container.close()
        return self._bytes.taken()

    def _encode(self, samples: FloatArray) -> None:
        if not len(samples):
            return
        plane = np.clip(samples, -1.0, 1.0).astype(np.float32, copy=False)[np.newaxis]
        if self._format == "s16":
            plane = np.rint(plane * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(plane), self._format, "mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._samples
        self._samples += len(samples)
        self._mux(frame)

    def _mux(self, frame: av.AudioFrame | None) -> None:
        try:
            self._container.mux(self._stream.encode(frame))
        except av.error.FFmpegError as error:
            raise EncodingError(f"the sound could not be encoded: {error}") from error


def whole(kind: SoundFormat, data: bytes) -> bytes:
    """The finished file: a WAV then says how long it is, which nobody knew when it began."""
    if kind is not SoundFormat.WAV:
        return data
    begin = data.index(b"data") + 8
    sizes = [(4, len(data) - 8), (begin - 4, len(data) - begin)]
    file = bytearray(data)
    for place, size in sizes:
        file[place : place + 4] = size.to_bytes(4, "little")
    return bytes(file)


class _Bytes:
    """A file that only grows, and gives away what it has."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)
