"""Small video files for tests, encoded on the spot."""

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction

import av
import cv2
import numpy as np

from backends.types import ImageArray


def encoded(
    frames: Iterable[ImageArray],
    fps: int = 25,
    times_s: Sequence[float] | None = None,
    sound_s: float = 0.0,
    kind: str = "mp4",
) -> bytes:
    """A video of frames of one size; `times_s` instead of a constant rate, `sound_s` of a 440 Hz tone."""
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = None
        for index, frame in enumerate(frames):
            if stream is None:
                stream = container.add_stream("libx264", rate=fps)
                stream.height, stream.width = frame.shape[:2]
                stream.pix_fmt, stream.options = "yuv420p", {"preset": "ultrafast", "crf": "12"}
                tone = container.add_stream("aac", rate=48000, layout="mono") if sound_s else None
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            picture.time_base = Fraction(1, 1000)
            picture.pts = round(1000 * (times_s[index] if times_s else index / fps))
            container.mux(stream.encode(picture))
        if stream is not None:
            container.mux(stream.encode())
            if tone is not None:
                _add_tone(container, tone, sound_s)
    return file.getvalue()


def only_sound(seconds: float = 0.5) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        _add_tone(container, container.add_stream("aac", rate=48000, layout="mono"), seconds)
    return file.getvalue()


def _add_tone(container: "av.container.OutputContainer", stream: object, seconds: float) -> None:
    samples = 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(48000 * seconds)) / 48000)
    frame = av.AudioFrame.from_ndarray(
        samples[None].astype(np.float32), format="fltp", layout="mono"
    )
    frame.sample_rate = 48000
    container.mux(stream.encode(frame))  # type: ignore[attr-defined]
    container.mux(stream.encode())  # type: ignore[attr-defined]


def numbered(count: int, width: int = 64, height: int = 48) -> list[ImageArray]:
    """Frames that tell their index by their brightness: 8 levels a frame."""
    return [np.full((height, width, 3), 8 * (i % 30) + 8, np.uint8) for i in range(count)]


def number(frame: ImageArray) -> int:
    """Which one of `numbered` a decoded frame is."""
    return round((float(frame.mean()) - 8) / 8)


def swaying(picture: ImageArray, count: int, reach: float = 6.0) -> list[ImageArray]:
    """A picture that sways to the side and rolls a little, smoothly and once."""
    height, width = picture.shape[:2]
    frames = []
    for i in range(count):
        phase = np.sin(2 * np.pi * i / count)
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 4 * phase, 1.0)
        turn[0, 2] += reach * phase
        frames.append(
            cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REFLECT_101)
        )
    return [np.asarray(frame, np.uint8) for frame in frames]
