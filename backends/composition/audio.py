"""The clip's sound: one resampler and one AAC encoder from the first sample to the last."""

import io
from dataclasses import dataclass

import av
import numpy as np
import soxr

from backends.errors import EncodingError
from backends.types import FloatArray

SAMPLE_RATE = 48_000
"""Hertz; a whole number of samples a frame at 24, 25, 30, 50 and 60 frames a second."""
BIT_RATE = 128_000
"""Bits a second."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A clip's encoded sound."""

    data: bytes
    """An MP4 with one AAC track, 48 kHz mono. Its edit list hides the encoder's priming: the first
    sample is heard at time 0."""
    samples: int
    """At 48 kHz, without priming and padding."""

    @property
    def duration_s(self) -> float:
        return self.samples / SAMPLE_RATE


class AudioTrack:
    """Takes speech piece by piece and encodes it as one stream, so that no join can be heard.

    Holds one clip's state: for one thread at a time.
    """

    def __init__(self) -> None:
        self._rate: int | None = None
        self._resampler: soxr.ResampleStream | None = None
        self._samples = 0
        self._buffer = io.BytesIO()
        self._container = av.open(
            self._buffer,
            "w",
            format="mp4",
            container_options={"fflags": "+bitexact", "movie_timescale": str(SAMPLE_RATE)},
        )
        self._stream = self._container.add_stream("aac", SAMPLE_RATE)
        self._stream.layout = "mono"
        self._stream.format = "fltp"
        self._stream.bit_rate = BIT_RATE

    def push(self, samples: FloatArray, rate: int) -> list[bytes]:
        """Adds (n,) mono samples in [-1, 1]; the rate in hertz is the same for the whole track.

        Returns:
            The AAC packets that are complete with them, one for each 1024 samples from time 0 on.

        Raises:
            EncodingError: the rate changed, the samples are not finite, or the encoder failed.
        """
        if self._rate is None:
            self._rate = rate
            if rate != SAMPLE_RATE:
                self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
        if rate != self._rate:
            raise EncodingError(
                f"The sound began at {self._rate} Hz and goes on at {rate} Hz; a clip has one rate."
            )
        if samples.ndim != 1 or not np.isfinite(samples).all():
            raise EncodingError("The sound is not one channel of finite samples.")
        return self._encode(self._resampler.resample_chunk(samples) if self._resampler else samples)

    def finish(self, duration_s: float = 0.0) -> Sound:
        """The encoded track, silence added behind it until `duration_s` (the video's duration)."""
        if self._resampler:
            self._encode(self._resampler.resample_chunk(np.empty(0, np.float32), last=True))
        missing = round(duration_s * SAMPLE_RATE) - self._samples
        self._encode(np.zeros(max(missing, 0), np.float32))
        if not self._samples:
            raise EncodingError("The clip has no sound and no duration.")
        self._mux(None)
        self._container.close()
        return Sound(self._buffer.getvalue(), self._samples)

    def _encode(self, samples: FloatArray) -> list[bytes]:
        if not len(samples):
            return []
        planes = np.clip(samples, -1.0, 1.0).astype(np.float32, copy=False)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(planes), "fltp", "mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._samples
        self._samples += len(samples)
        return self._mux(frame)

    def _mux(self, frame: av.AudioFrame | None) -> list[bytes]:
        try:
            packets = self._stream.encode(frame)
            # The first packet primes the decoder: it lies before time 0.
            heard = [bytes(packet) for packet in packets if (packet.pts or 0) >= 0]
            self._container.mux(packets)
        except av.error.FFmpegError as error:
            raise EncodingError(f"The AAC encoder failed: {error}") from error
        return heard
