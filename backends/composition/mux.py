"""Encoded segments and sound become one MP4, packet by packet, without encoding again."""

import errno
import heapq
import io
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import av

from backends.composition.audio import Sound
from backends.composition.settings import REORDERED_FRAMES, EncoderSettings
from backends.errors import EncodingError, UnwritableOutputError
from backends.types import Segment

_MOVIE_TIMESCALE = "48000"
"""Divisible by the usual frame rates and by the sample rate: no duration in the file is rounded."""
_REFUSALS = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EISDIR,
    errno.ENOENT,
    errno.ENAMETOOLONG,
    errno.ENOTDIR,
}


def check_writable(path: Path) -> None:
    """Says before the work begins whether the clip can be written there.

    Raises:
        UnwritableOutputError: the path is a folder or write-protected, or its folder is missing or
            write-protected.
    """
    with _mapped(path):
        _check(path)


def _check(path: Path) -> None:
    folder = path.absolute().parent
    if path.is_dir():
        raise UnwritableOutputError(f"The output {path} is a folder; name a file in it.")
    if path.exists() and not (path.is_file() and _may_write(path)):
        raise UnwritableOutputError(
            f"The output {path} exists and may not be written; choose another name."
        )
    if not folder.is_dir():
        raise UnwritableOutputError(
            f"The folder {folder} of the output does not exist; create it first."
        )
    if not (_may_write(folder) and os.access(folder, os.X_OK)):
        raise UnwritableOutputError(
            f"The folder {folder} of the output may not be written; choose another."
        )


def _may_write(path: Path) -> bool:
    # The mode is asked too: to root, access() grants everything.
    return bool(path.stat().st_mode & 0o222) and os.access(path, os.W_OK)


class _Timed(NamedTuple):
    """A packet and when it is decoded, in seconds: the order in which packets are muxed."""

    time: Fraction
    packet: "av.Packet[Any]"


def join(
    path: Path,
    segments: Iterable[Segment],
    sound: Sound,
    settings: EncoderSettings,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Writes the clip of the segments, in order from frame 0, and the sound.

    Segments are taken one at a time, so they may be read as they are needed. The file appears under
    its name only when it is whole; the same input gives the same bytes. Metadata: "title",
    "comment", … as MP4 knows them.

    Raises:
        UnwritableOutputError: the file cannot be written there.
        EncodingError: a segment is missing, damaged or encoded with other settings, or sound and
            video differ by more than a frame.
    """
    check_writable(path)
    path = path.absolute()
    part = path.with_name(f".{path.stem[:100]}.{uuid.uuid4().hex}.part")
    try:
        with _mapped(path):
            _write(part, segments, sound, settings, metadata or {})
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _mapped(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:  # PyAV's errors of the system are these too
        if error.errno in _REFUSALS:
            raise UnwritableOutputError(
                f"The output {path} cannot be written: {error.strerror}."
            ) from error
        raise EncodingError(f"The clip cannot be put together: {error}") from error
    except (av.error.FFmpegError, LookupError) as error:
        raise EncodingError(f"The clip cannot be put together: {error}") from error


def _write(
    part: Path,
    segments: Iterable[Segment],
    sound: Sound,
    settings: EncoderSettings,
    metadata: Mapping[str, str],
) -> None:
    following = iter(segments)
    first = next(following, None)
    if first is None:
        raise EncodingError("The clip has no segments.")
    options = {"movflags": "+faststart", "movie_timescale": _MOVIE_TIMESCALE, "fflags": "+bitexact"}
    with (
        av.open(io.BytesIO(first.data), "r", format="mp4") as sample,
        av.open(io.BytesIO(sound.data), "r", format="mp4") as audio,
        av.open(str(part), "w", format="mp4", container_options=options) as clip,
    ):
        clip.metadata.update(metadata)
        video_track = clip.add_stream_from_template(sample.streams.video[0])
        video_track.codec_context.codec_tag = sample.streams.video[0].codec_context.codec_tag
        audio_track = clip.add_stream_from_template(audio.streams.audio[0])
        video_track.time_base = Fraction(1, settings.fps)
        packets = heapq.merge(
            _video_packets(chain([first], following), settings, sound.duration_s, video_track),
            _audio_packets(audio, audio_track),
            key=lambda timed: timed.time,
        )
        for timed in packets:
            clip.mux_one(timed.packet)


def _video_packets(
    segments: Iterable[Segment], settings: EncoderSettings, sound_s: float, track: av.VideoStream
) -> Iterator[_Timed]:
    """The segments' packets on the clip's clock, counted in frames."""
    setup: bytes | None = None
    frames = 0
    for segment in segments:
        if segment.start != frames:
            raise EncodingError(
                f"The segment from frame {frames} is missing; one from {segment.start} came."
            )
        with av.open(io.BytesIO(segment.data), "r", format="mp4") as container:
            source = container.streams.video[0]
            found = bytes(source.codec_context.extradata or b"")
            setup = setup or found
            if found != setup or (source.width, source.height) != settings.size:
                raise EncodingError(f"The segment from frame {frames} has other settings.")
            for packet in _counted(container.demux(source), segment, settings.fps):
                packet.stream = track
                yield _Timed((packet.dts or 0) * packet.time_base, packet)
        frames += segment.frames
    if abs(frames / settings.fps - sound_s) > 1.001 / settings.fps:
        raise EncodingError(
            f"{frames / settings.fps:.3f} s of video and {sound_s:.3f} s of sound differ by more "
            "than a frame."
        )


def _counted(
    packets: "Iterable[av.Packet[Any]]", segment: Segment, fps: int
) -> "Iterator[av.Packet[Any]]":
    """A segment's packets with their times in frames of the clip, one apart in decoding order."""
    shown: set[int] = set()
    for packet in packets:
        if packet.pts is None:  # the empty packet behind the last
            continue
        index = round(packet.pts * packet.time_base * fps)
        shown.add(index)
        decoded = len(shown) - 1 - REORDERED_FRAMES
        packet.time_base = Fraction(1, fps)
        packet.pts, packet.dts, packet.duration = segment.start + index, segment.start + decoded, 1
        if decoded > index:
            raise EncodingError(
                f"The segment from frame {segment.start} needs more frames ahead than expected."
            )
        yield packet
    if shown != set(range(segment.frames)):
        raise EncodingError(
            f"The segment from frame {segment.start} holds {len(shown)} frames instead of "
            f"{segment.frames}."
        )


def _audio_packets(audio: av.container.InputContainer, track: av.AudioStream) -> Iterator[_Timed]:
    for packet in audio.demux(audio.streams.audio[0]):
        if packet.dts is not None:
            packet.stream = track
            yield _Timed(packet.dts * packet.time_base, packet)
