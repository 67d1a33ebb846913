"""Playlists of HTTP Live Streaming (RFC 8216) for a clip that may still be in the making.

One variant: the video, and the sound as a rendition of its own, both cut on the grid that segments
are drawn on. The media playlists are EVENT playlists: they only grow.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import av

from backends.composition.audio import BIT_RATE, SAMPLE_RATE
from backends.composition.credentials import MADE_BY_AI
from backends.composition.fragments import (
    FRAGMENT_BYTES,
    SAMPLE_BYTES,
    Mp4,
    audio_span,
    frame_rate,
    opened,
)
from backends.types import segment_grid

_TARGET_S = 2
"""The longest piece of the grid; the sound's are up to a packet longer, which rounding forgives."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a clip, or the segment that it begins with, goes."""

    fps: int
    frames: int
    samples: int | None
    """Of the sound, at 48 kHz; None for a segment."""


def extent(mp4: Mp4) -> Extent:
    """Raises UnreadableMediaError where it is not an MP4 with video."""
    with opened(mp4) as container:
        video, sound = container.streams.video[0], container.streams.audio
        return Extent(frame_rate(video), video.frames, sound[0].duration if sound else None)


def master_playlist(mp4: Mp4, video: str, audio: str) -> str:
    """The playlist that names the two media playlists, by their URIs.

    Args:
        mp4: the clip; while it is made its first segment, which with a keyframe to itself for only
            one second has about the highest bit rate.

    Raises:
        UnreadableMediaError: it is not an MP4 with H.264 or H.265 video.
    """
    with opened(mp4) as container:
        stream = container.streams.video[0]
        codec = _codec(stream)
        peak = _peak_rate(container, stream)
        size = f"{stream.width}x{stream.height}"
        rate = frame_rate(stream)
    return "\n".join(
        (
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            f'#EXT-X-SESSION-DATA:DATA-ID="org.prosopon.digital-source-type",VALUE="{MADE_BY_AI}"',
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Sound",DEFAULT=YES,AUTOSELECT=YES,'
            f'CHANNELS="1",URI="{audio}"',
            f"#EXT-X-STREAM-INF:BANDWIDTH={peak},"
            f'CODECS="{codec},mp4a.40.2",RESOLUTION={size},FRAME-RATE={rate:.3f},AUDIO="sound"',
            video,
            "",
        )
    )


def media_playlist(init: str, pieces: Iterable[tuple[str, Fraction]], ended: bool) -> str:
    """The playlist of one track.

    Args:
        init: URI of the track's header.
        pieces: URI and duration in seconds of each fragment.
        ended: no more will come.
    """
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{_TARGET_S}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-START:TIME-OFFSET=0,PRECISE=YES",  # not near the end, where live streams begin
        f'#EXT-X-MAP:URI="{init}"',
    ]
    for uri, duration in pieces:
        lines += [f"#EXTINF:{float(duration):.6f},", uri]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else []), ""])


def _peak_rate(container: av.container.InputContainer, video: av.VideoStream) -> int:
    """Bits a second: the sum of both tracks' highest of any piece that lasts a second or more (as
    RFC 8216, 4.1, counts)."""
    fps = frame_rate(video)
    pieces = list(segment_grid(video.frames, fps))
    starts = [frames.start for frames in pieces]
    sizes: dict[str, Counter[int]] = defaultdict(Counter)
    for packet in container.demux():
        if packet.pts is not None and packet.pts >= 0:
            piece = bisect_right(starts, packet.pts * packet.time_base * fps) - 1
            sizes[packet.stream.type][piece] += packet.size + SAMPLE_BYTES
    counted = [i for i, frames in enumerate(pieces) if len(frames) >= fps] or [0]
    peak = 0.0 if container.streams.audio else BIT_RATE  # of the sound, which no segment has
    for kind, of in sizes.items():
        peak += max(8 * (of[i] + FRAGMENT_BYTES) / _seconds(kind, pieces[i], fps) for i in counted)
    return round(peak)


def _seconds(kind: str, frames: range, fps: int) -> float:
    return len(frames) / fps if kind == "video" else len(audio_span(frames, fps)) / SAMPLE_RATE


def _codec(video: av.VideoStream) -> str:
    """RFC 6381's name of a profile: from the configuration record of H.264 (ISO/IEC 14496-15,
    5.3.3.1) or H.265 (8.3.3.1 and annex E)."""
    record = bytes(video.codec_context.extradata or b"")
    if video.codec_context.name == "h264":
        return f"avc1.{record[1:4].hex()}"
    space = ("", "A", "B", "C")[record[1] >> 6]
    tier, profile = "LH"[record[1] >> 5 & 1], record[1] & 31
    compatible = int(f"{int.from_bytes(record[2:6]):032b}"[::-1], 2)
    constraints = "".join(f".{byte:X}" for byte in record[6:12].rstrip(b"\0"))
    return f"hvc1.{space}{profile}.{compatible:X}.{tier}{record[12]}{constraints}"
