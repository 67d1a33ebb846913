"""Recorded speech from hostile bytes to mono samples, stretch by stretch."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np

from backends.errors import MediaTooLargeError, UnreadableMediaError
from backends.types import FloatArray

MAX_BYTES = 700 * 2**20
"""An hour of uncompressed sound as CDs have it."""
MIN_SECONDS, MAX_SECONDS = 0.5, 3600.0
RECORDED_HZ = 48_000
"""Rate at which a recording goes into a clip."""
UNNAMED_SOUND = "the recording"
"""What messages call a recording of which only the content is known."""

_NAMED = "a WAV, FLAC, MP3, OGG, Opus or M4A file, or a video with sound"
_SAMPLE_RATES = range(4000, 768_001)
_PIECE_S = 10
_COMPLETE = 0.9
"""Of the seconds that the file announces; fewer, and its end is missing."""
_UNKNOWN_LENGTH = 2**31 - 2**16
"""Sizes from here on are written where a file's length was not yet known."""
_ANNOUNCED = frozenset({"wav", "aiff", "flac", "mov", "matroska", "avi", "caf"})
"""Formats that know their own length; others guess it from the file's."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A sound file that was read once and found to be one; decoded anew by every call."""

    source: bytes | Path = field(repr=False)
    name: str
    """What messages call it."""
    format: str
    """FFmpeg's demuxer: never told by the file, so that no playlist is followed."""
    duration_s: float
    gain: float
    """Times which its peaks stay within full scale; 1 but for files of numbers beyond it."""

    def pieces(self, rate: int = RECORDED_HZ) -> Iterator[FloatArray]:
        """(n,) mono in [-1, 1], in order, `_PIECE_S` seconds each but the last.

        All channels are mixed; a rate of its own becomes `rate` hertz.
        """
        for piece in _pieces(self.source, self.format, self.name, rate):
            yield np.clip(piece * np.float32(self.gain), -1.0, 1.0)


def open_recording(source: bytes | Path, name: str = UNNAMED_SOUND) -> Recording:
    """A recording, read from end to end and judged. Silence is one too.

    Args:
        source: The file's content, or where it is.

    Raises:
        UnreadableMediaError: not sound of a known kind, damaged, cut off, without a sound track,
            with samples that are no numbers, or shorter than MIN_SECONDS.
        MediaTooLargeError: above MAX_BYTES or MAX_SECONDS.
    """
    kind = _judged_format(source, name)
    rate = 16_000  # enough to judge by
    count, peak = 0, 0.0
    for piece in _pieces(source, kind, name, rate):
        count += len(piece)
        loudest = float(np.abs(piece).max())
        if not np.isfinite(loudest):
            raise UnreadableMediaError(
                f"{name} has samples that are no numbers (NaN or infinite); export it again"
            )
        peak = max(peak, loudest)
    seconds = count / rate
    if seconds < MIN_SECONDS:
        raise UnreadableMediaError(
            f"{name} is {seconds:.2f} s long; at least {MIN_SECONDS} s are needed to speak"
        )
    return Recording(source, name, kind, seconds, min(1.0, 1.0 / max(peak, 1e-9)))


def _judged_format(source: bytes | Path, name: str) -> str:
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        with _file(source) as file:
            head = file.read(64)
    except OSError as error:
        raise UnreadableMediaError(f"{name} cannot be read: {error.strerror or error}") from error
    if size > MAX_BYTES:
        raise MediaTooLargeError(
            f"{name} has {size / 2**20:.0f} MB; recordings may have {MAX_BYTES // 2**20}: "
            "shorten it, or save it as FLAC or MP3"
        )
    kind = _format(head)
    riff = int.from_bytes(head[4:8], "little") if head[:4] == b"RIFF" else 0
    if size < _COMPLETE * riff and riff < _UNKNOWN_LENGTH:
        raise UnreadableMediaError(
            f"{name} is cut off: {size} of its {riff + 8} bytes are there; copy or export it again"
        )
    if kind is None:
        what = "is empty" if not head else "is not sound that can be read"
        raise UnreadableMediaError(f"{name} {what}; give {_NAMED}")
    return kind


def _format(head: bytes) -> str | None:
    kind = head[8:12]
    if head[:4] in (b"RIFF", b"RF64", b"BW64"):
        return {b"WAVE": "wav", b"AVI ": "avi"}.get(kind)
    if head[:4] == b"FORM" and kind in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"):
        return "mov"
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "aac" if head[1] & 0xF6 == 0xF0 else "mp3"
    return None


_MAGIC = {
    b"fLaC": "flac", b"OggS": "ogg", b"ID3": "mp3", b"caff": "caf", b"\x1aE\xdf\xa3": "matroska",
    b"#!AMR": "amr",
}  # fmt: skip


def _file(source: bytes | Path) -> Any:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _pieces(source: bytes | Path, kind: str, name: str, rate: int) -> Iterator[FloatArray]:
    """Mono at `rate`, not yet within [-1, 1]; what FFmpeg stumbles over is the file's fault."""
    held: list[FloatArray] = []
    size = count = 0
    for part in _decoded(source, kind, name, rate):
        held.append(part)
        size, count = size + len(part), count + len(part)
        if count > MAX_SECONDS * rate:
            raise MediaTooLargeError(
                f"{name} is longer than the {MAX_SECONDS / 60:.0f} minutes that are used; cut it"
            )
        if size >= _PIECE_S * rate:
            whole = np.concatenate(held)
            cut = size - size % (_PIECE_S * rate)
            yield from np.split(whole[:cut], cut // (_PIECE_S * rate))
            held, size = [whole[cut:]], size - cut
    if not count:
        raise UnreadableMediaError(
            f"{name} has no sound in it: it is empty or cut off; export it again"
        )
    if size:
        yield np.concatenate(held)


def _decoded(source: bytes | Path, kind: str, name: str, rate: int) -> Iterator[FloatArray]:
    try:
        with _file(source) as file, av.open(file, "r", format=kind) as container:
            stream = _sound_stream(container, name)
            count = 0
            for part in _resampled(container.decode(stream), rate):
                count += len(part)
                yield part
            announced = _announced_s(container, stream) if kind in _ANNOUNCED else 0.0
    except (av.FFmpegError, ValueError, OverflowError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableMediaError(
            f"{name} is damaged or cut off and cannot be read ({reason}); copy or export it again"
        ) from error
    if count / rate < _COMPLETE * min(announced, MAX_SECONDS):
        raise UnreadableMediaError(
            f"{name} is cut off: {count / rate:.1f} of its {announced:.1f} s are there; "
            "copy or export it again"
        )


def _sound_stream(container: Any, name: str) -> Any:
    for stream in container.streams.audio:
        if stream.codec_context is not None and stream.codec_context.sample_rate in _SAMPLE_RATES:
            return stream
    what = "sound of an unknown kind" if container.streams.audio else "no sound"
    raise UnreadableMediaError(f"{name} has {what}; give {_NAMED}")


def _announced_s(container: Any, stream: Any) -> float:
    """What the file says of its length; 0 where it says nothing."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return float(container.duration or 0) / 1e6


def _resampled(frames: Iterator[Any], rate: int) -> Iterator[FloatArray]:
    """Mono at `rate`; a file may change rate and channels on its way."""
    resampler, shape = None, None
    for frame in frames:
        if shape != (frame.format.name, frame.layout.name, frame.sample_rate):
            if resampler is not None:
                yield from _mixed(resampler, None)
            shape = (frame.format.name, frame.layout.name, frame.sample_rate)
            layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
            resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate)
        frame.pts = None  # a gap in the file's times is no silence
        yield from _mixed(resampler, frame)
    if resampler is not None:
        yield from _mixed(resampler, None)


def _mixed(resampler: Any, frame: Any) -> Iterator[FloatArray]:
    """The mean of both channels: FFmpeg's own mix is 3 dB louder than either of two that are alike."""
    for part in resampler.resample(frame):
        if part.samples:
            yield part.to_ndarray().mean(axis=0, dtype=np.float32)
