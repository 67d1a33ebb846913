"""Fragmented MP4 (CMAF, ISO/IEC 23000-19): a header for each track, and a fragment for each piece
of the grid.

A fragment is made of packets as they are, so that a segment which was just drawn and the same
frames of the finished clip give the same bytes. Times need neither an edit list, which players
ignore, nor negative composition offsets, which FFmpeg reads as a delay: frame n is shown at
n / fps, because the first frames are decoded in quick succession, and sample n is heard at
n / 48000, because the AAC encoder's priming packet is left out (it completes the first 21 ms, which
are silent where a clip is spoken).
"""

import io
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from backends.composition.audio import SAMPLE_RATE, AudioTrack, Sound
from backends.composition.settings import REORDERED_FRAMES
from backends.errors import UnreadableMediaError
from backends.types import FloatArray, segment_grid

Mp4 = bytes | Path
"""A segment's data, or a finished clip."""

PACKET = 1024
"""Samples in a packet of AAC-LC (ISO/IEC 14496-3, 4.5.1.1)."""
_TICKS = 1000
"""Units of the video's clock in a frame."""
_SYNC, _DEPENDENT = 0x02000000, 0x01010000
"""Sample flags (ISO/IEC 14496-12, 8.8.3.1): depends on no other; depends on others, no sync."""
_HEADER_FLAGS = "+empty_moov+default_base_moof+cmaf+skip_trailer"


class _Sample(NamedTuple):
    data: bytes
    duration: int
    offset: int = 0
    """From decoding to presentation."""


def video_init(mp4: Mp4) -> bytes:
    """The header of the video's fragments, from any segment of the clip or from the clip.

    Raises:
        UnreadableMediaError: it is not an MP4 with video; so for all functions here.
    """
    with opened(mp4) as container:
        stream = container.streams.video[0]
        return _init(stream, frame_rate(stream) * _TICKS)


@cache
def audio_init() -> bytes:
    """The header of the sound's fragments: the same for every clip."""
    with opened(AudioTrack().finish(1.0).data) as container:
        return _init(container.streams.audio[0], SAMPLE_RATE)


def video_fragment(mp4: Mp4, start: int, origin: int = 0) -> bytes:
    """The fragment of the piece of the grid that begins with the clip's frame `start`.

    Args:
        origin: the clip's frame that `mp4` begins with: `Segment.start`, 0 for a clip.

    Raises:
        UnreadableMediaError: no piece begins there, or its frames are missing.
    """
    found: list[_Sample] = []
    with opened(mp4) as container:
        stream = container.streams.video[0]
        fps = frame_rate(stream)
        frames = _piece(start, origin + stream.frames, fps)
        begin_s = (start - origin - REORDERED_FRAMES) / fps
        for packet, time in _packets(container, stream, begin_s):
            frame = origin + round(time * fps)
            if frame in frames:
                found.append(_video_sample(packet, start + len(found), frame))
                if len(found) == len(frames):
                    return _fragment(start, _decoded(start), found, _DEPENDENT)
    raise UnreadableMediaError(f"Only {len(found)} of the frames {frames} are there.")


def audio_fragment(clip: Mp4, start: int) -> bytes:
    """The fragment of the clip's sound along with that of the video.

    Raises:
        UnreadableMediaError: no piece begins there, or no packet of the sound begins in it.
    """
    found: list[_Sample] = []
    with opened(clip) as container:
        video, stream = container.streams.video[0], container.streams.audio[0]
        fps = frame_rate(video)
        wanted = audio_span(_piece(start, video.frames, fps), fps, stream.duration)
        begin_s = (wanted.start - PACKET) / SAMPLE_RATE
        for packet, time in _packets(container, stream, begin_s):
            sample = round(time * SAMPLE_RATE)
            if sample >= wanted.stop:
                break
            if sample in wanted:
                found.append(_Sample(bytes(packet), min(wanted.stop - sample, PACKET)))
    if not found:
        raise UnreadableMediaError(f"There is no sound from frame {start} on.")
    return _fragment(start, wanted.start, found, _SYNC)


def audio_span(frames: range, fps: int, end: int | None = None) -> range:
    """The samples of the sound's fragment: those of the packets that begin along with the frames.

    Args:
        end: samples of the whole clip, where they are known.
    """
    start, stop = (
        -(-f * SAMPLE_RATE // (fps * PACKET)) * PACKET for f in (frames.start, frames.stop)
    )
    return range(start, stop if end is None else max(start, min(stop, end)))


def _piece(start: int, total: int, fps: int) -> range:
    for frames in segment_grid(total, fps):
        if frames.start == start:
            return frames
    raise UnreadableMediaError(f"No piece of the clip begins with frame {start}.")


class SoundFragments:
    """A clip's sound, encoded while it is spoken and cut as the video is.

    Holds one clip's state: for one thread at a time.
    """

    def __init__(self, fps: int) -> None:
        self._fps = fps
        self._track = AudioTrack()
        self._grid = segment_grid(2**31, fps)
        self._frames = next(self._grid)
        self._packets: list[bytes] = []

    def push(self, samples: FloatArray, rate: int) -> list[tuple[int, bytes]]:
        """Adds speech as `AudioTrack.push` does; the fragments that are complete with it, each with
        the first frame of its piece."""
        self._packets += self._track.push(samples, rate)
        ready = []
        while len(self._packets) >= (count := len(self._span) // PACKET):
            cut = [_Sample(data, PACKET) for data in self._packets[:count]]
            start = self._frames.start
            ready.append((start, _fragment(start, self._span.start, cut, _SYNC)))
            del self._packets[:count]
            self._frames = next(self._grid)
        return ready

    @property
    def _span(self) -> range:
        return audio_span(self._frames, self._fps)

    def finish(self, duration_s: float) -> Sound:
        """The whole sound; what no fragment holds yet is cut from the clip (`audio_fragment`)."""
        return self._track.finish(duration_s)


def _video_sample(packet: "av.Packet[Any]", position: int, frame: int) -> _Sample:
    begin = _decoded(position)
    return _Sample(bytes(packet), _decoded(position + 1) - begin, frame * _TICKS - begin)


def _decoded(position: int) -> int:
    """When the clip's packets are decoded, by their position: as many frames ahead as reordering
    takes, but not before time 0."""
    ahead = REORDERED_FRAMES
    return max((position - ahead) * _TICKS, position * _TICKS // (ahead + 1))


@contextmanager
def opened(mp4: Mp4) -> "Iterator[av.container.InputContainer]":
    """Raises UnreadableMediaError where it is no MP4 that can be played, there or in the block."""
    source = io.BytesIO(mp4) if isinstance(mp4, bytes) else str(mp4)
    try:
        with av.open(source, "r", format="mp4") as container:
            if any(stream.codec_context is None for stream in container.streams):
                raise UnreadableMediaError("A track of the clip is of an unknown codec.")
            yield container
    except (av.error.FFmpegError, LookupError, ValueError) as error:
        raise UnreadableMediaError(f"The clip cannot be read: {error}.") from error


def frame_rate(stream: av.VideoStream) -> int:
    """Frames a second, a whole number in every clip."""
    if not (rate := round(stream.average_rate or 0)):
        raise UnreadableMediaError("The clip has no frame rate.")
    return rate


def _packets(
    container: av.container.InputContainer, stream: av.VideoStream | av.AudioStream, from_s: float
) -> "Iterator[tuple[av.Packet[Any], Fraction]]":
    """The stream's packets in decoding order, each with its time in seconds, from one at or before
    a time on."""
    container.seek(round(max(from_s, 0) / (stream.time_base or 1)), stream=stream)
    for packet in container.demux(stream):
        if packet.pts is not None:  # that of the empty packet behind the last
            yield packet, packet.pts * packet.time_base


def _init(template: av.VideoStream | av.AudioStream, clock_hz: int) -> bytes:
    header = io.BytesIO()
    options = {
        "movflags": _HEADER_FLAGS,
        "fflags": "+bitexact",
        "use_editlist": "0",
        "write_btrt": "0",  # a bit rate that only one segment has
        "video_track_timescale": str(clock_hz),
    }
    with av.open(header, "w", format="mp4", container_options=options) as container:
        stream = container.add_stream_from_template(template)
        stream.codec_context.codec_tag = template.codec_context.codec_tag  # hvc1 stays hvc1
        container.start_encoding()
    return header.getvalue()


def _fragment(start: int, time: int, samples: Sequence[_Sample], flags: int) -> bytes:
    """One moof and its mdat (ISO/IEC 14496-12, 8.8.4 to 8.8.12).

    Args:
        start: the fragment's first frame; growing numbers are all that is asked of a fragment's.
        time: of the first sample's decoding.
        flags: of the samples behind the first, which always is a sync sample.
    """
    table = np.array([(s.duration, len(s.data), s.offset) for s in samples], ">i4").tobytes()
    header = _full_box(b"mfhd", 0, 0, struct.pack(">I", start + 1))
    # The track and its flags; offsets count from the moof (default-base-is-moof).
    track = _full_box(b"tfhd", 0, 0x020020, struct.pack(">II", 1, flags))
    decoding = _full_box(b"tfdt", 1, 0, struct.pack(">Q", time))
    size = 8 + len(header) + 8 + len(track) + len(decoding) + 24 + len(table)
    # The data's place and the first sample's flags; each sample's duration, size and offset.
    run_head = struct.pack(">IiI", len(samples), size + 8, _SYNC)
    run = _full_box(b"trun", 1, 0x000B05, run_head + table)
    moof = _box(b"moof", header + _box(b"traf", track + decoding + run))
    return moof + _box(b"mdat", b"".join(s.data for s in samples))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _full_box(kind: bytes, version: int, flags: int, content: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags) + content)


SAMPLE_BYTES = 12
"""What a sample costs beside its data."""
FRAGMENT_BYTES = len(_fragment(0, 0, (), _SYNC))
"""What a fragment costs beside its samples."""
