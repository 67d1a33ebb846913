"""What an MP4 holds, read from its own tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import av

from backends.errors import UnreadableMediaError

_MOST_BOXES = 100_000


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """An MP4 with a video track; the audio fields are None where there is no sound."""

    codec: str
    """"h264", "hevc", …"""
    pix_fmt: str
    """"yuv420p", …"""
    size: tuple[int, int]
    """Width and height in pixels."""
    fps: float
    frames: int
    video_duration_s: float
    audio_codec: str | None
    audio_sample_rate: int | None
    """Hertz."""
    audio_channels: int | None
    audio_duration_s: float | None
    """Without the encoder's priming."""
    faststart: bool
    """The index stands before the data, so that playing can begin while the file still loads."""
    bytes: int
    title: str = ""
    comment: str = ""


def probe_media(path: Path) -> MediaFacts:
    """Reads the facts of an MP4 or MOV file without decoding it.

    Raises:
        UnreadableMediaError: the file is missing, not an MP4, cut off, or without video.
    """
    try:
        with path.open("rb") as file:
            order = _boxes(file, path)
            file.seek(0)
            # The format is named, so that no playlist is followed from a user's file.
            with av.open(file, "r", format="mp4") as container:
                return _facts(container, order, path)
    except OSError as error:
        raise UnreadableMediaError(
            f"The file {path} cannot be read: {error.strerror or error}."
        ) from error
    except (av.error.FFmpegError, ValueError) as error:
        raise UnreadableMediaError(f"The file {path} is not a readable MP4: {error}.") from error


def _facts(container: av.container.InputContainer, order: list[bytes], path: Path) -> MediaFacts:
    if not container.streams.video:
        raise UnreadableMediaError(f"The file {path} has no video track.")
    video = container.streams.video[0]
    audio = container.streams.audio[0] if container.streams.audio else None
    fps = video.average_rate
    # A codec that this build of FFmpeg does not know has no context, whatever the types say.
    unknown = any(t.codec_context is None for t in (video, audio) if t is not None)
    if unknown or not fps or not video.width or not video.height:
        raise UnreadableMediaError(f"A track of {path} is empty, damaged or of an unknown codec.")
    return MediaFacts(
        codec=video.codec_context.name,
        pix_fmt=video.codec_context.pix_fmt or "",
        size=(video.width, video.height),
        fps=float(fps),
        frames=video.frames,
        video_duration_s=_duration_s(video),
        audio_codec=audio.codec_context.name if audio else None,
        audio_sample_rate=audio.sample_rate if audio else None,
        audio_channels=audio.channels if audio else None,
        audio_duration_s=_duration_s(audio) if audio else None,
        faststart=order.index(b"moov") < order.index(b"mdat"),
        bytes=path.stat().st_size,
        title=container.metadata.get("title", ""),
        comment=container.metadata.get("comment", ""),
    )


def _duration_s(stream: av.VideoStream | av.AudioStream) -> float:
    return (
        float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
    )


def _boxes(file: BinaryIO, path: Path) -> list[bytes]:
    """The types of the file's boxes in order (ISO/IEC 14496-12, 4.2), shown to fill it exactly."""
    end = file.seek(0, 2)
    found = list(islice(_walk(file, end), _MOST_BOXES))
    if b"moov" not in found or b"mdat" not in found:
        raise UnreadableMediaError(f"The file {path} is not an MP4, or its end is missing.")
    return found


def _walk(file: BinaryIO, end: int) -> Iterator[bytes]:
    position = 0
    while position < end:
        file.seek(position)
        header = file.read(16)
        size, kind, least = int.from_bytes(header[:4]), header[4:8], 8
        if size == 1:
            size, least = int.from_bytes(header[8:16]), 16
        elif size == 0:
            size = end - position
        if size < least or position + size > end:
            raise ValueError("a box is cut off")
        yield kind
        position += size
