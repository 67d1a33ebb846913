"""Short videos from hostile bytes to upright RGB frames at a constant rate, and their sound."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av
import cv2
import numpy as np

from backends.errors import MediaTooLargeError, UnreadableMediaError
from backends.types import FloatArray, ImageArray

MAX_BYTES = 256 * 2**20
MAX_PIXELS = 4096 * 2304
"""Of one frame."""
MAX_SECONDS = 60.0
MAX_FPS = 30.0
"""Faster recordings are read at this rate."""
SOUND_HZ = 48000

UNNAMED_CLIP, UNNAMED_DRIVING = "the portrait video", "the driving video"
"""What messages call a video of which only the content is known."""

_NAMED = "an MP4, MOV, WebM, MKV or AVI video"
_STILLS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")  # pictures in MP4's boxes
_MOST_DECODED = int(MAX_SECONDS * 240)
_COMPLETE = 0.9  # of the frames that the file announces; fewer, and its end is missing


@dataclass(frozen=True, slots=True)
class Footage:
    """A video that was opened once and found to be one; decoded anew by every call."""

    data: bytes
    name: str
    """What messages call it."""
    format: str
    """FFmpeg's demuxer: never told by the file, so that no playlist is followed."""
    size: tuple[int, int]
    """Width and height in square pixels, upright."""
    fps: float
    """Of `frames`."""

    def frames(self, longest: int | None = None) -> Iterator[ImageArray]:
        """Every frame as (h, w, 3) RGB, upright, at `fps` whatever the file's own timing.

        Args:
            longest: the longer side in pixels where the video's is longer.

        Raises:
            UnreadableMediaError: damaged, cut off, or without a single frame.
            MediaTooLargeError: longer than MAX_SECONDS.
        """
        width, height = self.size
        scale = min(1.0, (longest or max(self.size)) / max(self.size))
        size = max(2, round(width * scale)), max(2, round(height * scale))
        given, held = 0, None
        for time_s, image in self._decoded(size):
            for _ in range(given, round(time_s * self.fps)):
                if held is not None:
                    yield held
                    given += 1
            held = image
        if held is None:
            raise _no_frames(self.name)
        yield held

    def sound(self) -> FloatArray | None:
        """(n,) mono at SOUND_HZ from the first frame on; None where the video is silent.

        Raises:
            UnreadableMediaError: the sound is damaged.
        """
        with _opened(self.data, self.format, self.name) as container:
            if not container.streams.audio or container.streams.audio[0].codec_context is None:
                return None
            resampler = av.AudioResampler(format="flt", layout="mono", rate=SOUND_HZ)
            pieces, count = [], 0
            for frame in container.decode(container.streams.audio[0]):
                for part in resampler.resample(frame):
                    pieces.append(part.to_ndarray().reshape(-1))
                    count += len(pieces[-1])
                if count > MAX_SECONDS * SOUND_HZ:
                    break
            pieces += [part.to_ndarray().reshape(-1) for part in resampler.resample(None)]
        samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
        return np.clip(np.nan_to_num(samples), -1.0, 1.0).astype(np.float32)

    def _decoded(self, size: tuple[int, int]) -> Iterator[tuple[float, ImageArray]]:
        """Frames in order with their seconds since the first."""
        with _opened(self.data, self.format, self.name) as container:
            stream = _picture_stream(container, self.name)
            first, count = None, 0
            for frame in container.decode(stream):
                seconds = float(frame.time) if frame.time is not None else count / self.fps
                first = seconds if first is None else first
                if seconds - first > MAX_SECONDS + 0.5 or count > _MOST_DECODED:
                    raise _too_long(self.name, seconds - first)
                if frame.width * frame.height > MAX_PIXELS:
                    raise _too_many_pixels(self.name, frame.width, frame.height)
                count += 1
                yield seconds - first, _upright(frame, size)
            if count < _COMPLETE * stream.frames:
                raise UnreadableMediaError(
                    f"{self.name} is cut off: {count} of its {stream.frames} frames are there; "
                    "copy or export it again"
                )


def is_video(data: bytes) -> bool:
    """Whether a file is of a known kind of video, by its first bytes."""
    return _format(data) is not None


def open_video(data: bytes, name: str = UNNAMED_CLIP) -> Footage:
    """A video, its header read and judged.

    Raises:
        UnreadableMediaError: not a video of a known kind, damaged, or without a picture track.
        MediaTooLargeError: above MAX_BYTES, MAX_PIXELS or MAX_SECONDS.
    """
    if len(data) > MAX_BYTES:
        raise MediaTooLargeError(
            f"{name} has {len(data) / 2**20:.0f} MB; videos may have {MAX_BYTES // 2**20}: "
            "shorten it or save it smaller"
        )
    kind = _format(data)
    if kind is None:
        what = "is empty" if not data else "is not a video that can be read"
        raise UnreadableMediaError(f"{name} {what}; give {_NAMED}")
    with _opened(data, kind, name) as container:
        stream = _picture_stream(container, name)
        width, height = stream.codec_context.width, stream.codec_context.height
        if width * height > MAX_PIXELS:
            raise _too_many_pixels(name, width, height)
        seconds = _seconds(container, stream)
        if seconds > MAX_SECONDS + 0.5:
            raise _too_long(name, seconds)
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        frame = next(container.decode(stream), None)
        if frame is None:
            raise _no_frames(name)
        size = _upright_size(frame, stream.sample_aspect_ratio)
        return Footage(data, name, kind, size, min(max(rate, 1.0), MAX_FPS))


def _format(data: bytes) -> str | None:
    head = data[:16]
    if head[4:8] == b"ftyp":
        return None if head[8:12] in _STILLS else "mov"
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free"):  # QuickTime before it had a type box
        return "mov"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "matroska"
    return "avi" if head[:4] == b"RIFF" and head[8:12] == b"AVI " else None


@contextlib.contextmanager
def _opened(data: bytes, kind: str, name: str) -> Iterator[Any]:
    """The container; what FFmpeg stumbles over inside the block is the file's fault."""
    try:
        with av.open(io.BytesIO(data), "r", format=kind) as container:
            yield container
    except (av.FFmpegError, ValueError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableMediaError(
            f"{name} is damaged or cut off and cannot be read ({reason}); copy or export it again"
        ) from error


def _picture_stream(container: Any, name: str) -> Any:
    for stream in container.streams.video:
        cover = stream.disposition & av.stream.Disposition.attached_pic  # of a song
        if stream.codec_context is not None and not cover:
            return stream
    what = "only sound" if container.streams.audio else "no picture track"
    raise UnreadableMediaError(f"{name} has {what}; give {_NAMED} that shows a face")


def _seconds(container: Any, stream: Any) -> float:
    """What the file says of its length; 0 where it says nothing."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return float(container.duration or 0) / 1e6


def _quarter_turns(frame: Any) -> int:
    """Counter-clockwise, that set the frame upright."""
    return round(float(frame.rotation) / 90) % 4


def _upright_size(frame: Any, pixel_aspect: Any) -> tuple[int, int]:
    stretch = float(pixel_aspect or 1)
    stretch = stretch if 0.25 <= stretch <= 4 else 1.0
    width, height = max(2, round(frame.width * stretch)), frame.height
    return (height, width) if _quarter_turns(frame) % 2 else (width, height)


def _upright(frame: Any, size: tuple[int, int]) -> ImageArray:
    pixels = np.rot90(frame.to_ndarray(format="rgb24"), _quarter_turns(frame))
    if (pixels.shape[1], pixels.shape[0]) == size:
        return np.ascontiguousarray(pixels)
    method = cv2.INTER_AREA if size[0] <= pixels.shape[1] else cv2.INTER_CUBIC
    resized = cv2.resize(np.ascontiguousarray(pixels), size, interpolation=method)
    return np.asarray(resized, np.uint8)


def _no_frames(name: str) -> UnreadableMediaError:
    return UnreadableMediaError(
        f"{name} has not a single frame that can be read: it is empty or cut off; export it again"
    )


def _too_long(name: str, seconds: float) -> MediaTooLargeError:
    return MediaTooLargeError(
        f"{name} is longer than the {MAX_SECONDS:.0f} seconds that are used ({seconds:.0f} s so far); "
        "cut it"
    )


def _too_many_pixels(name: str, width: int, height: int) -> MediaTooLargeError:
    return MediaTooLargeError(
        f"{name} is {width} x {height} pixels large, {MAX_PIXELS // 1_000_000} megapixels a frame "
        "can be read; save it smaller"
    )
